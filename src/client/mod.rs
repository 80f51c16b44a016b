//! The client that a caller holds: one server, any number of threads.

pub(crate) mod config_file;
mod fork;
mod handle;
mod input_requests;
mod listening;
pub(crate) mod lists;
mod operation;
mod process;
pub(crate) mod queue;
mod scope;
mod sessions;
mod setters;
pub(crate) mod stdio;
pub(crate) mod tasks;
mod tools;

use std::sync::Arc;

use crate::auth::Auth;
use crate::base::error::Error;
use crate::base::foreign;
use crate::base::text;
use crate::client::fork::ForkGuard;
use crate::client::handle::Handle;
use crate::client::lists::List;
use crate::client::operation::{Operation, message_params, named_params, parse_object};
use crate::client::process::Process;
use crate::http::{
    self,
    endpoint::{self, Endpoint},
};
use crate::json::Value;
use crate::protocol::jsonrpc::JsonObject;
use crate::protocol::meta::raw;
use crate::protocol::transport_kind::TransportKind;
use crate::session::Request;
use crate::session::config::Settings;
use crate::session::shared::Shared;

/// The log levels of the protocol (RFC 5424, section 6.2.1).
const LOG_LEVELS: [&str; 8] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// An MCP client of one server, or a scope of one ([`Client::scope`]). The client is closed when it and its scopes have been
/// dropped.
///
/// All methods take `&self` and may be called from any thread; calls may overlap. A setting takes effect with the next
/// request. After `fork` the child's client makes connections and a session of its own.
///
/// Every call that needs the server connects first if needed, and fails with the errors of [`Client::connect`].
///
/// ```no_run
/// let client = mcpclient::Client::new("https://example.com/mcp")?;
/// client.set_bearer_token(Some("token"))?;
/// let result = client.call_tool("add", Some(r#"{"a":1,"b":2}"#))?;
/// println!("{}", result.string("/content/0/text").unwrap_or("no text"));
/// # Ok::<(), mcpclient::Error>(())
/// ```
#[derive(Debug)]
pub struct Client {
    state: Arc<State>,
    handle: Handle,
}

/// What the handles on a client share.
#[derive(Debug)]
struct State {
    shared: Shared,
    processes: ForkGuard<Process>,
}

impl Client {
    /// A client of the server at `url` (`http://` or `https://`). Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a URL that cannot be used.
    pub fn new(url: &str) -> Result<Client, Error> {
        let url = endpoint::parse(url).map_err(Error::InvalidArgument)?;
        Endpoint::new(url.clone())?;
        http::prepare();
        Ok(Client::with(Settings::new(url)))
    }

    fn with(settings: Settings) -> Client {
        let shared = Shared::new(settings);
        let state = State { processes: ForkGuard::new(Process::new(&shared)), shared };
        Client { state: Arc::new(state), handle: Handle::default() }
    }

    /// The same handle once more, for work that may outlive this one.
    pub(crate) fn share(&self) -> Client {
        Client { state: self.state.clone(), handle: self.handle.clone() }
    }

    /// Drops the handle; from a handler on a thread of this client, when that has returned.
    pub(crate) fn free(self) {
        let is_own_thread =
            self.state.processes.own().is_some_and(|process| process.sessions.threads().has_this_thread());
        match is_own_thread {
            true => foreign::after_handlers(move || drop(self)),
            false => drop(self),
        }
    }

    /// Whether both are handles on one client.
    fn is_same(&self, other: &Client) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }

    /// Has the calls that wait check whether they are cancelled.
    fn wake_cancelled(&self) {
        self.process().sessions.wake_cancelled();
    }

    fn shared(&self) -> &Shared {
        &self.state.shared
    }

    fn process(&self) -> Arc<Process> {
        self.state.processes.current(|| Process::new(&self.state.shared))
    }

    /// A call through this handle that begins now. A queue may run it later, on another thread.
    pub(crate) fn operation(&self) -> Operation {
        let process = self.process();
        let request = self.shared().settings.request.load();
        let limits = self.handle.limits(request.limits);
        let call = self.handle.mark(process.sessions.call(limits));
        let may_wait = request.credentials.auth().is_some_and(Auth::asks_a_person);
        let call = if may_wait { call.with_pauses() } else { call };
        Operation::new(process, call)
    }

    /// Connects now; otherwise the first call does.
    ///
    /// # Errors
    /// [`Error::Network`] and [`Error::Tls`] when the server cannot be reached; [`Error::Timeout`] and
    /// [`Error::Cancelled`]; [`Error::Unauthorized`] and [`Error::Forbidden`] when it refuses the credentials;
    /// [`Error::Http`] for another HTTP status; [`Error::Protocol`] when the response is not MCP; [`Error::Rpc`] for an
    /// error of the server; [`Error::Unsupported`] when there is no common protocol version; [`Error::InvalidState`]
    /// when there is no token or no usable proxy.
    pub fn connect(&self) -> Result<(), Error> {
        let operation = self.operation();
        operation.finish(operation.connect())
    }

    /// Checks that the server can be reached, speaks MCP and accepts the credentials
    /// ([`ping`](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/ping), `server/discover` since
    /// 2026-07-28).
    pub fn ping(&self) -> Result<(), Error> {
        let operation = self.operation();
        operation.finish(operation.ping())
    }

    /// Ends the calls in progress on other threads with [`Error::Cancelled`]: those of a scope, or all of a client, those of
    /// its scopes included. The client remains usable.
    pub fn cancel(&self) {
        let process = self.process();
        match self.handle.scope() {
            None => process.sessions.cancel(),
            Some(scope) => {
                scope.advance();
                process.sessions.wake_cancelled();
            }
        }
    }

    /// Ends the session; the next call connects again. Takes at most a second; for a program see
    /// [`Client::set_grace`]. Does nothing through a scope.
    pub fn close(&self) {
        if self.handle.scope().is_none() {
            self.process().close();
        }
    }

    /// The transport of the session; [`TransportKind::Auto`] while not connected.
    pub fn transport_in_use(&self) -> TransportKind {
        self.process().sessions.connected().map_or(TransportKind::Auto, |session| session.transport.kind())
    }

    /// The negotiated protocol version; `None` while not connected.
    pub fn protocol_version(&self) -> Option<&'static str> {
        self.process().sessions.connected().map(|session| session.version.as_str())
    }

    /// Sends any request; `params` is JSON text of an object.
    ///
    /// # Errors
    /// Those of [`Client::connect`], and [`Error::InvalidArgument`] for parameters that are not a JSON object.
    pub fn request(&self, method: &str, params: Option<&str>) -> Result<Value, Error> {
        let params = message_params(method, params)?;
        let operation = self.operation();
        operation.finish(operation.any_request(method, params))
    }

    /// Sends any notification; `params` is JSON text of an object.
    ///
    /// # Errors
    /// Those of [`Client::connect`], and [`Error::InvalidArgument`] for parameters that are not a JSON object.
    pub fn notify(&self, method: &str, params: Option<&str>) -> Result<(), Error> {
        message_params(method, params)?;
        let operation = self.operation();
        operation.finish(operation.notify(method, params))
    }

    fn list(&self, list: List) -> Result<Value, Error> {
        let operation = self.operation();
        operation.finish(operation.list(list))
    }

    /// The server's tools, all pages in one array
    /// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/server/tools#listing-tools)).
    ///
    /// # Errors
    /// Those of [`Client::connect`], and [`Error::Unsupported`] when the server declares no tools.
    pub fn list_tools(&self) -> Result<Value, Error> {
        self.list(lists::TOOLS)
    }

    /// The server's resources, all pages in one array
    /// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/server/resources#listing-resources)).
    pub fn list_resources(&self) -> Result<Value, Error> {
        self.list(lists::RESOURCES)
    }

    /// The server's resource templates, all pages in one array
    /// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/server/resources#resource-templates)).
    pub fn list_resource_templates(&self) -> Result<Value, Error> {
        self.list(lists::RESOURCE_TEMPLATES)
    }

    /// The server's prompts, all pages in one array
    /// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/server/prompts#listing-prompts)).
    pub fn list_prompts(&self) -> Result<Value, Error> {
        self.list(lists::PROMPTS)
    }

    /// Calls a tool; `arguments` is JSON text of an object
    /// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/server/tools#calling-tools)). A tool's own
    /// error is a result with `isError`.
    pub fn call_tool(&self, name: &str, arguments: Option<&str>) -> Result<Value, Error> {
        let params = named_params("name", name, arguments)?;
        let operation = self.operation();
        operation.finish(operation.call_tool(params))
    }

    /// Reads a resource
    /// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/server/resources#reading-resources)).
    pub fn read_resource(&self, uri: &str) -> Result<Value, Error> {
        self.named_request("resources", "resources/read", named_params("uri", uri, None)?)
    }

    /// Gets a prompt with its arguments filled in; `arguments` is JSON text of an object
    /// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/server/prompts#getting-a-prompt)).
    pub fn get_prompt(&self, name: &str, arguments: Option<&str>) -> Result<Value, Error> {
        self.named_request("prompts", "prompts/get", named_params("name", name, arguments)?)
    }

    /// Requests completions of an argument of a prompt or resource template; `reference` is JSON text of an object
    /// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/server/utilities/completion)).
    pub fn complete(&self, reference: &str, argument_name: &str, argument_value: &str) -> Result<Value, Error> {
        parse_object("reference", Some(reference))?;
        let (name, value) = (text::quoted(argument_name), text::quoted(argument_value));
        let argument = format!("{{\"name\":{name},\"value\":{value}}}");
        let params = JsonObject::from([
            ("ref".to_owned(), raw(reference.trim().to_owned())?),
            ("argument".to_owned(), raw(argument)?),
        ]);
        self.named_request("completions", "completion/complete", params)
    }

    fn named_request(&self, capability: &str, method: &str, params: JsonObject) -> Result<Value, Error> {
        let operation = self.operation();
        operation.finish(operation.request(Some(capability), &Request::with(method, params)))
    }

    /// Requests log messages of this level and above from the server
    /// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/server/utilities/logging)).
    ///
    /// # Errors
    /// Those of [`Client::connect`]; [`Error::InvalidArgument`] for an unknown level.
    pub fn set_server_log_level(&self, level: &str) -> Result<(), Error> {
        if !LOG_LEVELS.contains(&level) {
            let levels = LOG_LEVELS.join(", ");
            return Err(Error::InvalidArgument(format!("not a log level: one of {levels} is expected")));
        }
        let operation = self.operation();
        operation.finish(operation.set_log_level(level))?;
        self.change_session(|config| config.log_level = Some(level.to_owned()));
        Ok(())
    }

    /// The server's description of itself: an object with `name`, `version`, `protocolVersion`, `serverInfo`,
    /// `capabilities` and `instructions`, as far as the server sends them.
    pub fn server_info(&self) -> Result<Value, Error> {
        let operation = self.operation();
        let json = operation.finish(operation.server_info())?;
        Value::from_text(json.into_bytes())
            .map_err(|reason| Error::Protocol(format!("the server's description is not valid JSON: {reason}")))
    }

    /// Opens a stream of notifications outside calls. `filter` is JSON text of an object such as
    /// `{"toolsListChanged":true,"resourceSubscriptions":["file:///x"]}`
    /// ([2026-07-28, "Subscriptions"](https://modelcontextprotocol.io/specification/2026-07-28/basic/utilities/subscriptions)).
    ///
    /// # Errors
    /// Those of [`Client::connect`]; [`Error::Unsupported`] when the server has no such stream.
    pub fn listen(&self, filter: Option<&str>) -> Result<(), Error> {
        let filter = parse_object("filter", filter)?;
        let operation = self.operation();
        operation.finish(operation.listen(filter.as_ref()))
    }

    /// Ends the stream of [`Client::listen`]. Up to 2025-11-25 the server's own stream stays open while handlers are set.
    pub fn stop_listening(&self) {
        self.process().listening.stop_listening();
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // In a forked child the session is the parent's, which ends it.
        if let Some(process) = self.processes.own() {
            process.sessions.cancel(); // handlers may wait in a call, or for a reply through a queue
            process.close();
            process.sessions.threads().end_handlers();
        }
        // The handlers' user data is dropped now, in a forked child too, where the parent's state is leaked.
        self.shared.drop_handlers();
        self.shared.settings.clear_secrets();
        self.shared.cache.clear();
    }
}
