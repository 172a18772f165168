//! dnsmasq with the options that networking-calico's DHCP agent gives it, and with plain Neutron's.
//!
//! Source: networking_calico/agent/linux/dhcp.py (`DnsmasqRouted`), neutron/agent/linux/dhcp.py (`Dnsmasq`).

use std::fmt::Write;
use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use super::command::{Daemon, poll};
use super::{LabError, Namespace, STATE_LIMIT, SUBNET};

/// What a subnet is served as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Calico's default: M and O set, prefix neither on-link nor autonomous, addresses by DHCPv6 from the hosts file only.
    Stateful,
    /// Calico since 3.31 where both Neutron attributes are `slaac`: M and O clear, prefix on-link and autonomous, no DHCPv6.
    Slaac,
    /// Plain Neutron, stateful: DHCPv6 only; Router Advertisements are the router's.
    Neutron,
}

/// A line of the hosts file: which address a MAC gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// MAC address of the VM.
    pub mac: String,
    /// The address reserved for it.
    pub address: Ipv6Addr,
}

/// Where dnsmasq serves and what.
#[derive(Debug, Clone)]
pub struct Served {
    /// Kind of the subnet.
    pub range: Range,
    /// The DHCP port (`ns-XXX`), or a server's own interface.
    pub interface: String,
    /// Taps that are served as if they were `interface`.
    pub taps: Vec<String>,
    /// The hosts file.
    pub hosts: Vec<Host>,
    /// What it has of IPv4, on a dual stack network: MAC and address.
    pub ipv4: Vec<(String, Ipv4Addr)>,
}

/// A running dnsmasq and its files.
#[derive(Debug)]
pub struct Dnsmasq {
    served: Served,
    directory: PathBuf,
    starts: usize,
    daemon: Option<Daemon>,
}

impl Dnsmasq {
    /// Starts it in `namespace` with its files in `directory`. An existing lease file is kept, as the agent keeps it.
    ///
    /// # Errors
    /// Files cannot be written, or dnsmasq does not start.
    pub fn start(namespace: &Namespace, directory: &Path, served: Served) -> Result<Self, LabError> {
        fs::create_dir_all(directory).map_err(LabError::io(directory.display().to_string()))?;
        let mut dnsmasq = Self { served, directory: directory.into(), starts: 0, daemon: None };
        dnsmasq.restart(namespace)?;
        Ok(dnsmasq)
    }

    /// What it serves; changes take effect with the next [`Self::restart`].
    pub fn served_mut(&mut self) -> &mut Served {
        &mut self.served
    }

    /// Writes its files and starts it again: the agent restarts dnsmasq for every change, it never reloads.
    ///
    /// # Errors
    /// Files cannot be written, or dnsmasq does not start.
    pub fn restart(&mut self, namespace: &Namespace) -> Result<(), LabError> {
        self.stop();
        self.write_files()?;
        let log = OpenOptions::new().create(true).append(true).open(self.path("log")).map_err(LabError::io("dnsmasq's log"))?;
        let mut command = namespace.command("dnsmasq");
        command.args(self.options());
        let daemon = self.daemon.insert(Daemon::start(&mut command, &log)?);
        self.starts += 1;
        let (log, starts) = (self.directory.join("log"), self.starts);
        poll("dnsmasq has started", STATE_LIMIT, || {
            if let Some(code) = daemon.ended()? {
                return Err(LabError::Failed { command: "dnsmasq".into(), code: Some(code), text: fs::read_to_string(&log).unwrap_or_default() });
            }
            Ok(fs::read_to_string(&log).is_ok_and(|text| text.matches("started, version").count() >= starts))
        })
    }

    /// Ends it; its files stay.
    pub fn stop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.terminate();
            let _ = daemon.wait(STATE_LIMIT);
        }
    }

    /// Its process id, while it runs.
    pub fn process(&self) -> Option<u32> {
        self.daemon.as_ref().map(Daemon::id)
    }

    /// The lease file as dnsmasq writes it.
    ///
    /// # Errors
    /// There is none.
    pub fn leases(&self) -> Result<String, LabError> {
        fs::read_to_string(self.path("leases")).map_err(LabError::io("dnsmasq's lease file"))
    }

    /// Adds to the lease file, before the next start, that `address` is leased until 2286 to the client `duid` (`00:01:..`).
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add_lease(&mut self, address: Ipv6Addr, iaid: u32, duid: &str) -> Result<(), LabError> {
        let mut text = self.leases()?;
        if !text.lines().any(|line| line.starts_with("duid ")) {
            text.push_str("duid 00:01:00:01:2e:00:00:00:02:00:00:00:00:00\n");
        }
        let _ = writeln!(text, "9999999999 {iaid} {address} * {duid}");
        fs::write(self.path("leases"), text).map_err(LabError::io("dnsmasq's lease file"))
    }

    /// Everything that it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn write_files(&self) -> Result<(), LabError> {
        let (mut hosts, mut names) = (String::new(), String::new());
        for host in &self.served.hosts {
            let name = format!("host-{}", host.address.to_string().replace(':', "-"));
            if self.served.range != Range::Slaac {
                let port = host.mac.replace(':', "");
                let _ = writeln!(hosts, "{},tag:dhcpv6,{name}.openstacklocal,[{}],set:port-{port}", host.mac, host.address);
            }
            let _ = writeln!(names, "{}\t{name}.openstacklocal {name}", host.address);
        }
        for (mac, address) in &self.served.ipv4 {
            let name = address.to_string().replace('.', "-");
            let _ = writeln!(hosts, "{mac},host-{name}.openstacklocal,{address},set:port-{}", mac.replace(':', ""));
        }
        let options = match self.served.range {
            Range::Slaac => "",
            _ => "tag:subnet-v6,option6:dns-server,[2001:db8:ffff::53]\ntag:subnet-v6,option6:domain-search,openstacklocal\n",
        };
        for (name, text) in [("host", hosts.as_str()), ("addn_hosts", &names), ("opts", options)] {
            fs::write(self.path(name), text).map_err(LabError::io(format!("dnsmasq's file {name}")))?;
        }
        File::options().create(true).append(true).open(self.path("leases")).map(drop).map_err(LabError::io("dnsmasq's lease file"))
    }

    fn options(&self) -> Vec<String> {
        let Served { range, interface, taps, .. } = &self.served;
        let file = |name: &str| self.path(name).display().to_string();
        let mut options = vec![
            "--no-hosts".into(),
            "--no-resolv".into(),
            "--except-interface=lo".into(),
            format!("--pid-file={}", file("pid")),
            format!("--dhcp-hostsfile={}", file("host")),
            format!("--addn-hosts={}", file("addn_hosts")),
            format!("--dhcp-optsfile={}", file("opts")),
            format!("--dhcp-leasefile={}", file("leases")),
            "--dhcp-match=set:ipxe,175".into(),
            "--bind-dynamic".into(),
            format!("--interface={interface}"),
            "--dhcp-lease-max=16777216".into(),
            "--conf-file=".into(),
            "--domain=openstacklocal".into(),
        ];
        let range_option = |mode: &str| format!("--dhcp-range=set:subnet-v6,{SUBNET},{mode},64,86400s");
        match range {
            Range::Neutron => options.extend([range_option("static"), "--dhcp-userclass=set:ipxe6,iPXE".into(), "--local-service".into()]),
            Range::Stateful | Range::Slaac => {
                let mode = if *range == Range::Slaac { "slaac,ra-only" } else { "static,off-link" };
                options.extend([range_option(mode), "--enable-ra".into(), "--ra-param=ns-*,mtu:off,0".into()]);
                options.push("--dhcp-option-force=option:mtu,1500".into());
            }
        }
        if !self.served.ipv4.is_empty() {
            options.push("--dhcp-range=set:subnet-v4,10.65.0.0,static,255.255.0.0,86400s".into());
        }
        options.extend(taps.iter().map(|tap| format!("--interface={tap}")));
        if !taps.is_empty() {
            options.push(format!("--bridge-interface={interface},{}", taps.join(",")));
        }
        // The lab's own: stay a child with root's rights to the lab's files, and log to standard error.
        options.extend(["--keep-in-foreground", "--user=root", "--log-facility=-"].map(String::from));
        options
    }
}
