//! The table of cells: what is changed in which image, and the verdicts expected.
//!
//! A line is `IMAGE CHANGE VERDICTS [COMMAND ; COMMAND ...]`. The verdicts are the letters P F S I in the order of the header line, `/` only
//! parts them. A line `otherwise: REQUIREMENT VERDICT` names a requirement without a letter, whose verdict is this one unless a cell has the
//! command `verdict REQUIREMENT VERDICT`. Other commands: `write PATH TEXT`, `append PATH TEXT`, `delete PATH`, `replace PATH OLD => NEW`, `link PATH TARGET`,
//! `chmod MODE PATH`, `as CHANGE` (all commands of another cell of that image), and `says REQUIREMENT TEXT` (its message or evidence holds
//! the text), `advice REQUIREMENT` (no fix meets it, so that the report has advice). `\n` and `\t` stand for a line's end and a tabulator; a written text ends with a line's end.

use v6check::judge::Verdict;

use crate::tree::Tree;

/// All cells.
#[derive(Debug)]
pub(crate) struct Table {
    /// The requirements that verdicts stand for, in their order.
    pub(crate) requirements: Vec<String>,
    /// Those without a letter, each with the verdict of most cells.
    pub(crate) otherwise: Vec<(String, Verdict)>,
    /// In the order of the file.
    pub(crate) cells: Vec<Cell>,
}

/// One line.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) image: String,
    pub(crate) change: String,
    pub(crate) verdicts: Vec<Verdict>,
    /// Verdicts of requirements without a letter.
    pub(crate) others: Vec<(String, Verdict)>,
    pub(crate) says: Vec<(String, String)>,
    /// Failing requirements that no fix meets: the report has advice.
    pub(crate) advice: Vec<String>,
    commands: Vec<Command>,
}

#[derive(Debug)]
enum Command {
    Write { path: String, text: String },
    Append { path: String, text: String },
    Delete { path: String },
    Replace { path: String, old: String, new: String },
    Link { path: String, target: String },
    Chmod { mode: u32, path: String },
    As { change: String },
}

impl Table {
    /// Reads the table.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let (_, header) = lines.next().ok_or("empty")?;
        let requirements: Vec<String> =
            header.strip_prefix("requirements: ").ok_or("no header line")?.split_whitespace().map(str::to_owned).collect();
        let mut table = Self { requirements, otherwise: Vec::new(), cells: Vec::new() };
        for (number, line) in lines {
            if let Some(line) = line.strip_prefix("otherwise: ") {
                table.otherwise.push(one(line).map_err(|error| format!("line {number}: {error}"))?);
                continue;
            }
            let cell = Cell::parse(line, table.requirements.len()).map_err(|error| format!("line {number}: {error}"))?;
            if table.find(&cell.image, &cell.change).is_some() {
                return Err(format!("line {number}: a second {} {}", cell.image, cell.change));
            }
            table.cells.push(cell);
        }
        Ok(table)
    }

    /// The cell of this name.
    pub(crate) fn find(&self, image: &str, change: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.image == image && cell.change == change)
    }

    /// Carries out a cell's commands. A cell builds only on cells above it, so this ends.
    pub(crate) fn apply(&self, cell: &Cell, tree: &Tree) -> Result<(), String> {
        for command in &cell.commands {
            let done = match command {
                Command::Write { path, text } => tree.write(path, text),
                Command::Append { path, text } => tree.append(path, text),
                Command::Delete { path } => tree.delete(path),
                Command::Replace { path, old, new } => tree.replace(path, old, new),
                Command::Link { path, target } => tree.link(path, target),
                Command::Chmod { mode, path } => tree.chmod(path, *mode),
                Command::As { change } => {
                    let above = self.cells.iter().take_while(|above| !std::ptr::eq(*above, cell));
                    let other = above.into_iter().find(|other| other.image == cell.image && other.change == *change);
                    self.apply(other.ok_or_else(|| format!("no cell {change} above"))?, tree)?;
                    Ok(())
                }
            };
            done.map_err(|error| format!("{command:?}: {error}"))?;
        }
        Ok(())
    }
}

impl Cell {
    fn parse(line: &str, requirements: usize) -> Result<Self, String> {
        let (image, rest) = word(line);
        let (change, rest) = word(rest);
        let (letters, rest) = word(rest);
        let verdicts = letters.chars().filter(|letter| *letter != '/').map(verdict).collect::<Result<Vec<_>, _>>()?;
        if verdicts.len() != requirements {
            return Err(format!("{} verdicts, not {requirements}", verdicts.len()));
        }
        let mut cell = Self {
            image: image.to_owned(),
            change: change.to_owned(),
            verdicts,
            others: Vec::new(),
            says: Vec::new(),
            advice: Vec::new(),
            commands: Vec::new(),
        };
        for part in rest.split(" ; ").map(str::trim).filter(|part| !part.is_empty()) {
            let (name, rest) = word(part);
            if name == "says" {
                let (id, text) = word(rest);
                cell.says.push((id.to_owned(), text.to_owned()));
            } else if name == "verdict" {
                cell.others.push(one(rest)?);
            } else if name == "advice" {
                cell.advice.push(rest.to_owned());
            } else {
                cell.commands.push(Command::parse(name, rest)?);
            }
        }
        Ok(cell)
    }
}

impl Command {
    fn parse(name: &str, rest: &str) -> Result<Self, String> {
        let (first, second) = word(rest);
        let path = first.to_owned();
        Ok(match name {
            "write" => Self::Write { path, text: format!("{}\n", unescape(second)) },
            "append" => Self::Append { path, text: format!("{}\n", unescape(second)) },
            "delete" => Self::Delete { path },
            "replace" => {
                let (old, new) = second.split_once(" =>").ok_or("replace without ` => `")?;
                Self::Replace { path, old: unescape(old), new: unescape(new.trim_start()) }
            }
            "link" => Self::Link { path, target: second.to_owned() },
            "chmod" => Self::Chmod { mode: u32::from_str_radix(first, 8).map_err(|error| error.to_string())?, path: second.to_owned() },
            "as" => Self::As { change: path },
            other => return Err(format!("no command `{other}`")),
        })
    }
}

/// A requirement and the letter of its verdict.
fn one(text: &str) -> Result<(String, Verdict), String> {
    let (id, letter) = word(text);
    let letter = letter.trim().chars().next().ok_or_else(|| format!("`{text}`: no verdict"))?;
    Ok((id.to_owned(), verdict(letter)?))
}

fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t")
}

fn verdict(letter: char) -> Result<Verdict, String> {
    match letter {
        'P' => Ok(Verdict::Pass),
        'F' => Ok(Verdict::Fail),
        'S' => Ok(Verdict::Skip),
        'I' => Ok(Verdict::Inconclusive),
        other => Err(format!("no verdict `{other}`")),
    }
}
