//! What lies below the network stacks: one file or folder each for sysctl.d, the boot loader, modprobe.d, firewalls, services and the image's identity.

pub(crate) mod boot_commands;
pub(crate) mod boot_loader;
pub(crate) mod firewall;
pub(crate) mod forwarding;
pub(crate) mod image_identity;
pub(crate) mod init;
pub(crate) mod interface_names;
pub(crate) mod literal_backticks;
pub(crate) mod modprobe;
pub(crate) mod nic_names;
pub(crate) mod packages;
pub(crate) mod services;
pub(crate) mod sysctl;
pub(crate) mod udev;
pub(crate) mod ufw;
