//! Texts from elsewhere, made fit for a message of one line.

/// The longest piece of a server's text that a message repeats, in characters.
const LONGEST: usize = 300;

/// One line without control characters, shortened: what a server wrote, for a person.
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
            if characters >= LONGEST {
                line.push('…');
                return line;
            }
            line.push(character);
            characters += 1;
        }
    }
    line
}

/// Characters that change how the text around them is shown.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
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
    fn long_texts_are_shortened() {
        let line = one_line(&"é".repeat(10_000));
        assert_eq!(line.chars().count(), LONGEST + 1);
        assert!(one_line(&"a b".repeat(10_000)).chars().count() <= LONGEST + 1);
    }

    #[test]
    fn quoting_escapes() {
        assert_eq!(quoted("a\"b\n"), r#""a\"b\n""#);
    }
}
