//! The command `matrix`: many reports as one table.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory};

use super::Cli;
use super::options::When;
use crate::report::Target;

const EXAMPLES: &str = "\
Examples:
  v6check matrix reports/                      what is wrong with which image
  v6check matrix reports/ --html matrix.html   the same as a page, each cell
                                               with its evidence
  v6check matrix a.json b.json --json out.json for programs
  v6check matrix reports/ --junit out.xml      one file for the CI
  v6check --root /mnt --json - | v6check matrix - --html one.html

The reports are those that --json writes:
  mkdir -p reports
  for image in /images/*; do
    v6check --root $image --json reports/${image##*/}.json --text /dev/null
  done
Each image is named after its report file; the worst comes first. A cell is one
requirement over all interfaces of an image, the worst of them. The page needs
nothing else and links each image's report by a relative path.

Exit codes:
  0  every image is good
  1  a report's exit code is 1: a must failed on the guest's side
  2  a report could not be read, or the matrix could not be written; the rest is
     still shown
  3  none of that, but a report's exit code is 3";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct MatrixOptions {
    /// Reports as JSON; a directory stands for the *.json in it, `-` for stdin
    #[arg(required = true, value_name = "REPORT|DIR")]
    reports: Vec<PathBuf>,
    /// Write the matrix as an HTML page to FILE (repeatable; `-` for stdout)
    #[arg(long, value_name = "FILE")]
    html: Vec<PathBuf>,
    /// Write the matrix as JSON to FILE (repeatable; `-` for stdout)
    #[arg(long, value_name = "FILE")]
    json: Vec<PathBuf>,
    /// Write all reports as one JUnit XML to FILE (repeatable; `-` for stdout); each suite begins with the image's name
    #[arg(long, value_name = "FILE")]
    junit: Vec<PathBuf>,
    /// Write the matrix as plain text to FILE (repeatable; `-` for stdout) [default: stdout, unless something else goes there]
    #[arg(long, value_name = "FILE")]
    text: Vec<PathBuf>,
    /// Title of the matrix
    #[arg(long, value_name = "TEXT", default_value = "IPv6 of images")]
    title: String,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: When,
}

/// A table of reports to make.
#[derive(Debug)]
pub struct Matrix {
    /// Files, directories and `-`.
    pub reports: Vec<PathBuf>,
    /// Where it goes as text. No place is there twice, in none of the forms.
    pub text: Vec<Target>,
    /// Where it goes as HTML.
    pub html: Vec<Target>,
    /// Where its reports go as one JUnit XML.
    pub junit: Vec<Target>,
    /// Where it goes as JSON.
    pub json: Vec<Target>,
    /// What it is called.
    pub title: String,
    /// Whether text on stdout gets colour.
    pub colour: bool,
}

impl MatrixOptions {
    pub(super) fn matrix(self) -> Result<Matrix, clap::Error> {
        let targets = |files: Vec<PathBuf>| files.into_iter().map(|file| Target::from(file.into_os_string())).collect::<Vec<_>>();
        let (mut text, html, json, junit) = (targets(self.text), targets(self.html), targets(self.json), targets(self.junit));
        let all: Vec<&Target> = [&text, &html, &json, &junit].into_iter().flatten().collect();
        if let Some((_, target)) = all.iter().enumerate().find(|(at, target)| all[..*at].iter().any(|earlier| earlier.is_same(target))) {
            let message = format!("the matrix would be written to {target} twice; give each form its own file");
            return Err(Cli::command().error(ErrorKind::ArgumentConflict, message));
        }
        if text.is_empty() && !all.contains(&&Target::Stdout) {
            text.push(Target::Stdout);
        }
        Ok(Matrix { reports: self.reports, text, html, json, junit, title: self.title, colour: self.color.decide() })
    }
}
