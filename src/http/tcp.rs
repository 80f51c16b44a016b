//! TCP connections that observe the deadline and the cancellation of the call that uses them.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use crate::base::call::CANCEL_POLL;
use crate::base::platform;
use crate::base::resources;
use crate::http::buffers::WipedBuffers;
use crate::http::dns::DnsCache;
use crate::http::interrupt::{Interrupt, broken, into_io};

/// After a smaller read the rest of a response may wait for our acknowledgment: a server with Nagle's algorithm on that
/// writes head and body apart would wait 40 ms for a delayed one.
const SMALL_READ: usize = 4 * 1024;
/// How long a connection attempt runs before the next address is tried too (RFC 8305, section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// How often several attempts are checked.
const ATTEMPT_POLL: Duration = Duration::from_millis(4);

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
        let stream = Arc::new(self.connect_any(&addresses)?);
        self.interrupt.register(&stream);
        // A cancellation before the registration did not interrupt this socket.
        self.interrupt.call().remaining().map_err(into_io)?;
        Ok(Some(TcpTransport::new(stream, self.interrupt.clone())))
    }
}

impl TcpConnector {
    /// Connects to one of the addresses ("Happy Eyeballs", [RFC 8305](https://www.rfc-editor.org/rfc/rfc8305#section-5)):
    /// while one does not respond, the next ones are tried too.
    fn connect_any(&self, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
        let call = self.interrupt.call();
        let mut addresses = interleaved(addresses).into_iter();
        let mut attempts: Vec<Socket> = Vec::new();
        let mut next_at = Instant::now();
        let mut failure = io::Error::new(io::ErrorKind::AddrNotAvailable, "the host has no address");
        loop {
            call.remaining().map_err(into_io)?;
            if Instant::now() >= next_at
                && let Some(address) = addresses.next()
            {
                match start(address) {
                    Ok((socket, true)) => return finish(socket),
                    Ok((socket, false)) => {
                        attempts.push(socket);
                        next_at = Instant::now() + ATTEMPT_DELAY;
                    }
                    Err(error) => failure = error,
                }
                continue;
            }
            if attempts.is_empty() && addresses.len() == 0 {
                return Err(failure);
            }
            let is_last = attempts.len() == 1 && addresses.len() == 0;
            match connected(&mut attempts, if is_last { CANCEL_POLL } else { ATTEMPT_POLL }) {
                Ok(Some(socket)) => return finish(socket),
                Ok(None) => {}
                Err(error) => (failure, next_at) = (error, Instant::now()),
            }
        }
    }
}

/// The addresses with those of the first one's family and the others in turns (RFC 8305, section 4).
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else { return Vec::new() };
    let (mut same, mut other): (VecDeque<SocketAddr>, VecDeque<SocketAddr>) =
        addresses.iter().partition(|address| address.is_ipv6() == first.is_ipv6());
    let mut mixed = Vec::with_capacity(addresses.len());
    while !same.is_empty() || !other.is_empty() {
        mixed.extend(same.pop_front());
        mixed.extend(other.pop_front());
    }
    mixed
}

/// Begins to connect; also whether the connection is open already.
fn start(address: SocketAddr) -> io::Result<(Socket, bool)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))
        .map_err(|error| resources::exhausted(&error).map_or(error, into_io))?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Ok(()) => Ok((socket, true)),
        Err(error) if platform::is_connecting(&error) => Ok((socket, false)),
        Err(error) => Err(error),
    }
}

/// Waits for one of the attempts, for `step` in all: a cancellation cannot interrupt them. An attempt that fails is removed.
fn connected(attempts: &mut Vec<Socket>, step: Duration) -> io::Result<Option<Socket>> {
    let share = step / u32::try_from(attempts.len()).unwrap_or(1).max(1);
    for index in 0..attempts.len() {
        match platform::await_connected(&attempts[index], share.max(Duration::from_millis(1))) {
            Ok(true) => return Ok(Some(attempts.swap_remove(index))),
            Ok(false) => {}
            Err(error) => {
                attempts.swap_remove(index);
                return Err(error);
            }
        }
    }
    Ok(None)
}

fn finish(socket: Socket) -> io::Result<TcpStream> {
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

/// A TCP connection with its buffers.
pub(crate) struct TcpTransport {
    stream: Arc<TcpStream>,
    interrupt: Arc<Interrupt>,
    buffers: WipedBuffers,
    read_limit: Option<Duration>,
    write_limit: Option<Duration>,
    /// Whether bytes arrived since the connection was last found open.
    used: bool,
    /// The bytes of the latest read, since output was sent.
    latest_read: Option<usize>,
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
        TcpTransport { stream, interrupt, buffers, read_limit: None, write_limit: None, used: true, latest_read: None }
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
        if sent > 0 {
            self.latest_read = None;
        }
        self.buffers.sent();
        Ok(())
    }

    fn fill(&mut self) -> io::Result<usize> {
        let call = self.interrupt.call();
        if self.latest_read.is_some_and(|amount| amount < SMALL_READ) {
            platform::acknowledge_at_once(&self.stream);
        }
        loop {
            let limit = socket_limit(call.remaining().map_err(into_io)?);
            if limit != self.read_limit {
                self.stream.set_read_timeout(limit)?;
                self.read_limit = limit;
            }
            let room = self.buffers.input_append_buf();
            match (&*self.stream).read(room) {
                Ok(amount) => {
                    self.latest_read = Some(amount);
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
    use crate::base::call::Call;

    /// An address that does not respond: a full backlog drops what asks to connect.
    fn silent() -> (Socket, Vec<Socket>, SocketAddr) {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let waiting = (0..8).map(|_| start(address).unwrap().0).collect();
        std::thread::sleep(Duration::from_millis(50));
        (listener, waiting, address)
    }

    fn connect(addresses: &[SocketAddr]) -> (Duration, io::Result<TcpStream>) {
        let interrupt = Arc::new(Interrupt::new());
        interrupt.begin(&Call::with_timeout(Duration::from_secs(20)), 0);
        let names = Arc::new(DnsCache::new(Arc::default()));
        let begun = Instant::now();
        let connected = TcpConnector { interrupt, names }.connect_any(addresses);
        (begun.elapsed(), connected)
    }

    #[test]
    fn a_silent_address_does_not_delay_the_next_one_for_long() {
        let (_listener, _waiting, silent) = silent();
        let good = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (time, connected) = connect(&[silent, good.local_addr().unwrap()]);
        assert_eq!(connected.unwrap().peer_addr().unwrap(), good.local_addr().unwrap());
        assert!(time >= ATTEMPT_DELAY && time < Duration::from_secs(3), "{time:?}");
    }

    #[test]
    fn a_refusing_address_does_not_delay_the_next_one() {
        let refusing = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let good = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (time, connected) = connect(&[refusing, good.local_addr().unwrap()]);
        assert!(connected.is_ok() && time < ATTEMPT_DELAY, "{time:?}");
        let (_, refused) = connect(&[refusing, refusing]);
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(connect(&[]).1.unwrap_err().kind(), io::ErrorKind::AddrNotAvailable);
    }

    #[test]
    fn families_take_turns() {
        let addresses = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"].map(|text| text.parse().unwrap());
        let expected = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"].map(|text| text.parse().unwrap());
        assert_eq!(interleaved(&addresses), expected);
    }

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
