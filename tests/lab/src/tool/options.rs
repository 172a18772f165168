//! The command line of `v6check-lab`, as types, and the help that teaches it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::boot::{self, Boot};
use crate::Stack;

const EXAMPLES: &str = "\
Examples:
  v6check-lab demo                       a good guest beside a broken one
  v6check-lab demo forwarding            the same with another fault
  v6check-lab faults                     all faults by name
  v6check-lab link up --fault length-64  a link to play on, until `link down`
  v6check-lab link status                who is on it, and with which addresses
  v6check-lab shell length-64            a shell in that guest
  v6check-lab shell guest1 v6check       one command in a guest
  v6check-lab link down                  all of it is gone
  v6check-lab boot IMAGE                 boot a disk image, and judge it inside

What it needs:
  root, a kernel with IPv6, and the programs ip (Debian package iproute2) and
  dnsmasq (dnsmasq-base). Where ISC dhclient is missing, a client of its own
  stands in for it; where nft is missing, the compute host has no filter. What
  else a stack or a fault takes is told before anything is made.

What it touches:
  Network namespaces that it makes, named v6lab-*, and files in
  /run/v6check-lab and /tmp/v6check-lab-*.
  Nothing is sent on this machine's own interfaces, and none is changed.

Exit codes:
  0  done; `demo`: v6check told what is wrong
  1  `demo`: it did not; `link status`: no link is up
  2  it was impossible: arguments, no root, a missing program
  `shell` ends with the exit code of its command.";

const UP_EXAMPLES: &str = "\
Examples:
  v6check-lab link up                          one good guest, guest1
  v6check-lab link up --guests 3               guest1, guest2 and guest3
  v6check-lab link up --fault forwarding       guest1, and one that forwards
  v6check-lab link up --guests 0 --fault length-64 --fault ipv6-off
  v6check-lab link up --stack networkd --fault ras-off

All guests are on one Calico link, but for those whose fault is the link's. It
stays until `v6check-lab link down`, also when you log out.";

const LINK_EXAMPLES: &str = "\
Examples:
  v6check-lab link up --fault length-64  a good guest and a broken one
  v6check-lab link status                taps, addresses, routes, the log
  v6check-lab link status --json         the same for a program; exit code 1
                                         if no link is up
  v6check-lab link down                  ends it; clears after a crash too";

const FAULTS_EXAMPLES: &str = "\
Examples:
  v6check-lab faults          by whose fault it is
  v6check-lab faults --json   with the requirement that tells each";

const DEMO_EXAMPLES: &str = "\
Examples:
  v6check-lab demo              with the fault length-64
  v6check-lab demo forwarding   with another; `v6check-lab faults` lists them

Two guests boot side by side on one Calico link, and v6check judges both. What
they are made of is gone when it ends.";

const SHELL_EXAMPLES: &str = "\
Examples:
  v6check-lab shell guest1                    an interactive shell
  v6check-lab shell guest1 v6check -v         v6check in the guest
  v6check-lab shell guest1 ip -6 addr
  v6check-lab shell guest1 v6check watch      what happens, as it happens

The guest has its own network, /etc, /run, /var/lib and /usr/local/sbin; all
else is this machine's. The exit code is that of the command.";

/// The lab of v6check as a tool: Calico's link with good and broken guests, on this machine, without OpenStack
#[derive(Debug, Parser)]
#[command(name = "v6check-lab", version, after_help = EXAMPLES, disable_help_subcommand = true, max_term_width = 80)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Where a link is noted; another folder is another link
    #[arg(long, global = true, value_name = "DIR", default_value = "/run/v6check-lab")]
    pub(super) state: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show a good guest and a broken one, judged side by side
    #[command(after_help = DEMO_EXAMPLES)]
    Demo {
        /// What is wrong with the broken one, see `v6check-lab faults`
        #[arg(default_value = "length-64")]
        fault: String,
        /// The v6check to judge them by, instead of the one beside this program
        #[arg(long, value_name = "PATH")]
        v6check: Option<PathBuf>,
    },
    /// Boot disk images on the link and have v6check report from inside of them
    #[command(after_help = boot::EXAMPLES)]
    Boot(Boot),
    /// Have a link with guests to play on
    #[command(subcommand, after_help = LINK_EXAMPLES)]
    Link(LinkCommand),
    /// Enter a guest of the link
    #[command(after_help = SHELL_EXAMPLES)]
    Shell {
        /// Its name, see `v6check-lab link status`
        guest: String,
        /// The v6check that is found in it, instead of the one beside this program
        #[arg(long, value_name = "PATH")]
        v6check: Option<PathBuf>,
        /// What runs in it, instead of an interactive shell
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// List the faults that a guest can have
    #[command(after_help = FAULTS_EXAMPLES)]
    Faults {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Hold a link until SIGTERM
    #[command(hide = true)]
    Keep(Wish),
}

#[derive(Debug, Subcommand)]
pub(super) enum LinkCommand {
    /// Make the link and its guests; they stay until `link down`
    #[command(after_help = UP_EXAMPLES)]
    Up(Wish),
    /// End the link, or clear what a killed one left
    #[command(after_help = LINK_EXAMPLES)]
    Down,
    /// Tell who is on the link, with taps, addresses and routes
    #[command(after_help = LINK_EXAMPLES)]
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// The guests of a link.
#[derive(Debug, Args)]
pub(super) struct Wish {
    /// Good guests: guest1, guest2, ...
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=50))]
    pub(super) guests: u8,
    /// A further guest with this fault, and called so; may be repeated
    #[arg(long = "fault", value_name = "NAME")]
    pub(super) faults: Vec<String>,
    /// What boots the guests [default: ifupdown; builtin where there is no dhclient]
    #[arg(long)]
    pub(super) stack: Option<StackName>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum StackName {
    /// ifupdown with ISC dhclient
    Ifupdown,
    /// dhcpcd as a service
    Dhcpcd,
    /// systemd-networkd
    Networkd,
    /// NetworkManager
    Networkmanager,
    /// netplan with systemd-networkd
    Netplan,
    /// ifupdown with BusyBox' udhcpc6
    Udhcpc6,
    /// ifupdown with the lab's stand-in for dhclient
    Builtin,
}

impl StackName {
    pub(super) fn stack(self) -> Stack {
        match self {
            Self::Ifupdown | Self::Builtin => Stack::Ifupdown,
            Self::Dhcpcd => Stack::Dhcpcd,
            Self::Networkd => Stack::Networkd,
            Self::Networkmanager => Stack::NetworkManager,
            Self::Netplan => Stack::Netplan,
            Self::Udhcpc6 => Stack::Udhcpc6,
        }
    }

    /// As it is written on the command line.
    pub(super) fn word(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Programs that it takes.
    pub(super) fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Ifupdown => &["dhclient"],
            Self::Dhcpcd => &["dhcpcd"],
            Self::Networkd => &["/lib/systemd/systemd-networkd"],
            Self::Networkmanager => &["NetworkManager", "dbus-daemon"],
            Self::Netplan => &["/lib/systemd/systemd-networkd", "/usr/libexec/netplan/generate"],
            Self::Udhcpc6 => &["/usr/local/lib/v6check-lab/udhcpc6"],
            Self::Builtin => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_sound_and_its_help_fits_80_columns() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        command.build();
        let mut left = vec![command];
        let mut seen = 0;
        while let Some(mut command) = left.pop() {
            for line in command.render_long_help().to_string().lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            }
            left.extend(command.get_subcommands().cloned());
            seen += 1;
        }
        assert!(seen > 8, "{seen}");
    }
}
