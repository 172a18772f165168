//! One unit of systemd as its files have it: its own and its drop-ins (systemd.unit(5)), and the words of its command lines
//! (systemd.service(5), COMMAND LINES).

use std::collections::BTreeMap;
use std::io;

use crate::facts::FileLine;
use crate::image::Image;
use crate::image::by_name::files_by_name;
use crate::image::ini::systemd::{Assignment, Assignments};
use crate::image::shell_variables::Variables;

/// Where units are, the strongest first.
pub(crate) const FOLDERS: [&str; 6] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/etc/static/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// As many drop-ins as are read.
const MAX_DROP_INS: usize = 64;

/// A unit.
#[derive(Debug)]
pub(crate) struct Unit {
    /// Its own file.
    pub(crate) path: String,
    /// What stands between `@` and `.service`.
    instance: String,
    assignments: Assignments,
}

/// A command line.
#[derive(Debug)]
pub(crate) struct CommandLine {
    pub(crate) at: FileLine,
    pub(crate) text: String,
    pub(crate) words: Vec<String>,
}

impl Unit {
    /// The unit called `name` (with its ending); `None` if no file is for it.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn read(root: &Image, name: &str) -> io::Result<Option<Self>> {
        let (template, instance) = match name.split_once('@') {
            Some((before, rest)) => {
                let (instance, ending) = rest.rsplit_once('.').unwrap_or((rest, "service"));
                (Some(format!("{before}@.{ending}")), instance.to_owned())
            }
            None => (None, String::new()),
        };
        let names: Vec<&str> = [Some(name), template.as_deref()].into_iter().flatten().collect();
        let path = names.iter().flat_map(|name| FOLDERS.iter().map(move |folder| format!("{folder}/{name}"))).find(|path| root.exists(path));
        let Some(path) = path else { return Ok(None) };
        let mut unit = Self { path: path.clone(), instance, assignments: Assignments::default() };
        unit.add(root, &path)?;
        let folders: Vec<String> = names.iter().flat_map(|name| FOLDERS.iter().map(move |folder| format!("{folder}/{name}.d"))).collect();
        let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
        for path in files_by_name(root, &folders, ".conf").into_iter().take(MAX_DROP_INS) {
            unit.add(root, &path)?;
        }
        Ok(Some(unit))
    }

    fn add(&mut self, root: &Image, path: &str) -> io::Result<()> {
        let Some(text) = root.text_if_any(path)? else { return Ok(()) };
        self.assignments.0.extend(Assignments::parse(path, &text).0);
        Ok(())
    }

    /// The values of a key in their order; an empty one takes back those before it.
    fn values(&self, section: &str, key: &str) -> Vec<&Assignment> {
        self.assignments.list(section, key)
    }

    /// The last value of a key.
    pub(crate) fn last(&self, section: &str, key: &str) -> Option<&str> {
        self.values(section, key).last().map(|found| found.value.as_str())
    }

    /// The words of a list, such as `After=`.
    pub(crate) fn list(&self, section: &str, key: &str) -> Vec<&str> {
        self.values(section, key).iter().flat_map(|found| found.value.split_whitespace()).collect()
    }

    /// The command lines of `keys`, such as `ExecStart`, as they are started.
    ///
    /// # Errors
    /// A file of its environment cannot be read.
    pub(crate) fn commands(&self, root: &Image, keys: &[&str]) -> io::Result<Vec<CommandLine>> {
        let environment = self.environment(root)?;
        let mut found = Vec::new();
        for line in keys.iter().flat_map(|key| self.values("Service", key)) {
            let words: Vec<String> = words(&line.value).iter().flat_map(|word| self.expanded(word, &environment)).collect();
            for part in words.split(|word| word == ";") {
                let Some((program, rest)) = part.split_first() else { continue };
                let is_renamed = program.trim_start_matches(['-', ':', '+', '!']).starts_with('@');
                let program = program.trim_start_matches(['-', '@', ':', '+', '!', '|']).to_owned();
                let rest = if is_renamed { rest.get(1..).unwrap_or_default() } else { rest };
                let words = [program].into_iter().chain(rest.iter().cloned()).collect();
                found.push(CommandLine { at: line.at.clone(), text: line.value.clone(), words });
            }
        }
        Ok(found)
    }

    fn environment(&self, root: &Image) -> io::Result<BTreeMap<String, String>> {
        let mut environment = BTreeMap::new();
        for line in self.values("Service", "Environment") {
            for word in words(&line.value) {
                if let Some((name, value)) = word.split_once('=') {
                    environment.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        for file in self.values("Service", "EnvironmentFile") {
            let variables = Variables::read(root, file.value.trim_start_matches('-'))?.unwrap_or_default();
            environment.extend(variables.known().map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        Ok(environment)
    }

    /// Specifiers and variables. `$NAME` alone is split into words, and is none where it is not set.
    fn expanded(&self, word: &str, environment: &BTreeMap<String, String>) -> Vec<String> {
        let word = word.replace("%i", &self.instance).replace("%I", &self.instance).replace("%%", "%");
        if let Some(name) = word.strip_prefix('$').filter(|name| !name.starts_with(['{', '$'])) {
            return environment.get(name).map_or_else(Vec::new, |value| words(value));
        }
        let mut expanded = String::new();
        let mut rest = &word[..];
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else { break };
            expanded.push_str(before);
            expanded.push_str(environment.get(name).map_or("", |value| value));
            rest = behind;
        }
        expanded.push_str(rest);
        vec![expanded.replace("$$", "$")]
    }
}

/// Words with their quotes taken off.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut inside, mut begun) = (String::new(), None, false);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (character, inside) {
            ('"' | '\'', None) => {
                inside = Some(character);
                begun = true;
            }
            (quote, Some(open)) if quote == open => inside = None,
            ('\\', _) => {
                begun = true;
                word.extend(characters.next());
            }
            (blank, None) if blank.is_whitespace() => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (other, _) => {
                begun = true;
                word.push(other);
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}
