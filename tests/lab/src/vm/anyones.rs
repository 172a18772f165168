//! Anyone's image on the link: v6check put in by mounting its overlay, or by a seed disk where that is not possible.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Booted, Link, Overlay, Server, Stage, Unmountable, nocloud};
use crate::LabError;

/// Programs that it takes, besides those of every link.
pub const NEEDS: [&str; 12] =
    ["blkid", "genisoimage", "losetup", "mount", "nft", "qemu-img", "qemu-storage-daemon", "qemu-system-x86_64", "sfdisk", "sh", "umount", "unshare"];

/// What it boots with.
#[derive(Debug)]
pub struct Setup<'a> {
    /// The v6check that is put in; it must need no shared library.
    pub program: &'a Path,
    /// Arguments to its `install`, besides where reports go.
    pub arguments: &'a [String],
    /// How many NICs it has.
    pub nics: usize,
    /// The network has IPv4 as well.
    pub ipv4: bool,
    /// MiB of memory.
    pub memory: u32,
}

/// Boots `image`, and tells of each `step`. With the guest comes why its image could not be mounted, where a seed disk carries v6check.
///
/// A seed disk is there in any case: to an image with cloud-init it tells of the network what OpenStack would tell it.
///
/// # Errors
/// It is no image, or has parts elsewhere, or the lab cannot be built.
pub fn boot(image: &Path, setup: &Setup, step: &dyn Fn(&str)) -> Result<(Booted, Option<Unmountable>), LabError> {
    step("making the overlay");
    is_disk(image)?;
    let overlay = Overlay::over(image)?;
    step("mounting the overlay and putting v6check in");
    let unmountable = overlay.install(setup.program, setup.arguments)?.err();
    let stage = Stage::make(Link { ipv4: setup.ipv4, late_s: 0, server: Server::Usual }, setup.nics)?;
    let carried = unmountable.is_some().then_some((setup.program, setup.arguments));
    let seed = nocloud(stage.ports(), carried)?.disk(&overlay.path("seed"))?;
    step(if unmountable.is_some() { "it cannot be mounted here: booting, v6check comes by a NoCloud seed" } else { "v6check is in it: booting" });
    Ok((stage.boot_with(overlay, vec![seed], setup.memory)?, unmountable))
}

/// How what is neither begins, and what to do about it.
const OTHERS: [(&[u8], &str); 10] = [
    (b"KDMV", CONVERT),
    (b"vhdxfile", CONVERT),
    (b"conectix", CONVERT),
    (b"QED\0", CONVERT),
    (b"<<< ", CONVERT),
    (b"\x1f\x8b", UNPACK),
    (b"\xfd7zXZ", UNPACK),
    (b"BZh", UNPACK),
    (b"\x28\xb5\x2f\xfd", UNPACK),
    (b"PK\x03\x04", UNPACK),
];
const CONVERT: &str = "neither qcow2 nor raw; `qemu-img convert -O qcow2` makes it one";
const UNPACK: &str = "packed; unpack it first";
/// Where a disk that a BIOS starts has its signature, and GPT as well.
const SIGNATURE: (usize, [u8; 2]) = (510, [0x55, 0xaa]);

/// Whether it may be the disk of a machine: whatever a qcow2 has in it, or a raw one that a BIOS may start.
fn is_disk(image: &Path) -> Result<(), LabError> {
    let failed = || LabError::io(image.display().to_string());
    let mut start = Vec::new();
    File::open(image).map_err(failed())?.take(512).read_to_end(&mut start).map_err(failed())?;
    let (at, signature) = SIGNATURE;
    if start.starts_with(b"QFI\xfb") || start.get(at..) == Some(&signature[..]) {
        return Ok(());
    }
    let why = OTHERS.iter().find(|(beginning, _)| start.starts_with(beginning));
    let why = why.map_or("neither a qcow2 nor a raw disk: no boot sector (55 AA at byte 510)", |(_, why)| why);
    Err(LabError::Asked(format!("{}: {why}", image.display())))
}
