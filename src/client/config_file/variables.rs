//! `${name}` in a configuration file: what it stands for.
//!
//! The forms are those of the hosts' files: `${VAR}` and `${VAR:-default}`, `${env:VAR}`, `${userHome}`, and names that
//! the program sets, such as `${workspaceFolder}` and `${input:api-key}`.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::auth::Auth;
use crate::base::{environment, text};

/// What a program has set for the files' entries: values of variables, and the credentials that `"auth": "oauth"` means.
#[derive(Clone, Default)]
pub(super) struct Substitutes {
    pub(super) variables: BTreeMap<String, Zeroizing<String>>,
    pub(super) auth: Option<Auth>,
}

impl fmt::Debug for Substitutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Substitutes").field("variables", &self.variables.keys()).finish_non_exhaustive()
    }
}

impl Substitutes {
    /// The text with its variables replaced, each once: a value is not searched for variables again. The reason of a
    /// failure names the variable and repeats nothing else of the text, which may be a secret.
    pub(super) fn expand(&self, text: &str) -> Result<Zeroizing<String>, String> {
        let mut expanded = Zeroizing::new(String::with_capacity(text.len()));
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let inner = &rest[start + 2..];
            let end = inner.find('}').ok_or("a variable is not closed by \"}\"")?;
            let reference = &inner[..end];
            if reference.contains("${") {
                return Err("a variable stands inside another".to_owned());
            }
            push(&mut expanded, &rest[..start]);
            push(&mut expanded, &self.value(reference)?);
            rest = &inner[end + 1..];
        }
        push(&mut expanded, rest);
        Ok(expanded)
    }

    /// The value of `name` or `name:-default`.
    fn value(&self, reference: &str) -> Result<Zeroizing<String>, String> {
        let (name, default) = match reference.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (reference, None),
        };
        if name.is_empty() {
            return Err("a variable has no name".to_owned());
        }
        let missing = || format!("the variable {} is not set", text::one_line(name));
        let found = match self.variables.get(name) {
            Some(value) => Some(value.clone()),
            None => from_environment(name)?,
        };
        found.or_else(|| default.map(|default| Zeroizing::new(default.to_owned()))).ok_or_else(missing)
    }
}

fn from_environment(name: &str) -> Result<Option<Zeroizing<String>>, String> {
    let name = match name {
        "userHome" => "HOME",
        name => name.strip_prefix("env:").unwrap_or(name),
    };
    if name.is_empty() || name.contains(['=', '\0']) {
        return Ok(None);
    }
    let not_text = |_| format!("the variable {} is not UTF-8", text::one_line(name));
    environment::variable(name).map(|value| value.into_string().map(Zeroizing::new).map_err(not_text)).transpose()
}

/// Appends to a secret. A string that grows leaves a copy behind, which is not wiped; this one is replaced.
fn push(secret: &mut Zeroizing<String>, more: &str) {
    if secret.capacity() - secret.len() < more.len() {
        let mut larger = Zeroizing::new(String::with_capacity(2 * (secret.len() + more.len())));
        larger.push_str(secret);
        *secret = larger;
    }
    secret.push_str(more);
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    fn substitutes(variables: &[(&str, &str)]) -> Substitutes {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), Zeroizing::new((*value).to_owned()));
        Substitutes { variables: variables.iter().map(pair).collect(), auth: None }
    }

    fn expanded(text: &str) -> Result<String, String> {
        let set = [("workspaceFolder", "/w"), ("input:api-key", "k$y"), ("SELF", "${SELF}"), ("EMPTY", "")];
        substitutes(&set).expand(text).map(|text| text.to_string())
    }

    #[test]
    fn variables_are_replaced_once() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("${workspaceFolder}/x", "/w/x"),
            ("a${workspaceFolder}b${input:api-key}c", "a/wbk$yc"),
            ("${SELF}", "${SELF}"),
            ("${EMPTY:-x}", ""),
            ("${MCPCLIENT_NOT_THERE:-a:-b}", "a:-b"),
            ("${MCPCLIENT_NOT_THERE:-}", ""),
            ("${env:MCPCLIENT_NOT_THERE:-d}", "d"),
            ("$5 $VAR $$ {x} $", "$5 $VAR $$ {x} $"),
            ("é${workspaceFolder}é", "é/wé"),
        ] {
            assert_eq!(expanded(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn the_environment_comes_after_what_was_set() {
        let path = env::var("PATH").unwrap();
        let home = env::var("HOME").unwrap();
        assert_eq!(expanded("${PATH}"), Ok(path.clone()));
        assert_eq!(expanded("${env:PATH}"), Ok(path));
        assert_eq!(expanded("${userHome}"), Ok(home));
        let set = substitutes(&[("PATH", "own"), ("env:PATH", "own too"), ("userHome", "~")]);
        assert_eq!(**set.expand("${PATH} ${env:PATH} ${userHome}").unwrap(), *"own own too ~");
    }

    #[test]
    fn what_cannot_be_replaced_is_named() {
        for (text, reason) in [
            ("${MCPCLIENT_NOT_THERE}", "the variable MCPCLIENT_NOT_THERE is not set"),
            ("${env:MCPCLIENT_NOT_THERE}", "the variable env:MCPCLIENT_NOT_THERE is not set"),
            ("${input:other}", "the variable input:other is not set"),
            ("x${", "a variable is not closed by \"}\""),
            ("${workspaceFolder", "a variable is not closed by \"}\""),
            ("${}", "a variable has no name"),
            ("${:-x}", "a variable has no name"),
            ("${A:-${B}}", "a variable stands inside another"),
            ("${A=b}", "the variable A=b is not set"),
            ("${env:}", "the variable env: is not set"),
        ] {
            assert_eq!(expanded(text).unwrap_err(), reason, "{text}");
        }
    }

    #[test]
    fn debug_output_shows_no_value() {
        let shown = format!("{:?}", substitutes(&[("TOKEN", "swordfish")]));
        assert!(shown.contains("TOKEN") && !shown.contains("swordfish"), "{shown}");
    }
}
