//! TLS in front of a scripted server: takes connections, does the handshake, and passes on what comes.

#![allow(dead_code)] // each test binary uses a part of it

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::WebPkiClientVerifier;
use rustls::{ProtocolVersion, RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::authority::{Authority, Issued};
use super::pace::stretched;
use super::server::Server;

/// What the server side of a handshake knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Handshake {
    pub version: Option<ProtocolVersion>,
    /// The host name that the client asked for.
    pub name: Option<String>,
    pub alpn: Option<Vec<u8>>,
    /// Whether the client has shown a certificate.
    pub client_certificate: bool,
    /// Why it failed; `None` when it did not.
    pub failure: Option<String>,
}

/// How the front treats clients.
pub struct Rules {
    pub identity: Issued,
    pub versions: Vec<&'static SupportedProtocolVersion>,
    /// Client certificates of this authority are asked for, and wanted if the flag is set.
    pub clients: Option<(Authority, bool)>,
    /// Ends connections without telling TLS (no `close_notify`), as an attacker on the way could.
    pub cuts_off: bool,
}

impl Rules {
    pub fn new(identity: Issued) -> Rules {
        Rules { identity, versions: rustls::ALL_VERSIONS.to_vec(), clients: None, cuts_off: false }
    }

    fn config(&self) -> ServerConfig {
        let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone());
        let builder = builder.with_protocol_versions(&self.versions).unwrap();
        let builder = match &self.clients {
            None => builder.with_no_client_auth(),
            Some((authority, required)) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.der()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = if *required { verifier } else { verifier.allow_unauthenticated() };
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let mut config = builder.with_single_cert(self.identity.chain(), self.identity.key()).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }
}

/// A TLS server that ends with the test.
pub struct Front {
    pub address: SocketAddr,
    handshakes: Arc<Mutex<Vec<Handshake>>>,
    stopping: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Front {
    /// Listens on a free port of 127.0.0.1 on behalf of `server`.
    pub fn start(rules: Rules, server: &Server) -> Front {
        Front::start_before(rules, server.origin().strip_prefix("http://").unwrap().parse().unwrap())
    }

    /// The same in front of the server that listens there.
    pub fn start_before(rules: Rules, behind: SocketAddr) -> Front {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (handshakes, stopping) = (Arc::<Mutex<_>>::default(), Arc::<AtomicBool>::default());
        let (seen, stop) = (Arc::clone(&handshakes), Arc::clone(&stopping));
        let accepting = thread::spawn(move || {
            let config = Arc::new(rules.config());
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let session = ServerConnection::new(Arc::clone(&config)).unwrap();
                let (seen, cuts_off) = (Arc::clone(&seen), rules.cuts_off);
                // Ends when either side does.
                thread::spawn(move || drop(Link { session, stream, cuts_off }.serve(behind, &seen)));
            }
        });
        Front { address, handshakes, stopping, accepting: Some(accepting) }
    }

    /// The URL of a path, by host name.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// The URL of a path, by address.
    pub fn url_by_address(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// The handshakes so far, waited for until there are that many.
    pub fn handshakes(&self, count: usize) -> Vec<Handshake> {
        let limit = Instant::now() + stretched(Duration::from_secs(5));
        loop {
            let seen = self.handshakes.lock().unwrap().clone();
            if seen.len() >= count || Instant::now() > limit {
                return seen;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        self.accepting.take().unwrap().join().unwrap();
    }
}

struct Link {
    session: ServerConnection,
    stream: TcpStream,
    cuts_off: bool,
}

impl Link {
    fn serve(mut self, behind: SocketAddr, seen: &Mutex<Vec<Handshake>>) -> io::Result<()> {
        let result = self.shake_hands();
        seen.lock().unwrap().push(Handshake {
            version: self.session.protocol_version(),
            name: self.session.server_name().map(str::to_owned),
            alpn: self.session.alpn_protocol().map(<[u8]>::to_owned),
            client_certificate: self.session.peer_certificates().is_some(),
            failure: result.as_ref().err().map(ToString::to_string),
        });
        if result.is_err() {
            return self.drain();
        }
        let plain = TcpStream::connect(behind)?;
        let ended = self.pass(&plain);
        drop(plain.shutdown(Shutdown::Both));
        ended
    }

    fn shake_hands(&mut self) -> io::Result<()> {
        while self.session.is_handshaking() {
            self.session.complete_io(&mut self.stream)?;
        }
        Ok(())
    }

    /// Lets the alert arrive: closing with unread bytes would reset the connection, and the alert with it.
    fn drain(&mut self) -> io::Result<()> {
        self.send()?;
        self.stream.shutdown(Shutdown::Write)?;
        io::copy(&mut self.stream, &mut io::sink()).map(drop)
    }

    fn send(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.stream)?;
        }
        Ok(())
    }

    fn pass(&mut self, mut plain: &TcpStream) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        loop {
            // The handshake may have read more than itself: what is here already comes first.
            if !self.pass_on(plain, &mut buffer)? {
                return Ok(());
            }
            self.send()?;
            let (from_client, from_server) = readable(&self.stream, plain)?;
            if from_client {
                if self.session.read_tls(&mut self.stream)? == 0 {
                    return Ok(());
                }
                if let Err(error) = self.session.process_new_packets() {
                    self.drain()?;
                    return Err(io::Error::other(error));
                }
            }
            if from_server {
                let amount = plain.read(&mut buffer)?;
                if amount == 0 {
                    if !self.cuts_off {
                        self.session.send_close_notify();
                    }
                    return self.drain();
                }
                self.session.writer().write_all(&buffer[..amount])?;
            }
        }
    }

    /// Passes on what the client has said; false when it has said that it says no more.
    fn pass_on(&mut self, mut plain: &TcpStream, buffer: &mut [u8]) -> io::Result<bool> {
        loop {
            match self.session.reader().read(buffer) {
                Ok(0) => return Ok(false),
                Ok(amount) => plain.write_all(&buffer[..amount])?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Waits until one of two sockets has something to read.
fn readable(one: &TcpStream, other: &TcpStream) -> io::Result<(bool, bool)> {
    let mut fds = [PollFd::new(one.as_fd(), PollFlags::POLLIN), PollFd::new(other.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::NONE)?;
    let ready = |fd: &PollFd<'_>| fd.revents().is_some_and(|events| !events.is_empty());
    Ok((ready(&fds[0]), ready(&fds[1])))
}
