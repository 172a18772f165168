//! Closing a packet socket without the wait that the kernel has in it.
//!
//! `packet_release` (net/packet/af_packet.c) waits for an RCU grace period, 4 to 20 ms, and so does the end of a process that has such a
//! socket open. The kernel does the same by itself, later, with a socket that nobody can reach any more: one that lies in the queue of a
//! Unix socket that lies in its own queue (unix(7), net/unix/garbage.c). Since Linux 6.8 that work is the kernel's own (`unix_gc_work`);
//! before, it is done in the call that closes, which then waits as it would have. Nothing stays behind: no process, no file, no socket.

use std::io::{self, IoSlice};
use std::mem::size_of;
use std::os::fd::{AsRawFd, RawFd};

use socket2::{Domain, MsgHdr, Socket, Type};

/// Closes `socket`; may wait.
pub(super) fn close(socket: Socket) {
    // Where it cannot be handed over it is closed here.
    let queue = hand_over(&socket);
    // Before the queue, so that the collection has the last hold on it.
    drop(socket);
    drop(queue);
}

/// Leaves `socket` to the kernel's garbage collection, for when its own descriptor is closed, and then the queue.
fn hand_over(socket: &Socket) -> io::Result<Socket> {
    let (sender, queue) = Socket::pair(Domain::UNIX, Type::DGRAM, None)?;
    let control = rights([socket.as_raw_fd(), queue.as_raw_fd()]);
    // A message of no bytes is one, too, but not for every reader of descriptors.
    let byte = [IoSlice::new(&[0])];
    sender.sendmsg(&MsgHdr::new().with_buffers(&byte).with_control(&control), libc::MSG_DONTWAIT)?;
    Ok(queue)
}

/// A control message `SCM_RIGHTS` (cmsg(3)) as the kernel reads it: its length in the machine's word, level and type, then descriptors.
fn rights(descriptors: [RawFd; 2]) -> Vec<u8> {
    const LENGTH: usize = size_of::<usize>() + 2 * size_of::<libc::c_int>() + 2 * size_of::<RawFd>();
    let mut message = Vec::with_capacity(LENGTH);
    message.extend(LENGTH.to_ne_bytes());
    message.extend(libc::SOL_SOCKET.to_ne_bytes());
    message.extend(libc::SCM_RIGHTS.to_ne_bytes());
    message.extend(descriptors.iter().flat_map(|descriptor| descriptor.to_ne_bytes()));
    message
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Read;
    use std::time::Duration;

    use super::*;

    /// The other end of a pair hears that it was closed, which is the kernel's doing.
    #[test]
    fn the_kernel_closes_what_was_handed_over() {
        let (ours, mut other) = Socket::pair(Domain::UNIX, Type::STREAM, None).unwrap();
        other.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        close(ours);
        assert_eq!(other.read(&mut [0; 1]).unwrap(), 0);
    }
}
