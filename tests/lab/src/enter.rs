//! How a command gets into a guest: its network namespace, and its own files in place of the machine's.

use std::path::Path;
use std::process::Command;

use crate::needs;

/// The directories of the machine that a guest has its own of.
pub(super) const OWN: [&str; 3] = ["etc", "run", "var/lib"];

/// Where a guest has programs of its own, if it has any: it looks here first.
pub(super) const OWN_PROGRAMS: &str = "usr/local/sbin";

/// Puts them in place in the mount namespace that `ip netns exec` makes for each command anyway, beside a /sys to look at only. The host name
/// that a daemon sets stays its own.
const ENTER: &str = r#"cd "$1" || exit 125; shift
for own in etc run var/lib; do mount --bind "./$own" "/$own" || exit 125; done
if [ -d ./usr/local/sbin ]; then mount --bind ./usr/local/sbin /usr/local/sbin || exit 125; fi
cd / || exit 125
mount -o remount,bind,ro /sys || exit 125
exec unshare --uts -- "$@""#;

/// Whether a guest's tree can be at `path`: not where the guest does not see it, since it could then not be reached from inside.
pub(super) fn is_seen(path: &Path) -> bool {
    let hidden = |own: &&str| path.starts_with(Path::new("/").join(own));
    !OWN.iter().chain([&OWN_PROGRAMS]).any(hidden)
}

/// A command that will run in the guest with this namespace and tree. Its exit code is the program's; 125 if the way in failed.
pub fn command(namespace: &str, root: &Path, program: &str) -> Command {
    let mut command = needs::command("ip");
    command.args(["netns", "exec", namespace, "sh", "-c", ENTER, "guest"]).arg(root).arg(program);
    command
}
