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

    /// Its options for QEMU.
    ///
    /// While a translated guest computes, its clock counts its instructions, two nanoseconds each, and while it waits, the time that passes. So a
    /// machine that is busy with other work makes its boot longer, and not the time between its network and its report shorter.
    pub(super) fn options(self) -> &'static [&'static str] {
        match self {
            Self::Kvm => &["-accel", "kvm"],
            Self::Tcg => &["-accel", "tcg,thread=single", "-icount", "shift=1,sleep=on"],
        }
    }
}
