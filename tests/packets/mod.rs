//! The captured frames of this folder. Each file says in its first lines, those with `#`, who sent the frame and how it was captured; the rest
//! is the frame in hexadecimal from its Ethernet header on.

use std::path::Path;

/// All of them: name of the file without its ending, bytes.
pub(crate) fn all() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packets");
    let mut packets: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "hex"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), decode(&std::fs::read_to_string(path).unwrap())))
        .collect();
    packets.sort();
    assert!(packets.len() >= 11, "only {} captured packets found", packets.len());
    packets
}

fn decode(text: &str) -> Vec<u8> {
    let digits: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}
