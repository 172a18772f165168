//! One AF_PACKET socket for all interfaces (packet(7)): frames out by interface index, frames in from both directions.
//!
//! One, because closing a packet socket waits for the kernel to quiesce, which adds up over many. It knows nothing of what the frames
//! mean. The only file with `unsafe`: neither the standard library nor socket2 has the options of packet sockets.
#![expect(unsafe_code, reason = "packet socket options and control messages have no safe interface")]

use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::AsRawFd;
use std::ptr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockAddr, SockAddrStorage, SockFilter, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::filter;
use crate::facts::{Mac, TransportChecksum};

/// Room for a burst, as far as net.core.rmem_max lets us.
const RECEIVE_BUFFER_BYTES: usize = 1 << 20;
/// Room for a control message of [`libc::tpacket_auxdata`] and one with a time, in units that keep them aligned.
const CONTROL_WORDS: usize = 16;

/// A packet socket.
pub(in crate::observe) struct PacketSocket {
    socket: Arc<Socket>,
    /// Its registration with the runtime, while that is told of frames.
    registration: Option<AsyncFd<Arc<Socket>>>,
}

/// A frame as the kernel showed it.
#[derive(Debug)]
pub(in crate::observe) struct Captured<'a> {
    /// Index of the interface.
    pub(in crate::observe) interface: u32,
    /// The guest sent it; otherwise it arrived.
    pub(in crate::observe) outgoing: bool,
    /// Whether its transport checksum can be judged: not if the device left it unfinished, nor if the frame was cut.
    pub(in crate::observe) checksum: TransportChecksum,
    /// When the kernel saw it, in nanoseconds since 1970 by the clock of that moment; absent unless asked for.
    pub(in crate::observe) stamp_ns: Option<u64>,
    /// How long it was on the wire, in bytes.
    pub(in crate::observe) wire_length: u32,
    /// The frame from its Ethernet header on, cut at [`filter::LONGEST_FRAME`].
    pub(in crate::observe) bytes: &'a [u8],
}

/// What reading the socket yielded.
#[derive(Debug)]
pub(in crate::observe) enum Received<'a> {
    /// A frame of an interface.
    Frame(Captured<'a>),
    /// A frame that is none of the interface's own traffic: for another host, or tagged for a VLAN.
    Other,
    /// Nothing is waiting.
    Empty,
}

impl PacketSocket {
    /// Opens the socket for all interfaces of this network namespace, those to come included, behind a program of [`filter`]; with the kernel's
    /// time stamps if they are `stamped`. Needs CAP_NET_RAW and a runtime with I/O.
    ///
    /// # Errors
    /// `EPERM` without CAP_NET_RAW; `EAFNOSUPPORT` where the kernel has no packet sockets.
    pub(in crate::observe) fn open(program: &[SockFilter], stamped: bool) -> io::Result<Self> {
        // Protocol 0 queues nothing, so that no frame gets past the filter before it is there.
        let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
        socket.attach_filter(program)?;
        socket.set_nonblocking(true)?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
        set_option(&socket, libc::SOL_PACKET, libc::PACKET_AUXDATA, &1_i32)?;
        if stamped {
            set_option(&socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, &1_i32)?;
        }
        // Of the protocols only ETH_P_ALL shows what the guest's own programs send.
        socket.bind(&link_address(0, libc::ETH_P_ALL)?)?;
        let socket = Arc::new(socket);
        Ok(Self { registration: Some(registered(Arc::clone(&socket))?), socket })
    }

    /// Has the interface receive a multicast group while the socket is open, for when the kernel's IPv6 has not joined it.
    ///
    /// # Errors
    /// `ENODEV` without such an interface.
    pub(in crate::observe) fn join(&self, interface: u32, group: Mac) -> io::Result<()> {
        let mut address = [0; 8];
        address[..6].copy_from_slice(&group.octets());
        let membership = libc::packet_mreq {
            mr_ifindex: interface_number(interface)?,
            #[expect(clippy::cast_possible_truncation, reason = "a kernel constant of 16 bits")]
            mr_type: libc::PACKET_MR_MULTICAST as u16,
            mr_alen: 6,
            mr_address: address,
        };
        set_option(&self.socket, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &membership)
    }

    /// Sends a whole Ethernet frame.
    ///
    /// # Errors
    /// `ENETDOWN` if the link is down, `ENXIO` if it is gone, `ENOBUFS` or `EAGAIN` if there is no room.
    pub(in crate::observe) fn send(&self, interface: u32, frame: &[u8]) -> io::Result<()> {
        let sent = self.socket.send_to(frame, &link_address(interface, libc::ETH_P_IPV6)?)?;
        if sent == frame.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }

    /// Waits until there may be something to receive; for as long as there is, after [`Self::pause`].
    ///
    /// # Errors
    /// The runtime is shutting down.
    pub(in crate::observe) async fn readable(&self) -> io::Result<()> {
        match &self.registration {
            Some(registration) => registration.readable().await.map(|_ready| ()),
            None => Ok(()),
        }
    }

    /// Has no frame wake this process until [`Self::go_on`]. They can be received as before.
    pub(in crate::observe) fn pause(&mut self) {
        self.registration = None;
    }

    /// Ends a pause.
    ///
    /// # Errors
    /// The kernel's.
    pub(in crate::observe) fn go_on(&mut self) -> io::Result<()> {
        if self.registration.is_none() {
            self.registration = Some(registered(Arc::clone(&self.socket))?);
        }
        Ok(())
    }

    /// Takes one frame, without waiting.
    ///
    /// # Errors
    /// The kernel's, such as `ENETDOWN` when an interface went down; the socket stays usable.
    pub(in crate::observe) fn receive<'a>(&self, buffer: &'a mut [u8; filter::LONGEST_FRAME]) -> io::Result<Received<'a>> {
        let received = match &self.registration {
            Some(registration) => registration.try_io(Interest::READABLE, |socket| receive(socket, buffer)),
            None => receive(&self.socket, buffer),
        };
        match received {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Received::Empty),
            Err(error) => Err(error),
            Ok(None) => Ok(Received::Other),
            Ok(Some(arrived)) => Ok(Received::Frame(Captured {
                interface: arrived.interface,
                outgoing: arrived.outgoing,
                checksum: arrived.checksum,
                stamp_ns: arrived.stamp_ns,
                wire_length: arrived.wire_length,
                bytes: buffer.get(..arrived.length).unwrap_or_default(),
            })),
        }
    }

    /// Closes the socket on a thread of its own: the kernel waits for an RCU grace period in the last close of a packet socket, 4 to 20 ms
    /// (net/packet/af_packet.c, `packet_release`), which the report need not wait for. The end of the process does.
    pub(in crate::observe) fn close(self) {
        let Self { socket, registration } = self;
        drop(registration);
        // Where there is no thread to be had, the socket is closed here and now.
        drop(thread::Builder::new().spawn(move || drop(socket)));
    }

    /// How many frames the kernel dropped for want of room since this was last asked.
    ///
    /// # Errors
    /// The kernel's.
    pub(in crate::observe) fn lost(&self) -> io::Result<u32> {
        let mut statistics = libc::tpacket_stats { tp_packets: 0, tp_drops: 0 };
        let mut length = option_length::<libc::tpacket_stats>();
        // SAFETY: the pointers are to a live structure of the option's type and to its length.
        let result = unsafe {
            libc::getsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                ptr::from_mut(&mut statistics).cast(),
                ptr::from_mut(&mut length),
            )
        };
        if result == 0 { Ok(statistics.tp_drops) } else { Err(io::Error::last_os_error()) }
    }
}

/// A socket, or a share in one.
pub(in crate::observe) trait Owned: AsRawFd {}
impl Owned for Socket {}
impl Owned for Arc<Socket> {}

/// Registers a socket with the runtime, for reading.
///
/// # Errors
/// There is no runtime with I/O.
pub(in crate::observe) fn registered<T: Owned>(socket: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: `Socket` owns its descriptor, which stays the same and open until the last share in it is dropped, and `AsyncFd` owns one.
    unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) }.map_err(io::Error::from)
}

/// Waits until there may be something to receive, a signal was caught, or so much time is over, on this thread.
pub(in crate::observe) fn wait(socket: &Socket, longest: Duration) {
    let mut waited = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let milliseconds = libc::c_int::try_from(longest.as_millis()).unwrap_or(libc::c_int::MAX).saturating_add(1);
    // SAFETY: the pointer is to one live structure, as the number says. Whatever ended the waiting, the socket is read next.
    unsafe { libc::poll(ptr::from_mut(&mut waited), 1, milliseconds) };
}

/// What came with a frame.
struct Arrived {
    interface: u32,
    outgoing: bool,
    checksum: TransportChecksum,
    stamp_ns: Option<u64>,
    wire_length: u32,
    length: usize,
}

fn receive(socket: &Socket, buffer: &mut [u8]) -> io::Result<Option<Arrived>> {
    let mut control = [0_u64; CONTROL_WORDS];
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: both are plain C structures for which all zeros is a valid value.
    let (mut source, mut message): (libc::sockaddr_ll, libc::msghdr) = unsafe { (zeroed(), zeroed()) };
    message.msg_name = ptr::from_mut(&mut source).cast();
    message.msg_namelen = option_length::<libc::sockaddr_ll>();
    message.msg_iov = ptr::from_mut(&mut part);
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    // The type differs between C libraries.
    message.msg_controllen = size_of_val(&control) as _;

    // SAFETY: every pointer in `message` is to live memory of the length that stands beside it.
    let received = unsafe { libc::recvmsg(socket.as_raw_fd(), ptr::from_mut(&mut message), libc::MSG_DONTWAIT) };
    let length = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;

    let mut cut = message.msg_flags & libc::MSG_TRUNC != 0;
    let mut status = 0;
    let mut stamp_ns = None;
    let mut wire_length = u32::try_from(length).unwrap_or(u32::MAX);
    // SAFETY: the kernel filled `message`, and it and `control`, which is aligned for `cmsghdr`, are still alive; `data` is called with
    // their control messages only.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(ptr::from_ref(&message));
        while !header.is_null() {
            if let Some(auxiliary) = data::<libc::tpacket_auxdata>(header, libc::SOL_PACKET, libc::PACKET_AUXDATA) {
                status = auxiliary.tp_status;
                cut |= auxiliary.tp_len > auxiliary.tp_snaplen;
                wire_length = wire_length.max(auxiliary.tp_len);
                // Tag 0 carries only a priority (IEEE 802.1Q section 6.9); any other makes the frame another interface's.
                if status & libc::TP_STATUS_VLAN_VALID != 0 && auxiliary.tp_vlan_tci & 0xfff != 0 {
                    return Ok(None);
                }
            } else if let Some(time) = data::<libc::timespec>(header, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS) {
                stamp_ns = nanoseconds(&time);
            }
            header = libc::CMSG_NXTHDR(ptr::from_ref(&message), header);
        }
    }
    if source.sll_pkttype == libc::PACKET_OTHERHOST {
        return Ok(None);
    }
    let Ok(interface) = u32::try_from(source.sll_ifindex) else { return Ok(None) };
    let judgeable = !cut && status & libc::TP_STATUS_CSUMNOTREADY == 0;
    Ok(Some(Arrived {
        interface,
        outgoing: source.sll_pkttype == libc::PACKET_OUTGOING,
        checksum: if judgeable { TransportChecksum::Complete } else { TransportChecksum::Partial },
        stamp_ns,
        wire_length,
        length,
    }))
}

/// The data of a control message, if it is of this level and kind and long enough.
///
/// # Safety
/// `header` is a control message that the kernel wrote, and all bytes of a `T` are a valid value of it.
unsafe fn data<T>(header: *const libc::cmsghdr, level: libc::c_int, kind: libc::c_int) -> Option<T> {
    // SAFETY: the caller's; data is read only where there is enough of it, unaligned.
    unsafe {
        #[expect(clippy::cast_possible_truncation, reason = "the structures are a few bytes long")]
        let needed = libc::CMSG_LEN(size_of::<T>() as u32) as usize;
        // The type differs between C libraries.
        #[allow(clippy::unnecessary_cast, reason = "cmsg_len is 32 bits wide in some C libraries")]
        let long_enough = (*header).cmsg_len as usize >= needed;
        let wanted = (*header).cmsg_level == level && (*header).cmsg_type == kind;
        (wanted && long_enough).then(|| ptr::read_unaligned(libc::CMSG_DATA(header).cast::<T>()))
    }
}

fn nanoseconds(time: &libc::timespec) -> Option<u64> {
    let seconds = u64::try_from(time.tv_sec).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(u64::try_from(time.tv_nsec).ok()?)
}

fn set_option<T>(socket: &Socket, level: libc::c_int, option: libc::c_int, value: &T) -> io::Result<()> {
    // SAFETY: the pointer is to a live value of the length given; callers pass the type that packet(7) and socket(7) name for the option.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, ptr::from_ref(value).cast(), option_length::<T>()) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[expect(clippy::cast_possible_truncation, reason = "the structures of packet(7) are a few bytes long")]
fn option_length<T>() -> libc::socklen_t {
    size_of::<T>() as libc::socklen_t
}

fn interface_number(interface: u32) -> io::Result<libc::c_int> {
    libc::c_int::try_from(interface).map_err(|_| io::Error::from_raw_os_error(libc::ENODEV))
}

/// The address of an interface, 0 for all, and a protocol.
fn link_address(interface: u32, protocol: libc::c_int) -> io::Result<SockAddr> {
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: `sockaddr_ll` is one of the address structures that the storage is made for, and all zeros is a valid value of it.
    let address = unsafe { storage.view_as::<libc::sockaddr_ll>() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "kernel constants of 16 bits")]
    {
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (protocol as u16).to_be();
    }
    address.sll_ifindex = interface_number(interface)?;
    address.sll_halen = 6;
    // SAFETY: the storage holds a `sockaddr_ll`, filled in above, of the length given.
    Ok(unsafe { SockAddr::new(storage, option_length::<libc::sockaddr_ll>()) })
}
