//! The seed disk of a NoCloud datasource (cloud-init's documentation, "NoCloud"): what OpenStack would tell a guest of its network, and, for an
//! image that cannot be mounted, v6check itself with the command that puts it in.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::overlay::install_arguments;
use super::{CONSOLE_PORT, Layer, Seed};
use crate::{LabError, Port};

const LABEL: &str = "CIDATA";

/// Puts v6check in by the disk, and boots again: the next boot is recorded and reported. What it says goes to the console.
const INSTALL: &str = "exec >CONSOLE 2>&1
mkdir -p /run/v6check-seed
mount -o ro LABEL=CIDATA /run/v6check-seed || mount -o ro /dev/disk/by-label/CIDATA /run/v6check-seed
/run/v6check-seed/v6check install ARGUMENTS
umount /run/v6check-seed
sync
reboot
";

/// The seed of a guest with these NICs. `program` is put in by the guest, with these arguments to its `install` besides.
///
/// # Errors
/// The program cannot be read.
pub fn nocloud(ports: &[Port], program: Option<(&Path, &[String])>) -> Result<Seed, LabError> {
    let mut files = Layer::default()
        .file("meta-data", "instance-id: v6check-lab\nlocal-hostname: guest\n")
        .file("network-config", &format!("{:#}\n", network(ports)))
        .file("user-data", &user_data(program.map(|(_, arguments)| arguments)));
    if let Some((program, _)) = program {
        let bytes = fs::read(program).map_err(LabError::io(program.display().to_string()))?;
        files.entries.push(super::Entry { path: "v6check".into(), bytes, mode: 0o755 });
    }
    Ok(Seed { label: LABEL, files })
}

/// Calico's network as OpenStack's metadata tell it, `ipv6_dhcpv6-stateful` for each port: DHCPv6, and router advertisements are accepted. NICs
/// are known by their MAC addresses; where a renderer of cloud-init needs names, they are those of their PCI slots.
fn network(ports: &[Port]) -> Value {
    let nic = |(number, port): (usize, &Port)| {
        let told = json!({ "match": { "macaddress": port.mac }, "dhcp4": port.ipv4.is_some(), "dhcp6": true, "accept-ra": true });
        (format!("ens{}", number + 3), told)
    };
    json!({ "version": 2, "ethernets": ports.iter().enumerate().map(nic).collect::<serde_json::Map<_, _>>() })
}

fn user_data(arguments: Option<&[String]>) -> String {
    let command = |arguments: &[String]| {
        let words = install_arguments().into_iter().chain(arguments.iter().map(String::as_str)).map(quoted).collect::<Vec<_>>().join(" ");
        let script = INSTALL.replace("CONSOLE", CONSOLE_PORT).replace("ARGUMENTS", &words);
        json!(["sh", "-ec", script])
    };
    // JSON is YAML.
    let data = json!({ "runcmd": arguments.map(command).into_iter().collect::<Vec<_>>() });
    format!("#cloud-config\n{data:#}\n")
}

/// As one word of a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_tells_the_network_and_installs_what_it_carries() {
        let port = Port { tap: "tap1".into(), mac: "fa:16:3e:00:00:01".into(), address: crate::address(0x10), ipv4: None };
        let told = network(&[port.clone(), port]);
        assert_eq!(
            told["ethernets"]["ens4"],
            json!({ "match": { "macaddress": "fa:16:3e:00:00:01" }, "dhcp4": false, "dhcp6": true, "accept-ra": true })
        );
        let arguments = ["--profile".to_owned(), "it's".to_owned()];
        let text = user_data(Some(&arguments));
        let data: Value = serde_json::from_str(text.strip_prefix("#cloud-config\n").expect("its kind")).expect("JSON");
        let script = data["runcmd"][0][2].as_str().expect("a script");
        assert!(script.contains(r"v6check install '--report' '/dev/ttyS0' '--save' '/dev/ttyS1'"), "{script}");
        assert!(script.contains(r"'--profile' 'it'\''s'") && script.contains(">/dev/ttyS0"), "{script}");
        assert!(user_data(None).contains("\"runcmd\": []"));
    }
}
