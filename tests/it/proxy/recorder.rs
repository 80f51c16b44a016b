//! A proxy that knows CONNECT and writes down everything it can see.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What it does when it is asked to connect.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Connects.
    Willing,
    /// Refuses with this status line and fields.
    Refusing(&'static str),
    /// Ends the connection.
    Closing,
    /// Says nothing.
    Silent,
    /// Says something that is not HTTP.
    Babbling,
}

#[derive(Default)]
struct Seen {
    heads: Vec<String>,
    tunnelled: Vec<u8>,
}

/// It connects to the server behind it, for any host.
pub struct Recorder {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Recorder {
    /// Its threads end with their connections, and with the process.
    pub fn start(manner: Manner, behind: SocketAddr) -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Seen>>::default();
        let writing = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (manner, seen) = (manner.clone(), Arc::clone(&writing));
                thread::spawn(move || drop(serve(&stream.unwrap(), &manner, behind, &seen)));
            }
        });
        Recorder { address, seen }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of all requests, as they came.
    pub fn heads(&self) -> Vec<String> {
        self.seen.lock().unwrap().heads.clone()
    }

    /// Everything that was seen, tunnels included.
    pub fn everything(&self) -> String {
        let seen = self.seen.lock().unwrap();
        seen.heads.concat() + &String::from_utf8_lossy(&seen.tunnelled)
    }
}

fn serve(mut client: &TcpStream, manner: &Manner, behind: SocketAddr, seen: &Mutex<Seen>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if client.read(&mut byte)? == 0 {
            break;
        }
        head.push(byte[0]);
    }
    seen.lock().unwrap().heads.push(String::from_utf8_lossy(&head).into_owned());
    match manner {
        Manner::Willing => {}
        Manner::Refusing(head) => {
            client.write_all(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n").as_bytes())?;
            return io::copy(&mut client, &mut io::sink()).map(drop);
        }
        Manner::Closing => return Ok(()),
        Manner::Silent => return io::copy(&mut client, &mut io::sink()).map(drop),
        Manner::Babbling => return client.write_all(b"220 ready for mail\r\n\r\n"),
    }
    let server = TcpStream::connect(behind)?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        drop(io::copy(&mut from_server, &mut to_client));
        drop(to_client.shutdown(Shutdown::Both));
    });
    let mut piece = [0; 8192];
    loop {
        match client.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(count) => {
                seen.lock().unwrap().tunnelled.extend_from_slice(&piece[..count]);
                (&server).write_all(&piece[..count])?;
            }
        }
    }
    thread::sleep(Duration::from_millis(10)); // what is on its way back may arrive
    server.shutdown(Shutdown::Both)
}
