//! The options of the formats of reports, made from their table: an option for each.

use std::ffi::OsString;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::report::{FORMATS, Format, Target};

/// The group of these options.
pub(super) const REPORT_FILES: &str = "report-files";

/// Reports to write: formats and where they go, in the order of the table of formats.
pub(super) type Outputs = Vec<(&'static Format, Target)>;

/// The reports of a run.
pub(super) struct RunReports(pub(super) Outputs);

/// The reports of each boot.
pub(super) struct BootReports(pub(super) Outputs);

impl Args for RunReports {
    fn augment_args(command: Command) -> Command {
        options(command, |format, option| {
            let default = if is_default(format) { " [default: stdout, unless another report goes there]" } else { "" };
            option.value_name("FILE").help(format!("Write the report as {} to FILE (repeatable; `-` for stdout){default}", format.about))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl Args for BootReports {
    fn augment_args(command: Command) -> Command {
        options(command, |format, option| {
            let help = format!("Write each boot's report as {} to", format.about);
            if is_default(format) {
                let help = format!("{help} a device such as /dev/ttyS0 or a file (repeatable) [default: the journal]");
                option.value_name("DEVICE|FILE").visible_alias("report").help(help)
            } else {
                option.value_name("FILE").help(format!("{help} FILE (repeatable)"))
            }
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for RunReports {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self(outputs(matches)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0 = outputs(matches);
        Ok(())
    }
}

impl FromArgMatches for BootReports {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self(outputs(matches)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0 = outputs(matches);
        Ok(())
    }
}

/// Adds an option for each format, named after it.
fn options(command: Command, describe: impl Fn(&Format, Arg) -> Arg) -> Command {
    let option = |format: &Format| Arg::new(format.name).long(format.name).action(ArgAction::Append).value_parser(ValueParser::os_string());
    let names = FORMATS.iter().map(|format| format.name);
    command.args(FORMATS.iter().map(|format| describe(format, option(format)))).group(ArgGroup::new(REPORT_FILES).args(names).multiple(true))
}

fn outputs(matches: &ArgMatches) -> Outputs {
    let files = |format: &'static Format| {
        let files = matches.get_many::<OsString>(format.name).into_iter().flatten();
        files.map(move |file| (format, Target::from(file.as_os_str())))
    };
    FORMATS.iter().flat_map(files).collect()
}

/// Whether a run writes this format where no other is asked for.
pub(super) fn is_default(format: &Format) -> bool {
    FORMATS.first().is_some_and(|first| first.name == format.name)
}
