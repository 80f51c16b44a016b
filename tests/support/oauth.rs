//! A scripted authorization server, and MCP servers that want its tokens.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use url::Url;

use super::http::{Answer, Request};
use super::server::{Connection, Handler, Server};

/// The parameters of a form or query.
pub type Parameters = BTreeMap<String, String>;

type TokenAnswer = Box<dyn Fn(&Parameters) -> Option<Answer> + Send + Sync>;
type RegistrationAnswer = Box<dyn Fn(&Value) -> Option<Answer> + Send + Sync>;

#[derive(Default)]
struct State {
    /// Members of the metadata document; `null` leaves one out.
    metadata: Mutex<Vec<(String, Value)>>,
    /// Answers in place of the paths' own.
    answers: Mutex<HashMap<String, Answer>>,
    token_answer: Mutex<Option<TokenAnswer>>,
    registration_answer: Mutex<Option<RegistrationAnswer>>,
    /// Members of each token response; `null` leaves one out.
    token_members: Mutex<Vec<(String, Value)>>,
    /// Access tokens with their scopes.
    tokens: Mutex<HashMap<String, String>>,
    refresh_tokens: Mutex<Vec<String>>,
    /// Codes with challenge and scopes.
    codes: Mutex<HashMap<String, (String, String)>>,
    count: AtomicUsize,
}

/// An authorization server that registers clients, and grants what it is asked for.
pub struct Provider {
    pub server: Server,
    state: Arc<State>,
}

impl Provider {
    pub fn start() -> Provider {
        let state = Arc::<State>::default();
        let own = state.clone();
        let server =
            Server::start(move |request: &Request, connection: &mut Connection| connection.send(&own.answer(request)));
        Provider { server, state }
    }

    pub fn issuer(&self) -> String {
        self.server.origin()
    }

    /// Sets a member of the metadata; `null` leaves it out.
    pub fn metadata(&self, name: &str, value: Value) {
        self.state.metadata.lock().unwrap().push((name.to_owned(), value));
    }

    /// Sets a member of each token response; `null` leaves it out.
    pub fn token_member(&self, name: &str, value: Value) {
        self.state.token_members.lock().unwrap().push((name.to_owned(), value));
    }

    /// Gives this answer at a path from now on.
    pub fn at(&self, path: &str, answer: Answer) {
        self.state.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// Lets the test answer token requests; `None` leaves it to the server.
    pub fn on_token(&self, answer: impl Fn(&Parameters) -> Option<Answer> + Send + Sync + 'static) {
        *self.state.token_answer.lock().unwrap() = Some(Box::new(answer));
    }

    /// This access token is good from now on.
    pub fn accept(&self, token: &str) {
        self.state.tokens.lock().unwrap().insert(token.to_owned(), String::new());
    }

    /// Lets the test answer registrations; `None` leaves it to the server.
    pub fn on_register(&self, answer: impl Fn(&Value) -> Option<Answer> + Send + Sync + 'static) {
        *self.state.registration_answer.lock().unwrap() = Some(Box::new(answer));
    }

    /// No access token that was given so far is good any more.
    pub fn expire_tokens(&self) {
        self.state.tokens.lock().unwrap().clear();
    }

    /// No refresh token that was given so far is good any more.
    pub fn revoke_refresh_tokens(&self) {
        self.state.refresh_tokens.lock().unwrap().clear();
    }

    /// The forms of all token requests so far.
    pub fn token_requests(&self) -> Vec<Parameters> {
        self.requests_at("/token").iter().map(form).collect()
    }

    pub fn requests_at(&self, path: &str) -> Vec<Request> {
        self.server.requests().into_iter().filter(|request| path_of(request) == path).collect()
    }

    /// What a browser does with the URL of a login when the person agrees: the URL that it is sent to.
    pub fn agree(&self, login: &str) -> String {
        let query = query(login);
        let code = format!("code-{}", self.state.count.fetch_add(1, Ordering::SeqCst));
        let scope = query.get("scope").cloned().unwrap_or_default();
        self.state.codes.lock().unwrap().insert(code.clone(), (query["code_challenge"].clone(), scope));
        let mut url = Url::parse(&query["redirect_uri"]).unwrap();
        url.query_pairs_mut().append_pair("code", &code).append_pair("state", &query["state"]);
        url.into()
    }

    /// An MCP server at `/mcp` that wants tokens of this authorization server and says so in its 401.
    pub fn protect<H: Handler>(&self, inner: H) -> Protected {
        Protected::start(self.state.clone(), &self.issuer(), inner)
    }
}

impl State {
    fn answer(&self, request: &Request) -> Answer {
        let path = path_of(request);
        if let Some(answer) = self.answers.lock().unwrap().get(path) {
            return answer.clone();
        }
        match (request.method.as_str(), path) {
            ("GET", "/.well-known/oauth-authorization-server") => Answer::json(self.document(request).to_string()),
            ("POST", "/token") => self.token(&form(request)),
            ("POST", "/register") => self.register(request),
            ("POST", "/revoke") => Answer::status(200),
            _ => Answer::status(404),
        }
    }

    fn document(&self, request: &Request) -> Value {
        let issuer = format!("http://{}", request.header("Host").unwrap());
        let mut document = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "registration_endpoint": format!("{issuer}/register"),
            "revocation_endpoint": format!("{issuer}/revoke"),
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "private_key_jwt"],
        });
        overlay(&mut document, &self.metadata.lock().unwrap());
        document
    }

    fn register(&self, request: &Request) -> Answer {
        let given = self.registration_answer.lock().unwrap();
        if let Some(answer) = given.as_ref().and_then(|answer| answer(&request.message)) {
            return answer;
        }
        let mut client = request.message.clone();
        client["client_id"] = format!("client-{}", self.count.fetch_add(1, Ordering::SeqCst)).into();
        Answer::text(201, "application/json", client.to_string())
    }

    fn token(&self, form: &Parameters) -> Answer {
        if let Some(answer) = self.token_answer.lock().unwrap().as_ref().and_then(|answer| answer(form)) {
            return answer;
        }
        let get = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let scope = match get("grant_type") {
            "authorization_code" => match self.codes.lock().unwrap().remove(get("code")) {
                Some((challenge, scope)) if challenge == s256(get("code_verifier")) => scope,
                _ => return oauth_error(400, "invalid_grant", "the code is not good"),
            },
            "refresh_token" => {
                let mut known = self.refresh_tokens.lock().unwrap();
                let Some(at) = known.iter().position(|token| token == get("refresh_token")) else {
                    return oauth_error(400, "invalid_grant", "the refresh token is not good");
                };
                known.remove(at);
                String::new()
            }
            _ => get("scope").to_owned(),
        };
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        let (access, refresh) = (format!("access-token-{number}"), format!("refresh-token-{number}"));
        self.tokens.lock().unwrap().insert(access.clone(), scope);
        let mut response = json!({"access_token": access, "token_type": "Bearer", "expires_in": 3600});
        if matches!(get("grant_type"), "authorization_code" | "refresh_token") {
            self.refresh_tokens.lock().unwrap().push(refresh.clone());
            response["refresh_token"] = refresh.into();
        }
        overlay(&mut response, &self.token_members.lock().unwrap());
        Answer::json(response.to_string())
    }
}

fn overlay(document: &mut Value, members: &[(String, Value)]) {
    for (name, value) in members {
        match value {
            Value::Null => drop(document.as_object_mut().unwrap().remove(name)),
            value => document[name] = value.clone(),
        }
    }
}

/// An error of an authorization server (RFC 6749, section 5.2).
pub fn oauth_error(status: u16, error: &str, description: &str) -> Answer {
    let body = json!({"error": error, "error_description": description, "error_uri": "https://auth.example/help"});
    Answer::text(status, "application/json", body.to_string())
}

/// The code challenge of a verifier (RFC 7636, section 4.6).
fn s256(verifier: &str) -> String {
    use base64::Engine;
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}

fn path_of(request: &Request) -> &str {
    request.target.split('?').next().unwrap()
}

fn pairs(text: &[u8]) -> Parameters {
    url::form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn form(request: &Request) -> Parameters {
    pairs(&request.body)
}

/// The parameters in the query of a URL.
pub fn query(url: &str) -> Parameters {
    pairs(Url::parse(url).unwrap().query().unwrap_or_default().as_bytes())
}

/// An MCP server that wants tokens.
pub struct Protected {
    pub server: Server,
    rules: Arc<Rules>,
}

#[derive(Default)]
struct Rules {
    resource: Mutex<Vec<(String, Value)>>,
    /// The challenge of a 401; `None`: one that names the metadata.
    challenge: Mutex<Option<String>>,
    /// Methods with the scope that they need.
    scopes: Mutex<Vec<(String, String)>>,
    refuses_all: Mutex<bool>,
    has_document: Mutex<bool>,
}

const METADATA: &str = "/.well-known/oauth-protected-resource/mcp";

impl Protected {
    fn start<H: Handler>(provider: Arc<State>, issuer: &str, inner: H) -> Protected {
        let rules = Arc::<Rules>::default();
        *rules.has_document.lock().unwrap() = true;
        let (own, issuer) = (rules.clone(), issuer.to_owned());
        let server = Server::start(move |request: &Request, connection: &mut Connection| -> io::Result<()> {
            let origin = format!("http://{}", request.header("Host").unwrap());
            if path_of(request).starts_with("/.well-known/") {
                return connection.send(&own.document(request, &origin, &issuer));
            }
            let sent = request.header("Authorization").unwrap_or_default();
            let sent = sent.strip_prefix("Bearer ").unwrap_or_default();
            let scopes = provider.tokens.lock().unwrap().get(sent).cloned();
            let refused = *own.refuses_all.lock().unwrap();
            let Some(scopes) = scopes.filter(|_| !refused) else {
                let challenge = own.challenge.lock().unwrap().clone();
                let challenge = challenge.unwrap_or_else(|| format!("Bearer resource_metadata=\"{origin}{METADATA}\""));
                return connection.send(&Answer::status(401).header("WWW-Authenticate", &challenge));
            };
            let needed = own.scopes.lock().unwrap().iter().find(|(name, _)| name == request.name()).cloned();
            match needed {
                Some((_, scope)) if !scopes.split(' ').any(|known| known == scope) => {
                    let challenge = format!(
                        "Bearer error=\"insufficient_scope\", scope=\"{scope}\", \
                         resource_metadata=\"{origin}{METADATA}\""
                    );
                    connection.send(&Answer::status(403).header("WWW-Authenticate", &challenge))
                }
                _ => inner.handle(request, connection),
            }
        });
        Protected { server, rules }
    }

    pub fn url(&self) -> String {
        self.server.url("/mcp")
    }

    /// Sets a member of the metadata document; `null` leaves it out.
    pub fn metadata(&self, name: &str, value: Value) {
        self.rules.resource.lock().unwrap().push((name.to_owned(), value));
    }

    /// From now on a 401 says this.
    pub fn challenge(&self, challenge: &str) {
        *self.rules.challenge.lock().unwrap() = Some(challenge.to_owned());
    }

    /// A method that needs a scope.
    pub fn needs_scope(&self, method: &str, scope: &str) {
        self.rules.scopes.lock().unwrap().push((method.to_owned(), scope.to_owned()));
    }

    /// No token is good from now on.
    pub fn refuse_all(&self) {
        *self.rules.refuses_all.lock().unwrap() = true;
    }

    /// There is no metadata document.
    pub fn without_document(&self) {
        *self.rules.has_document.lock().unwrap() = false;
    }

    /// The values of `Authorization` in the order of arrival, of requests to the MCP endpoint.
    pub fn authorizations(&self) -> Vec<String> {
        let requests = self.server.requests();
        let calls = requests.iter().filter(|request| path_of(request) == "/mcp");
        calls.map(|request| request.header("Authorization").unwrap_or_default().to_owned()).collect()
    }
}

impl Rules {
    fn document(&self, request: &Request, origin: &str, issuer: &str) -> Answer {
        if path_of(request) != METADATA || !*self.has_document.lock().unwrap() {
            return Answer::status(404);
        }
        let mut document = json!({"resource": format!("{origin}/mcp"), "authorization_servers": [issuer]});
        overlay(&mut document, &self.resource.lock().unwrap());
        Answer::json(document.to_string())
    }
}
