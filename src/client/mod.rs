//! The client: what a caller sets, and what it calls.

mod input_requests;
mod listener;
mod listening;
pub(crate) mod lists;
mod operation;
mod sessions;
pub(crate) mod tools;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::auth::{self, Auth};
use crate::base::error::Error;
use crate::base::text;
use crate::client::operation::{Operation, members, named};
use crate::client::sessions::SessionManager;
use crate::http::client::Endpoint;
use crate::http::{self, endpoint, proxy, tls};
use crate::json::Value;
use crate::protocol::Version;
use crate::protocol::discover;
use crate::protocol::jsonrpc::JsonObject;
use crate::protocol::meta::raw;
use crate::protocol::server_info::ServerInfo;
use crate::session::Ask;
use crate::session::callbacks::{Dispatcher, Handlers, NotificationHandler, RequestHandler};
use crate::session::config::{Settings, TransportKind};
use crate::session::list_cache::ListCache;

/// The severities of RFC 5424 that a log level can be.
const LOG_LEVELS: [&str; 8] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// An MCP client of one server.
///
/// All methods take `&self` and may be called from any thread; calls may overlap. Settings take effect on the next
/// request. After `fork` the child's client makes connections and a session of its own.
#[derive(Debug)]
pub struct Client {
    settings: Arc<ArcSwap<Settings>>,
    handlers: Arc<ArcSwap<Handlers>>,
    cache: Arc<ListCache>,
    process: ArcSwap<SessionManager>,
}

impl Client {
    /// A client of the server at `url` (`http://` or `https://`). Nothing is sent yet.
    pub fn new(url: &str) -> Result<Client, Error> {
        let url = endpoint::parse(url).map_err(Error::InvalidArgument)?;
        Endpoint::new(url.clone())?;
        http::prepare();
        Ok(Client {
            settings: Arc::new(ArcSwap::from_pointee(Settings::new(url))),
            handlers: Arc::default(),
            cache: Arc::default(),
            process: ArcSwap::from_pointee(SessionManager::new()),
        })
    }

    fn process(&self) -> Arc<SessionManager> {
        SessionManager::current(&self.process)
    }

    fn dispatcher(&self) -> Dispatcher {
        Dispatcher { settings: self.settings.clone(), handlers: self.handlers.clone(), cache: self.cache.clone() }
    }

    /// Changes the settings as a whole or not at all; other threads may do so at the same time.
    fn change(&self, change: impl Fn(&mut Settings) -> Result<(), Error>) -> Result<(), Error> {
        loop {
            let before = self.settings.load();
            let mut after = Settings::clone(&before);
            change(&mut after)?;
            let found = self.settings.compare_and_swap(&before, Arc::new(after));
            if Arc::ptr_eq(&found, &before) {
                return Ok(());
            }
        }
    }

    fn change_disconnected(&self, what: &str, change: impl Fn(&mut Settings)) -> Result<(), Error> {
        self.process().while_disconnected(what, || {
            self.change(|settings| {
                change(settings);
                Ok(())
            })
        })
    }

    /// Chooses the transport; not while connected.
    pub fn set_transport(&self, transport: TransportKind) -> Result<(), Error> {
        self.change_disconnected("the transport", |settings| settings.transport = transport)?;
        self.cache.clear();
        Ok(())
    }

    /// Pins the protocol version, such as `2025-11-25`; `None` negotiates. Not while connected.
    pub fn set_protocol_version(&self, version: Option<&str>) -> Result<(), Error> {
        let known = |text: &str| {
            let names = Version::ALL.map(Version::as_str).join(", ");
            Version::parse(text)
                .ok_or_else(|| Error::InvalidArgument(format!("not a protocol version that is known: {names}")))
        };
        let version = version.map(known).transpose()?;
        self.change_disconnected("the protocol version", |settings| settings.version = version)?;
        self.cache.clear();
        Ok(())
    }

    /// Sends this bearer token with every request; `None` sends none. Replaces what [`Client::set_auth`] set.
    pub fn set_bearer_token(&self, token: Option<&str>) -> Result<(), Error> {
        let auth = token.map(Auth::bearer).transpose()?;
        self.set_auth(auth.as_ref())
    }

    /// Takes the bearer token from this source, which other clients may share; `None` sends none.
    pub fn set_auth(&self, auth: Option<&Auth>) -> Result<(), Error> {
        self.change(|settings| settings.credentials.set_auth(auth.cloned()))?;
        self.cache.forget_private();
        Ok(())
    }

    /// Sends this header with every request; a `None` value removes it.
    pub fn set_header(&self, name: &str, value: Option<&str>) -> Result<(), Error> {
        let name = auth::header::parse_name(name).map_err(Error::InvalidArgument)?;
        let value = value.map(auth::header::parse_value).transpose().map_err(Error::InvalidArgument)?;
        self.change(|settings| settings.credentials.set_header(name.clone(), value.clone()))?;
        self.cache.forget_private();
        Ok(())
    }

    fn change_always(&self, change: impl Fn(&mut Settings)) {
        let changed = self.change(|settings| {
            change(settings);
            Ok(())
        });
        debug_assert!(changed.is_ok(), "this change cannot fail");
    }

    /// The deadline of each call, from end to end; `None`: no deadline. 30 seconds unless set.
    pub fn set_timeout(&self, timeout: Option<Duration>) {
        self.change_always(|settings| settings.timeout = timeout);
    }

    /// How long making one connection may take; `None`: as long as the call. 10 seconds unless set.
    pub fn set_connect_timeout(&self, timeout: Option<Duration>) {
        self.change_always(|settings| settings.connect_timeout = timeout);
    }

    /// The most bytes of one answer, decoded. 64 MiB unless set.
    pub fn set_max_response_bytes(&self, bytes: u64) -> Result<(), Error> {
        if bytes == 0 {
            return Err(Error::InvalidArgument("a limit of 0 bytes would refuse every answer".to_owned()));
        }
        self.change_always(|settings| settings.max_response_bytes = bytes);
        Ok(())
    }

    /// Trusts the authorities of this PEM file instead of the operating system's; `None` goes back to those. Not while
    /// connected.
    pub fn set_ca_file(&self, path: Option<&Path>) -> Result<(), Error> {
        let ca = path.map(tls::read_authorities).transpose()?.map(Arc::new);
        self.change_tls(|settings| settings.ca = ca.clone())
    }

    /// Shows this certificate (a PEM file with its chain) and proves it with this key (a PEM file); `None` shows none.
    /// Not while connected.
    pub fn set_client_certificate(&self, files: Option<(&Path, &Path)>) -> Result<(), Error> {
        let identity = files.map(|(chain, key)| tls::read_identity(chain, key)).transpose()?.map(Arc::new);
        self.change_tls(|settings| settings.identity = identity.clone())
    }

    /// Whether the server's certificate is verified: always, except in tests. Not while connected.
    pub fn set_tls_verify(&self, verify: bool) -> Result<(), Error> {
        self.change_tls(|settings| settings.verify = verify)
    }

    fn change_tls(&self, change: impl Fn(&mut tls::TlsSettings)) -> Result<(), Error> {
        self.change_disconnected("the TLS settings", |settings| {
            change(&mut settings.tls);
        })?;
        self.cache.forget_private(); // a client certificate says who asks, too
        Ok(())
    }

    /// Goes through this proxy (`http://` or `https://`); `""`: none; `None`: as the environment says. Not while
    /// connected.
    pub fn set_proxy(&self, proxy: Option<&str>) -> Result<(), Error> {
        let choice = match proxy {
            None => proxy::ProxyChoice::Environment,
            Some("") => proxy::ProxyChoice::Direct,
            Some(url) => proxy::ProxyChoice::Fixed(proxy::parse(url)?),
        };
        self.change_disconnected("the proxy", |settings| settings.proxy = choice.clone())
    }

    /// The name and version by which the client introduces itself.
    pub fn set_client_info(&self, name: &str, version: &str) -> Result<(), Error> {
        if name.is_empty() {
            return Err(Error::InvalidArgument("the name is empty".to_owned()));
        }
        self.change_always(|settings| {
            settings.identity.name = name.to_owned();
            settings.identity.version = version.to_owned();
        });
        Ok(())
    }

    /// The capabilities to send, JSON text of an object; `None`: what the request handlers imply.
    pub fn set_capabilities(&self, json: Option<&str>) -> Result<(), Error> {
        members("capabilities", json)?;
        self.change_always(|settings| settings.identity.capabilities = json.map(str::to_owned));
        Ok(())
    }

    /// Whether lists are kept for as long as the server allows (2026-07-28). On unless set.
    pub fn set_cache(&self, on: bool) {
        self.change_always(|settings| settings.cache = on);
        self.cache.clear();
    }

    /// Calls `handler` with the notifications of a method, or of all; `None` removes it.
    pub fn on_notification(&self, method: Option<&str>, handler: Option<NotificationHandler>) -> Result<(), Error> {
        self.change_handlers(|handlers| handlers.set_notification(method, handler.clone()));
        Ok(())
    }

    /// Calls `handler` with the server's requests of a method, and advertises the capability; `None` removes it.
    pub fn on_request(&self, method: &str, handler: Option<RequestHandler>) -> Result<(), Error> {
        if method.is_empty() {
            return Err(Error::InvalidArgument("the method is empty".to_owned()));
        }
        self.change_handlers(|handlers| handlers.set_request(method, handler.clone()));
        Ok(())
    }

    fn change_handlers(&self, change: impl Fn(&mut Handlers)) {
        self.handlers.rcu(|before| {
            let mut after = Handlers::clone(before);
            change(&mut after);
            after
        });
    }

    /// Connects now; otherwise the first call does.
    pub fn connect(&self) -> Result<(), Error> {
        self.operate(|operation| operation.on_session(|_| Ok(())))
    }

    /// Asks the server whether it is there, speaks MCP and accepts the credentials.
    pub fn ping(&self) -> Result<(), Error> {
        self.operate(|operation| {
            let connected = operation.process.session(operation.call, operation.dispatcher)?;
            // `server/discover` is this era's ping, and has just been answered.
            if connected.fresh && connected.session.version.is_modern() && connected.session.server.is_known() {
                return Ok(());
            }
            operation.on(connected.session, |session| session.ping(operation.call))
        })
    }

    /// Ends the calls that are under way; the client stays usable.
    pub fn cancel(&self) {
        self.process().cancel();
    }

    /// Ends the session; the next call connects again. Takes a second at most.
    pub fn close(&self) {
        self.process().close();
    }

    /// The transport of the session, [`Transport::Auto`] while there is none.
    pub fn transport_in_use(&self) -> TransportKind {
        self.process().connected().map_or(TransportKind::Auto, |session| session.transport())
    }

    /// The version that was agreed on, `None` while not connected.
    pub fn protocol_version(&self) -> Option<&'static str> {
        self.process().connected().map(|session| session.version.as_str())
    }

    fn operate<T>(&self, work: impl FnOnce(&Operation<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let process = self.process();
        let (timeout, connect_timeout) = {
            let settings = self.settings.load();
            (settings.timeout, settings.connect_timeout)
        };
        let call = process.call(timeout, connect_timeout);
        let dispatcher = self.dispatcher();
        work(&Operation { process: &process, dispatcher: &dispatcher, cache: &self.cache, call: &call })
            .map_err(|error| error.redacted(|text| self.settings.load().credentials.redact(text, None)))
    }

    fn ask(&self, capability: Option<&str>, ask: &Ask<'_>) -> Result<Value, Error> {
        self.operate(|operation| operation.request(capability, ask))
    }

    /// Sends any request; `params` is JSON text of an object.
    pub fn request(&self, method: &str, params: Option<&str>) -> Result<Value, Error> {
        if method.is_empty() {
            return Err(Error::InvalidArgument("the method is empty".to_owned()));
        }
        let params = members("parameters", params)?;
        match (method, params) {
            ("tools/call", Some(params)) => self.operate(|operation| operation.call_tool(params)),
            (_, params) => self.ask(None, &Ask { params, ..Ask::new(method) }),
        }
    }

    /// Sends any notification; `params` is JSON text of an object.
    pub fn notify(&self, method: &str, params: Option<&str>) -> Result<(), Error> {
        if method.is_empty() {
            return Err(Error::InvalidArgument("the method is empty".to_owned()));
        }
        members("parameters", params)?;
        self.operate(|operation| operation.on_session(|session| session.notify(operation.call, method, params)))
    }

    fn list(&self, list: lists::List) -> Result<Value, Error> {
        self.operate(|operation| operation.list(list))
    }

    /// The server's tools, an array of all pages.
    pub fn list_tools(&self) -> Result<Value, Error> {
        self.list(lists::TOOLS)
    }

    /// The server's resources, an array of all pages.
    pub fn list_resources(&self) -> Result<Value, Error> {
        self.list(lists::RESOURCES)
    }

    /// The server's resource templates, an array of all pages.
    pub fn list_resource_templates(&self) -> Result<Value, Error> {
        self.list(lists::RESOURCE_TEMPLATES)
    }

    /// The server's prompts, an array of all pages.
    pub fn list_prompts(&self) -> Result<Value, Error> {
        self.list(lists::PROMPTS)
    }

    /// Calls a tool; `arguments` is JSON text of an object.
    pub fn call_tool(&self, name: &str, arguments: Option<&str>) -> Result<Value, Error> {
        let params = named("name", name, arguments)?;
        self.operate(|operation| operation.call_tool(params))
    }

    /// Reads a resource.
    pub fn read_resource(&self, uri: &str) -> Result<Value, Error> {
        self.ask(Some("resources"), &Ask::with("resources/read", named("uri", uri, None)?))
    }

    /// Fills in a prompt; `arguments` is JSON text of an object.
    pub fn get_prompt(&self, name: &str, arguments: Option<&str>) -> Result<Value, Error> {
        self.ask(Some("prompts"), &Ask::with("prompts/get", named("name", name, arguments)?))
    }

    /// Completes an argument of a prompt or resource template; `reference` is JSON text of an object.
    pub fn complete(&self, reference: &str, argument_name: &str, argument_value: &str) -> Result<Value, Error> {
        members("reference", Some(reference))?;
        let (name, value) = (text::quoted(argument_name), text::quoted(argument_value));
        let argument = format!("{{\"name\":{name},\"value\":{value}}}");
        let params = JsonObject::from([
            ("ref".to_owned(), raw(reference.trim().to_owned())?),
            ("argument".to_owned(), raw(argument)?),
        ]);
        self.operate(|operation| {
            operation.on_session(|session| match session.version >= Version::V2025_03_26 {
                true => session.server.require("completions"),
                false => Ok(()), // the first revision had no such capability
            })?;
            operation.request(None, &Ask::with("completion/complete", params))
        })
    }

    /// Asks for log messages of this severity and above, from now on.
    pub fn set_server_log_level(&self, level: &str) -> Result<(), Error> {
        if !LOG_LEVELS.contains(&level) {
            let levels = LOG_LEVELS.join(", ");
            return Err(Error::InvalidArgument(format!("not a log level: one of {levels} is expected")));
        }
        self.operate(|operation| {
            operation.on_session(|session| {
                session.server.require("logging")?;
                session.set_log_level(operation.call, level)
            })
        })?;
        self.change_always(|settings| settings.log_level = Some(level.to_owned()));
        Ok(())
    }

    /// What the server says of itself: `name`, `version`, `protocolVersion`, `serverInfo`, `capabilities` and
    /// `instructions`, as far as it does.
    pub fn server_info(&self) -> Result<Value, Error> {
        let json = self.operate(|operation| {
            operation.on_session(|session| {
                if session.server.is_known() {
                    return Ok(session.server.describe(session.version));
                }
                let answer = session.request(operation.call, &Ask::new(discover::METHOD))?;
                Ok(ServerInfo::from_discover(answer.result()).describe(session.version))
            })
        })?;
        Value::from_text(json.into_bytes())
            .map_err(|reason| Error::Protocol(format!("what the server says of itself is not valid: {reason}")))
    }

    /// Opens a stream of notifications outside any call. `filter` is JSON text of an object such as
    /// `{"toolsListChanged":true,"resourceSubscriptions":["file:///x"]}`.
    pub fn listen(&self, filter: Option<&str>) -> Result<(), Error> {
        let filter = members("filter", filter)?;
        self.operate(|operation| operation.listen(filter.as_ref()))
    }

    /// Ends the stream of [`Client::listen`]. Up to 2025-11-25 the server's own stream stays open while handlers are set.
    pub fn stop_listening(&self) {
        self.process().stop_listening(!self.handlers.load().is_empty());
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let process = self.process.load_full();
        // In the child of a fork the session is the parent's: it is not this process that ends it.
        match process.is_own() {
            true => process.close(),
            false => process.abandon(),
        }
        // Their user data goes now, in the child of a fork too, where the parent's state is never dropped.
        self.handlers.store(Arc::default());
        // Whatever outlives the client, such as a thread that waits for a name service, holds no secret of it.
        self.settings.store(Arc::new(self.settings.load().without_secrets()));
        self.cache.clear();
    }
}
