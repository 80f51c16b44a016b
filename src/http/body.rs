//! The body of an answer, read within the call's limits.

use std::io::Read;
use std::sync::Arc;

use ureq::BodyReader;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::http::Http;
use crate::http::connection::Connection;
use crate::http::error_map;

/// How much is read at once.
const STEP: usize = 128 * 1024;
/// The least room to read into.
const SPARE: usize = 512;
/// The most that is allocated because a server announces it.
const MOST_ANNOUNCED: u64 = 64 * 1024 * 1024;

/// The body of an answer. When dropped, its connection goes back to the others unless reading failed.
pub(crate) struct Body {
    http: Arc<Http>,
    call: Call,
    connection: Option<Connection>,
    reader: Option<BodyReader<'static>>,
    announced: Option<u64>,
    /// Decoded bytes that may still come.
    left: u64,
    limit: u64,
}

impl Body {
    pub(crate) fn new(http: Arc<Http>, call: Call, connection: Connection, body: ureq::Body, limit: u64) -> Body {
        let announced = body.content_length();
        let reader = body.into_with_config().limit(u64::MAX).reader();
        let connection = Some(connection);
        Body { http, call, connection, reader: Some(reader), announced, left: limit, limit }
    }

    /// Reads some bytes; none at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if self.reader.is_some() {
            // Much may come out of little that has been read long ago.
            self.check()?;
        }
        let Some(reader) = &mut self.reader else { return Ok(0) };
        match reader.read(buffer) {
            Ok(0) => {
                self.reader = None;
                self.give_back();
                Ok(0)
            }
            Ok(amount) => match self.left.checked_sub(amount as u64) {
                Some(left) => {
                    self.left = left;
                    Ok(amount)
                }
                None => Err(self.abandon(too_large(self.limit))),
            },
            Err(error) => {
                let error = error_map::explain(error.into(), &self.call, self.http.host());
                Err(self.abandon(error))
            }
        }
    }

    /// Fails when the call is over.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        match self.call.remaining() {
            Ok(_) => Ok(()),
            Err(over) => Err(self.abandon(over)),
        }
    }

    /// Goes on reading for another call, such as one without a deadline.
    pub(crate) fn continue_for(&mut self, call: Call) {
        if let Some(connection) = &self.connection {
            connection.control.begin(&call, 0);
        }
        self.call = call;
    }

    /// Gives up the rest and the connection with it.
    pub(crate) fn discard(&mut self) {
        self.reader = None;
        if let Some(connection) = self.connection.take() {
            self.http.discard(&connection);
        }
    }

    /// No limit on the whole any more: a stream of notifications has none, its events have one each.
    pub(crate) fn without_limit(&mut self) {
        (self.left, self.limit) = (u64::MAX, u64::MAX);
    }

    /// Reads the whole body.
    pub(crate) fn read_all(&mut self) -> Result<Vec<u8>, Error> {
        let announced = self.announced.unwrap_or(0);
        if announced > self.left {
            return Err(self.abandon(too_large(self.limit)));
        }
        let mut bytes = Vec::new();
        // Room for a little more, so that the end is found, and a NUL added, without growing.
        bytes.reserve_exact(usize::try_from(announced.min(MOST_ANNOUNCED)).unwrap_or(0) + SPARE);
        loop {
            let filled = bytes.len();
            if bytes.capacity() - filled < SPARE {
                bytes.reserve(SPARE);
            }
            let room = (bytes.capacity() - filled).min(STEP);
            bytes.resize(filled + room, 0);
            let amount = self.read(&mut bytes[filled..])?;
            bytes.truncate(filled + amount);
            if amount == 0 {
                return Ok(bytes);
            }
        }
    }

    /// Reads at most `most` bytes and leaves the rest.
    pub(crate) fn read_some(&mut self, most: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; most];
        let mut filled = 0;
        while filled < most {
            match self.read(&mut bytes[filled..])? {
                0 => break,
                amount => filled += amount,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    fn abandon(&mut self, error: Error) -> Error {
        self.discard();
        error
    }

    fn give_back(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.http.give_back(connection);
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let (Some(connection), Some(rest)) = (&mut self.connection, self.reader.take()) {
            connection.park(rest);
        }
        self.give_back();
    }
}

fn too_large(limit: u64) -> Error {
    Error::Protocol(format!("the answer is larger than the limit of {limit} bytes"))
}
