//! Every cell of the lab as a test of its own name: a guest on a real link, good or with one thing wrong, and the verdict on every
//! requirement. `cargo test --test lab -- cell-05` runs one.
//!
//! It needs root, and the packages that `tests/install-packages` names; without them it fails, since a lab that was skipped would look
//! like one that passed.

mod boots;
mod cells;
mod expectation;
mod promises;
mod stacks;
mod tshark;

use libtest_mimic::{Arguments, Failed, Trial};
use v6check_lab::needs;

/// Cells mostly wait, for duplicate address detection and for their clients, so more of them run at once than there are processors.
const CELLS_AT_ONCE: usize = 10;

const PROGRAMS: [&str; 17] = [
    "ip",
    "nft",
    "dnsmasq",
    "dhclient",
    "ping",
    "radvd",
    "tcpdump",
    "tshark",
    "python3",
    "setpriv",
    "unshare",
    "dhcpcd",
    "dbus-daemon",
    "NetworkManager",
    "/lib/systemd/systemd-networkd",
    "/usr/libexec/netplan/generate",
    "/usr/local/lib/v6check-lab/udhcpc6",
];

/// Why the lab cannot run here, if it cannot.
fn obstacle() -> Option<String> {
    needs::root().and_then(|()| needs::check(&PROGRAMS)).err().map(|error| format!("{error}. Run tests/run as root, which installs all of them."))
}

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(CELLS_AT_ONCE);
    let mut trials: Vec<Trial> = boots::BOOTS.iter().map(|boot| trial(boot.name, || boots::run(boot))).collect();
    trials.extend(cells::CELLS.iter().chain(stacks::CELLS).map(|cell| trial(cell.name, || cells::run(cell))));
    trials.extend(promises::ALL.iter().map(|(name, promise)| trial(name, promise)));
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(name: &str, run: impl FnOnce() -> Result<(), String> + Send + 'static) -> Trial {
    Trial::test(name, move || match obstacle() {
        Some(obstacle) => Err(Failed::from(obstacle)),
        None => run().map_err(Failed::from),
    })
}
