//! What a disk image says of other files: a qcow2 may name a backing file and a data file, and QEMU, which root runs, would open whatever it names.
//!
//! Source: QEMU's docs/interop/qcow2.rst.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::LabError;

const MAGIC: [u8; 4] = *b"QFI\xfb";
/// Header of version 3 up to its length.
const HEADER: usize = 104;
/// `incompatible_features`: the data is in another file.
const EXTERNAL_DATA: u64 = 1 << 2;
/// Header extension: the format of the backing file.
const BACKING_FORMAT: u32 = 0xe279_2aca;
/// As long as the name of a backing file may be.
const LONGEST_NAME: u32 = 1023;
/// As many files as one image may be made of.
const MOST_FILES: usize = 16;

/// What a qcow2 says of other files.
#[derive(Debug, Default, PartialEq, Eq)]
struct Header {
    backing: Option<Backing>,
    /// Its data is in a file that it names.
    external: bool,
}

#[derive(Debug, PartialEq, Eq)]
struct Backing {
    name: String,
    /// `raw` or `qcow2`, or another; absent where QEMU is to guess.
    format: Option<String>,
}

/// The format of `image`, whose path is canonical: `qcow2` or `raw`, by its first bytes. QEMU's own guess must not be left to what a guest writes
/// there.
///
/// # Errors
/// It cannot be read, or has parts outside of its own directory.
pub(super) fn format_of(image: &Path) -> Result<&'static str, LabError> {
    let refused = |why: &str| LabError::Refused(format!("{}: {why}", image.display()));
    let home = image.parent().unwrap_or(Path::new("/"));
    let mut file = image.to_owned();
    for number in 0..MOST_FILES {
        let header = Header::of(&file).map_err(LabError::io(file.display().to_string()))?;
        let Some(header) = header else {
            return if number == 0 { Ok("raw") } else { Err(refused(&format!("its backing file {} is no qcow2", file.display()))) };
        };
        if header.external {
            return Err(refused("it has its data in another file, which it names itself; `qemu-img convert -O qcow2` makes one file of both"));
        }
        let Some(backing) = header.backing else { return Ok("qcow2") };
        file = beside(home, &backing.name).map_err(|why| refused(&why))?;
        match backing.format.as_deref() {
            Some("raw") => return Ok("qcow2"),
            Some("qcow2") => {}
            _ => return Err(refused("it does not say whether its backing file is raw or qcow2; `qemu-img rebase -u -F` has it say so")),
        }
    }
    Err(refused("too many backing files, each of the next"))
}

/// The backing file called `name`, if it is a file in `home`.
fn beside(home: &Path, name: &str) -> Result<PathBuf, String> {
    // With a colon it is a protocol of QEMU's: `nbd:`, `json:`.
    let outside = || format!("its backing file is {name:?}, which is not in the image's own directory");
    if name.contains(':') {
        return Err(outside());
    }
    let path = home.join(name).canonicalize().map_err(|error| format!("its backing file {name:?}: {error}"))?;
    if path.parent() == Some(home) && path.is_file() { Ok(path) } else { Err(outside()) }
}

impl Header {
    /// That of the file at `path`; none where it is no qcow2.
    fn of(path: &Path) -> io::Result<Option<Self>> {
        Self::read(&mut File::open(path)?)
    }

    fn read(file: &mut (impl Read + Seek)) -> io::Result<Option<Self>> {
        let mut start = Vec::new();
        file.by_ref().take(HEADER as u64).read_to_end(&mut start)?;
        if !start.starts_with(&MAGIC) {
            return Ok(None);
        }
        start.resize(HEADER, 0);
        let is_3 = u32_at(&start, 4) >= 3;
        let (features, length) = if is_3 { (u64_at(&start, 72), u64::from(u32_at(&start, 100))) } else { (0, 72) };
        let mut header = Self { backing: None, external: features & EXTERNAL_DATA != 0 };
        let (at, size) = (u64_at(&start, 8), u32_at(&start, 16));
        if at != 0 {
            let name = bytes(file, at, size.min(LONGEST_NAME))?;
            header.backing = Some(Backing { name: String::from_utf8_lossy(&name).into_owned(), format: backing_format(file, length, at)? });
        }
        Ok(Some(header))
    }
}

/// The extensions begin behind the header; one of kind 0 ends them, or the backing file's name. What QEMU and this could read in two ways is refused.
fn backing_format(file: &mut (impl Read + Seek), header_length: u64, end: u64) -> io::Result<Option<String>> {
    /// As many as are looked through; the format knows six.
    const MOST: usize = 64;
    let refused = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidData, why));
    let (mut at, mut format) = (header_length, None);
    for _ in 0..MOST {
        if at >= end {
            return Ok(format);
        }
        let head = bytes(file, at, 8)?;
        let (kind, length) = (u32_at(&head, 0), u32_at(&head, 4));
        if kind == 0 {
            return Ok(format);
        }
        if at + 8 + u64::from(length) > end {
            return refused("a header extension reaches into the backing file's name");
        }
        if kind == BACKING_FORMAT {
            // QEMU takes the last.
            if format.is_some() {
                return refused("it says the format of its backing file twice");
            }
            format = Some(String::from_utf8_lossy(&bytes(file, at + 8, length.min(LONGEST_NAME))?).into_owned());
        }
        at += 8 + u64::from(length).next_multiple_of(8);
    }
    refused("too many header extensions")
}

fn bytes(file: &mut (impl Read + Seek), at: u64, length: u32) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |word| u32::from_be_bytes(*word))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) << 32 | u64::from(u32_at(bytes, at + 4))
}

#[cfg(test)]
mod tests {
    use crate::needs;
    use std::fs;

    use super::*;

    fn qemu_img(folder: &Path, words: &str) {
        let output = needs::command("qemu-img").args(words.split(' ')).current_dir(folder).output().expect("qemu-img runs");
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn an_image_has_no_parts_outside_of_its_directory() {
        let folder = tempfile::tempdir().expect("a directory");
        let top = folder.path().canonicalize().expect("is there");
        let home = top.join("home");
        fs::create_dir(&home).expect("made");
        fs::write(top.join("secret"), [b'x'; 4096]).expect("written");
        std::os::unix::fs::symlink("../secret", home.join("link")).expect("made");
        for words in [
            "create -q -f raw base.raw 1M",
            "create -q -f qcow2 alone.qcow2 1M",
            "create -q -f qcow2 -o compat=0.10 old.qcow2 1M",
            "create -q -f qcow2 -F raw -b base.raw near.qcow2",
            "create -q -f qcow2 -F qcow2 -b near.qcow2 nearer.qcow2",
            "create -q -f qcow2 -o compat=0.10 -F raw -b ../secret old-far.qcow2",
            "create -q -f qcow2 -F raw -b ../secret far.qcow2",
            "create -q -f qcow2 -F raw -b link linked.qcow2",
            "create -q -f qcow2 -F qcow2 -b far.qcow2 farther.qcow2",
            "create -q -f qcow2 -u -F raw -b nbd://127.0.0.1:9/x remote.qcow2 1M",
            "create -q -f qcow2 -u -F raw -b base.raw guessed.qcow2 1M",
            "create -q -f qcow2 -u -F qcow2 -b base.raw wrong.qcow2 1M",
            "create -q -f qcow2 -u -F raw -b gone.raw gone.qcow2 1M",
            "create -q -f qcow2 -o data_file=data.raw,data_file_raw=on data.qcow2 1M",
        ] {
            qemu_img(&home, words);
        }
        // qemu-img makes none without a format any more; older ones did.
        let mut guessed = fs::read(home.join("guessed.qcow2")).expect("read");
        let at = guessed.windows(4).position(|word| word == BACKING_FORMAT.to_be_bytes()).expect("it says the format");
        guessed[at] = 0;
        fs::write(home.join("guessed.qcow2"), guessed).expect("written");
        let found = |name: &str| format_of(&home.join(name)).map_err(|error| error.to_string());
        assert_eq!(found("base.raw"), Ok("raw"));
        for name in ["alone", "old", "near", "nearer"] {
            assert_eq!(found(&format!("{name}.qcow2")), Ok("qcow2"), "{name}");
        }
        for (name, why) in [
            ("far", "not in the image's own directory"),
            ("old-far", "not in the image's own directory"),
            ("linked", "not in the image's own directory"),
            ("farther", "not in the image's own directory"),
            ("remote", "not in the image's own directory"),
            ("guessed", "does not say whether"),
            ("wrong", "is no qcow2"),
            ("gone", "No such file"),
            ("data", "has its data in another file"),
        ] {
            let told = found(&format!("{name}.qcow2")).expect_err(name);
            assert!(told.contains(why) && told.contains(name), "{name}: {told}");
        }
    }

    /// A header of version 3 with these extensions, and the backing file's name at byte `at`.
    fn header(extensions: &[(u32, &[u8])], at: u64) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(3_u32.to_be_bytes());
        bytes.extend(at.to_be_bytes());
        bytes.extend(6_u32.to_be_bytes());
        bytes.resize(100, 0);
        bytes.extend(104_u32.to_be_bytes());
        for (kind, value) in extensions {
            bytes.extend(kind.to_be_bytes());
            bytes.extend(u32::try_from(value.len()).expect("short").to_be_bytes());
            bytes.extend(*value);
            bytes.resize(bytes.len().next_multiple_of(8), 0);
        }
        if usize::try_from(at).is_ok_and(|at| at >= bytes.len()) {
            bytes.resize(usize::try_from(at).expect("short"), 0);
            bytes.extend(*b"a.base");
        }
        bytes
    }

    fn read(bytes: &[u8]) -> io::Result<Option<Header>> {
        Header::read(&mut io::Cursor::new(bytes.to_vec()))
    }

    /// The format that it says of its backing file.
    fn format(bytes: &[u8]) -> Result<Option<String>, String> {
        let header = read(bytes).map_err(|error| error.to_string())?;
        Ok(header.and_then(|header| header.backing).expect("it has one").format)
    }

    #[test]
    fn a_header_that_is_cut_off_or_endless_is_an_error_or_none() {
        let whole = header(&[(BACKING_FORMAT, b"raw")], 200);
        let backing = Backing { name: "a.base".into(), format: Some("raw".into()) };
        assert_eq!(read(&whole).expect("whole"), Some(Header { backing: Some(backing), external: false }));
        for length in 16..whole.len() {
            let cut = read(&whole[..length]);
            assert!(cut.is_err() || cut.is_ok_and(|header| header.is_some_and(|header| header.backing.is_none())), "{length}");
        }
        let endless = vec![(1, &b""[..]); 100];
        assert!(format(&header(&endless, 2000)).is_err_and(|why| why.contains("too many header extensions")));
    }

    #[test]
    fn a_second_format_of_the_backing_file_is_refused() {
        for twice in [["raw", "qcow2"], ["qcow2", "raw"], ["raw", "raw"]] {
            let twice = twice.map(|format| (BACKING_FORMAT, format.as_bytes()));
            assert!(format(&header(&twice, 200)).is_err_and(|why| why.contains("twice")), "{twice:?}");
            let [first, second] = twice;
            assert!(format(&header(&[first, (1, b"x"), second], 200)).is_err_and(|why| why.contains("twice")), "{twice:?}");
            // As to QEMU, the end is the end.
            assert!(format(&header(&[first, (0, b""), second], 200)).is_ok_and(|format| format.is_some()), "{twice:?}");
        }
    }

    #[test]
    fn no_extension_is_read_where_the_name_of_the_backing_file_begins() {
        let extensions = [(1, &b"12345678"[..]), (BACKING_FORMAT, b"raw")];
        for (at, expected) in [(104, None), (120, None), (136, Some("raw".to_owned())), (200, Some("raw".to_owned()))] {
            assert_eq!(format(&header(&extensions, at)), Ok(expected), "{at}");
        }
        for at in [105, 119, 121, 130] {
            assert!(format(&header(&extensions, at)).is_err_and(|why| why.contains("reaches into")), "{at}");
        }
    }
}
