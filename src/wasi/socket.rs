//! Sockets: listeners that the guest was given, and the connections that it accepts from them.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::PollFlags;
use rustix::fs::FileType;
use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendFlags, Shutdown};
use wasmtime_wasi::p1::types::{Errno, Riflags, Roflags, Sdflags};

use super::errno::{Fault, Result};
use super::file::{File, Handle};
use super::interrupt::Waiter;

/// A socket that connections come from.
pub struct Listener {
    socket: TcpListener,
    peers: Arc<Peers>,
    /// Whether the guest wants `again` in place of waiting.
    nonblocking: AtomicBool,
}

/// Who may connect: networks, by an address and the length of its prefix. `None` is everybody.
pub struct Peers(pub Option<Vec<(IpAddr, u8)>>);

impl Peers {
    fn accept(&self, peer: IpAddr) -> bool {
        // A listener for both families sees those of the older one in the newer one's form.
        let peer = peer.to_canonical();
        let Some(networks) = &self.0 else { return true };
        networks
            .iter()
            .any(|(network, prefix)| match (network.to_canonical(), peer) {
                (IpAddr::V4(v4), IpAddr::V4(peer)) => {
                    // Of an address in the newer form these bits are before the older one's.
                    let before = if network.is_ipv6() { 96 } else { 0 };
                    let prefix = u32::from(*prefix).saturating_sub(before);
                    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix));
                    (v4.to_bits() ^ peer.to_bits()) & mask.unwrap_or(0) == 0
                }
                (IpAddr::V6(network), IpAddr::V6(peer)) => {
                    let mask = u128::MAX.checked_shl(128_u32.saturating_sub((*prefix).into()));
                    (network.to_bits() ^ peer.to_bits()) & mask.unwrap_or(0) == 0
                }
                _ => false,
            })
    }
}

impl Listener {
    pub fn bind(address: SocketAddr, peers: Arc<Peers>) -> io::Result<Listener> {
        let socket = TcpListener::bind(address)?;
        // A connection may be gone again between the news of it and its acceptance.
        socket.set_nonblocking(true)?;
        Ok(Listener {
            socket,
            peers,
            nonblocking: AtomicBool::new(false),
        })
    }

    pub fn set_nonblocking(&self, nonblocking: bool) {
        self.nonblocking.store(nonblocking, Ordering::Relaxed);
    }

    /// The next connection from a peer that may connect; all others are closed.
    pub fn accept(&self, nonblocking: bool, waiter: Waiter<'_>) -> Result<File> {
        loop {
            waiter.check()?;
            match self.socket.accept() {
                Ok((connection, peer)) if self.peers.accept(peer.ip()) => return connected(connection, nonblocking),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.nonblocking.load(Ordering::Relaxed) {
                        return Err(Errno::Again.into());
                    }
                    waiter.wait(self.socket.as_fd(), PollFlags::IN)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn connected(connection: TcpStream, nonblocking: bool) -> Result<File> {
    // Waiting is done in one way for all, by `poll`.
    connection.set_nonblocking(true)?;
    let file = File::new(Handle::Owned(connection.into()), FileType::Socket);
    file.set_nonblocking(nonblocking);
    Ok(file)
}

pub fn receive(file: &File, buffer: &mut [u8], flags: Riflags, waiter: Waiter<'_>) -> Result<(usize, Roflags)> {
    let peek = flags.contains(Riflags::RECV_PEEK);
    // The system cannot wait for all and be non-blocking at once, so we ask until all is there.
    let all = flags.contains(Riflags::RECV_WAITALL) && !peek;
    let mut system = RecvFlags::DONTWAIT;
    system.set(RecvFlags::PEEK, peek);
    let mut received = 0;
    let mut result = Roflags::empty();
    loop {
        let one = file.when(PollFlags::IN, waiter, |fd| {
            let mut slices = [IoSliceMut::new(&mut buffer[received..])];
            rustix::net::recvmsg(fd, &mut slices, &mut RecvAncillaryBuffer::default(), system)
        });
        match one {
            Ok(message) => {
                received += message.bytes;
                if message.flags.contains(ReturnFlags::TRUNC) {
                    result |= Roflags::RECV_DATA_TRUNCATED;
                }
                if !all || message.bytes == 0 || received == buffer.len() {
                    return Ok((received, result));
                }
            }
            Err(Fault::Errno(_)) if received > 0 => return Ok((received, result)),
            Err(fault) => return Err(fault),
        }
    }
}

pub fn send(file: &File, slices: &[IoSlice<'_>], waiter: Waiter<'_>) -> Result<usize> {
    // The signal for a peer that is gone would be the host's; the guest has the errno.
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    file.when(PollFlags::OUT, waiter, |fd| {
        rustix::net::sendmsg(fd, slices, &mut SendAncillaryBuffer::default(), flags)
    })
}

pub fn shutdown(file: &File, how: Sdflags) -> Result<()> {
    let how = match (how.contains(Sdflags::RD), how.contains(Sdflags::WR)) {
        (true, true) => Shutdown::Both,
        (true, false) => Shutdown::Read,
        (false, true) => Shutdown::Write,
        (false, false) => return Err(Errno::Inval.into()),
    };
    Ok(rustix::net::shutdown(file, how)?)
}
