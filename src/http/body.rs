//! The body of a response, read within the limits of its call.

use std::io::{self, Read};
use std::time::Duration;

use ::http::{HeaderMap, header};
use flate2::read::GzDecoder;
use ureq::BodyReader;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::text;
use crate::http::error_map;
use crate::http::pool::Lease;

/// The most bytes of one read.
const READ_SIZE: usize = 128 * 1024;
/// The least free space in the buffer before it grows.
const MIN_FREE: usize = 512;
/// The size of the buffer at first; it then grows with the bytes that arrive, not with Content-Length.
const FIRST_CAPACITY: usize = 64 * 1024;
/// How much larger the buffer is than what it holds when a Content-Length says that more follows.
const GROWTH: usize = 4;

/// The body of a response. When dropped, its connection goes back to the pool unless reading failed.
pub(crate) struct Body {
    call: Call,
    /// `None` once the connection has been given back or closed.
    lease: Option<Lease>,
    /// `None` at the end of the body.
    reader: Option<Reader>,
    content_length: Option<u64>,
    /// Decoded bytes that may still be read.
    left: u64,
    limit: u64,
}

/// The bytes of a body, decoded.
enum Reader {
    Plain(BodyReader<'static>),
    Gzip(Box<GzDecoder<BodyReader<'static>>>),
    /// The name of an encoding that cannot be decoded.
    Unknown(String, BodyReader<'static>),
}

impl Reader {
    /// ureq decodes what is called `gzip` exactly. Names of encodings are case-insensitive, and `x-gzip` is the same
    /// ([RFC 9110, section 8.4.1](https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1)).
    fn new(headers: &HeaderMap, reader: BodyReader<'static>) -> Reader {
        let encoding = headers.get(header::CONTENT_ENCODING).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let Some(encoding) = encoding.filter(|encoding| encoding != "gzip") else { return Reader::Plain(reader) };
        match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Reader::Plain(reader),
            "gzip" | "x-gzip" => Reader::Gzip(Box::new(GzDecoder::new(reader))),
            _ => Reader::Unknown(text::one_line(&encoding), reader),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Reader::Plain(reader) => reader.read(buffer),
            Reader::Gzip(reader) => reader.read(buffer).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                    io::Error::other(Error::Protocol("the response's gzip data is not valid".to_owned()))
                }
                _ => error,
            }),
            Reader::Unknown(encoding, _) => Err(io::Error::other(Error::Protocol(format!(
                "the response has the content encoding {encoding}: only gzip can be decoded"
            )))),
        }
    }

    /// The bytes as they arrive.
    fn into_inner(self) -> BodyReader<'static> {
        match self {
            Reader::Plain(reader) | Reader::Unknown(_, reader) => reader,
            Reader::Gzip(reader) => reader.into_inner(),
        }
    }
}

impl Body {
    pub(crate) fn new(call: Call, lease: Lease, headers: &HeaderMap, body: ureq::Body) -> Body {
        let content_length = body.content_length();
        let reader = Some(Reader::new(headers, body.into_with_config().limit(u64::MAX).reader()));
        let limit = call.max_response_bytes();
        Body { call, lease: Some(lease), reader, content_length, left: limit, limit }
    }

    /// Reads some bytes; none at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if self.reader.is_some() {
            // Decompression can yield many reads without waiting for the network, where the deadline is checked too.
            self.check()?;
        }
        let Some(reader) = &mut self.reader else { return Ok(0) };
        match reader.read(buffer) {
            Ok(0) => {
                self.reader = None;
                self.lease = None;
                Ok(0)
            }
            Ok(amount) => match self.left.checked_sub(amount as u64) {
                Some(left) => {
                    self.left = left;
                    Ok(amount)
                }
                None => Err(self.fail(too_large(self.limit))),
            },
            Err(error) => {
                let Some(lease) = &self.lease else { return Ok(0) };
                let error = error_map::explain(error.into(), &self.call, lease.peer());
                Err(self.fail(error))
            }
        }
    }

    /// Fails when the call has ended.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        match self.call.remaining() {
            Ok(_) => Ok(()),
            Err(ended) => Err(self.fail(ended)),
        }
    }

    /// Continues for another call, such as one without a deadline.
    pub(crate) fn continue_for(&mut self, call: Call) {
        if let Some(lease) = &self.lease {
            lease.interrupt.begin(&call, 0);
        }
        self.call = call;
    }

    /// Closes the connection without reading the rest.
    pub(crate) fn discard(&mut self) {
        self.reader = None;
        if let Some(lease) = self.lease.take() {
            lease.discard();
        }
    }

    /// Removes the limit on the whole body, for a stream of notifications: each event has a limit.
    pub(crate) fn without_limit(&mut self) {
        (self.left, self.limit) = (u64::MAX, u64::MAX);
    }

    /// Reads the whole body.
    pub(crate) fn read_all(&mut self) -> Result<Vec<u8>, Error> {
        let announced = self.content_length.unwrap_or(0);
        if announced > self.left {
            return Err(self.fail(too_large(self.limit)));
        }
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        loop {
            let filled = bytes.len();
            if bytes.capacity() - filled < MIN_FREE {
                self.grow(&mut bytes, announced)?;
            }
            let room = (bytes.capacity() - filled).min(READ_SIZE);
            bytes.resize(filled + room, 0);
            let amount = self.read(&mut bytes[filled..])?;
            bytes.truncate(filled + amount);
            if amount == 0 {
                return Ok(bytes);
            }
        }
    }

    /// Makes room in the buffer of a body, without more than a few times what has arrived; memory may be limited.
    fn grow(&mut self, bytes: &mut Vec<u8>, announced: usize) -> Result<(), Error> {
        let filled = bytes.len();
        let wanted = match announced > filled {
            // MIN_FREE more, so that the end is found, and a NUL added, without growing.
            true => announced.min((filled * GROWTH).max(FIRST_CAPACITY)) + MIN_FREE,
            false => (filled * 2).max(MIN_FREE),
        };
        let reserved = bytes.try_reserve_exact(wanted - filled);
        reserved
            .map_err(|_| self.fail(Error::NoResources(format!("there is no memory for {wanted} bytes of a response"))))
    }

    /// Reads at most `limit` bytes for at most that long, and returns what has arrived and whether it is the whole body;
    /// an error when the call is cancelled.
    pub(crate) fn read_some(&mut self, limit: usize, time: Duration) -> Result<(Vec<u8>, bool), Error> {
        self.continue_for(self.call.at_most(Some(time)));
        let mut bytes = vec![0; limit];
        let (mut filled, mut is_whole) = (0, false);
        while filled < limit {
            match self.read(&mut bytes[filled..]) {
                Ok(0) => {
                    is_whole = true;
                    break;
                }
                Ok(amount) => filled += amount,
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(_) => break,
            }
        }
        bytes.truncate(filled);
        Ok((bytes, is_whole))
    }

    fn fail(&mut self, error: Error) -> Error {
        self.discard();
        error
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let (Some(lease), Some(rest)) = (&mut self.lease, self.reader.take()) {
            lease.drain_later(rest.into_inner());
        }
    }
}

fn too_large(limit: u64) -> Error {
    Error::Protocol(format!("the response is larger than the limit of {limit} bytes"))
}
