//! JSON Pointers (RFC 6901), by bytes: names that are equal as bytes are equal.

use std::borrow::Cow;

/// The tokens of a pointer that is not empty; `None` when it does not begin with a slash.
pub(super) fn tokens(pointer: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    Some(pointer.strip_prefix(b"/")?.split(|byte| *byte == b'/'))
}

/// Digits without a leading zero (section 4). "-", the element after the last, is never there.
pub(super) fn array_index(token: &[u8]) -> Option<usize> {
    if token.is_empty() || (token.len() > 1 && token[0] == b'0') {
        return None;
    }
    token.iter().try_fold(0_usize, |index, digit| {
        let digit = digit.is_ascii_digit().then(|| usize::from(digit - b'0'))?;
        index.checked_mul(10)?.checked_add(digit)
    })
}

/// Undoes `~0` and `~1`; any other `~` makes the pointer malformed.
pub(super) fn unescape(token: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !token.contains(&b'~') {
        return Some(Cow::Borrowed(token));
    }
    let mut name = Vec::with_capacity(token.len());
    let mut bytes = token.iter();
    while let Some(byte) = bytes.next() {
        name.push(match byte {
            b'~' => match bytes.next()? {
                b'0' => b'~',
                b'1' => b'/',
                _ => return None,
            },
            byte => *byte,
        });
    }
    Some(Cow::Owned(name))
}
