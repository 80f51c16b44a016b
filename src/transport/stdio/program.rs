//! What a program is started with.

use std::ffi::{CString, OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::auth::redact::{redact, redact_json};
use crate::base::environment;
use crate::base::error::Error;

/// Called with each line that a program writes to its stderr.
pub type LineHandler = Arc<dyn Fn(&str) + Send + Sync>;

/// Which variables of this process a program gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum Environment {
    /// HOME, LOGNAME, PATH, SHELL, TERM and USER.
    #[default]
    Basic = 0,
    /// None.
    None = 1,
    /// All.
    All = 2,
}

impl Environment {
    /// The choice that has this number in the C API.
    pub fn from_number(number: i32) -> Option<Environment> {
        [Environment::Basic, Environment::None, Environment::All].into_iter().find(|known| *known as i32 == number)
    }

    fn has(self, name: &OsStr) -> bool {
        const BASIC: [&str; 6] = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];
        match self {
            Environment::Basic => BASIC.iter().any(|known| name == *known),
            Environment::None => false,
            Environment::All => true,
        }
    }
}

/// How long a program gets for each step of its end, unless set.
const GRACE: Duration = Duration::from_secs(2);

/// A program and its surroundings.
#[derive(Clone)]
pub(crate) struct Program {
    command: String,
    arguments: Vec<String>,
    pub(crate) environment: Environment,
    variables: Vec<(String, Zeroizing<String>)>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) on_stderr: Option<LineHandler>,
    pub(crate) grace: Duration,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.variables.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Program").field("command", &self.command).field("variables", &names).finish_non_exhaustive()
    }
}

impl Program {
    pub(crate) fn new(command: &str, arguments: &[&str]) -> Result<Program, Error> {
        if command.is_empty() {
            return Err(Error::InvalidArgument("the command is empty".to_owned()));
        }
        without_nul("the command", command)?;
        for (at, argument) in arguments.iter().enumerate() {
            without_nul(&format!("the argument {at}"), argument)?;
        }
        Ok(Program {
            command: command.to_owned(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            environment: Environment::default(),
            variables: Vec::new(),
            directory: None,
            on_stderr: None,
            grace: GRACE,
        })
    }

    pub(crate) fn command(&self) -> &str {
        &self.command
    }

    /// Sets a variable on top of those that are inherited; `None` removes it.
    pub(crate) fn set_variable(&mut self, name: &str, value: Option<Zeroizing<String>>) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.extend(value.map(|value| (name.to_owned(), value)));
    }

    /// The same without what is secret, and without callbacks.
    pub(crate) fn without_secrets(&self) -> Program {
        Program { variables: Vec::new(), on_stderr: None, arguments: Vec::new(), ..self.clone() }
    }

    /// A text of the program without the values of variables that it may repeat.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.variables.iter().fold(text.to_owned(), |text, (_, value)| redact(&text, value))
    }

    /// The same for JSON text, which stays valid.
    pub(crate) fn redact_json(&self, json: &str) -> String {
        self.variables.iter().fold(json.to_owned(), |json, (_, value)| redact_json(&json, value))
    }

    /// Command and arguments.
    pub(crate) fn arguments(&self) -> Result<Vec<CString>, Error> {
        std::iter::once(&self.command).chain(&self.arguments).map(|text| c_string(text.as_str())).collect()
    }

    /// `NAME=value` for each variable, with a NUL after it.
    pub(crate) fn variables(&self) -> Vec<Zeroizing<Vec<u8>>> {
        let inherited = environment::all().filter(|(name, value)| {
            let is_set = self.variables.iter().any(|(known, _)| OsStr::new(known) == name);
            // Some shells export their functions so, and run what stands there.
            self.environment.has(name) && !is_set && !value.as_encoded_bytes().starts_with(b"()")
        });
        let own = self.variables.iter().map(|(name, value)| entry(OsStr::new(name), value.as_bytes()));
        inherited.map(|(name, value): (OsString, OsString)| entry(&name, value.as_encoded_bytes())).chain(own).collect()
    }
}

fn entry(name: &OsStr, value: &[u8]) -> Zeroizing<Vec<u8>> {
    let name = name.as_encoded_bytes();
    // The exact capacity: a buffer that grows leaves a copy behind.
    let mut entry = Zeroizing::new(Vec::with_capacity(name.len() + value.len() + 2));
    entry.extend_from_slice(name);
    entry.push(b'=');
    entry.extend_from_slice(value);
    entry.push(0);
    entry
}

/// The name of a variable, which can be set.
pub(crate) fn check_variable(name: &str, value: Option<&str>) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::InvalidArgument("the name of the variable is empty".to_owned()));
    }
    if let Some(at) = name.find('=') {
        return Err(Error::InvalidArgument(format!("the name of the variable has a \"=\" at byte {at}")));
    }
    without_nul("the name of the variable", name)?;
    without_nul("the value of the variable", value.unwrap_or_default())
}

/// The system takes no text with a NUL.
pub(crate) fn without_nul(what: &str, text: &str) -> Result<(), Error> {
    match text.find('\0') {
        Some(at) => Err(Error::InvalidArgument(format!("{what} has a NUL at byte {at}"))),
        None => Ok(()),
    }
}

pub(crate) fn c_string(text: impl Into<Vec<u8>>) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error::InvalidArgument("a text for the system has a NUL".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(program: &Program) -> Vec<String> {
        let texts = program.variables();
        texts.iter().map(|text| String::from_utf8_lossy(text).split('=').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn what_the_system_cannot_take_is_refused_by_position() {
        let refused = |result: Result<Program, Error>| result.unwrap_err().to_string();
        assert_eq!(refused(Program::new("", &[])), "the command is empty");
        assert_eq!(refused(Program::new("a\0", &[])), "the command has a NUL at byte 1");
        assert_eq!(refused(Program::new("a", &["x", "b\0"])), "the argument 1 has a NUL at byte 1");
        assert_eq!(check_variable("", None).unwrap_err().to_string(), "the name of the variable is empty");
        assert!(check_variable("A=B", None).unwrap_err().to_string().contains("at byte 1"));
        let error = check_variable("A", Some("swordfish\0")).unwrap_err().to_string();
        assert_eq!(error, "the value of the variable has a NUL at byte 9");
    }

    #[test]
    fn the_program_inherits_what_was_chosen() {
        let mut program = Program::new("x", &[]).unwrap();
        let basic = names(&program);
        assert!(basic.contains(&"PATH".to_owned()) && !basic.iter().any(|name| name.starts_with("CARGO")), "{basic:?}");
        program.environment = Environment::All;
        assert!(names(&program).iter().any(|name| name.starts_with("CARGO")));
        program.environment = Environment::None;
        assert!(program.variables().is_empty());
        program.set_variable("PATH", Some(Zeroizing::new("/own".to_owned())));
        program.set_variable("PATH", Some(Zeroizing::new("/own=2".to_owned())));
        program.environment = Environment::Basic;
        let texts = program.variables();
        assert_eq!(texts.iter().filter(|text| text.starts_with(b"PATH=")).count(), 1);
        assert!(texts.iter().any(|text| text.as_slice() == b"PATH=/own=2\0"));
        program.set_variable("PATH", None);
        assert!(!program.variables().iter().any(|text| text.as_slice() == b"PATH=/own=2\0"));
    }

    #[test]
    fn values_are_redacted_and_not_shown() {
        let mut program = Program::new("x", &[]).unwrap();
        program.set_variable("TOKEN", Some(Zeroizing::new("swordfish".to_owned())));
        assert_eq!(program.redact("the token swordfish is bad"), "the token [redacted] is bad");
        let shown = format!("{program:?}");
        assert!(shown.contains("TOKEN") && !shown.contains("swordfish"), "{shown}");
    }
}
