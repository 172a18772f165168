//! What runs a guest's instructions.

use std::fs::{self, File};

/// How QEMU runs a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accelerator {
    /// By the processor, through /dev/kvm.
    Kvm,
    /// By translation, which every machine can.
    Tcg,
}

impl Accelerator {
    /// The fastest that any guest's kernel runs with here. A /dev/kvm without the processor's own virtualisation (PVM) runs only kernels made
    /// for it.
    pub fn best() -> Self {
        let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let flags = processor.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
        let virtualises = flags.split_whitespace().any(|flag| flag == "vmx" || flag == "svm");
        let opens = File::options().read(true).write(true).open("/dev/kvm").is_ok();
        if virtualises && opens { Self::Kvm } else { Self::Tcg }
    }

    /// Its `-accel` for QEMU.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg,thread=multi",
        }
    }
}
