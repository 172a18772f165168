//! One cell: a requirement over all interfaces of an image, folded to the worst, and what the cells of an image sum up to.

use serde::Serialize;

use crate::catalogue::{Blame, Level};
use crate::judge::Verdict;
use crate::report::CheckResult;

/// What one requirement of one image comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cell {
    /// The worst verdict of all interfaces.
    pub verdict: Verdict,
    /// How much it weighs in the profile of this image.
    pub level: Level,
    /// Whose fault a failure is.
    pub blame: Blame,
    /// It is waived on every interface where it does not hold, so that it does not count.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub waived: bool,
}

impl Cell {
    /// What one result says of its requirement.
    pub(super) fn of(result: &CheckResult) -> Self {
        Self { verdict: result.verdict, level: result.level, blame: result.blame, waived: result.waived.is_some() }
    }

    /// How bad it is, 0 the least: what counts before what is waived, and the guest's before the network's.
    pub(super) fn rank(self) -> u8 {
        let weight = match self.level {
            Level::Must => 2,
            Level::Should => 1,
            Level::Info => 0,
        };
        let rank = match (self.verdict, self.waived) {
            (Verdict::Skip, _) => 0,
            (Verdict::Pass, _) => 1,
            (Verdict::Inconclusive, true) => 2,
            (Verdict::Fail, true) => 3,
            (Verdict::Inconclusive, false) => [4, 6, 7][weight],
            (Verdict::Fail, false) => [5, 8, 9][weight],
        };
        2 * rank + u8::from(self.blame == Blame::Guest)
    }

    /// The highest rank.
    pub(super) const WORST: u8 = 19;

    /// The worse of the two.
    pub(super) fn worse(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    /// Whether there is nothing to look at.
    pub(super) fn is_quiet(self) -> bool {
        matches!(self.verdict, Verdict::Pass | Verdict::Skip)
    }

    /// What is shown of it, by its place in [`MARKS`].
    pub(super) fn mark(self) -> &'static Mark {
        &MARKS[match (self.verdict, self.waived, self.level, self.blame) {
            (Verdict::Pass, ..) => 7,
            (Verdict::Skip, ..) => 8,
            (_, true, ..) => 6,
            (Verdict::Inconclusive, ..) => 4,
            (Verdict::Fail, _, Level::Must, Blame::Guest) => 0,
            (Verdict::Fail, _, Level::Must, Blame::Network) => 1,
            (Verdict::Fail, _, Level::Should, Blame::Guest) => 2,
            (Verdict::Fail, _, Level::Should, Blame::Network) => 3,
            (Verdict::Fail, _, Level::Info, _) => 5,
        }]
    }
}

/// How a cell is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// One letter of ASCII.
    pub(super) letter: char,
    /// One word, for HTML's classes.
    pub(super) class: &'static str,
    /// What it says.
    pub(super) meaning: &'static str,
}

const fn mark(letter: char, class: &'static str, meaning: &'static str) -> Mark {
    Mark { letter, class, meaning }
}

/// All that a cell may show, the worst first.
pub(super) const MARKS: [Mark; 9] = [
    mark('F', "f", "the guest fails a must"),
    mark('N', "n", "the network fails a must"),
    mark('f', "fs", "the guest fails a should"),
    mark('n', "ns", "the network fails a should"),
    mark('?', "u", "could not be judged"),
    mark('i', "i", "does not hold, is only told"),
    mark('w', "w", "waived, not counted"),
    mark('.', "p", "holds"),
    mark('-', "s", "does not apply"),
];

/// What the cells of an image come to. Each cell is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counts {
    /// Musts that fail on the guest's side.
    pub failed_guest: usize,
    /// Musts that fail on the network's side.
    pub failed_network: usize,
    /// Musts that could not be judged.
    pub inconclusive: usize,
    /// Shoulds that fail.
    pub failed_should: usize,
    /// What is told only: failures that never count, and what could not be judged and is no must.
    pub told: usize,
    /// What is waived.
    pub waived: usize,
    /// What holds.
    pub pass: usize,
    /// What does not apply.
    pub skip: usize,
}

impl Counts {
    /// Counts the cells.
    pub(super) fn of(cells: impl Iterator<Item = Cell>) -> Self {
        let mut counts = Self::default();
        for cell in cells {
            *counts.place(cell) += 1;
        }
        counts
    }

    fn place(&mut self, cell: Cell) -> &mut usize {
        match (cell.verdict, cell.waived, cell.level, cell.blame) {
            (Verdict::Pass, ..) => &mut self.pass,
            (Verdict::Skip, ..) => &mut self.skip,
            (_, true, ..) => &mut self.waived,
            (Verdict::Fail, _, Level::Must, Blame::Guest) => &mut self.failed_guest,
            (Verdict::Fail, _, Level::Must, Blame::Network) => &mut self.failed_network,
            (Verdict::Fail, _, Level::Should, _) => &mut self.failed_should,
            (Verdict::Inconclusive, _, Level::Must, _) => &mut self.inconclusive,
            (Verdict::Inconclusive | Verdict::Fail, ..) => &mut self.told,
        }
    }
}

/// What becomes of an image, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum State {
    /// Something that counts fails on the guest's side.
    Guest,
    /// Nothing of that, but on the network's side.
    Network,
    /// Nothing of that, but not everything could be judged.
    Undecided,
    /// Nothing that counts fails.
    Good,
}

impl State {
    /// By the exit code of its report, which knows what counted in that run, and by whose failures there are.
    pub(super) fn of(exit_code: u8, cells: impl Iterator<Item = Cell>) -> Self {
        let mut failed = [false; 2];
        for cell in cells.filter(|cell| cell.verdict == Verdict::Fail && !cell.waived && cell.level > Level::Info) {
            failed[usize::from(cell.blame == Blame::Network)] |= cell.level == Level::Must || exit_code == 1;
        }
        match (exit_code, failed) {
            (0, _) => Self::Good,
            (1, [false, true]) => Self::Network,
            (1, _) => Self::Guest,
            (_, [_, true]) => Self::Network,
            _ => Self::Undecided,
        }
    }

    /// All of them, the worst first.
    pub(super) const ALL: [Self; 4] = [Self::Guest, Self::Network, Self::Undecided, Self::Good];

    /// In words that follow a number of images.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Guest => "broken by the guest",
            Self::Network => "broken by the network",
            Self::Undecided => "not judged in full",
            Self::Good => "good",
        }
    }

    /// The class of the mark that looks like it.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Guest => "f",
            Self::Network => "n",
            Self::Undecided => "u",
            Self::Good => "p",
        }
    }
}
