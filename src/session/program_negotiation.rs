//! Negotiates the version with a program
//! ([2026-07-28, "stdio"](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/stdio#backward-compatibility)).

use std::sync::Arc;
use std::time::Duration;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::threads::Threads;
use crate::json::Value;
use crate::protocol::initialize::{self, INITIALIZED};
use crate::protocol::jsonrpc;
use crate::protocol::server_info::ServerInfo;
use crate::protocol::version::Version;
use crate::session::Session;
use crate::session::handshake::{Era, Handshake, Verdict, judge, read_era};
use crate::session::shared::Shared;
use crate::transport::Transport;
use crate::transport::message::Request;
use crate::transport::stdio::{Launcher, Program, Stdio};

/// How long a response to `server/discover` is waited for before `initialize` is sent as well: a program may take long to
/// start, and one of the older era may not respond at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// How far the `initialize` handshake is.
enum Greeting {
    NotSent,
    /// The id of the request.
    Sent(u64),
    Responded(Value),
}

/// One attempt to connect to a program.
pub(crate) struct ProgramNegotiation<'a> {
    handshake: Handshake<'a>,
    program: Arc<Program>,
    launcher: &'a Arc<Launcher>,
    threads: &'a Arc<Threads>,
}

impl<'a> ProgramNegotiation<'a> {
    pub(crate) fn new(
        call: &'a Call,
        shared: &'a Shared,
        program: Arc<Program>,
        launcher: &'a Arc<Launcher>,
        threads: &'a Arc<Threads>,
    ) -> ProgramNegotiation<'a> {
        ProgramNegotiation { handshake: Handshake::new(call, shared), program, launcher, threads }
    }

    /// Starts the program and negotiates the version with it.
    pub(crate) fn connect(&self) -> Result<Session, Error> {
        let session = self.negotiate()?;
        match self.handshake.restore_log_level(&session) {
            Err(error) if error.ends_call() => Err(error),
            _ => Ok(session),
        }
    }

    fn negotiate(&self) -> Result<Session, Error> {
        match self.handshake.config.version {
            Some(version) if version.is_modern() => Ok(self.modern(self.start()?, version, ServerInfo::default())),
            Some(version) => self.legacy(self.start()?, version, Greeting::NotSent),
            None if self.launcher.ends_at_discover() => self.legacy(self.start()?, Version::LEGACY, Greeting::NotSent),
            None => self.probe(),
        }
    }

    fn start(&self) -> Result<Stdio, Error> {
        self.handshake.call.remaining()?;
        Stdio::start(&self.program, Arc::new(self.handshake.shared.clone()), self.threads, self.launcher)
    }

    fn session(&self, version: Version, stdio: Stdio, server: ServerInfo) -> Session {
        Session::new(version, Transport::Stdio(stdio), server, self.handshake.shared.clone())
    }

    fn modern(&self, stdio: Stdio, version: Version, server: ServerInfo) -> Session {
        stdio.ignore_requests();
        self.session(version, stdio, server)
    }

    fn legacy(&self, stdio: Stdio, version: Version, greeting: Greeting) -> Result<Session, Error> {
        let response = match greeting {
            Greeting::Responded(response) => response,
            Greeting::Sent(id) => {
                let response = stdio.wait(self.handshake.call, id);
                stdio.forget(id);
                response?
            }
            Greeting::NotSent => {
                let (id, message) = self.handshake.initialize_request(version);
                let request = Request { id, message: &message, headers: &[], idempotent: true };
                stdio.request(self.handshake.call, &request)?
            }
        };
        let (result, chosen) = initialize::read(&response)?;
        self.handshake.check_pinned(chosen)?;
        stdio.notify(&jsonrpc::notification(INITIALIZED, None))?;
        Ok(self.session(chosen, stdio, ServerInfo::from_initialize(&result)))
    }

    /// Finds out which era the program is of. One that ends at the question is started once more and greeted as one of the
    /// older era.
    fn probe(&self) -> Result<Session, Error> {
        let stdio = self.start()?;
        match self.era_of(&stdio) {
            Ok((Era::Modern(version, server), greeting)) => {
                if let Greeting::Sent(id) = greeting {
                    stdio.forget(id);
                }
                Ok(self.modern(stdio, version, server))
            }
            Ok((Era::Legacy(version), greeting)) => self.legacy(stdio, version.unwrap_or(Version::LEGACY), greeting),
            Err(Error::Network(_)) if !stdio.is_open() => {
                let session = self.legacy(self.start()?, Version::LEGACY, Greeting::NotSent)?;
                self.launcher.set_ends_at_discover();
                Ok(session)
            }
            Err(error) => Err(error),
        }
    }

    fn era_of(&self, stdio: &Stdio) -> Result<(Era, Greeting), Error> {
        let mut greeting = Greeting::NotSent;
        let mut version = Version::MODERN;
        let mut repeated = false;
        loop {
            let (id, message) = self.handshake.discover_request(version);
            stdio.begin(id, &message)?;
            let response = self.first_response(stdio, id, &mut greeting);
            stdio.forget(id);
            let error = match response? {
                None => return Ok((Era::Legacy(None), greeting)),
                Some(Ok(response)) => return Ok((read_era(&response)?, greeting)),
                Some(Err(error)) => error,
            };
            match judge(error, repeated)? {
                Verdict::Is(era) => return Ok((era, greeting)),
                Verdict::AskAgain(common) => (version, repeated) = (common, true),
            }
        }
    }

    /// The response to `server/discover`; `None` when `initialize`, which is sent after a while, is responseed first.
    fn first_response(
        &self,
        stdio: &Stdio,
        question: u64,
        greeting: &mut Greeting,
    ) -> Result<Option<Result<Value, Error>>, Error> {
        match stdio.wait_first(&self.handshake.call.at_most(Some(PATIENCE)), &[question]) {
            Ok((_, response)) => return Ok(Some(response)),
            // The patience is over, but not the call.
            Err(Error::Timeout(_)) if self.handshake.call.remaining().is_ok() => {}
            Err(error) => return Err(error),
        }
        if let Greeting::NotSent = greeting {
            let (id, message) = self.handshake.initialize_request(Version::LEGACY);
            stdio.begin(id, &message)?;
            *greeting = Greeting::Sent(id);
        }
        let Greeting::Sent(initialize) = *greeting else { return Ok(None) };
        match stdio.wait_first(self.handshake.call, &[question, initialize])? {
            (id, response) if id == question => Ok(Some(response)),
            (_, Ok(response)) => {
                *greeting = Greeting::Responded(response);
                Ok(None)
            }
            // A server of the newer era alone refuses it.
            (_, Err(_)) => stdio.wait_first(self.handshake.call, &[question]).map(|(_, response)| Some(response)),
        }
    }
}
