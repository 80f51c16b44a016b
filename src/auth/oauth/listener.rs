//! The loopback listener that a browser is redirected to (RFC 8252, section 7.3).
//!
//! It has no thread: the call that logs in polls it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use url::{Host, Url};
use zeroize::Zeroizing;

use super::identifiers::is_loopback;
use crate::auth::secret::Secret;
use crate::base::error::Error;

/// The longest request head that is read.
const MOST_HEAD: usize = 8 * 1024;
/// How many connections are read at a time; more wait in the socket's queue.
const MOST_CONNECTIONS: usize = 4;
/// How long one connection may take.
const PATIENCE: Duration = Duration::from_secs(5);
const MOST_FIELDS: usize = 64;

const DONE: &str = "The login is complete. You can close this window and go back to the program.";
const NOT_HERE: &str = "This address only takes the end of a login.";

/// Sockets that take the redirect.
pub(super) struct Listener {
    sockets: Vec<TcpListener>,
    connections: Vec<Visitor>,
    /// The redirect URL with the port that was taken.
    url: Url,
}

struct Visitor {
    stream: TcpStream,
    head: Zeroizing<Vec<u8>>,
    until: Instant,
}

impl Listener {
    /// Listens at the host and port of a redirect URL; port 0 takes any free one.
    pub(super) fn bind(redirect: &Url) -> Result<Listener, Error> {
        let failed = |error: io::Error| {
            let place = redirect.origin().ascii_serialization();
            Error::InvalidState(format!("the end of the login cannot be listened for at {place}: {error}"))
        };
        let port = redirect.port_or_known_default().unwrap_or(0);
        let (first, second) = match redirect.host() {
            Some(Host::Ipv6(address)) if is_loopback(redirect) => (address.into(), None),
            Some(Host::Ipv4(address)) if is_loopback(redirect) => (address.into(), None),
            // Browsers try either address for the name.
            _ => (Ipv4Addr::LOCALHOST.into(), Some(Ipv6Addr::LOCALHOST.into())),
        };
        let socket = TcpListener::bind(SocketAddr::new(first, port)).map_err(failed)?;
        let port = socket.local_addr().map_err(failed)?.port();
        let mut sockets = vec![socket];
        sockets.extend(second.and_then(|address| TcpListener::bind(SocketAddr::new(address, port)).ok()));
        for socket in &sockets {
            socket.set_nonblocking(true).map_err(failed)?;
        }
        let mut url = redirect.clone();
        url.set_port(Some(port)).map_err(|()| failed(ErrorKind::InvalidInput.into()))?;
        Ok(Listener { sockets, connections: Vec::new(), url })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Goes on with what has arrived, without waiting. `accept` decides on the URL of each complete request; once it
    /// takes one, the browser is told so.
    pub(super) fn poll(&mut self, mut accept: impl FnMut(&str) -> bool) -> bool {
        self.take_connections();
        let now = Instant::now();
        let mut open = Vec::new();
        for mut visitor in std::mem::take(&mut self.connections) {
            match visitor.read() {
                Progress::Waiting if now < visitor.until => open.push(visitor),
                Progress::Waiting | Progress::Gone => {}
                Progress::Complete => {
                    match request_url(&visitor.head, &self.url).is_some_and(|url| accept(url.expose())) {
                        true => {
                            visitor.respond("200 OK", DONE);
                            return true;
                        }
                        false => visitor.respond("404 Not Found", NOT_HERE),
                    }
                }
            }
        }
        self.connections = open;
        false
    }

    fn take_connections(&mut self) {
        for socket in &self.sockets {
            while self.connections.len() < MOST_CONNECTIONS {
                let Ok((stream, _)) = socket.accept() else { break };
                if stream.set_nonblocking(true).is_ok() {
                    let head = Zeroizing::new(Vec::with_capacity(MOST_HEAD));
                    self.connections.push(Visitor { stream, head, until: Instant::now() + PATIENCE });
                }
            }
        }
    }
}

enum Progress {
    Waiting,
    Complete,
    Gone,
}

impl Visitor {
    fn read(&mut self) -> Progress {
        let mut piece = Zeroizing::new([0; 1024]);
        loop {
            match self.stream.read(&mut *piece) {
                Ok(0) => return Progress::Gone,
                Ok(count) if self.head.len() + count > MOST_HEAD => return Progress::Gone,
                Ok(count) => self.head.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Progress::Waiting,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return Progress::Gone,
            }
            if is_complete(&self.head) {
                return Progress::Complete;
            }
        }
    }

    /// Writes a page without scripts. It is smaller than any socket's buffer, and a browser that has gone does not matter.
    fn respond(&mut self, status: &str, text: &str) {
        let page = format!("<!doctype html><meta charset=utf-8><title>Login</title><p>{text}</p>\n");
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Content-Security-Policy: default-src 'none'\r\nReferrer-Policy: no-referrer\r\n\
             Cache-Control: no-store\r\nConnection: close\r\n\r\n",
            page.len()
        );
        let _ = self.stream.write_all((head + &page).as_bytes());
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

fn is_complete(head: &[u8]) -> bool {
    head.windows(4).any(|end| end == b"\r\n\r\n")
}

/// The URL of a GET request at this listener, a secret for its code; `None` for any other request.
pub(crate) fn request_url(head: &[u8], base: &Url) -> Option<Secret> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    if !request.parse(head).ok()?.is_complete() || request.method != Some("GET") {
        return None;
    }
    let path = request.path.filter(|path| path.starts_with('/') && !path.starts_with("//"))?;
    Some(Secret::from_parts(&[&base.origin().ascii_serialization(), path]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener() -> Listener {
        Listener::bind(&Url::parse("http://127.0.0.1:0/callback").unwrap()).unwrap()
    }

    fn connect(listener: &Listener) -> TcpStream {
        TcpStream::connect(("127.0.0.1", listener.url().port().unwrap())).unwrap()
    }

    /// Polls until the listener has taken a request that `accept` agrees to, or some time has passed.
    fn poll_a_while(listener: &mut Listener, accept: impl Fn(&str) -> bool) -> bool {
        let until = Instant::now() + Duration::from_millis(300);
        while Instant::now() < until {
            if listener.poll(&accept) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        false
    }

    #[test]
    fn the_first_request_that_is_accepted_ends_the_waiting() {
        let mut listener = listener();
        let mut stranger = connect(&listener);
        stranger.write_all(b"GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut browser = connect(&listener);
        browser.write_all(b"GET /callback?code=c&state=s HTTP/1.1\r\nHo").unwrap();
        let wanted = |url: &str| url.contains("/callback?");
        assert!(!poll_a_while(&mut listener, wanted));
        browser.write_all(b"st: x\r\n\r\n").unwrap();
        assert!(poll_a_while(&mut listener, |url| url.ends_with("/callback?code=c&state=s")));
        let mut page = String::new();
        browser.read_to_string(&mut page).unwrap();
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && !page.contains("script>"), "{page}");
        page.clear();
        stranger.read_to_string(&mut page).unwrap();
        assert!(page.starts_with("HTTP/1.1 404 "), "{page}");
    }

    #[test]
    fn a_flood_of_connections_and_bytes_is_bounded() {
        let mut listener = listener();
        let mut idle: Vec<TcpStream> = (0..6).map(|_| connect(&listener)).collect();
        assert!(!poll_a_while(&mut listener, |_| true));
        assert_eq!(listener.connections.len(), MOST_CONNECTIONS);
        // An endless head closes its connection, which makes room for the next.
        let _ = idle[0].write_all(&[b'x'; MOST_HEAD + 1]);
        idle[5].write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        drop(idle.remove(1));
        assert!(poll_a_while(&mut listener, |_| true));
    }

    #[test]
    fn only_a_get_of_a_path_is_a_redirect() {
        let base = Url::parse("http://127.0.0.1:1/callback").unwrap();
        let url = |head: &str| request_url(head.as_bytes(), &base).map(|url| url.expose().to_owned());
        assert_eq!(url("GET /callback?a=b HTTP/1.1\r\n\r\n").as_deref(), Some("http://127.0.0.1:1/callback?a=b"));
        for bad in [
            "POST /callback HTTP/1.1\r\n\r\n",
            "GET //evil.test/ HTTP/1.1\r\n\r\n",
            "GET http://evil.test/ HTTP/1.1\r\n\r\n",
            "GET * HTTP/1.1\r\n\r\n",
            "GET /callback HTTP/1.1\r\n",
            "\u{0}\r\n\r\n",
            "",
        ] {
            assert_eq!(url(bad), None, "{bad:?}");
        }
    }
}
