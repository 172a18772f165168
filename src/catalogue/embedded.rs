//! The files of `checks/`, built in: compressed, as they are a good part of the program and used once a run.

use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// Path and text of each file, every one with a zero byte behind it.
const FILES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/checks.deflate"));

/// The files by path, sorted.
pub(super) fn files() -> Vec<(String, String)> {
    const LENGTH: &str = include_str!(concat!(env!("OUT_DIR"), "/checks.length"));
    let bytes = decompress_to_vec_with_limit(FILES, LENGTH.parse().unwrap_or_default()).unwrap_or_default();
    let all = String::from_utf8(bytes).unwrap_or_default();
    let mut parts = all.split_terminator('\0').map(str::to_owned);
    std::iter::from_fn(|| Some((parts.next()?, parts.next()?))).collect()
}
