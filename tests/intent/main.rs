//! What the files below a root directory set up for the next boot: a module a network stack, and what lies below and beside the stacks.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod below_the_stacks;
mod boot_commands;
mod boot_writers;
mod cloud_init;
mod dhclient;
mod firewall;
mod ifupdown;
mod ifupdown2;
mod image;
mod keyfile;
mod netplan;
mod network_manager;
mod networkd;
mod ports_and_macs;
mod red_hat;
mod services;
mod smaller_stacks;
