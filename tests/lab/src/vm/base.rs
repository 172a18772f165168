//! Images made by the lab: a Debian with some packages, or BusyBox with Debian's kernel, built by mmdebstrap once and kept by its content.

use std::fmt::Write;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::Layer;
use crate::LabError;
use crate::command::succeed;
use crate::needs;

const BUILD: &str = concat!(include_str!("../../../mirror.sh"), include_str!("base.sh"));
/// Downloading and unpacking takes half a minute; a slow mirror takes longer.
const BUILD_LIMIT: Duration = Duration::from_mins(45);
/// Where images are kept (FHS 3.0, 5.5): they can be made again.
const CACHE: &str = "/var/cache/v6check-lab";
/// What the image is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Debian's code name: `bookworm`.
    pub suite: String,
    /// How its packages come into it.
    pub making: Making,
    /// Packages besides those that boot it.
    pub packages: Vec<String>,
    /// What is laid over it.
    pub layer: Layer,
    /// The kernel's command line, besides its root file system.
    pub command_line: String,
}

/// How an image is made of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// They are installed, as on every Debian.
    Installed,
    /// The kernel, its modules and BusyBox are taken out of them, and nothing else; all that boots it is the layer's.
    BusyBox,
}

impl Making {
    /// Its name in `base.sh`.
    fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::BusyBox => "busybox",
        }
    }

    /// What boots every image of this making, whatever configures its network.
    fn common(self) -> &'static str {
        match self {
            Self::Installed => "linux-image-cloud-amd64,systemd-sysv,udev,kmod,iproute2,procps",
            Self::BusyBox => "linux-image-cloud-amd64,busybox-static",
        }
    }
}

/// Whether an image was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was built.
    Built,
    /// It was kept from an earlier time.
    Kept,
}

impl Base {
    /// With these packages too.
    #[must_use]
    pub fn with(mut self, packages: &[&str]) -> Self {
        let more: Vec<String> = packages.iter().map(|package| (*package).to_owned()).filter(|package| !self.packages.contains(package)).collect();
        self.packages.extend(more);
        self
    }

    /// Its image, built unless an earlier one of the same making is kept.
    ///
    /// # Errors
    /// mmdebstrap or another program failed, or the mirror does not answer.
    pub fn image(&self) -> Result<(PathBuf, Origin), LabError> {
        let image = Path::new(CACHE).join(format!("{}-{}.raw", self.suite, self.key()));
        fs::create_dir_all(CACHE).map_err(LabError::io(CACHE))?;
        // Whoever wants the same one waits for it here.
        let lock = File::create(image.with_extension("lock")).map_err(LabError::io(CACHE))?;
        lock.lock().map_err(LabError::io(CACHE))?;
        if image.exists() {
            return Ok((image, Origin::Kept));
        }
        let work = TempDir::with_prefix_in("build-", CACHE).map_err(LabError::io(CACHE))?;
        let path = |name: &str| work.path().join(name);
        // mmdebstrap and apt's own user go through it.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(work.path(), open)
            .and_then(|()| fs::create_dir(path("layer")))
            .and_then(|()| fs::write(path("script"), &self.layer.script))
            .map_err(LabError::io("the base's layer"))?;
        self.layer.lay_out(&path("layer"))?;
        let mut command = needs::command("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", BUILD, "base"]).arg(path("disk.raw"));
        command.arg(&self.suite).arg(self.packages()).arg(path("layer")).arg(path("script")).arg(&self.command_line).arg(self.making.name());
        command.env("WORK", work.path());
        succeed(&mut command, "", BUILD_LIMIT)?;
        fs::rename(path("disk.raw"), &image).map_err(LabError::io(image.display().to_string()))?;
        Ok((image, Origin::Built))
    }

    fn packages(&self) -> String {
        let mut packages = self.making.common().to_owned();
        for package in &self.packages {
            let _ = write!(packages, ",{package}");
        }
        packages
    }

    /// Tells it from every other making.
    fn key(&self) -> String {
        let digest = Sha256::digest(format!("{BUILD}{}{self:?}", self.packages()));
        digest.iter().take(8).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}
