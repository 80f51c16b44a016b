//! Names to addresses: IP literals at once, names from a short-lived cache or by a thread that the call can leave behind.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::base::call::{CANCEL_POLL, Call};
use crate::base::threads::Threads;
use crate::http::interrupt::into_io;

/// How long an answer of the name service is used.
const FRESH: Duration = Duration::from_secs(60);
/// Addresses found so far, shared by the connections of a client.
#[derive(Debug)]
pub(crate) struct DnsCache {
    known: Mutex<HashMap<Name, (Instant, Vec<SocketAddr>)>>,
    threads: Arc<Threads>,
}

/// A host with its port.
type Name = (String, u16);

impl DnsCache {
    pub(crate) fn new(threads: Arc<Threads>) -> DnsCache {
        DnsCache { known: Mutex::default(), threads }
    }

    /// The addresses of a URI's host, with its port; never none.
    pub(crate) fn addresses(&self, uri: &Uri, call: &Call) -> Result<Vec<SocketAddr>, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?;
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        if let Some(address) = literal(host) {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let name = (host.to_owned(), port);
        match self.get(&name) {
            Some(addresses) => Ok(addresses),
            None => self.look_up(name, call),
        }
    }

    fn get(&self, name: &Name) -> Option<Vec<SocketAddr>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).filter(|(since, _)| since.elapsed() < FRESH).map(|(_, addresses)| addresses.clone())
    }

    fn put(&self, name: Name, addresses: Vec<SocketAddr>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name, (Instant::now(), addresses));
    }

    /// Forgets all: a connection failed, and an address may be why.
    pub(crate) fn clear(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn look_up(&self, name: Name, call: &Call) -> Result<Vec<SocketAddr>, ureq::Error> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let asked = name.clone();
        let ask = move || {
            let addresses = (asked.0.as_str(), asked.1).to_socket_addrs().map(Vec::from_iter);
            let _ = sender.send(addresses); // nobody waits any more when the call is over
        };
        self.threads.spawn("resolve", ask).map_err(ureq::Error::Io)?;
        let addresses = wait(&receiver, call)?.map_err(|_| ureq::Error::HostNotFound)?;
        if addresses.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        self.put(name, addresses.clone());
        Ok(addresses)
    }
}

/// ureq asks for addresses before each request, also when a kept connection will carry it and no name service need be
/// there. Names are looked up when a connection is opened.
#[derive(Debug)]
pub(crate) struct DeferredResolver;

impl Resolver for DeferredResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

fn literal(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).parse().ok()
}

fn wait<T>(receiver: &mpsc::Receiver<T>, call: &Call) -> Result<T, ureq::Error> {
    loop {
        let left = call.remaining().map_err(into_io)?;
        match receiver.recv_timeout(left.map_or(CANCEL_POLL, |left| left.min(CANCEL_POLL))) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(ureq::Error::HostNotFound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> DnsCache {
        DnsCache::new(Arc::default())
    }

    fn resolve(names: &DnsCache, url: &str) -> Result<Vec<SocketAddr>, ureq::Error> {
        names.addresses(&url.parse().unwrap(), &Call::new(None, &Arc::default()))
    }

    #[test]
    fn literals_need_no_name_service() {
        let names = names();
        assert_eq!(resolve(&names, "http://127.0.0.1:81/").unwrap(), ["127.0.0.1:81".parse().unwrap()]);
        assert_eq!(resolve(&names, "https://[::1]/").unwrap(), ["[::1]:443".parse().unwrap()]);
        assert!(names.known.lock().unwrap().is_empty());
    }

    #[test]
    fn found_names_are_remembered() {
        let names = names();
        assert!(!resolve(&names, "http://localhost:82/").unwrap().is_empty());
        assert!(names.get(&("localhost".to_owned(), 82)).is_some());
        names.clear();
        assert!(names.get(&("localhost".to_owned(), 82)).is_none());
        assert!(matches!(resolve(&names, "http://nowhere.invalid/"), Err(ureq::Error::HostNotFound)));
        assert!(names.known.lock().unwrap().is_empty());
    }
}
