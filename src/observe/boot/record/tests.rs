//! The file of a recording, without sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::file::{Recorded, Span};
use crate::capture::{Way, link_type, write};

const BOOT: &str = "boot_id=16725724-2467-4816-86c2-543472ed8121";
const PROGRAM: &str = "v6check 0.1.0";
const MOST: u64 = 64 << 10;

/// Kind and bytes of each block of a file, whose last may be cut off.
fn blocks(path: &Path) -> Vec<(u32, Vec<u8>)> {
    let bytes = fs::read(path).unwrap();
    let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
    let mut blocks = Vec::new();
    let mut at = 0;
    while at + 12 <= bytes.len() && at + word(at + 4) as usize <= bytes.len() {
        let length = word(at + 4) as usize;
        assert_eq!(word(at + length - 4) as usize, length, "at {at}");
        blocks.push((word(at), bytes[at..at + length].to_vec()));
        at += length;
    }
    blocks
}

fn begin(path: &Path, boot: &str) -> Recorded {
    Recorded::begin(path, MOST, PROGRAM, boot).unwrap()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v6check/boot.pcapng");
    (folder, path)
}

/// Frame number `number`, at as many nanoseconds.
fn frame(number: u64) -> Vec<u8> {
    write::packet(0, number, Way::In, 60, &number.to_be_bytes().repeat(10))
}

fn frames(path: &Path) -> Vec<u64> {
    let frames = blocks(path).into_iter().filter(|(kind, _)| *kind == 6);
    frames.map(|(_, bytes)| u64::from_be_bytes(bytes[28..36].try_into().unwrap())).collect()
}

fn gaps(path: &Path) -> Vec<Span> {
    let text = blocks(path).into_iter().filter(|(kind, _)| *kind == 9).map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned());
    text.filter_map(|text| text.lines().find_map(|line| line.strip_prefix("V6CHECK_GAP=").map(|json| serde_json::from_str(json).unwrap()))).collect()
}

#[test]
fn a_full_file_keeps_first_and_last_and_tells_the_gap() {
    const FRAMES: u64 = 5000;
    let (folder, path) = folder();
    let mut recorded = begin(&path, BOOT);
    for number in 0..FRAMES {
        if number % 1000 == 0 {
            recorded.append(&write::interface(link_type::ETHERNET, 2048, &format!("eth{number}"), "", None)).unwrap();
        }
        recorded.append(&frame(number)).unwrap();
        assert!(fs::metadata(&path).unwrap().len() <= MOST);
    }
    let kept = frames(&path);
    let first_missing = (0..).zip(&kept).find(|(expected, number)| expected != *number).unwrap().0;
    let after_gap = kept[usize::try_from(first_missing).unwrap()];
    assert_eq!(kept, (0..first_missing).chain(after_gap..FRAMES).collect::<Vec<_>>());
    let of_frames = |number: u64| number * frame(0).len() as u64;
    assert!(of_frames(first_missing) > MOST / 2 - 1000 && of_frames(FRAMES - after_gap) >= MOST / 4, "{first_missing} {after_gap}");
    let span = Span { from_ns: first_missing, until_ns: after_gap - 1, frames: Some(after_gap - first_missing) };
    assert_eq!(gaps(&path), [span], "one gap, of several times");
    assert_eq!(blocks(&path).iter().filter(|(kind, _)| *kind == 1).count(), 5, "what numbers the interfaces is kept");
    assert_eq!(fs::read_dir(folder.path().join("v6check")).unwrap().count(), 1, "nothing is left beside it");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&folder.path().join("v6check"))), (0o600, 0o755));
}

#[test]
fn a_recording_of_this_boot_is_continued_whole_or_cut() {
    let (_folder, path) = folder();
    let mut recorded = begin(&path, BOOT);
    recorded.append(&[frame(0), frame(1)].concat()).unwrap();
    drop(recorded);
    let whole = fs::read(&path).unwrap();
    for cut in [whole.len(), whole.len() - 1, whole.len() - frame(1).len() + 3] {
        fs::write(&path, &whole[..cut]).unwrap();
        let mut recorded = begin(&path, BOOT);
        recorded.append(&frame(7)).unwrap();
        let expected: &[u64] = if cut == whole.len() { &[0, 1, 7] } else { &[0, 7] };
        assert_eq!(frames(&path), expected);
        let kinds: Vec<u32> = blocks(&path).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == 0x0a0d_0d0a).count(), 2, "{kinds:x?}");
        let length: usize = blocks(&path).iter().map(|(_, bytes)| bytes.len()).sum();
        assert_eq!(fs::metadata(&path).unwrap().len(), length as u64, "only whole blocks are there");
    }
    let recorded = begin(&path, "boot_id=another");
    assert_eq!((frames(&path).len(), blocks(&path).len()), (0, 1), "a recording of another boot is replaced");
    let error = Recorded::begin(&path, MOST, PROGRAM, BOOT).unwrap_err();
    assert_eq!(error.to_string(), "another recorder writes it");
    drop(recorded);
}

#[test]
fn what_is_no_recording_is_left_alone() {
    let (folder, path) = folder();
    for text in ["root:x:0:0", &"x".repeat(2000)] {
        let path = folder.path().join("file");
        fs::write(&path, text).unwrap();
        let error = Recorded::begin(&path, MOST, PROGRAM, BOOT).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert!(Recorded::begin(folder.path(), MOST, PROGRAM, BOOT).is_err(), "a folder");
    assert!(Recorded::begin(&path.join("no/such"), MOST, PROGRAM, BOOT).is_err(), "no folder");
    let device = Recorded::begin(Path::new("/dev/null"), MOST, PROGRAM, BOOT).unwrap_err();
    assert_eq!(device.to_string(), "not a file");
}
