//! A scripted HTTP server: a thread for each connection, everything that arrives recorded, any byte can be said.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::http::{Answer, Request, chunk};
use super::pace::stretched;

mod connection;
use connection::reset;
pub use connection::{Connection, EventStream};

/// What to do with a request. An error ends the connection.
pub trait Handler: Send + Sync + 'static {
    /// Answers, or does what it is there to do instead.
    fn handle(&self, request: &Request, connection: &mut Connection) -> io::Result<()>;
}

impl<F> Handler for F
where
    F: Fn(&Request, &mut Connection) -> io::Result<()> + Send + Sync + 'static,
{
    fn handle(&self, request: &Request, connection: &mut Connection) -> io::Result<()> {
        self(request, connection)
    }
}

impl Handler for Answer {
    fn handle(&self, _: &Request, connection: &mut Connection) -> io::Result<()> {
        connection.send(self)
    }
}

/// What takes the place of the handler for some requests.
struct Rule {
    name: String,
    left: usize,
    handler: Arc<dyn Handler>,
}

struct Shared {
    address: SocketAddr,
    handler: Box<dyn Handler>,
    rules: Mutex<Vec<Rule>>,
    record: Mutex<Record>,
    news: Condvar,
    stopping: AtomicBool,
}

#[derive(Default)]
struct Record {
    requests: Vec<Request>,
    bytes: Vec<Vec<u8>>,
    live: HashMap<usize, Weak<TcpStream>>,
    streams: Vec<(String, Weak<EventStream>)>,
}

/// A server that ends with the test.
pub struct Server {
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<Threads>>,
}

impl Server {
    /// Listens on a free port of 127.0.0.1.
    pub fn start(handler: impl Handler) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shared = Arc::new(Shared {
            address: listener.local_addr().unwrap(),
            handler: Box::new(handler),
            rules: Mutex::default(),
            record: Mutex::default(),
            news: Condvar::new(),
            stopping: AtomicBool::new(false),
        });
        let inner = Arc::clone(&shared);
        let accepting = thread::spawn(move || inner.accept(&listener));
        Server { shared, accepting: Some(accepting) }
    }

    /// The scheme, host and port.
    pub fn origin(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// The URL of a path on this server.
    pub fn url(&self, path: &str) -> String {
        self.origin() + path
    }

    /// From now on requests called `name` (see [`Request::name`]; also an HTTP method, or `*`) meet `handler` instead.
    pub fn on(&self, name: &str, handler: impl Handler) {
        self.times(usize::MAX, name, handler);
    }

    /// The next request called `name` meets `handler` instead.
    pub fn once(&self, name: &str, handler: impl Handler) {
        self.times(1, name, handler);
    }

    /// The next `count` requests called `name` meet `handler` instead.
    pub fn times(&self, count: usize, name: &str, handler: impl Handler) {
        let rule = Rule { name: name.to_owned(), left: count, handler: Arc::new(handler) };
        self.shared.rules.lock().unwrap().push(rule);
    }

    /// Forgets every rule.
    pub fn heal(&self) {
        self.shared.rules.lock().unwrap().clear();
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.record().requests.clone()
    }

    /// The names of all requests so far, in order.
    pub fn names(&self) -> Vec<String> {
        self.shared.record().requests.iter().map(|request| request.name().to_owned()).collect()
    }

    /// Forgets what was recorded so far.
    pub fn forget(&self) {
        let mut record = self.shared.record();
        record.requests.clear();
        record.bytes.iter_mut().for_each(Vec::clear);
        record.streams.retain(|(_, stream)| stream.strong_count() > 0);
    }

    /// The requests called `name`.
    pub fn named(&self, name: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.name() == name).collect()
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.shared.record().bytes.len()
    }

    /// Every byte that arrived, on any connection, whether it made a request or not.
    pub fn received(&self) -> Vec<u8> {
        self.shared.record().bytes.concat()
    }

    /// Waits until a request fits; `false` after five seconds without one.
    pub fn saw(&self, fits: impl Fn(&Request) -> bool) -> bool {
        self.shared.wait_for(fits).is_ok()
    }

    /// Writes bytes to every open event stream of the HTTP+SSE transport, as a chunk each.
    pub fn push(&self, bytes: &str) {
        let streams: Vec<_> = self.shared.record().streams.iter().filter_map(|(_, stream)| stream.upgrade()).collect();
        for stream in streams {
            // A stream that just went away misses nothing that a test waits for.
            let _ = stream.write(&chunk(bytes.as_bytes()));
        }
    }

    /// Ends every open connection and waits until its thread is gone.
    pub fn hang_up(&self) {
        self.end_connections(|stream| drop(stream.shutdown(Shutdown::Both)));
    }

    /// Resets every open connection (RST) and waits until its thread is gone.
    pub fn reset_all(&self) {
        self.end_connections(|stream| drop(reset(stream)));
    }

    /// Sends bytes that were not requested on every open connection. One that the client closes meanwhile is left out.
    pub fn blurt(&self, bytes: &str) {
        for stream in self.shared.live() {
            let _ = (&*stream).write_all(bytes.as_bytes());
        }
    }

    fn end_connections(&self, end: impl Fn(&TcpStream)) {
        for stream in self.shared.live() {
            end(&stream);
        }
        let quiet = |record: &Record| record.live.values().all(|stream| stream.strong_count() == 0);
        self.shared.wait_until(quiet).expect("connections that end");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.shared.address));
        let Threads { running, failed } = self.accepting.take().unwrap().join().unwrap();
        for stream in self.shared.live() {
            drop(stream.shutdown(Shutdown::Both));
        }
        {
            let _record = self.shared.record();
            self.shared.news.notify_all();
        }
        let failed = failed + running.into_iter().map(JoinHandle::join).filter(Result::is_err).count();
        assert!(failed == 0 || thread::panicking(), "{failed} handlers of the server failed");
    }
}

/// The threads of connections.
#[derive(Default)]
struct Threads {
    running: Vec<JoinHandle<()>>,
    failed: usize,
}

impl Threads {
    /// What has ended goes, since a thread that is not joined keeps its stack: there may be thousands.
    fn join_ended(&mut self) {
        let (ended, running) = std::mem::take(&mut self.running).into_iter().partition(JoinHandle::is_finished);
        self.running = running;
        let ended: Vec<JoinHandle<()>> = ended;
        self.failed += ended.into_iter().map(JoinHandle::join).filter(Result::is_err).count();
    }
}

impl Shared {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap()
    }

    fn live(&self) -> Vec<Arc<TcpStream>> {
        self.record().live.values().filter_map(Weak::upgrade).collect()
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) -> Threads {
        let mut threads = Threads::default();
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            if self.stopping.load(Ordering::SeqCst) {
                break;
            }
            stream.set_nodelay(true).unwrap();
            let stream = Arc::new(stream);
            let number = {
                let mut record = self.record();
                record.bytes.push(Vec::new());
                let number = record.bytes.len() - 1;
                record.live.insert(number, Arc::downgrade(&stream));
                number
            };
            let shared = Arc::clone(self);
            threads.join_ended();
            threads.running.push(thread::spawn(move || {
                // However a connection ends, it ends: handlers report by panicking.
                let _ = Connection { stream, number, shared: Arc::clone(&shared), tail: Vec::new() }.serve();
                let _record = shared.record();
                shared.news.notify_all();
            }));
        }
        threads
    }

    fn wait_for(&self, fits: impl Fn(&Request) -> bool) -> io::Result<()> {
        self.wait_until(|record| record.requests.iter().any(&fits))
    }

    fn wait_until(&self, done: impl Fn(&Record) -> bool) -> io::Result<()> {
        let limit = Instant::now() + stretched(Duration::from_secs(5));
        let mut record = self.record();
        while !done(&record) {
            let left = limit.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stopping.load(Ordering::SeqCst) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            record = self.news.wait_timeout(record, left).unwrap().0;
        }
        Ok(())
    }

    fn rule(&self, request: &Request) -> Option<Arc<dyn Handler>> {
        let mut rules = self.rules.lock().unwrap();
        let names = [request.name(), &request.method, "*"];
        let rule = rules.iter_mut().find(|rule| rule.left > 0 && names.contains(&rule.name.as_str()))?;
        rule.left -= 1;
        Some(Arc::clone(&rule.handler))
    }
}
