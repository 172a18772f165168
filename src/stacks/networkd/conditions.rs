//! The conditions of a section `[Match]` that are about the system, not the interface: `Virtualization=`, `KernelCommandLine=`,
//! `Architecture=` (systemd.unit(5); src/shared/condition.c). What any virtual machine made of the image decides is decided.

use crate::host::boot_loader;
use crate::image::Image;
use crate::image::ini::systemd::Assignment;

/// Programs that every system has, of which one shows the processor.
const PROGRAMS: [&str; 6] =
    ["/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/sbin/init", "/usr/bin/bash", "/bin/sh", "/usr/lib/systemd/systemd-networkd"];
/// Folders of Debian's multiarch, with the name that systemd has for the processor.
const MULTIARCH: [(&str, &str); 6] = [
    ("/usr/lib/x86_64-linux-gnu", "x86-64"),
    ("/usr/lib/aarch64-linux-gnu", "arm64"),
    ("/usr/lib/riscv64-linux-gnu", "riscv64"),
    ("/usr/lib/powerpc64le-linux-gnu", "ppc64-le"),
    ("/usr/lib/s390x-linux-gnu", "s390x"),
    ("/usr/lib/loongarch64-linux-gnu", "loongarch64"),
];
/// As much of a program as is read.
const LARGEST: u64 = 64 << 20;
/// Containers, by systemd's names (systemd-detect-virt(1)).
const CONTAINERS: [&str; 11] =
    ["container", "private-users", "openvz", "lxc", "lxc-libvirt", "systemd-nspawn", "docker", "podman", "rkt", "wsl", "proot"];

/// Whether a condition holds in a virtual machine that boots the image; `None` where another fact decides. `key` is the condition's.
pub(crate) fn holds(root: &Image, key: &str, given: &[&Assignment], runs: bool) -> Option<bool> {
    // A later assignment takes the place of an earlier one.
    let value = given.last()?.value.trim();
    let (negated, value) = value.strip_prefix('!').map_or((false, value), |rest| (true, rest.trim()));
    let holds = match key {
        "Virtualization" => virtualization(value, runs),
        "KernelCommandLine" => command_line(root, value, runs),
        "Architecture" => architecture(root, value, runs),
        _ => None,
    };
    holds.map(|holds| holds != negated)
}

/// A virtual machine, of whichever hypervisor. Where the guest runs it may be a container.
fn virtualization(value: &str, runs: bool) -> Option<bool> {
    if runs {
        return None;
    }
    match value {
        "vm" | "yes" | "true" | "on" | "1" => Some(true),
        "no" | "false" | "off" | "0" | "none" => Some(false),
        container if CONTAINERS.contains(&container) => Some(false),
        _ => None,
    }
}

/// Whether the kernel gets an argument: `quiet`, `root=/dev/vda1`, or `root` for one of any value.
fn command_line(root: &Image, wanted: &str, runs: bool) -> Option<bool> {
    let fits = |word: &str| word == wanted || !wanted.contains('=') && word.split('=').next() == Some(wanted);
    if runs {
        return root.text("/proc/cmdline").ok().map(|text| text.split_whitespace().any(fits));
    }
    boot_loader::argument(root, fits).ok().map(|found| found.is_some())
}

/// The processor that the image's programs are for. A kernel of 64 bits runs programs of 32, so those do not show it.
fn architecture(root: &Image, wanted: &str, runs: bool) -> Option<bool> {
    if wanted == "native" {
        return Some(true);
    }
    if runs {
        return None;
    }
    let by_program = PROGRAMS.iter().filter(|path| root.exists(path)).find_map(|path| of_program(&root.read(path, LARGEST).ok()?));
    let own = by_program.or_else(|| {
        let mut found = MULTIARCH.iter().filter(|(folder, _)| root.is_directory(folder)).map(|(_, name)| *name);
        found.next().filter(|_| found.next().is_none())
    });
    own.map(|own| own == wanted)
}

/// The processor that an ELF file is for: `e_machine`, in the byte order of `e_ident[EI_DATA]` (elf(5)).
fn of_program(bytes: &[u8]) -> Option<&'static str> {
    let header = bytes.get(..20).filter(|header| header.starts_with(b"\x7fELF"))?;
    let machine = [header[18], header[19]];
    let (is_64, is_little) = (header[4] == 2, header[5] == 1);
    let machine = if is_little { u16::from_le_bytes(machine) } else { u16::from_be_bytes(machine) };
    match (machine, is_64, is_little) {
        (62, true, _) => Some("x86-64"),
        (183, true, true) => Some("arm64"),
        (243, true, _) => Some("riscv64"),
        (21, true, true) => Some("ppc64-le"),
        (21, true, false) => Some("ppc64"),
        (22, true, _) => Some("s390x"),
        (258, true, _) => Some("loongarch64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs() {
        let elf = |class: u8, order: u8, machine: [u8; 2]| {
            let mut bytes = b"\x7fELF".to_vec();
            bytes.extend([class, order, 1]);
            bytes.resize(18, 0);
            bytes.extend(machine);
            bytes
        };
        assert_eq!(of_program(&elf(2, 1, [62, 0])), Some("x86-64"));
        assert_eq!(of_program(&elf(2, 1, [183, 0])), Some("arm64"));
        assert_eq!(of_program(&elf(2, 2, [0, 22])), Some("s390x"));
        assert_eq!(of_program(&elf(1, 1, [3, 0])), None);
        assert_eq!(of_program(b"#!/bin/sh\n"), None);
        assert_eq!(of_program(b""), None);
    }
}
