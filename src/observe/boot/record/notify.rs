//! Readiness, as a service manager waits for it (sd_notify(3)): a datagram to the socket that it names.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Says that we are ready, if somebody waits for it. Where it cannot be said, the recording goes on.
pub(super) fn ready() {
    if let Some(name) = env::var_os("NOTIFY_SOCKET") {
        let _ = send(&name);
    }
}

fn send(name: &OsStr) -> io::Result<()> {
    let address = match name.as_bytes() {
        [b'@', abstract_name @ ..] => SocketAddr::from_abstract_name(abstract_name)?,
        path => SocketAddr::from_pathname(OsStr::from_bytes(path))?,
    };
    UnixDatagram::unbound()?.send_to_addr(b"READY=1", &address).map(drop)
}
