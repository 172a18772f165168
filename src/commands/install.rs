//! `v6check install`: installs recorder and report in an image or on this machine.

use super::{Failure, must_be_directory, print_line};
use crate::catalogue::Catalogue;
use crate::cli::Install;
use crate::install;
use crate::report::Target;

pub(super) fn run(wanted: &Install) -> Result<u8, Failure> {
    must_be_directory(wanted.root.as_deref())?;
    Catalogue::selection(None, &wanted.profile)?;
    let mut arguments: Vec<String> = ["--color", "never", "--profile", &wanted.profile].map(str::to_owned).into();
    arguments.extend(wanted.name.as_ref().map(|name| format!("--name={name}")));
    for (at, (format, target)) in wanted.reports.iter().enumerate() {
        if !is_device_of_guest(target) && wanted.reports[..at].iter().any(|(_, earlier)| earlier == target) {
            return Err(format!("two reports would be written to {target}; give each its own file").into());
        }
        let place = match target {
            Target::Stdout => "-",
            Target::Path(path) if path.is_absolute() => path.to_str().ok_or_else(|| format!("{target}: not UTF-8, so no unit can name it"))?,
            Target::Path(_) => return Err(format!("{target}: not an absolute path, which each boot needs").into()),
        };
        // One word, so that no name is taken for an option.
        arguments.push(format!("--{format}={place}"));
    }
    install::install(wanted.root.as_deref(), &install::Wish { arguments }, wanted.dry_run, &mut print_line)?;
    Ok(0)
}

/// Whether `target` is a device where the guest runs, which may not exist here: several reports may go there one after the other.
fn is_device_of_guest(target: &Target) -> bool {
    matches!(target, Target::Path(path) if path.starts_with("/dev"))
}
