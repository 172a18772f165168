//! What package managers list as installed.

use std::io;

use crate::image::Image;

const DPKG: &str = "/var/lib/dpkg/status";
/// dpkg's list of a desktop with everything has 10 MB.
const LARGEST_LIST: u64 = 32 << 20;

/// The version of a package of dpkg: `0.104-0ubuntu2`; nothing where it is not installed, or there is no dpkg.
///
/// # Errors
/// The list is there and cannot be read.
pub(crate) fn version(root: &Image, package: &str) -> io::Result<Option<String>> {
    if !root.exists(DPKG) {
        return Ok(None);
    }
    let bytes = root.read(DPKG, LARGEST_LIST).map_err(|error| io::Error::new(error.kind(), format!("{DPKG}: {error}")))?;
    let text = String::from_utf8_lossy(&bytes);
    let of = |paragraph: &str, key: &str| {
        let value = |line: &str| line.strip_prefix(key)?.strip_prefix(':').map(|value| value.trim().to_owned());
        paragraph.lines().find_map(value)
    };
    let is_it = |paragraph: &&str| {
        of(paragraph, "Package").as_deref() == Some(package) && of(paragraph, "Status").is_some_and(|status| status.ends_with(" installed"))
    };
    Ok(text.split("\n\n").find(is_it).and_then(|paragraph| of(paragraph, "Version")))
}

/// The first two numbers of a version, without its epoch.
pub(crate) fn numbers(version: &str) -> Option<(u32, u32)> {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let mut parts = version.split(|character: char| !character.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_two_numbers() {
        for (version, found) in [("0.104-0ubuntu2~20.04.1", Some((0, 104))), ("1:1.1.2-7", Some((1, 1))), ("1", None), ("", None)] {
            assert_eq!(numbers(version), found, "{version}");
        }
    }
}
