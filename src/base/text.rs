//! Text helpers: one-line messages, JSON strings, the characters of an HTTP token.

use std::borrow::Cow;

/// The most characters of a server's text that a message repeats.
const MAX_CHARACTERS: usize = 300;

/// A server's text for a person: one line, without control characters, shortened.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    let mut characters = 0;
    let is_separator = |character: char| character.is_whitespace() || character.is_control();
    for word in text.split(is_separator).filter(|word| !word.is_empty()) {
        if characters > 0 {
            line.push(' ');
            characters += 1;
        }
        for character in word.chars().filter(|character| !is_invisible(*character)) {
            if characters >= MAX_CHARACTERS {
                line.push('…');
                return line;
            }
            line.push(character);
            characters += 1;
        }
    }
    line
}

/// The text of an HTML page, without tags, scripts and styles; any other text as it is.
pub(crate) fn without_markup(text: &str) -> Cow<'_, str> {
    if !text.trim_start().starts_with('<') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        plain.push_str(&rest[..start]);
        plain.push(' ');
        rest = &rest[start..];
        let is = |name: &str| rest.get(1..=name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        let end = match () {
            () if is("script") => find_after(rest, "</script"),
            () if is("style") => find_after(rest, "</style"),
            () if is("!--") => find_after(rest, "-->"),
            () => Some(0),
        };
        let end = end.and_then(|from| rest[from..].find('>').map(|end| from + end + 1));
        rest = &rest[end.unwrap_or(rest.len())..];
    }
    plain.push_str(rest);
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    Cow::Owned(entities.iter().fold(plain, |plain, (entity, character)| plain.replace(entity, character)))
}

/// Where `end`, without regard to case, stands behind the first byte.
fn find_after(text: &str, end: &str) -> Option<usize> {
    let found = text.as_bytes()[1..].windows(end.len()).position(|window| window.eq_ignore_ascii_case(end.as_bytes()));
    found.map(|at| at + 1)
}

/// A text up to a limit in bytes. A word that the limit cuts is left out: it could be part of a secret, which would not be
/// recognized.
pub(crate) fn beginning(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let boundary = (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let cut = &text[..boundary];
    cut.rfind(char::is_whitespace).map_or("", |end| &cut[..end])
}

/// Characters that change how the text around them is shown.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// `tchar` of [RFC 9110, section 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2).
pub(crate) fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string can be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_has_no_control_characters() {
        assert_eq!(one_line("  a\r\n\tb\u{1b}[31mc\u{0}d \u{202e}e"), "a b [31mc d e");
    }

    #[test]
    fn markup_is_left_out() {
        let page = "<!DOCTYPE html><HTML><head><title>Sign in</title><style>p{color:red}</style>\
            <SCRIPT>if (a<b) {}</SCRIPT></head><!-- a > b --><body><p>Fish &amp; chips&nbsp;&lt;3";
        assert_eq!(one_line(&without_markup(page)), "Sign in Fish & chips <3");
        for plain in ["", "a < b", "{\"a\":\"<b>\"}"] {
            assert_eq!(without_markup(plain), plain);
        }
        for cut in ["<", "<p", "<script>x", "<!-- x", "<é"] {
            assert_eq!(one_line(&without_markup(cut)), "", "{cut}");
        }
    }

    #[test]
    fn long_texts_are_shortened() {
        let line = one_line(&"é".repeat(10_000));
        assert_eq!(line.chars().count(), MAX_CHARACTERS + 1);
        assert!(one_line(&"a b".repeat(10_000)).chars().count() <= MAX_CHARACTERS + 1);
    }

    #[test]
    fn a_beginning_ends_with_a_whole_word() {
        assert_eq!(beginning("one two", 7), "one two");
        assert_eq!(beginning("one two", 6), "one");
        assert_eq!(beginning("é é", 3), "é");
        assert_eq!(beginning("onetwo", 5), "");
    }

    #[test]
    fn quoting_escapes() {
        assert_eq!(quoted("a\"b\n"), r#""a\"b\n""#);
    }
}
