//! v6check says, requirement by requirement, whether this guest gets its IPv6 address and keeps it, and when not, whose fault it is and what
//! to change.
//!
//! The line, and the modules in its order:
//!
//! ```text
//! command line -> plan -> observe -> judge -> report -> exit code
//!                           |  ^
//!                     --save|  |replay
//! ```
//!
//! Beside the line, around a guest's boot: `record` writes down what [`observe`] reads later, `watch` shows the same events as they happen in the
//! words of [`story`], and [`install`] has each boot recorded and checked.
//!
//! Behind the line, [`matrix`] shows the reports of many images as one table.
//!
//! Everything right of [`observe`] is a function of [`facts`]; a run and a replay differ only in where the facts come from.

mod below;
pub mod capture;
pub mod catalogue;
pub mod cli;
pub mod facts;
pub mod fix;
mod glob;
mod halves;
mod harmless;
mod host;
mod image;
pub mod install;
mod json;
pub mod judge;
#[cfg(feature = "lab")]
pub mod lab;
pub mod matrix;
mod near;
pub mod observe;
pub mod plan;
pub mod report;
mod stacks;
pub mod story;
mod watch;
pub mod wire;
mod wrap;

use std::error::Error;
use std::ffi::OsStr;
use std::io::{IsTerminal, Read, Write};
use std::mem::ManuallyDrop;
use std::path::Path;

use catalogue::{Catalogue, Selection};
use cli::{Check, Command, Record, Reporting, Requirements};
use facts::Facts;
use plan::{Plan, Wanted};
use report::output::{self, Target};
use report::{Counting, RemedyFormat, Style};

/// The exit code of a run that was itself impossible: arguments, check files, outputs.
const IMPOSSIBLE: u8 = 2;

type Failure = Box<dyn Error>;

/// Does what `command` asks for and returns the exit code. Errors are told on standard error, a line each.
pub fn run(command: &Command) -> u8 {
    let done = match command {
        Command::Check(check) => run_check(check),
        Command::Replay { facts, requirements, reporting } => replay(facts, requirements, reporting),
        Command::Remedy { root, wanted, requirements, format } => remedy(root.as_deref(), wanted, requirements, *format),
        Command::Matrix(wanted) => Ok(matrix::matrix(wanted, &tell)),
        Command::Record(wanted) => record(wanted),
        Command::Watch(wanted) => watch(wanted),
        Command::Install(wanted) => put(wanted),
        Command::Uninstall { root, dry_run } => {
            directory(root.as_deref()).and_then(|()| Ok(install::uninstall(root.as_deref(), *dry_run, &mut shown)?)).map(|()| 0)
        }
        Command::List { json, requirements } => list(requirements, *json),
        Command::Explain { id, checks } => explain(id, checks.as_deref()),
    };
    done.unwrap_or_else(|error| {
        tell(&error.to_string());
        IMPOSSIBLE
    })
}

fn run_check(check: &Check) -> Result<u8, Failure> {
    let selection = select(&check.requirements)?;
    if check.plan {
        output::write(&Target::Stdout, plan(&check.wanted, &selection)?.to_string().as_bytes())?;
        return Ok(0);
    }
    let save = check.save.as_ref().map(|path| Target::from(path.as_os_str()));
    // One report that can be written is worth the run; the others are told when they fail.
    let writable: Vec<_> = check.reporting.outputs.iter().map(|(_, target)| output::check_writable(target)).collect();
    if writable.iter().all(Result::is_err) {
        writable.into_iter().collect::<Result<(), _>>()?;
    }
    let facts = look(check.root.as_deref(), &check.wanted, &selection)?;
    let saved = save.map_or(Ok(()), |target| save_facts(&facts, &target));
    let code = conclude(facts, &selection, &check.reporting);
    saved.map(|()| code)
}

fn remedy(root: Option<&Path>, wanted: &Wanted, requirements: &Requirements, format: RemedyFormat) -> Result<u8, Failure> {
    let selection = select(requirements)?;
    let report = report::assemble(&look(root, wanted, &selection)?, &selection, Counting::default());
    output::write(&Target::Stdout, report::remedies(&report, format).as_bytes())?;
    Ok(0)
}

/// The facts of the image below `root`, or of this machine.
fn look(root: Option<&Path>, wanted: &Wanted, selection: &Selection) -> Result<Facts, Failure> {
    directory(root)?;
    match root {
        Some(root) => match wanted.interfaces.iter().find(|name| !observe::may_be_interface(name)) {
            Some(name) => Err(format!("no interface can be called {name:?}").into()),
            None => Ok(observe::image(root, &wanted.interfaces)),
        },
        None => Ok(observe::observe(&plan(wanted, selection)?, &tell)?),
    }
}

/// Puts recorder and report into an image or this machine.
fn put(wanted: &cli::Install) -> Result<u8, Failure> {
    directory(wanted.root.as_deref())?;
    Catalogue::selection(None, &wanted.profile)?;
    let mut arguments: Vec<String> = ["--color", "never", "--profile", &wanted.profile].map(str::to_owned).into();
    for (at, (format, target)) in wanted.reports.iter().enumerate() {
        if !device_of_guest(target) && wanted.reports[..at].iter().any(|(_, earlier)| earlier == target) {
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
    install::install(wanted.root.as_deref(), &install::Wish { arguments }, wanted.dry_run, &mut shown)?;
    Ok(0)
}

/// Whether `target` is a device where the guest runs, which may not be here: there reports come one after the other.
fn device_of_guest(target: &Target) -> bool {
    matches!(target, Target::Path(path) if path.starts_with("/dev"))
}

/// One line of what is done, at once.
fn shown(line: &str) {
    let _ = output::write(&Target::Stdout, format!("{line}\n").as_bytes());
}

/// Nothing, if `root` can be an image.
fn directory(root: Option<&Path>) -> Result<(), Failure> {
    match root {
        Some(root) if !root.is_dir() => {
            Err(format!("{}: not a directory; give the one that the image is mounted or unpacked in", root.display()).into())
        }
        _ => Ok(()),
    }
}

fn plan(wanted: &Wanted, selection: &Selection) -> Result<Plan, Failure> {
    let needs = selection.requirements.iter().flat_map(|requirement| &requirement.check.needs).copied().collect();
    Ok(plan::plan(&observe::survey()?, wanted, &needs)?)
}

fn replay(path: &Path, requirements: &Requirements, reporting: &Reporting) -> Result<u8, Failure> {
    let selection = select(requirements)?;
    let facts = read_facts(path)?;
    Ok(conclude(facts, &selection, reporting))
}

/// Everything right of the facts, and the last that is done. An output that cannot be written does not keep the others from being.
fn conclude(facts: Facts, selection: &Selection, reporting: &Reporting) -> u8 {
    // The end of the process frees these all at once; piece by piece that would take a while where there are many interfaces.
    let facts = ManuallyDrop::new(facts);
    let report = ManuallyDrop::new(report::assemble(&facts, selection, reporting.style.counting));
    let mut code = report.summary.exit_code;
    for (format, target) in &reporting.outputs {
        let colour = reporting.style.colour && *target == Target::Stdout;
        let written = format.render(&report, Style { colour, ..reporting.style }).map_err(Failure::from).and_then(|text| {
            output::write(target, text.as_bytes())?;
            Ok(())
        });
        if let Err(error) = written {
            tell(&error.to_string());
            code = IMPOSSIBLE;
        }
    }
    code
}

fn record(Record { output, most_bytes, time }: &Record) -> Result<u8, Failure> {
    if std::io::stderr().is_terminal() {
        tell(&format!("recording to {} for at most {} s; Ctrl-C ends it", output.display(), time.as_secs()));
    }
    observe::boot::record(output, *most_bytes, *time)?;
    Ok(0)
}

fn watch(wanted: &cli::Watch) -> Result<u8, Failure> {
    watch::watch(wanted, &select(&wanted.requirements)?)?;
    Ok(0)
}

fn list(requirements: &Requirements, json: bool) -> Result<u8, Failure> {
    let catalogue = Catalogue::load(requirements.checks.as_deref())?;
    let selection = catalogue.select(&requirements.profile)?;
    let text = if json { catalogue::list_json(&selection)? } else { catalogue::list(&catalogue, &selection) };
    output::write(&Target::Stdout, text.as_bytes())?;
    Ok(0)
}

fn explain(id: &str, checks: Option<&Path>) -> Result<u8, Failure> {
    let catalogue = Catalogue::load(checks)?;
    output::write(&Target::Stdout, catalogue::explain(&catalogue, catalogue.check(id)?).as_bytes())?;
    Ok(0)
}

fn select(requirements: &Requirements) -> Result<Selection, Failure> {
    let mut selection = Catalogue::selection(requirements.checks.as_deref(), &requirements.profile)?;
    if let Some(file) = &requirements.waivers {
        selection.waivers = catalogue::load_waivers(file)?;
    }
    Ok(selection)
}

fn save_facts(facts: &Facts, target: &Target) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    facts::save(facts, &mut bytes)?;
    Ok(output::write_private(target, &bytes)?)
}

/// The facts in a file, or those that a capture shows: the first bytes tell which. `-` is stdin.
fn read_facts(path: &Path) -> Result<Facts, Failure> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut source: Box<dyn Read> = if path.as_os_str() == OsStr::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(|error| named(&error))?)
    };
    let mut first = Vec::new();
    source.by_ref().take(4).read_to_end(&mut first).map_err(|error| named(&error))?;
    let is_capture = observe::begins_capture(&first);
    let mut source = first.as_slice().chain(source);
    if is_capture {
        return Ok(observe::capture(&mut source, &path.display().to_string())?);
    }
    let mut bytes = Vec::new();
    source.take(facts::MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| named(&error))?;
    Ok(facts::load_bytes(&bytes).map_err(|error| named(&error))?)
}

/// Tells one line on standard error: harmless and not too long, since errors quote what was read. Where nobody can be told, the run goes on.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "v6check: {}", report::told(line));
}
