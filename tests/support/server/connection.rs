//! One connection of a client, and what a handler can do with it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use super::{Answer, Request, Shared, chunk};

/// The open event stream of a client of the HTTP+SSE transport.
pub struct EventStream {
    stream: Weak<TcpStream>,
    writing: Mutex<()>,
}

impl EventStream {
    /// Writes bytes as they are, not mixed with those of others.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.upgrade().ok_or(io::ErrorKind::NotConnected)?;
        let _turn = self.writing.lock().unwrap();
        (&*stream).write_all(bytes)
    }

    /// Ends the connection.
    pub fn close(&self) -> io::Result<()> {
        self.stream.upgrade().map_or(Ok(()), |stream| stream.shutdown(Shutdown::Both))
    }

    /// Ends the connection with a reset (RST).
    pub fn reset(&self) -> io::Result<()> {
        self.stream.upgrade().map_or(Ok(()), |stream| reset(&stream))
    }
}

/// The thread of the connection wakes up and lets go of the socket; closing it is what resets.
pub(super) fn reset(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
    stream.shutdown(Shutdown::Read)
}

/// One connection of a client.
pub struct Connection {
    pub(super) stream: Arc<TcpStream>,
    pub(super) number: usize,
    pub(super) shared: Arc<Shared>,
    pub(super) tail: Vec<u8>,
}

impl Connection {
    pub(super) fn serve(mut self) -> io::Result<()> {
        let mut buffer = Vec::new();
        loop {
            let end = loop {
                match buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                    Some(at) => break at + 4,
                    None => self.read_more(&mut buffer)?,
                }
            };
            let mut request = Request::parse(self.number, &buffer[..end])?;
            let whole = end + request.content_length();
            while buffer.len() < whole {
                self.read_more(&mut buffer)?;
            }
            request.body = buffer[end..whole].to_vec();
            request.message = serde_json::from_slice(&request.body).unwrap_or_default();
            buffer.drain(..whole);
            let rule = self.shared.rule(&request);
            {
                self.shared.record().requests.push(request.clone());
                self.shared.news.notify_all();
            }
            match rule {
                Some(handler) => handler.handle(&request, &mut self)?,
                None => self.pass(&request)?,
            }
        }
    }

    fn read_more(&self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let mut piece = [0; 8192];
        let count = (&*self.stream).read(&mut piece)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer.extend_from_slice(&piece[..count]);
        self.shared.record().bytes[self.number].extend_from_slice(&piece[..count]);
        Ok(())
    }

    /// Lets the server's own handler answer.
    pub fn pass(&mut self, request: &Request) -> io::Result<()> {
        Arc::clone(&self.shared).handler.handle(request, self)
    }

    /// Lets the server's own handler answer, and sends more together with the end of its answer.
    pub fn pass_and_add(&mut self, request: &Request, more: &str) -> io::Result<()> {
        self.tail = more.into();
        self.pass(request)
    }

    /// Sends an answer.
    pub fn send(&mut self, answer: &Answer) -> io::Result<()> {
        let mut pieces = answer.pieces();
        pieces.last_mut().into_iter().for_each(|last| last.append(&mut self.tail));
        for piece in pieces {
            self.raw(piece)?;
        }
        if answer.closes() { self.close() } else { Ok(()) }
    }

    /// Sends bytes as they are.
    pub fn raw(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        (&*self.stream).write_all(bytes.as_ref())
    }

    /// From now on small writes wait for the acknowledgment of those before (Nagle's algorithm).
    pub fn use_nagle(&mut self) -> io::Result<()> {
        self.stream.set_nodelay(false)
    }

    /// Begins an event stream in chunks.
    pub fn begin_events(&mut self) -> io::Result<()> {
        self.raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    }

    /// Sends one chunk.
    pub fn chunk(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.raw(chunk(bytes.as_ref()))
    }

    /// Ends a body in chunks.
    pub fn end_chunks(&mut self) -> io::Result<()> {
        self.raw("0\r\n\r\n")
    }

    /// Makes this connection the event stream of `session`.
    pub fn open_stream(&mut self, session: &str) -> Arc<EventStream> {
        let stream = Arc::new(EventStream { stream: Arc::downgrade(&self.stream), writing: Mutex::new(()) });
        self.shared.record().streams.push((session.to_owned(), Arc::downgrade(&stream)));
        stream
    }

    /// The open event stream of `session`.
    pub fn stream_of(&self, session: &str) -> Option<Arc<EventStream>> {
        self.shared.record().streams.iter().find(|(name, _)| name == session)?.1.upgrade()
    }

    /// Waits a while, less when the client speaks; an error as soon as the client or the server goes away.
    pub fn wait(&mut self, time: Duration) -> io::Result<()> {
        self.spoken_within(time).map(|_| ())
    }

    /// Says nothing until the client speaks again; an error as soon as the client or the server goes away.
    pub fn hold(&mut self) -> io::Result<()> {
        while !self.spoken_within(Duration::from_secs(60))? {}
        Ok(())
    }

    fn spoken_within(&self, time: Duration) -> io::Result<bool> {
        self.stream.set_read_timeout(Some(time))?;
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_read_timeout(None)?;
        match peeked {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Err(error),
            spoken => Ok(spoken.is_ok()),
        }
    }

    /// Waits until the server has seen a request that fits.
    pub fn wait_for(&self, fits: impl Fn(&Request) -> bool) -> io::Result<()> {
        self.shared.wait_for(fits)
    }

    /// Ends the connection.
    pub fn close(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        Err(io::ErrorKind::ConnectionAborted.into())
    }

    /// Ends the connection with a reset (RST).
    pub fn reset(&mut self) -> io::Result<()> {
        socket2::SockRef::from(&*self.stream).set_linger(Some(Duration::ZERO))?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}
