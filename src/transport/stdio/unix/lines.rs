//! Lines of a stream that arrives in pieces.

use memchr::memchr;

/// Splits a stream into lines without their ends.
pub(super) struct Lines {
    /// The beginning of a line.
    partial: Vec<u8>,
    limit: usize,
    overflow: Overflow,
    is_cut: bool,
}

/// What becomes of a line over the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overflow {
    /// It is an error.
    Refuse,
    /// Its rest is dropped.
    Cut,
}

/// A line is over the limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Lines {
    pub(super) fn new(limit: usize, overflow: Overflow) -> Lines {
        Lines { partial: Vec::new(), limit, overflow, is_cut: false }
    }

    /// Takes the next bytes and hands over each line that they complete.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(Vec<u8>)) -> Result<(), TooLong> {
        while let Some(end) = memchr(b'\n', bytes) {
            self.append(&bytes[..end])?;
            bytes = &bytes[end + 1..];
            each(self.take());
        }
        self.append(bytes)
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The beginning of a line that was never completed.
    pub(super) fn rest(&mut self) -> Option<Vec<u8>> {
        (!self.partial.is_empty()).then(|| self.take())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let room = self.limit.saturating_sub(self.partial.len());
        if bytes.len() <= room {
            if !self.is_cut {
                self.partial.extend_from_slice(bytes);
            }
            return Ok(());
        }
        match self.overflow {
            Overflow::Refuse => Err(TooLong),
            Overflow::Cut => {
                if !self.is_cut {
                    self.partial.extend_from_slice(&bytes[..room]);
                }
                self.is_cut = true;
                Ok(())
            }
        }
    }

    fn take(&mut self) -> Vec<u8> {
        self.is_cut = false;
        let mut line = std::mem::take(&mut self.partial);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &mut Lines, pieces: &[&str]) -> Result<Vec<String>, TooLong> {
        let mut found = Vec::new();
        for piece in pieces {
            lines.push(piece.as_bytes(), |line| found.push(String::from_utf8(line).unwrap()))?;
        }
        Ok(found)
    }

    #[test]
    fn lines_end_with_a_line_feed_wherever_the_stream_is_split() {
        let whole = "one\r\ntwo\n\n\rthree\r\rfour\r\n";
        for split in 0..=whole.len() {
            let mut split_lines = Lines::new(100, Overflow::Refuse);
            let found = lines(&mut split_lines, &[&whole[..split], &whole[split..]]).unwrap();
            assert_eq!(found, ["one", "two", "", "\rthree\r\rfour"], "{split}");
            assert_eq!(split_lines.rest(), None);
        }
    }

    #[test]
    fn a_line_over_the_limit_is_refused_or_cut() {
        let mut refusing = Lines::new(3, Overflow::Refuse);
        assert_eq!(lines(&mut refusing, &["abc\n", "ab", "c\n"]).unwrap(), ["abc", "abc"]);
        assert_eq!(lines(&mut refusing, &["ab", "cd"]), Err(TooLong));
        let mut cutting = Lines::new(3, Overflow::Cut);
        assert_eq!(lines(&mut cutting, &["ab", "cd", "e", "f\nxy\nabcdef\n12"]).unwrap(), ["abc", "xy", "abc"]);
        assert_eq!(cutting.rest(), Some(b"12".to_vec()));
    }
}
