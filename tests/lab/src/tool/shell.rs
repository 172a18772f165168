//! `v6check-lab shell`: a command or a shell in a guest.

use std::os::unix::process::CommandExt;
use std::path::Path;

use super::place::Place;
use super::{able, status, tell, v6check};
use crate::clients::stand_in;
use crate::{LabError, enter, needs};

/// Where an administrator's programs are, for who became root without that.
const REST_OF_PATH: &str = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Becomes the command, so that its exit code and its signals are its own.
pub(super) fn shell(place: &Place, guest: &str, program: Option<&Path>, words: &[String]) -> Result<u8, LabError> {
    able()?;
    needs::check(&["ip", "sh", "mount", "unshare"])?;
    let note = status::guest(place, guest)?;
    // Without it a shell is of use all the same, unless it was asked for.
    match v6check(program) {
        Ok(found) => stand_in::put_program(&note.tree, "v6check", &found)?,
        Err(error) if program.is_some() => return Err(error),
        Err(error) => tell(&error.to_string()),
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let shell: &[&str] = if needs::has("bash") { &["bash", "--noprofile", "--norc", "-i"] } else { &["sh", "-i"] };
    let words: Vec<&str> = if words.is_empty() { shell.to_vec() } else { words.iter().map(String::as_str).collect() };
    let mut command = enter(&note.namespace, &note.tree, words[0]);
    command.args(&words[1..]).env("PATH", format!("/usr/local/sbin:{path}:{REST_OF_PATH}"));
    // No history of the machine's own shells is written to.
    command.env("PS1", format!("v6check-lab:{guest}# ")).env("HISTFILE", "/dev/null").env("V6CHECK_LAB_GUEST", guest);
    if words == shell {
        tell(&format!("this is {guest}; v6check is on its PATH, and `exit` leaves it"));
    }
    Err(LabError::io("entering the guest")(command.exec()))
}
