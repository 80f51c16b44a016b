//! The body of a response, read within the limits of its call.

use std::io::Read;

use ureq::BodyReader;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::http::error_map;
use crate::http::pool::Lease;

/// The most bytes of one read.
const READ_SIZE: usize = 128 * 1024;
/// The least free space in the buffer before it grows.
const MIN_FREE: usize = 512;
/// The most bytes that are allocated because of a Content-Length.
const MAX_PREALLOCATED: u64 = 64 * 1024 * 1024;

/// The body of a response. When dropped, its connection goes back to the pool unless reading failed.
pub(crate) struct Body {
    call: Call,
    /// `None` once the connection has been given back or closed.
    lease: Option<Lease>,
    /// `None` at the end of the body.
    reader: Option<BodyReader<'static>>,
    content_length: Option<u64>,
    /// Decoded bytes that may still be read.
    left: u64,
    limit: u64,
}

impl Body {
    pub(crate) fn new(call: Call, lease: Lease, body: ureq::Body) -> Body {
        let content_length = body.content_length();
        let reader = Some(body.into_with_config().limit(u64::MAX).reader());
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
                let host = self.lease.as_ref().map_or("the server", Lease::host);
                let error = error_map::explain(error.into(), &self.call, host);
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
        let mut bytes = Vec::new();
        // MIN_FREE more, so that the end is found, and a NUL added, without growing.
        bytes.reserve_exact(usize::try_from(announced.min(MAX_PREALLOCATED)).unwrap_or(0) + MIN_FREE);
        loop {
            let filled = bytes.len();
            if bytes.capacity() - filled < MIN_FREE {
                bytes.reserve(MIN_FREE);
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

    /// Reads at most `limit` bytes.
    pub(crate) fn read_at_most(&mut self, limit: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; limit];
        let mut filled = 0;
        while filled < limit {
            match self.read(&mut bytes[filled..])? {
                0 => break,
                amount => filled += amount,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    fn fail(&mut self, error: Error) -> Error {
        self.discard();
        error
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let (Some(lease), Some(rest)) = (&mut self.lease, self.reader.take()) {
            lease.drain_later(rest);
        }
    }
}

fn too_large(limit: u64) -> Error {
    Error::Protocol(format!("the response is larger than the limit of {limit} bytes"))
}
