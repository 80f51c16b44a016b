//! `WWW-Authenticate`: the challenges of RFC 9110, section 11.6.1, with the parameters of RFC 6750, section 3.
//!
//! Lenient, since servers write this header by hand: unquoted URLs, missing commas and a missing closing quote are
//! accepted. The result is used for messages and is returned to the caller; no decision on security depends on it.

use std::collections::HashSet;

use crate::base::text::is_token_char;

/// One challenge. A token68 (RFC 9110, section 11.2) is skipped: Bearer has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The scheme as the server wrote it; compare case-insensitively.
    pub scheme: String,
    /// Names in lower case with their unquoted values, in order, repeated ones included.
    pub params: Vec<(String, String)>,
}

/// Parses the challenges of all `WWW-Authenticate` headers of a response. Malformed parts are left out.
pub(crate) fn parse(header_values: &[&str]) -> Vec<Challenge> {
    let mut challenges = Vec::new();
    for value in header_values {
        parse_one(value, &mut challenges);
    }
    challenges
}

impl Challenge {
    /// Whether the challenge is about an access token (RFC 6750; RFC 9449, section 7.1).
    fn is_bearer(&self) -> bool {
        ["bearer", "dpop"].iter().any(|scheme| self.scheme.eq_ignore_ascii_case(scheme))
    }
}

/// The value of a parameter (names have no case) in the first Bearer or DPoP challenge that has it.
pub(crate) fn bearer_parameter<'a>(challenges: &'a [Challenge], name: &str) -> Option<&'a str> {
    let bearer = challenges.iter().filter(|challenge| challenge.is_bearer());
    let mut params = bearer.flat_map(|challenge| &challenge.params);
    params.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The parameters of all Bearer and DPoP challenges, each name with its first value.
pub(crate) fn bearer_parameters(challenges: &[Challenge]) -> Vec<(String, String)> {
    let bearer = challenges.iter().filter(|challenge| challenge.is_bearer());
    let mut seen = HashSet::new();
    let params = bearer.flat_map(|challenge| &challenge.params).filter(|(name, _)| seen.insert(name.as_str()));
    params.cloned().collect()
}

fn parse_one(value: &str, challenges: &mut Vec<Challenge>) {
    let mut input = Input(value);
    // A parameter belongs to a scheme of the same header.
    let first = challenges.len();
    let mut element_start = true;
    loop {
        input.skip_whitespace();
        if input.skip(",") {
            element_start = true;
            continue;
        }
        if input.0.is_empty() {
            return;
        }
        let name = input.take_while(is_token_char);
        let param = input.parameter_value();
        match (name, param) {
            ("", _) => input.skip_element(),
            (_, Some(param)) => {
                if let Some(challenge) = challenges[first..].last_mut() {
                    challenge.params.push((name.to_ascii_lowercase(), param));
                }
            }
            // A word inside an element, as in an unquoted `scope=read write`, does not begin a challenge.
            (_, None) if element_start && input.at_word_end() => {
                challenges.push(Challenge { scheme: name.to_owned(), params: Vec::new() });
                input.skip_token68();
            }
            (_, None) if input.at_word_end() => {}
            (_, None) => input.skip_element(),
        }
        element_start = false;
    }
}

/// The unread rest of one header value.
struct Input<'a>(&'a str);

impl<'a> Input<'a> {
    fn skip(&mut self, text: &str) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn take_while(&mut self, accept: fn(u8) -> bool) -> &'a str {
        let end = self.0.bytes().position(|byte| !accept(byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn skip_whitespace(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn at_word_end(&self) -> bool {
        self.0.is_empty() || self.0.starts_with([' ', '\t', ','])
    }

    /// Reads `BWS "=" BWS value`; without an equals sign it reads nothing.
    fn parameter_value(&mut self) -> Option<String> {
        let mut ahead = Input(self.0);
        ahead.skip_whitespace();
        if !ahead.skip("=") {
            return None;
        }
        ahead.skip_whitespace();
        let value = match ahead.quoted_string() {
            Some(value) => value,
            None => ahead.take_while(is_unquoted_char).to_owned(),
        };
        self.0 = ahead.0;
        Some(value)
    }

    /// Reads a quoted-string and undoes its escapes; without a closing quote it extends to the end.
    fn quoted_string(&mut self) -> Option<String> {
        if !self.skip("\"") {
            return None;
        }
        let mut value = String::new();
        while let Some(end) = self.0.find(['"', '\\']) {
            value.push_str(&self.0[..end]);
            let is_quote = self.0[end..].starts_with('"');
            self.0 = &self.0[end + 1..];
            if is_quote {
                return Some(value);
            }
            let mut rest = self.0.chars();
            value.extend(rest.next());
            self.0 = rest.as_str();
        }
        value.push_str(self.0);
        self.0 = "";
        Some(value)
    }

    /// Skips a token68 after a scheme: unlike a parameter it fills the whole element.
    fn skip_token68(&mut self) {
        let mut ahead = Input(self.0);
        ahead.skip_whitespace();
        ahead.take_while(is_token68_char);
        ahead.take_while(|byte| byte == b'=');
        ahead.skip_whitespace();
        if ahead.0.is_empty() || ahead.0.starts_with(',') {
            self.0 = ahead.0;
        }
    }

    /// Skips to the next comma outside quotes.
    fn skip_element(&mut self) {
        while let Some(at) = self.0.find([',', '"']) {
            self.0 = &self.0[at..];
            if self.quoted_string().is_none() {
                return;
            }
        }
        self.0 = "";
    }
}

fn is_token68_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}

/// Accepts more than a token: servers leave URLs unquoted.
fn is_unquoted_char(byte: u8) -> bool {
    !matches!(byte, b' ' | b'\t' | b',' | b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(scheme: &str, params: &[(&str, &str)]) -> Challenge {
        let params = params.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Challenge { scheme: scheme.to_owned(), params }
    }

    #[test]
    fn the_examples_of_the_standards() {
        // RFC 9110, section 11.6.1
        assert_eq!(
            parse(&[r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#]),
            [
                challenge("Basic", &[("realm", "simple")]),
                challenge("Newauth", &[("realm", "apps"), ("type", "1"), ("title", "Login to \"apps\"")])
            ]
        );
        // RFC 6750, section 3, folded there over three lines
        let value = r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#;
        let challenges = parse(&[value]);
        assert_eq!(bearer_parameter(&challenges, "error"), Some("invalid_token"));
        assert_eq!(bearer_parameter(&challenges, "error_description"), Some("The access token expired"));
        assert_eq!(bearer_parameter(&challenges, "scope"), None);
        // RFC 9728, section 5.1
        let value = r#"Bearer resource_metadata="https://resource.example.com/.well-known/oauth-protected-resource""#;
        assert_eq!(
            bearer_parameter(&parse(&[value]), "resource_metadata"),
            Some("https://resource.example.com/.well-known/oauth-protected-resource")
        );
    }

    #[test]
    fn several_headers_and_a_list_give_the_same() {
        let expected = [challenge("Basic", &[("realm", "a, b")]), challenge("Bearer", &[("scope", "x y")])];
        assert_eq!(parse(&[r#"Basic realm="a, b""#, r#"Bearer scope="x y""#]), expected);
        assert_eq!(parse(&[r#"Basic realm="a, b",Bearer scope="x y""#]), expected);
        assert_eq!(parse(&[r#", ,Basic , realm="a, b",, Bearer ,	scope="x y" , "#]), expected);
        assert_eq!(parse(&[]), []);
        assert_eq!(parse(&["", " ", ","]), []);
    }

    #[test]
    fn a_parameter_stays_in_its_header() {
        assert_eq!(
            parse(&["Bearer error=a", r#"realm="stray", Basic realm=b"#]),
            [challenge("Bearer", &[("error", "a")]), challenge("Basic", &[("realm", "b")])]
        );
    }

    #[test]
    fn schemes_without_parameters_or_with_a_token68() {
        assert_eq!(parse(&["Negotiate"]), [challenge("Negotiate", &[])]);
        assert_eq!(parse(&["Bearer, Negotiate"]), [challenge("Bearer", &[]), challenge("Negotiate", &[])]);
        assert_eq!(
            parse(&["Negotiate oYH1MIHy==, NTLM a/b+c.d~e_f-g= ,Bearer error=x"]),
            [challenge("Negotiate", &[]), challenge("NTLM", &[]), challenge("Bearer", &[("error", "x")])]
        );
    }

    #[test]
    fn white_space_around_the_equals_sign() {
        assert_eq!(
            parse(&["Bearer realm = \"x\" ,\terror\t=\tinvalid_token"]),
            [challenge("Bearer", &[("realm", "x"), ("error", "invalid_token")])]
        );
    }

    #[test]
    fn names_have_no_case_and_the_first_bearer_challenge_that_has_the_name_counts() {
        let challenges = parse(&["Basic error=basic, BEARER Realm=1, bearer Error=2, error=3"]);
        assert_eq!(bearer_parameter(&challenges, "ERROR"), Some("2"));
        assert_eq!(bearer_parameter(&challenges, "realm"), Some("1"));
    }

    #[test]
    fn a_dpop_challenge_counts_like_a_bearer_one() {
        let challenges = parse(&[r#"DPoP algs="ES256", error="use_dpop_nonce""#, "Bearer error=other"]);
        assert_eq!(bearer_parameter(&challenges, "error"), Some("use_dpop_nonce"));
        let parameter = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(bearer_parameters(&challenges), [parameter("algs", "ES256"), parameter("error", "use_dpop_nonce")]);
    }

    #[test]
    fn quoted_strings() {
        let value = |text: &str| parse(&[&format!("Bearer realm={text}")])[0].params[0].1.clone();
        assert_eq!(value(r#""""#), "");
        assert_eq!(value(r#""a\\b\"c\d""#), r#"a\b"cd"#);
        assert_eq!(value(r#""gültig \é, =x""#), "gültig é, =x");
        assert_eq!(value(r#""never closed, error="#), "never closed, error=");
        assert_eq!(value(r#""never closed\"#), "never closed");
    }

    #[test]
    fn what_servers_write_against_the_grammar() {
        assert_eq!(
            parse(&["Bearer resource_metadata=https://a.example/x?y=z, error=invalid_token"]),
            [challenge("Bearer", &[("resource_metadata", "https://a.example/x?y=z"), ("error", "invalid_token")])]
        );
        assert_eq!(parse(&[r#"Bearer realm="a" error="b""#]), [challenge("Bearer", &[("realm", "a"), ("error", "b")])]);
        assert_eq!(
            parse(&["Bearer scope=mcp:read mcp:write all, error=b"]),
            [challenge("Bearer", &[("scope", "mcp:read"), ("error", "b")])]
        );
        assert_eq!(parse(&[r#"Bearer @"x, y", error=b, "z, Basic realm=c"#]), [challenge("Bearer", &[("error", "b")])]);
        assert_eq!(parse(&[r#"{"error":"x"}, =, ==, Bearer error="#]), [challenge("Bearer", &[])]);
    }

    #[test]
    fn every_prefix_of_a_header_is_read_without_a_panic() {
        let value = "Bearer realm=\"gültig \\é\", scope = a:b ,Negotiate YQ==,\u{7f}\u{0}é Digest qop=\"x";
        for (end, _) in value.char_indices() {
            let challenges = parse(&[&value[..end]]);
            assert!(challenges.iter().all(|challenge| !challenge.scheme.is_empty()));
        }
        assert_eq!(bearer_parameter(&parse(&[value]), "realm"), Some("gültig é"));
    }

    #[test]
    fn all_parameters_of_bearer_challenges_are_listed_once() {
        let challenges = parse(&["Basic realm=x, Bearer a=1, A=2, b=3", "bearer b=4, c=5"]);
        let expected = [("a", "1"), ("b", "3"), ("c", "5")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(bearer_parameters(&challenges), expected);
        let many = (0..20_000).map(|number| format!("p{number}=1")).collect::<Vec<_>>().join(", ");
        let challenges = parse(&[&format!("Bearer {many}")]);
        assert_eq!(bearer_parameters(&challenges).len(), 20_000);
    }
}
