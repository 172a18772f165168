//! Files of `NAME=value` lines that a shell or something like it reads: /etc/default, /etc/sysconfig.
//!
//! Quotes around a value are taken off; variables and commands in it are not followed.

use std::io;

use super::Root;
use crate::facts::{FileLine, Setting};

/// The values of a file, in their order; none if there is no such file.
///
/// # Errors
/// It is there and cannot be read.
pub(super) fn read(root: &Root, path: &str) -> io::Result<Vec<(String, Setting<String>)>> {
    let text = root.text_if_any(path)?.unwrap_or_default();
    let value = |(number, line): (u32, &str)| {
        let line = line.trim();
        let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        let name = name.trim_end();
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let at = FileLine { path: path.to_owned(), line: number };
        is_name.then(|| (name.to_owned(), Setting { value: unquoted(value), at, text: line.to_owned() }))
    };
    Ok((1..).zip(text.lines()).filter_map(value).collect())
}

/// The last value of a name, as a shell would keep it.
pub(super) fn last<'a>(values: &'a [(String, Setting<String>)], name: &str) -> Option<&'a Setting<String>> {
    values.iter().rev().find(|(found, _)| found == name).map(|(_, setting)| setting)
}

fn unquoted(value: &str) -> String {
    let value = value.trim_start();
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or_default().to_owned(),
        _ => value.split([' ', '\t', '#', ';']).next().unwrap_or_default().to_owned(),
    }
}
