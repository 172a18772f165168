//! dhcpcd's command line as its service has it (dhcpcd(8)): by the unit of systemd, or by the options in OpenRC's and sysvinit's files.

use std::io;

use super::Line;
use crate::facts::FileLine;
use crate::host::boot_commands::unit::Unit;
use crate::host::init::{self, Init};
use crate::image::Image;
use crate::image::shell_variables::Variables;

/// What the command line says.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    /// The file in place of its own.
    pub(super) file: Option<String>,
    /// Options that dhcpcd.conf has, too.
    pub(super) options: Vec<Line>,
    pub(super) interfaces: Vec<String>,
}

/// Options with a value, by their letters and names (if-options.c of dhcpcd 9.4 to 10.3).
const LETTERS: &str = "cefhijlmorstuvyzCFIOQSWXZ";
const NAMES: [&str; 31] = [
    "script",
    "env",
    "config",
    "hostname",
    "inform",
    "inform6",
    "request",
    "reboot",
    "leasetime",
    "metric",
    "option",
    "variables",
    "timeout",
    "userclass",
    "vendor",
    "vendorclassid",
    "allowinterfaces",
    "denyinterfaces",
    "nohook",
    "clientid",
    "fqdn",
    "nooption",
    "require",
    "static",
    "whitelist",
    "blacklist",
    "arping",
    "fallback",
    "logfile",
    "msuserclass",
    "ia_pd",
];
/// Where the init scripts of OpenRC and sysvinit take options from, and their variables.
const FILES: [&str; 2] = ["/etc/conf.d/dhcpcd", "/etc/default/dhcpcd"];
const VARIABLES: [&str; 5] = ["command_args", "dhcpcd_args", "DHCPCD_ARGS", "OPTIONS", "ARGS"];

/// The command line of the service.
///
/// # Errors
/// One of its files cannot be read.
pub(super) fn read(root: &Image, service: &str) -> io::Result<Arguments> {
    let mut arguments = Arguments::default();
    if init::of(root) == Init::Systemd {
        let Some(unit) = Unit::read(root, &format!("{service}.service"))? else { return Ok(arguments) };
        for line in unit.commands(root, &["ExecStart"])? {
            if line.words.first().and_then(|program| program.rsplit('/').next()) == Some("dhcpcd") {
                arguments.add(&line.words[1..], &line.at);
            }
        }
        return Ok(arguments);
    }
    for path in FILES {
        let variables = Variables::read(root, path)?.unwrap_or_default();
        if let Some(reason) = variables.not_known(&VARIABLES) {
            return Err(io::Error::other(reason));
        }
        for set in VARIABLES.iter().filter_map(|name| variables.get(name)) {
            let words: Vec<String> = set.value.split_whitespace().map(str::to_owned).collect();
            arguments.add(&words, &set.at);
        }
    }
    Ok(arguments)
}

impl Arguments {
    fn add(&mut self, words: &[String], at: &FileLine) {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value.to_owned())));
                let value = value.or_else(|| NAMES.contains(&name).then(|| words.next().cloned()).flatten());
                self.option(name, value, at);
            } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                self.letters(letters, &mut words, at);
            } else {
                self.interfaces.push(word.clone());
            }
        }
    }

    /// `-4b`, `-f FILE`, `-fFILE`.
    fn letters<'a>(&mut self, letters: &str, words: &mut impl Iterator<Item = &'a String>, at: &FileLine) {
        for (place, letter) in letters.char_indices() {
            let value = LETTERS.contains(letter).then(|| {
                let rest = &letters[place + letter.len_utf8()..];
                if rest.is_empty() { words.next().cloned() } else { Some(rest.to_owned()) }
            });
            let name = match letter {
                '4' => "ipv4only",
                '6' => "ipv6only",
                'f' => "config",
                'Z' => "denyinterfaces",
                'z' => "allowinterfaces",
                _ => "",
            };
            let has_value = value.is_some();
            self.option(name, value.flatten(), at);
            if has_value {
                break;
            }
        }
    }

    fn option(&mut self, name: &str, value: Option<String>, at: &FileLine) {
        match name {
            "" => {}
            "config" => self.file = value,
            _ => self.options.push(Line { at: at.clone(), key: name.to_owned(), value: value.unwrap_or_default(), is_argument: true }),
        }
    }
}
