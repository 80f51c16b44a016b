//! TCP connections that observe the deadline and the cancellation of the call that uses them.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use crate::base::call::{CANCEL_POLL, Call};
use crate::base::platform;
use crate::base::resources;
use crate::http::buffers::WipedBuffers;
use crate::http::dns::DnsCache;
use crate::http::interrupt::{Interrupt, broken, into_io};

/// Opens plain TCP connections.
#[derive(Debug)]
pub(crate) struct TcpConnector {
    pub(crate) interrupt: Arc<Interrupt>,
    pub(crate) names: Arc<DnsCache>,
}

impl Connector<()> for TcpConnector {
    type Out = TcpTransport;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<TcpTransport>, ureq::Error> {
        self.interrupt.begin_opening();
        if details.config.proxy().is_some() {
            return Ok(None); // ureq calls again for the proxy's own address
        }
        let addresses = self.names.addresses(details.uri, &self.interrupt.call())?;
        let stream = self.connect_any(&addresses)?;
        let stream = Arc::new(stream);
        self.interrupt.register(&stream);
        // A cancellation before the registration did not interrupt this socket.
        self.interrupt.call().remaining().map_err(into_io)?;
        Ok(Some(TcpTransport::new(stream, self.interrupt.clone())))
    }
}

impl TcpConnector {
    /// Tries the addresses in order; each but the last gets half of the remaining time.
    fn connect_any(&self, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
        let call = self.interrupt.call();
        let mut failure = io::Error::new(io::ErrorKind::AddrNotAvailable, "the host has no address");
        for (index, address) in addresses.iter().enumerate() {
            let left = call.remaining().map_err(into_io)?;
            let share = if index + 1 < addresses.len() { left.map(|left| left / 2) } else { left };
            match connect_one(*address, share, &call) {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            }
        }
        call.remaining().map_err(into_io)?;
        Err(failure)
    }
}

fn connect_one(address: SocketAddr, limit: Option<Duration>, call: &Call) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))
        .map_err(|error| resources::exhausted(&error).map_or(error, into_io))?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Ok(()) => {}
        Err(error) if platform::is_connecting(&error) => {
            await_connection(&socket, limit.and_then(|limit| Instant::now().checked_add(limit)), call)?;
        }
        Err(error) => return Err(error),
    }
    socket.set_nonblocking(false)?;
    // Both make a connection better; without them (a socket of a sandbox, a restricted system) it still works.
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_tcp_keepalive(&keepalive());
    Ok(socket.into())
}

/// Detects a dead idle connection within about a minute: load balancers drop connections silently, and an event stream
/// would wait forever.
fn keepalive() -> TcpKeepalive {
    TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(10)).with_retries(3)
}

/// Waits in short steps, since a cancellation cannot interrupt the socket yet.
fn await_connection(socket: &Socket, limit: Option<Instant>, call: &Call) -> io::Result<()> {
    loop {
        call.remaining().map_err(into_io)?;
        let left = limit.map(|limit| limit.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the connection was not made in time"));
        }
        let step = left.unwrap_or(CANCEL_POLL).min(CANCEL_POLL).max(Duration::from_millis(1));
        if platform::await_connected(socket, step)? {
            return Ok(());
        }
    }
}

/// A TCP connection with its buffers.
pub(crate) struct TcpTransport {
    stream: Arc<TcpStream>,
    interrupt: Arc<Interrupt>,
    buffers: WipedBuffers,
    read_limit: Option<Duration>,
    write_limit: Option<Duration>,
    /// Whether bytes arrived since the connection was last found open.
    used: bool,
}

impl fmt::Debug for TcpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpTransport").finish_non_exhaustive()
    }
}

/// The socket's time limit for a call with this much time left, if either has one.
fn socket_limit(left: Option<Duration>) -> Option<Duration> {
    let limit = left.map(coarse);
    match platform::LONGEST_SOCKET_WAIT {
        None => limit,
        Some(longest) => Some(limit.map_or(longest, |limit| limit.min(longest))),
    }
}

/// A time limit that ends just after this time. Coarse, so that calls rarely have to change it; the
/// call's deadline is checked whenever the limit passes.
fn coarse(left: Duration) -> Duration {
    let step: u128 = match left.as_millis() {
        0..50 => 1,
        50..2000 => 10,
        _ => 250,
    };
    let millis = (left.as_millis() + 1).next_multiple_of(step);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

impl TcpTransport {
    fn new(stream: Arc<TcpStream>, interrupt: Arc<Interrupt>) -> TcpTransport {
        let buffers = WipedBuffers::new(interrupt.head_room());
        TcpTransport { stream, interrupt, buffers, read_limit: None, write_limit: None, used: true }
    }

    fn flush(&mut self) -> io::Result<()> {
        let call = self.interrupt.call();
        let mut sent = 0;
        while sent < self.buffers.held().len() {
            let limit = socket_limit(call.remaining().map_err(into_io)?);
            if limit != self.write_limit {
                self.stream.set_write_timeout(limit)?;
                self.write_limit = limit;
            }
            match (&*self.stream).write(&self.buffers.held()[sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(amount) => sent += amount,
                Err(error) if must_retry(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.buffers.sent();
        Ok(())
    }

    fn fill(&mut self) -> io::Result<usize> {
        let call = self.interrupt.call();
        loop {
            let limit = socket_limit(call.remaining().map_err(into_io)?);
            if limit != self.read_limit {
                self.stream.set_read_timeout(limit)?;
                self.read_limit = limit;
            }
            let room = self.buffers.input_append_buf();
            match (&*self.stream).read(room) {
                Ok(amount) => {
                    if amount == 0 {
                        // An interrupted connection looks like one that the server closed.
                        call.remaining().map_err(into_io)?;
                    }
                    self.buffers.input_appended(amount);
                    return Ok(amount);
                }
                Err(error) if must_retry(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A signal arrived or the socket's coarse limit passed: the call decides whether to continue.
fn must_retry(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

impl Transport for TcpTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.buffers.set_room(self.interrupt.head_room());
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        self.buffers.hold(amount);
        self.buffers.add_fields(&self.interrupt.take_secrets());
        if self.buffers.is_full() {
            self.flush()?;
        }
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        self.flush()?;
        let amount = self.fill().map_err(broken)?;
        if amount > 0 {
            self.used = true;
            self.interrupt.note_response();
        }
        Ok(amount > 0)
    }

    /// ureq asks when a connection becomes idle and again when it is used. Only the second time needs to check the socket.
    fn is_open(&mut self) -> bool {
        if std::mem::take(&mut self.used) {
            self.buffers.shrink();
            return true;
        }
        platform::is_quiet(&self.stream)
    }
}

impl Drop for TcpTransport {
    /// With a shutdown the server sees the end at once, even while a forked child, which may live long, has the descriptor
    /// too. The child itself must not shut down the connections of its parent.
    fn drop(&mut self) {
        if !self.interrupt.is_inherited() {
            let _ = self.stream.shutdown(Shutdown::Both); // fails when the other side was faster
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_limits_are_coarse_and_never_early() {
        for millis in [1u64, 9, 10, 700, 1999, 2001, 29_990, 30_000] {
            let left = Duration::from_millis(millis);
            assert!(coarse(left) > left);
            assert!(coarse(left) - left <= Duration::from_millis(if millis >= 2000 { 250 } else { 10 }));
        }
        assert_eq!(coarse(Duration::from_micros(29_999_900)), coarse(Duration::from_micros(29_999_100)));
    }
}
