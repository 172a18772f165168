//! Commands and daemons of the lab, each bounded in time and ended by its own process id.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::LabError;
use crate::needs;

/// How long a command may take to end that was told to: a script unmounts and detaches what it made, which a busy machine is slow at.
const GRACE: Duration = Duration::from_mins(2);
const STEP: Duration = Duration::from_millis(10);

/// What a command said and how it ended.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its exit code; absent if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Set once nothing more is to be built; what is there is taken down by the way of every error.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Has all that waits in the lab end with [`LabError::Interrupted`], and nothing more be started but what takes it down.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Whether [`interrupt`] was called.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

fn go_on() -> Result<(), LabError> {
    if is_interrupted() { Err(LabError::Interrupted) } else { Ok(()) }
}

/// Asks `holds` until it says yes.
///
/// # Errors
/// It does not within `limit`, asking fails, or the lab is interrupted.
pub fn poll(what: &str, limit: Duration, mut holds: impl FnMut() -> Result<bool, LabError>) -> Result<(), LabError> {
    let end = Instant::now() + limit;
    while !holds()? {
        go_on()?;
        if Instant::now() > end {
            return Err(LabError::Late { what: what.into(), limit });
        }
        sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Runs `command` with `input` as its standard input. Output goes through files, so that a daemon it leaves behind cannot hold it up.
///
/// # Errors
/// It cannot be started, or does not end within `limit` (then it is ended), or the lab is interrupted. A bad exit code is no error here.
pub fn run(command: &mut Command, input: &str, limit: Duration) -> Result<Output, LabError> {
    run_while(command, input, limit, go_on)
}

fn run_while(command: &mut Command, input: &str, limit: Duration, go_on: fn() -> Result<(), LabError>) -> Result<Output, LabError> {
    go_on()?;
    let what = describe(command);
    let failed = |source| LabError::Io { what: what.clone(), source };
    let mut files = [tempfile::tempfile().map_err(failed)?, tempfile::tempfile().map_err(failed)?, tempfile::tempfile().map_err(failed)?];
    files[0].write_all(input.as_bytes()).map_err(failed)?;
    files[0].rewind().map_err(failed)?;
    let handle = |file: &File| file.try_clone().map(Stdio::from).map_err(failed);
    command.stdin(handle(&files[0])?).stdout(handle(&files[1])?).stderr(handle(&files[2])?);
    let mut child = command.spawn().map_err(failed)?;
    let end = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        let late = if Instant::now() > end { Err(LabError::Late { what: what.clone(), limit }) } else { go_on() };
        if let Err(error) = late {
            end_child(&mut child).map_err(failed)?;
            return Err(error);
        }
        sleep(STEP);
    };
    let mut text = |at: usize| {
        let mut bytes = Vec::new();
        files[at].rewind().and_then(|()| files[at].read_to_end(&mut bytes)).map_err(failed)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(Output { code: status.code(), stdout: text(1)?, stderr: text(2)? })
}

/// As [`run`], but a bad exit code is an error. Returns the standard output.
pub(super) fn succeed(command: &mut Command, input: &str, limit: Duration) -> Result<String, LabError> {
    let output = run(command, input, limit)?;
    well(command, output)
}

/// As [`succeed`], for what takes the lab down.
pub(super) fn succeed_unasked(command: &mut Command, limit: Duration) -> Result<String, LabError> {
    let output = run_while(command, "", limit, || Ok(()))?;
    well(command, output)
}

fn well(command: &Command, output: Output) -> Result<String, LabError> {
    if output.code == Some(0) {
        return Ok(output.stdout);
    }
    Err(LabError::Failed { command: describe(command), code: output.code, text: format!("{}{}", output.stderr, output.stdout).trim().into() })
}

/// Sends `signal` (`TERM`, `KILL`) to processes by their ids. One that is gone already is no error.
pub(super) fn signal(signal: &str, processes: &[u32]) {
    if processes.is_empty() {
        return;
    }
    let ids = processes.iter().map(u32::to_string);
    let _ = needs::command("sh").args(["-c", "kill -s \"$@\"", "kill", signal]).args(ids).stderr(Stdio::null()).status();
}

fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > end {
            return Ok(None);
        }
        sleep(STEP);
    }
}

/// By SIGTERM, so that a script takes down what it made; by SIGKILL where that is of no use.
fn end_child(child: &mut Child) -> std::io::Result<()> {
    signal("TERM", &[child.id()]);
    if wait(child, GRACE)?.is_none() {
        child.kill().and_then(|()| child.wait())?;
    }
    Ok(())
}

fn describe(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// A process that the lab keeps running; it ends with this value.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts `command` with its output in `log`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(command: &mut Command, log: &File) -> Result<Self, LabError> {
        let what = describe(command);
        let failed = |source| LabError::Io { what: what.clone(), source };
        let handle = || log.try_clone().map(Stdio::from).map_err(failed);
        let child = command.stdin(Stdio::null()).stdout(handle()?).stderr(handle()?).spawn().map_err(failed)?;
        Ok(Self { child })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its exit code, once it has ended; 128 where a signal ended it.
    ///
    /// # Errors
    /// The process cannot be asked after.
    pub fn ended(&mut self) -> Result<Option<i32>, LabError> {
        let status = self.child.try_wait().map_err(LabError::io("waiting for a process"))?;
        Ok(status.map(|status| status.code().unwrap_or(128)))
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        signal("TERM", &[self.id()]);
    }

    /// Waits for its end and gives its exit code; 128 where a signal ended it.
    ///
    /// # Errors
    /// It does not end within `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<i32, LabError> {
        let status = wait(&mut self.child, limit).map_err(LabError::io("waiting for a process"))?;
        status.map(|status| status.code().unwrap_or(128)).ok_or_else(|| LabError::Late { what: format!("the end of process {}", self.id()), limit })
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
