//! Clients of a server that is a program, and what can be set for one.

use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use super::Client;
use crate::base::error::Error;
use crate::session::config::{ServerConfig, Settings};
use crate::transport::stdio::Program;
use crate::transport::stdio::program::{self, Environment, LineHandler};

/// Why a program takes no credentials of HTTP (2025-11-25, "Authorization": stdio gets them from the environment).
pub(crate) const PROGRAMS_HAVE_VARIABLES: &str =
    "the server is a program: it gets credentials as environment variables";

impl Client {
    /// A client of the server that a program is: `command` is a path, or a name that is looked up in PATH, and no shell
    /// is involved. The first call starts it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the command is empty, or a text has a NUL.
    pub fn stdio(command: &str, arguments: &[&str]) -> Result<Client, Error> {
        let program = Program::new(command, arguments)?;
        Ok(Client::with(Settings::of_program(program)))
    }

    /// Which variables of this process the program gets. Not while it runs.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a client of a URL, [`Error::InvalidState`] while the program runs.
    pub fn set_environment(&self, inherit: Environment) -> Result<(), Error> {
        self.change_program("the environment", |program| program.environment = inherit)
    }

    /// Sets a variable of the program on top of those that it gets from this process, such as the server's token; `None`
    /// does not. A value is a secret: no message repeats it. Not while the program runs.
    ///
    /// # Errors
    /// As for [`Client::set_environment`]; [`Error::InvalidArgument`] for an empty name, one with `=`, and for a NUL.
    pub fn set_variable(&self, name: &str, value: Option<&str>) -> Result<(), Error> {
        program::check_variable(name, value)?;
        let value = value.map(|value| Zeroizing::new(value.to_owned()));
        self.change_program("the environment", |program| program.set_variable(name, value.clone()))
    }

    /// The program's working directory; `None`: that of this process. Not while the program runs.
    ///
    /// # Errors
    /// As for [`Client::set_environment`].
    pub fn set_working_directory(&self, path: Option<&Path>) -> Result<(), Error> {
        if let Some(path) = path {
            program::without_nul("the path", &path.to_string_lossy())?;
        }
        self.change_program("the working directory", |program| program.directory = path.map(Path::to_owned))
    }

    /// Calls `handler` with each line that the program writes to its stderr; `None`: it goes to the stderr of this
    /// process. Not while the program runs.
    ///
    /// # Errors
    /// As for [`Client::set_environment`].
    pub fn on_stderr(&self, handler: Option<LineHandler>) -> Result<(), Error> {
        self.change_program("the handler of stderr", |program| program.on_stderr.clone_from(&handler))
    }

    /// How long the program gets for each step of its end: after its stdin was closed, and after SIGTERM. 2 seconds
    /// unless set. Not while the program runs.
    ///
    /// # Errors
    /// As for [`Client::set_environment`].
    pub fn set_grace(&self, grace: Duration) -> Result<(), Error> {
        self.change_program("the grace", |program| program.grace = grace)
    }

    /// The process id of the program; 0 while none runs.
    pub fn process_id(&self) -> i32 {
        self.process().sessions.connected().map_or(0, |session| session.transport.process_id())
    }

    fn change_program(&self, what: &str, change: impl Fn(&mut Program)) -> Result<(), Error> {
        self.refuse_through_scope(what)?;
        let ServerConfig::Program(program) = &self.shared().settings.server else {
            return Err(Error::Unsupported(
                "the server is reached by its URL: this client starts no program".to_owned(),
            ));
        };
        let process = self.process();
        let disconnected = process.sessions.hold_disconnected(what)?;
        let before = program.rcu(|before| {
            let mut after = Program::clone(before);
            change(&mut after);
            after
        });
        // Before what was set before is dropped: user data must not be freed under a lock.
        drop(disconnected);
        drop(before);
        Ok(())
    }

    /// Refuses what only a client of a URL has.
    pub(super) fn require_url(&self) -> Result<(), Error> {
        match &self.shared().settings.server {
            ServerConfig::Remote(_) => Ok(()),
            ServerConfig::Program(_) => Err(Error::Unsupported(PROGRAMS_HAVE_VARIABLES.to_owned())),
        }
    }
}
