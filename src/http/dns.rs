//! Name resolution: IP literals directly, names from a short-lived cache or on a thread, so that a call can give up
//! waiting.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use ::http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::base::call::Call;
use crate::base::cancel::Wake;
use crate::base::error::Error;
use crate::base::lock::{Guard, lock, wait_timeout};
use crate::base::resources;
use crate::base::threads::Threads;
use crate::http::interrupt::into_io;

/// How long a result of the name service is used.
const DNS_TTL: Duration = Duration::from_secs(60);
/// The longest wait of a call without a deadline; it then waits again.
const MAX_WAIT: Duration = Duration::from_secs(3600);
/// The most lookups of a client at a time: each has a thread, and cannot be interrupted.
const MAX_LOOKUPS: usize = 4;

/// Known addresses and lookups in progress, shared by the connections of a client.
#[derive(Debug)]
pub(crate) struct DnsCache {
    state: Mutex<State>,
    threads: Arc<Threads>,
}

#[derive(Debug, Default)]
struct State {
    known: HashMap<Name, (Instant, Vec<SocketAddr>)>,
    /// One for each name; any number of calls wait for it.
    running: Vec<Arc<Lookup>>,
}

/// A host and a port.
type Name = (String, u16);

/// A lookup in progress, which calls wait for.
#[derive(Debug)]
struct Lookup {
    name: Name,
    outcome: Mutex<Option<Outcome>>,
    done: Condvar,
}

type Outcome = Result<Vec<SocketAddr>, Failure>;

#[derive(Debug, Clone)]
enum Failure {
    NotFound(String),
    NoResources(String),
}

impl DnsCache {
    pub(crate) fn new(threads: Arc<Threads>) -> DnsCache {
        DnsCache { state: Mutex::default(), threads }
    }

    fn state(&self) -> Guard<'_, State> {
        lock(&self.state)
    }

    /// The addresses of a URI's host, with its port; never empty.
    pub(crate) fn addresses(self: &Arc<Self>, uri: &Uri, call: &Call) -> Result<Vec<SocketAddr>, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?;
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        if let Some(address) = literal(host) {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        if is_localhost(host) {
            return Ok([Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()]
                .map(|address| SocketAddr::new(address, port))
                .to_vec());
        }
        let name = (host.to_owned(), port);
        match self.get(&name) {
            Some(addresses) => Ok(addresses),
            None => self.look_up(&name, call).map_err(|error| into_io(error).into()),
        }
    }

    fn get(&self, name: &Name) -> Option<Vec<SocketAddr>> {
        let state = self.state();
        state.known.get(name).filter(|(since, _)| since.elapsed() < DNS_TTL).map(|(_, addresses)| addresses.clone())
    }

    /// Empties the cache: a connection failed, perhaps because of an outdated address.
    pub(crate) fn clear(&self) {
        self.state().known.clear();
    }

    fn look_up(self: &Arc<Self>, name: &Name, call: &Call) -> Result<Vec<SocketAddr>, Error> {
        loop {
            let lookup = self.join_or_start(name)?;
            let outcome = lookup.wait(call)?;
            if lookup.name == *name {
                return outcome.map_err(|failure| match failure {
                    Failure::NotFound(reason) => {
                        Error::network(format!("the host name {} cannot be resolved: {reason}", name.0))
                    }
                    Failure::NoResources(reason) => Error::NoResources(reason),
                });
            }
        }
    }

    /// The lookup of this name; the oldest one while there are too many for a new one.
    fn join_or_start(self: &Arc<Self>, name: &Name) -> Result<Arc<Lookup>, Error> {
        let mut state = self.state();
        if let Some(own) = state.running.iter().find(|lookup| lookup.name == *name) {
            return Ok(own.clone());
        }
        if let Some(oldest) = state.running.first().filter(|_| state.running.len() >= MAX_LOOKUPS) {
            return Ok(oldest.clone());
        }
        let lookup = Arc::new(Lookup { name: name.clone(), outcome: Mutex::default(), done: Condvar::new() });
        let (cache, own) = (self.clone(), lookup.clone());
        self.threads.spawn("resolve", move || cache.run(&own)).map_err(|error| resources::no_thread(&error))?;
        state.running.push(lookup.clone());
        Ok(lookup)
    }

    /// On a thread of its own.
    fn run(&self, lookup: &Arc<Lookup>) {
        let outcome = ask(&lookup.name);
        {
            let mut state = self.state();
            state.running.retain(|running| !Arc::ptr_eq(running, lookup));
            if let Ok(addresses) = &outcome {
                state.known.insert(lookup.name.clone(), (Instant::now(), addresses.clone()));
            }
        }
        lookup.finish(outcome);
    }
}

/// Asks the name service, for as long as it takes.
fn ask(name: &Name) -> Outcome {
    let not_found = |reason: &str| Err(Failure::NotFound(reason.to_owned()));
    match (name.0.as_str(), name.1).to_socket_addrs().map(Vec::from_iter) {
        Ok(addresses) if addresses.is_empty() => not_found("it has no address"),
        Ok(addresses) => Ok(addresses),
        // The name service cannot open its files either, and says that there is no such name.
        Err(error) => match resources::exhausted(&error).or_else(resources::no_descriptor) {
            Some(exhausted) => Err(Failure::NoResources(exhausted.to_string())),
            None => not_found(&reason(&error)),
        },
    }
}

/// The text of `getaddrinfo`, without the prefix that std adds.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.rsplit_once("address information: ").map_or(text.clone(), |(_, reason)| reason.to_owned())
}

impl Lookup {
    fn outcome(&self) -> Guard<'_, Option<Outcome>> {
        lock(&self.outcome)
    }

    fn finish(&self, outcome: Outcome) {
        *self.outcome() = Some(outcome);
        self.done.notify_all();
    }

    fn wait(self: &Arc<Self>, call: &Call) -> Result<Outcome, Error> {
        let _woken = call.wake_when_cancelled(self.clone());
        let mut outcome = self.outcome();
        loop {
            if let Some(outcome) = &*outcome {
                return Ok(outcome.clone());
            }
            outcome = wait_timeout(&self.done, outcome, call.remaining()?.unwrap_or(MAX_WAIT));
        }
    }
}

impl Wake for Lookup {
    fn wake(&self) {
        let _outcome = self.outcome(); // so that no call is between checking itself and waiting
        self.done.notify_all();
    }
}

/// ureq resolves before every request, even on a kept connection; we resolve on connect (`tcp`).
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

/// Names that mean this machine (RFC 6761, section 6.3) need no name service, and so no thread.
fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Arc<DnsCache> {
        Arc::new(DnsCache::new(Arc::default()))
    }

    fn call() -> Call {
        Call::with_timeout(Duration::from_secs(10))
    }

    fn resolve(names: &Arc<DnsCache>, url: &str) -> Result<Vec<SocketAddr>, ureq::Error> {
        names.addresses(&url.parse().unwrap(), &call())
    }

    /// A lookup that another call has begun.
    fn begin(names: &DnsCache, host: &str) -> Arc<Lookup> {
        let name = (host.to_owned(), 80);
        let lookup = Arc::new(Lookup { name, outcome: Mutex::default(), done: Condvar::new() });
        names.state().running.push(lookup.clone());
        lookup
    }

    #[test]
    fn literals_and_this_machine_need_no_name_service() {
        let names = names();
        assert_eq!(resolve(&names, "http://127.0.0.1:81/").unwrap(), ["127.0.0.1:81".parse().unwrap()]);
        assert_eq!(resolve(&names, "https://[::1]/").unwrap(), ["[::1]:443".parse().unwrap()]);
        for host in ["localhost", "LocalHost.", "app.localhost"] {
            let both = ["[::1]:82", "127.0.0.1:82"].map(|address| address.parse().unwrap());
            assert_eq!(resolve(&names, &format!("http://{host}:82/")).unwrap(), both);
        }
        assert!(!is_localhost("notlocalhost") && !is_localhost("localhost.example"));
        assert!(names.state().known.is_empty());
    }

    #[test]
    fn found_names_are_remembered_and_others_are_not() {
        let names = names();
        let name = ("somewhere.test".to_owned(), 80);
        let lookup = begin(&names, &name.0);
        let found: Vec<SocketAddr> = vec!["192.0.2.1:80".parse().unwrap()];
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| resolve(&names, "http://somewhere.test/").unwrap());
            lookup.finish(Ok(found.clone()));
            assert_eq!(waiting.join().unwrap(), found);
        });
        names.state().running.clear();
        names.state().known.insert(name.clone(), (Instant::now(), found.clone()));
        assert_eq!(resolve(&names, "http://somewhere.test/").unwrap(), found);
        names.state().known.insert(name.clone(), (Instant::now() - DNS_TTL, found));
        assert_eq!(names.get(&name), None, "an old result is not used");
        let error = resolve(&names, "http://nowhere.invalid/").unwrap_err().to_string();
        assert!(
            error.contains("nowhere.invalid cannot be resolved: ") && !error.contains("failed to lookup"),
            "{error}"
        );
        names.clear();
        assert!(names.state().known.is_empty() && names.state().running.is_empty());
    }

    #[test]
    fn a_lookup_is_shared_and_their_number_has_a_bound() {
        let names = names();
        let first = begin(&names, "host0.test");
        let shared = names.join_or_start(&first.name).unwrap();
        assert!(Arc::ptr_eq(&first, &shared));
        for number in 1..MAX_LOOKUPS {
            begin(&names, &format!("host{number}.test"));
        }
        let other = names.join_or_start(&("another.test".to_owned(), 80)).unwrap();
        assert!(Arc::ptr_eq(&first, &other), "there is no room for another lookup");
    }

    #[test]
    fn a_cancelled_call_stops_waiting_at_once() {
        let names = names();
        let lookup = begin(&names, "slow.test");
        let epoch = Arc::default();
        let call = Call::until_cancelled(&epoch);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| lookup.wait(&call));
            std::thread::sleep(Duration::from_millis(20));
            epoch.cancel_all();
            assert!(matches!(waiting.join().unwrap(), Err(Error::Cancelled)));
        });
    }
}
