//! What the suites need of the library, so that one case runs through Rust and through the C functions.

use std::path::Path;
use std::time::{Duration, Instant};

use mcpclient::{Environment, Status, TransportKind};
use serde_json::Value;

use super::pace::stretched;
use super::server::Server;

/// What a call comes back with.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Everything that an error object says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failure {
    /// The number of its status.
    pub status: i32,
    /// One line for a person.
    pub message: String,
    /// 0: none.
    pub http_status: i32,
    /// 0: none.
    pub rpc_code: i32,
    /// JSON text.
    pub rpc_data: Option<String>,
    /// The header as it came.
    pub www_authenticate: Option<String>,
    /// The parameters of the Bearer challenge, of those in [`PARAMETERS`].
    pub challenge: Vec<(&'static str, String)>,
}

/// The challenge parameters that drivers ask for.
pub const PARAMETERS: [&str; 6] = ["error", "error_description", "error_uri", "scope", "resource_metadata", "realm"];

impl Failure {
    /// One parameter of the Bearer challenge.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.challenge.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }
}

/// What a token callback is given.
pub trait Asked {
    /// The challenge after a 401.
    fn challenge(&self) -> Option<String>;
    /// Whom the token is for, when it says who a workload is.
    fn audience(&self) -> Option<String>;
    /// Gives the token.
    fn set(&mut self, token: &str) -> Outcome;
}

/// What a login callback is given.
pub trait Visitor {
    /// What to open in a browser.
    fn url(&self) -> String;
    /// The MCP server that the login is for.
    fn server(&self) -> String;
    fn finish(&self, redirected_url: &str) -> Outcome;
    fn refuse(&self);
}

/// Loads the text of a key.
pub type Load = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;
/// Saves the text of a key, or removes it.
pub type Save = Box<dyn Fn(&str, Option<&str>) + Send + Sync>;

/// A setting of OAuth credentials.
#[derive(Clone, Copy, Debug)]
pub enum OAuth<'a> {
    Client(Option<&'a str>, &'a str, Option<&'a str>),
    PrivateKey(&'a Path, Option<&'a str>),
    ClientMetadataUrl(&'a str),
    RedirectUrl(&'a str),
    LoginTimeout(Duration),
    Scopes(Option<&'a str>),
    Resource(Option<&'a str>),
    Parameter(&'a str, Option<&'a str>),
    Metadata(Option<&'a str>),
    Dpop(i32),
    StoreFile(&'a Path),
    Forget,
    FinishLogin(&'a str),
}

/// What a request callback answers with.
pub trait Replies {
    /// Replies with a result, as JSON text.
    fn result(&mut self, json: &str) -> Outcome;
    /// Replies with an error.
    fn error(&mut self, code: i32, message: &str) -> Outcome;
}

/// Receives a notification's method and params.
pub type OnNotification = Box<dyn Fn(&str, &Value) + Send + Sync>;
/// Receives a request's method and params, and may reply.
pub type OnRequest = Box<dyn Fn(&str, &Value, &mut dyn Replies) + Send + Sync>;

/// Receives the progress of a call, its total and a message.
pub type OnProgress = Box<dyn Fn(f64, Option<f64>, Option<&str>) + Send + Sync>;

/// What each handle on a client has of its own.
pub trait Scoped: Sized {
    fn scope(&self) -> Self;
    /// `None` removes the handler.
    fn on_progress(&self, handler: Option<OnProgress>);
    fn set_timeout_on_progress(&self, restart: bool);
    /// Zero: none.
    fn set_longest(&self, longest: Duration);
    fn set_meta(&self, key: &str, json: Option<&str>) -> Outcome;
}
/// Receives a line of a program's stderr.
pub type OnLine = Box<dyn Fn(&str) + Send + Sync>;

/// Tasks of the server.
pub trait Tasks {
    /// The id, if the tool became a task, and the task.
    fn start_task(&self, tool: &str, arguments: Option<&str>) -> Outcome<(Option<String>, Value)>;
    fn get_task(&self, id: &str) -> Outcome<Value>;
    fn await_task(&self, id: &str) -> Outcome<Value>;
    fn cancel_task(&self, id: &str) -> Outcome;
    /// `None`: not declared.
    fn set_extension(&self, identifier: &str, settings: Option<&str>) -> Outcome;
}

/// One way to use the library.
pub trait Driver: Scoped + Tasks + Send + Sync + 'static {
    /// An auth object.
    type Auth: Send + Sync + 'static;

    fn new(url: &str) -> Outcome<Self>;
    /// A client of a program.
    fn stdio(command: &str, arguments: &[&str]) -> Outcome<Self>;
    /// A client of a server in the text of a configuration file, with these variables and credentials.
    fn configured(
        json: &str,
        name: Option<&str>,
        variables: &[(&str, &str)],
        auth: Option<&Self::Auth>,
    ) -> Outcome<Self>;
    fn set_environment(&self, inherit: Environment) -> Outcome;
    fn set_variable(&self, name: &str, value: Option<&str>) -> Outcome;
    fn set_working_directory(&self, path: Option<&Path>) -> Outcome;
    fn on_stderr(&self, handler: Option<OnLine>) -> Outcome;
    fn set_grace(&self, grace: Duration) -> Outcome;
    fn process_id(&self) -> i32;
    fn connect(&self) -> Outcome;
    fn ping(&self) -> Outcome;
    fn request(&self, method: &str, params: Option<&str>) -> Outcome<Value>;
    fn notify(&self, method: &str, params: Option<&str>) -> Outcome;
    fn set_server_log_level(&self, level: &str) -> Outcome;
    fn server_info(&self) -> Outcome<Value>;
    fn list_tools(&self) -> Outcome<Value>;
    fn list_resources(&self) -> Outcome<Value>;
    fn list_resource_templates(&self) -> Outcome<Value>;
    fn list_prompts(&self) -> Outcome<Value>;
    fn call_tool_with(&self, name: &str, arguments: Option<&str>) -> Outcome<Value>;
    fn read_resource(&self, uri: &str) -> Outcome<Value>;
    fn get_prompt(&self, name: &str, arguments: Option<&str>) -> Outcome<Value>;
    fn complete(&self, reference: &str, argument_name: &str, argument_value: &str) -> Outcome<Value>;
    /// For one method, or for all. `None` removes the handler.
    fn on_notification(&self, method: Option<&str>, handler: Option<OnNotification>) -> Outcome;
    /// `None` removes the handler.
    fn on_request(&self, method: &str, handler: Option<OnRequest>) -> Outcome;
    fn listen(&self, filter: Option<&str>) -> Outcome;
    fn stop_listening(&self);
    fn cancel(&self);
    fn close(&self);
    fn set_transport(&self, transport: TransportKind) -> Outcome;
    fn set_protocol_version(&self, version: Option<&str>) -> Outcome;
    fn set_bearer_token(&self, token: Option<&str>) -> Outcome;
    fn set_auth(&self, auth: Option<&Self::Auth>) -> Outcome;
    fn set_header(&self, name: &str, value: Option<&str>) -> Outcome;
    /// Zero: none.
    fn set_timeout(&self, timeout: Duration);
    /// Zero: none.
    fn set_connect_timeout(&self, timeout: Duration) -> Outcome;
    fn set_max_response_bytes(&self, bytes: u64) -> Outcome;
    fn set_ca_file(&self, path: Option<&Path>) -> Outcome;
    fn set_tls_verify(&self, verify: bool) -> Outcome;
    fn set_proxy(&self, proxy: Option<&str>) -> Outcome;
    fn set_client_certificate(&self, files: Option<(&Path, &Path)>) -> Outcome;
    fn set_client_info(&self, name: &str, version: &str) -> Outcome;
    fn set_capabilities(&self, json: Option<&str>) -> Outcome;
    fn set_cache(&self, on: bool);
    fn transport_in_use(&self) -> TransportKind;
    fn protocol_version(&self) -> Option<String>;

    fn bearer_auth(token: &str) -> Outcome<Self::Auth>;
    fn set_token(auth: &Self::Auth, token: &str) -> Outcome;
    fn token_file(path: &Path) -> Outcome<Self::Auth>;
    fn token_provider(provider: impl Fn(&mut dyn Asked) + Send + Sync + 'static) -> Self::Auth;
    fn client_credentials(issuer: Option<&str>, id: &str, secret: &str) -> Outcome<Self::Auth>;
    fn private_key(issuer: Option<&str>, id: &str, key: &Path) -> Outcome<Self::Auth>;
    fn workload(issuer: Option<&str>, id: Option<&str>, identity: &Self::Auth) -> Outcome<Self::Auth>;
    fn enterprise(issuer: &str, id: &str, secret: Option<&str>, identity: &Self::Auth) -> Outcome<Self::Auth>;
    fn login(callback: impl Fn(&dyn Visitor) + Send + Sync + 'static) -> Self::Auth;
    fn set_oauth(auth: &Self::Auth, setting: OAuth<'_>) -> Outcome;
    fn set_store(auth: &Self::Auth, load: Load, save: Save) -> Outcome;

    /// Calls a tool without arguments, and gives the text of its result.
    fn call_tool(&self, name: &str) -> Outcome<String> {
        let result = self.call_tool_with(name, None)?;
        Ok(result["content"][0]["text"].as_str().unwrap_or_default().to_owned())
    }
}

/// What a case does with a connected client.
#[derive(Clone, Copy, Debug)]
pub enum Ask {
    Ping,
    Tool,
}

impl Ask {
    /// Each way to ask.
    pub const ALL: [Ask; 2] = [Ask::Ping, Ask::Tool];

    /// The request's name, in the revisions that have a ping.
    pub fn name(self) -> &'static str {
        match self {
            Ask::Ping => "ping",
            Ask::Tool => "tools/call",
        }
    }

    /// Does it.
    pub fn of<D: Driver>(self, client: &D) -> Outcome {
        match self {
            Ask::Ping => client.ping(),
            Ask::Tool => client.call_tool("say").map(drop),
        }
    }
}

/// A client of `/mcp` on that server: not the proxy of the environment, five seconds for a call.
pub fn client<D: Driver>(server: &Server) -> D {
    client_at(&server.url("/mcp"))
}

/// The same for any URL.
pub fn client_at<D: Driver>(url: &str) -> D {
    let client = D::new(url).unwrap();
    client.set_proxy(Some("")).unwrap();
    client.set_timeout(stretched(Duration::from_secs(5)));
    client
}

/// Checks that a call failed with that status, and gives the failure.
#[track_caller]
pub fn fails<T: std::fmt::Debug>(outcome: Outcome<T>, status: Status) -> Failure {
    match outcome {
        Ok(value) => panic!("{value:?} instead of {status:?}"),
        Err(failure) => {
            assert_eq!(failure.status, status as i32, "{status:?} expected: {failure:?}");
            assert!(!failure.message.is_empty() && !failure.message.contains(['\n', '\r', '\0']), "{failure:?}");
            failure
        }
    }
}

/// How long a call took, and what it came back with.
pub fn timed<T>(call: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = call();
    (start.elapsed(), value)
}
