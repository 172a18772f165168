//! `v6check-lab boot`: images booted on the link as image QA would boot them, several at once, and what each reports.

mod image;
mod left;
mod outcome;
mod progress;

use std::collections::BTreeSet;
use std::num::NonZeroU8;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clap::Args;

use super::place::Place;
use super::{able, show, signals, v6check};
use crate::vm::{NEEDS, Setup};
use crate::{LabError, needs};
use image::Image;
use left::Left;
use outcome::Outcome;
use progress::Progress;

pub(super) const EXAMPLES: &str = "\
Examples:
  v6check-lab boot debian-12.qcow2
  v6check-lab boot --jobs 4 --out reports images/*.qcow2
  v6check-lab boot --nics 2 --ipv6-only --profile calico image.raw

Each image boots by BIOS (QEMU, by translation where there is no KVM) with a
serial console, on a Calico link of its own. It is never written to: all goes
into an overlay that is thrown away. v6check is put in by mounting that; where
this machine cannot mount the image, by a NoCloud seed, which takes cloud-init
in the image and one more boot. A seed tells any cloud-init of the network what
OpenStack would tell it.

What is left of IMAGE, in --out:
  IMAGE.junit.xml     the report for the CI
  IMAGE.report.json   the report as JSON
  IMAGE.facts.json    what was observed, for `v6check replay`
  IMAGE.boot.pcapng   the guest's recording of its boot, for Wireshark and replay
  IMAGE.console.log   its serial console
What an earlier run left of the same IMAGE is taken away first.

Exit codes:
  0  no must failed in any image
  1  one failed in an image, by the guest's fault
  2  else: an image could not be run or did not report, or nothing could be run
  3  else: a must could not be judged, or failed by the network's fault";

/// What is booted, and how.
#[derive(Debug, Args)]
pub(super) struct Boot {
    /// Disk images, qcow2 or raw
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// Where reports, consoles and recordings go
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// As many boot at once
    #[arg(long, value_name = "N", default_value = "2")]
    jobs: NonZeroU8,
    /// NICs of each, from PCI slot 3 on
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    nics: u8,
    /// A network without IPv4
    #[arg(long)]
    ipv6_only: bool,
    /// Memory of each
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(64..))]
    memory: u32,
    /// How long to wait for a report since the machine was switched on
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// The v6check that is put in, instead of the one beside this program
    #[arg(long, value_name = "PATH")]
    v6check: Option<PathBuf>,
    /// The profile that v6check judges by
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// Boots them. What cannot be done at all is told before anything starts.
pub(super) fn boot(place: &Place, wish: &Boot) -> Result<u8, LabError> {
    able()?;
    needs::check_for("booting images", &[&["ip", "dnsmasq"][..], &NEEDS].concat())?;
    let program = v6check(wish.v6check.as_deref())?;
    image::runs_anywhere(&program)?;
    let images = wanted(&wish.images, &wish.out)?;
    std::fs::create_dir_all(&wish.out).map_err(LabError::io(wish.out.display().to_string()))?;
    signals::listen(|| ())?;
    let held = place.hold_boot()?;
    let outcomes = held.keep_files().map(|()| each(&images, wish, &program));
    held.clear();
    place.leave();
    let outcomes = outcomes?;
    show(&outcome::summary(&outcomes));
    Ok(outcome::code(&outcomes))
}

/// Each image by the name that its files get.
fn wanted(paths: &[PathBuf], out: &Path) -> Result<Vec<Image>, LabError> {
    let mut names = BTreeSet::new();
    let mut images = Vec::new();
    for path in paths {
        std::fs::File::open(path).map_err(LabError::io(path.display().to_string()))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !path.is_file() {
            return Err(LabError::Asked(format!("{}: not a file", path.display())));
        }
        if !names.insert(name.clone()) {
            return Err(LabError::Asked(format!("two images are called {name}, and so would be their reports; boot one after the other with --out")));
        }
        images.push(Image { left: Left::of(out, &name), path: path.clone(), name });
    }
    Ok(images)
}

/// As many characters as a report's name may have.
const MAX_NAME: usize = 200;

/// Boots as many at once as are wished, each worker the next that is left.
fn each(images: &[Image], wish: &Boot, program: &Path) -> Vec<Outcome> {
    let profile = wish.profile.iter().flat_map(|profile| ["--profile".to_owned(), profile.clone()]).collect::<Vec<_>>();
    let limit = Duration::from_secs(wish.timeout);
    let progress = Progress::of(images.iter().map(|image| image.name.clone()).collect());
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let number = next.fetch_add(1, Ordering::Relaxed)
            && let Some(image) = images.get(number)
        {
            let name: String = image.name.chars().take(MAX_NAME).collect();
            let arguments: Vec<String> = profile.iter().cloned().chain([format!("--name={name}")]).collect();
            let setup = Setup { program, arguments: &arguments, nics: wish.nics.into(), ipv4: !wish.ipv6_only, memory: wish.memory };
            let outcome = image.boot(&setup, limit, &|step| progress.step(number, step));
            progress.step(number, &outcome.in_short());
            outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(outcome);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..usize::from(wish.jobs.get()).min(images.len()) {
            scope.spawn(work);
        }
    });
    outcomes.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}
