//! Numbers of JSON text.

use super::limits::Fault;
use super::slot::Slot;

/// The powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];
/// Up to here a double holds every integer.
const LARGEST_EXACT: u64 = 1 << 53;

/// Reads the number that begins at `start`, and finds its end. A NUL follows the text.
#[inline]
pub(super) fn read(text: &[u8], start: usize) -> Result<(Slot, usize), Fault> {
    let negative = text[start] == b'-';
    let first = start + usize::from(negative);
    let (mut digits, mut at) = integer_part(text, first)?;
    let mut count = at - first;
    let mut exponent = 0;
    let is_integer = !matches!(text[at], b'.' | b'e' | b'E');
    if is_integer && count <= 18 && (digits != 0 || !negative) {
        let number = digits as i64;
        return Ok((Slot::integer(start as u32, if negative { -number } else { number }), at));
    }
    if text[at] == b'.' {
        let point = at;
        (digits, at) = more_digits(text, at + 1, digits)?;
        exponent -= (at - point - 1) as i64;
        count += at - point - 1;
    }
    if matches!(text[at], b'e' | b'E') {
        let negative = text[at + 1] == b'-';
        let from = at + 1 + usize::from(matches!(text[at + 1], b'+' | b'-'));
        let power;
        (power, at) = more_digits(text, from, 0)?;
        // More digits than these may have wrapped; the exact way reads them again.
        let power = if at - from <= 4 { power as i64 } else { 100_000 };
        exponent += if negative { -power } else { power };
    }
    let number = match exact(digits, exponent).filter(|_| count <= 19) {
        Some(number) if negative => -number,
        Some(number) => number,
        None => return Ok((by_library(text, start, at, is_integer), at)),
    };
    Ok((Slot::double(start as u32, number), at))
}

/// Digits without a leading zero.
#[inline]
fn integer_part(text: &[u8], at: usize) -> Result<(u64, usize), Fault> {
    if text[at] == b'0' { Ok((0, at + 1)) } else { more_digits(text, at, 0) }
}

/// At least one digit. What does not fit wraps.
#[inline]
fn more_digits(text: &[u8], start: usize, mut value: u64) -> Result<(u64, usize), Fault> {
    let mut at = start;
    while text[at].is_ascii_digit() {
        value = value.wrapping_mul(10).wrapping_add(u64::from(text[at] - b'0'));
        at += 1;
    }
    if at == start { Err(Fault::new("a number without digits", at)) } else { Ok((value, at)) }
}

/// The nearest double, where one multiplication or division of exact doubles finds it.
#[inline]
fn exact(digits: u64, exponent: i64) -> Option<f64> {
    let power = *POWERS.get(usize::try_from(exponent.unsigned_abs()).ok()?)?;
    if digits > LARGEST_EXACT {
        return None;
    }
    Some(if exponent < 0 { digits as f64 / power } else { digits as f64 * power })
}

#[inline(never)]
fn by_library(text: &[u8], start: usize, end: usize, is_integer: bool) -> Slot {
    let digits = std::str::from_utf8(&text[start..end]).unwrap_or_default();
    match digits.parse() {
        Ok(number) if is_integer && number != 0 => Slot::integer(start as u32, number),
        // A double keeps the sign of -0.
        _ => Slot::double(start as u32, digits.parse().unwrap_or(f64::NAN)),
    }
}

/// The text of the number that begins at `start`.
pub(super) fn text(text: &[u8], start: usize) -> &[u8] {
    let is_part = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    let length = text[start..].iter().take_while(is_part).count();
    &text[start..start + length]
}

/// The integer that the text of a number stands for, such as `3.0` and `30e-1`, if it is one of 64 bits. Exact.
pub(super) fn integer(number: &[u8]) -> Option<i64> {
    let mut parts = number.split(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = (parts.next()?, parts.next());
    let point = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
    let places = mantissa.len().saturating_sub(point + 1);
    let digits = || mantissa.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0');
    // Zeros at the end belong to the exponent: a number such as 1.000 is whole.
    let zeros = digits().rev().take_while(|digit| *digit == 0).count();
    let significant = digits().count() - zeros;
    if significant == 0 {
        return Some(0);
    }
    let exponent: i64 = exponent.map_or(Some(0), |digits| std::str::from_utf8(digits).ok()?.parse().ok())?;
    let power = exponent.checked_add(zeros as i64)?.checked_sub(places as i64)?;
    let scale = 10_i64.checked_pow(u32::try_from(power).ok()?)?;
    let negative = number[0] == b'-';
    digits().take(significant).try_fold(0_i64, |value, digit| append(value, digit, negative))?.checked_mul(scale)
}

/// Appends a digit on the side of the sign, where the smallest integer has room.
fn append(value: i64, digit: u8, negative: bool) -> Option<i64> {
    let digit = if negative { -i64::from(digit) } else { i64::from(digit) };
    value.checked_mul(10)?.checked_add(digit)
}
