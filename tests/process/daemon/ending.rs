//! Calls can be ended from another thread wherever they wait, and closing never waits long for a server.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use mcpclient::Status;

use crate::support::{
    Answer, Ask, Connection, Driver, Fault, Request, Server, cases, client, client_at, fails, mcp, stretched, timed,
    until,
};

/// How long a cancelled call may take to return.
const PROMPTLY: Duration = Duration::from_millis(50);

/// Cancels pings of this client while they wait; the usual one must come back at once.
#[track_caller]
fn cancelled_promptly<D: Driver>(what: &str, client: &Arc<D>, is_waiting: impl Fn()) {
    cancelled_promptly_with(Ask::Ping, what, client, is_waiting);
}

/// The same for any way to ask.
#[track_caller]
fn cancelled_promptly_with<D: Driver>(ask: Ask, what: &str, client: &Arc<D>, is_waiting: impl Fn()) {
    const ROUNDS: usize = 7;
    client.set_timeout(Duration::from_secs(30));
    let mut delays = Vec::new();
    for _ in 0..ROUNDS {
        let calling = Arc::clone(client);
        let (started, begun) = mpsc::channel();
        let call = thread::spawn(move || {
            started.send(()).unwrap();
            (ask.of(&*calling), Instant::now())
        });
        begun.recv().unwrap();
        is_waiting();
        thread::sleep(Duration::from_millis(150)); // a busy machine may take its time to begin the call
        assert!(!call.is_finished(), "{what}: the call does not wait");
        let start = Instant::now();
        client.cancel();
        let (outcome, end) = call.join().unwrap();
        fails(outcome, Status::Cancelled);
        delays.push(end - start);
    }
    delays.sort();
    println!("{what}: median {:?}, longest {:?}", delays[ROUNDS / 2], delays[ROUNDS - 1]);
    assert!(delays[ROUNDS / 2] < stretched(PROMPTLY), "{what}: {delays:?}");
}

/// Waits until the server has seen `count` more requests of a name than at the start.
fn sees<'a>(server: &'a Server, name: &'a str) -> impl Fn() + 'a {
    let seen = std::cell::Cell::new(server.named(name).len());
    move || {
        until(name, || server.named(name).len() > seen.get());
        seen.set(server.named(name).len());
    }
}

cases!(
    waiting_for_a_connection,
    waiting_for_a_handshake,
    waiting_for_a_proxy,
    waiting_to_write,
    waiting_for_an_answer,
    waiting_for_an_event_stream,
    waiting_for_an_endpoint,
    waiting_for_another_thread_to_connect,
    waiting_to_take_up_a_stream,
    connecting_has_a_limit_of_its_own,
    closing_is_bounded,
    closing_is_bounded_while_a_call_waits,
);

/// A listener whose queue is full: the next connection is neither made nor refused.
fn unreachable() -> (SocketAddr, impl Sized) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        queue.push(stream);
    }
    (address, (socket, queue))
}

/// A listener that takes connections and says nothing.
fn silent() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    socket2::SockRef::from(&listener).set_recv_buffer_size(4096).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    address
}

fn waiting_for_a_connection<D: Driver>() {
    let (address, _queue) = unreachable();
    let client: D = client_at(&format!("http://{address}/mcp"));
    cancelled_promptly("connection", &Arc::new(client), || {});
}

fn waiting_for_a_handshake<D: Driver>() {
    let client: D = client_at(&format!("https://{}/mcp", silent()));
    cancelled_promptly("TLS handshake", &Arc::new(client), || {});
}

fn waiting_for_a_proxy<D: Driver>() {
    let client: D = client_at("https://somewhere.test/mcp");
    client.set_proxy(Some(&format!("http://{}", silent()))).unwrap();
    cancelled_promptly("proxy", &Arc::new(client), || {});
}

fn waiting_to_write<D: Driver>() {
    let client: D = client_at(&format!("http://{}/mcp", silent()));
    client.set_header("X-Much", Some(&"x".repeat(4 * 1024 * 1024))).unwrap();
    cancelled_promptly("write", &Arc::new(client), || thread::sleep(Duration::from_millis(300)));
}

fn waiting_for_an_answer<D: Driver>() {
    for fault in [Fault::Silence, Fault::SilenceInHead, Fault::SilenceInBody, Fault::SilentStream] {
        for (ask, first) in [(Ask::Ping, true), (Ask::Ping, false), (Ask::Tool, false)] {
            let server = Server::start(mcp::legacy(mcp::LEGACY));
            let client: Arc<D> = Arc::new(client(&server));
            if !first {
                client.ping().unwrap();
            }
            server.on("POST", fault);
            let waits = sees(&server, if first { "server/discover" } else { ask.name() });
            cancelled_promptly_with(ask, &format!("{fault:?}"), &client, waits);
            server.heal();
            ask.of(&*client).unwrap();
        }
    }
}

fn waiting_for_an_event_stream<D: Driver>() {
    for ask in Ask::ALL {
        let server = Server::start(mcp::sse());
        for fault in [Some(Fault::Silence), None] {
            match fault {
                Some(fault) => server.on(ask.name(), fault), // not even the POST is answered
                None => server.on(ask.name(), Answer::status(202)), // the POST is, but no event comes
            }
            let client: Arc<D> = Arc::new(client_at(&server.url("/sse")));
            client.connect().unwrap();
            cancelled_promptly_with(ask, "HTTP+SSE", &client, sees(&server, ask.name()));
            server.heal();
            ask.of(&*client).unwrap();
        }
    }
}

fn waiting_for_an_endpoint<D: Driver>() {
    let server = Server::start(mcp::sse());
    server.on("GET", Fault::SilentStream);
    let client = Arc::new(client_at::<D>(&server.url("/sse")));
    cancelled_promptly("endpoint", &client, sees(&server, "GET"));
    server.heal();
    client.ping().unwrap();
}

fn waiting_for_another_thread_to_connect<D: Driver>() {
    let server = Server::start(mcp::legacy(mcp::LEGACY));
    server.on("POST", Fault::Silence);
    let client: Arc<D> = Arc::new(client(&server));
    client.set_timeout(Duration::ZERO);
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let client = Arc::clone(&client);
            thread::spawn(move || client.ping())
        })
        .collect();
    assert!(server.saw(|_| true));
    thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    client.cancel();
    for call in calls {
        fails(call.join().unwrap(), Status::Cancelled);
    }
    assert!(start.elapsed() < stretched(PROMPTLY * 2), "{:?}", start.elapsed());
    server.heal();
    client.ping().unwrap();
}

fn waiting_to_take_up_a_stream<D: Driver>() {
    let server = Server::start(mcp::legacy(mcp::LEGACY));
    let client = Arc::new(client::<D>(&server));
    client.ping().unwrap();
    server.on("ping", |_: &Request, connection: &mut Connection| {
        connection.begin_events()?;
        connection.chunk("id: 1\nretry: 20000\ndata:\n\n")?;
        connection.close()
    });
    cancelled_promptly("resumption", &client, sees(&server, "ping"));
    server.heal();
    client.ping().unwrap();
}

fn connecting_has_a_limit_of_its_own<D: Driver>() {
    let (address, _queue) = unreachable();
    let proxied: D = client_at("https://somewhere.test/mcp");
    proxied.set_proxy(Some(&format!("http://{}", silent()))).unwrap();
    for client in
        [client_at(&format!("http://{address}/mcp")), client_at(&format!("https://{}/mcp", silent())), proxied]
    {
        client.set_timeout(Duration::from_secs(20));
        client.set_connect_timeout(Duration::from_millis(300)).unwrap();
        let (took, outcome) = timed(|| client.ping());
        fails(outcome, Status::Timeout);
        let limit = Duration::from_millis(300);
        assert!(took >= limit && took < limit + stretched(Duration::from_millis(500)), "{took:?}");
    }

    // An answer may take longer than a connection.
    let server = Server::start(mcp::legacy(mcp::LEGACY));
    let client: D = client(&server);
    client.set_connect_timeout(Duration::from_millis(200)).unwrap();
    server.on("*", |request: &Request, connection: &mut Connection| {
        thread::sleep(Duration::from_millis(250));
        connection.pass(request)
    });
    client.ping().unwrap();
}

/// `close` and then the end of the client, with a server that answers nothing any more.
fn closing_is_bounded<D: Driver>() {
    const LIMIT: Duration = Duration::from_millis(1000);
    for (server, path) in servers() {
        let client: D = client_at(&server.url(path));
        client.ping().unwrap();
        server.on("*", Fault::Silence);
        let (took, ()) = timed(|| client.close());
        assert!(took < stretched(LIMIT), "close {path}: {took:?}");
        server.heal();
        client.ping().unwrap();
        server.on("*", Fault::Silence);
        let (took, ()) = timed(|| drop(client));
        assert!(took < stretched(LIMIT), "free {path}: {took:?}");
    }
}

/// A server of each kind, with its path.
fn servers() -> [(Server, &'static str); 3] {
    let (legacy, modern) = (Server::start(mcp::legacy(mcp::LEGACY)), Server::start(mcp::modern()));
    [(legacy, "/mcp"), (modern, "/mcp"), (Server::start(mcp::sse()), "/sse")]
}

fn closing_is_bounded_while_a_call_waits<D: Driver>() {
    for (server, path) in servers() {
        let client: Arc<D> = Arc::new(client_at(&server.url(path)));
        client.ping().unwrap();
        server.on("POST", Fault::Silence);
        let (sender, receiver) = mpsc::channel();
        let calling = Arc::clone(&client);
        let call = thread::spawn(move || {
            sender.send(()).unwrap();
            calling.ping()
        });
        receiver.recv().unwrap();
        thread::sleep(Duration::from_millis(200));
        let (took, ()) = timed(|| client.close());
        assert!(took < stretched(Duration::from_secs(1)), "{took:?}");
        client.cancel();
        assert!(call.join().unwrap().is_err());
        server.heal();
        client.ping().unwrap();
    }
}
