//! The library through its Rust API.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mcpclient::{Auth, Client, Config, Dpop, Environment, Error, Login, Reply, TokenRequest, TransportKind};
use serde_json::Value;

use super::driver::{
    Asked, Driver, Failure, Load, OAuth, OnLine, OnNotification, OnProgress, OnRequest, Outcome, PARAMETERS, Replies,
    Save, Scoped, Tasks, Visitor,
};

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let parameter = |name| error.challenge_parameter(name).map(|value| (name, value.to_owned()));
        Failure {
            status: error.status() as i32,
            message: error.to_string(),
            http_status: error.http_status().unwrap_or(0).into(),
            rpc_code: error.rpc_code().unwrap_or(0),
            rpc_data: error.rpc_data().map(str::to_owned),
            www_authenticate: error.www_authenticate().map(str::to_owned),
            challenge: PARAMETERS.into_iter().filter_map(parameter).collect(),
        }
    }
}

impl Asked for TokenRequest {
    fn challenge(&self) -> Option<String> {
        TokenRequest::challenge(self).map(str::to_owned)
    }

    fn audience(&self) -> Option<String> {
        TokenRequest::audience(self).map(str::to_owned)
    }

    fn set(&mut self, token: &str) -> Outcome {
        Ok(TokenRequest::set(self, token)?)
    }
}

impl Visitor for Login {
    fn url(&self) -> String {
        Login::url(self).to_owned()
    }

    fn server(&self) -> String {
        Login::server(self).to_owned()
    }

    fn finish(&self, redirected_url: &str) -> Outcome {
        Ok(Login::finish(self, redirected_url)?)
    }

    fn refuse(&self) {
        Login::refuse(self);
    }
}

impl Replies for Reply {
    fn result(&mut self, json: &str) -> Outcome {
        Ok(Reply::result(self, json)?)
    }

    fn error(&mut self, code: i32, message: &str) -> Outcome {
        Reply::error(self, code, message);
        Ok(())
    }
}

/// The JSON of a result.
fn json(value: &mcpclient::Value) -> Value {
    serde_json::from_str(value.json()).expect("a value is JSON")
}

/// [`Client`] itself.
#[derive(Debug)]
pub struct Rust(Client);

impl Scoped for Rust {
    fn scope(&self) -> Rust {
        Rust(self.0.scope())
    }

    fn on_progress(&self, handler: Option<OnProgress>) {
        self.0.on_progress(handler.map(|handler| -> mcpclient::ProgressHandler { Arc::new(handler) }));
    }

    fn set_timeout_on_progress(&self, restart: bool) {
        self.0.set_timeout_on_progress(restart);
    }

    fn set_longest(&self, longest: Duration) {
        self.0.set_longest((!longest.is_zero()).then_some(longest));
    }

    fn set_meta(&self, key: &str, json: Option<&str>) -> Outcome {
        Ok(self.0.set_meta(key, json)?)
    }
}

impl Tasks for Rust {
    fn start_task(&self, tool: &str, arguments: Option<&str>) -> Outcome<(Option<String>, Value)> {
        let (id, task) = self.0.start_task(tool, arguments)?;
        Ok((id, json(&task)))
    }

    fn get_task(&self, id: &str) -> Outcome<Value> {
        Ok(json(&self.0.get_task(id)?))
    }

    fn await_task(&self, id: &str) -> Outcome<Value> {
        Ok(json(&self.0.await_task(id)?))
    }

    fn cancel_task(&self, id: &str) -> Outcome {
        Ok(self.0.cancel_task(id)?)
    }

    fn set_extension(&self, identifier: &str, settings: Option<&str>) -> Outcome {
        Ok(self.0.set_extension(identifier, settings)?)
    }
}

impl Driver for Rust {
    type Auth = Auth;

    fn new(url: &str) -> Outcome<Rust> {
        Ok(Rust(Client::new(url)?))
    }

    fn connect(&self) -> Outcome {
        Ok(self.0.connect()?)
    }

    fn ping(&self) -> Outcome {
        Ok(self.0.ping()?)
    }

    fn request(&self, method: &str, params: Option<&str>) -> Outcome<Value> {
        Ok(json(&self.0.request(method, params)?))
    }

    fn notify(&self, method: &str, params: Option<&str>) -> Outcome {
        Ok(self.0.notify(method, params)?)
    }

    fn set_server_log_level(&self, level: &str) -> Outcome {
        Ok(self.0.set_server_log_level(level)?)
    }

    fn server_info(&self) -> Outcome<Value> {
        Ok(json(&self.0.server_info()?))
    }

    fn list_tools(&self) -> Outcome<Value> {
        Ok(json(&self.0.list_tools()?))
    }

    fn list_resources(&self) -> Outcome<Value> {
        Ok(json(&self.0.list_resources()?))
    }

    fn list_resource_templates(&self) -> Outcome<Value> {
        Ok(json(&self.0.list_resource_templates()?))
    }

    fn list_prompts(&self) -> Outcome<Value> {
        Ok(json(&self.0.list_prompts()?))
    }

    fn call_tool_with(&self, name: &str, arguments: Option<&str>) -> Outcome<Value> {
        Ok(json(&self.0.call_tool(name, arguments)?))
    }

    fn read_resource(&self, uri: &str) -> Outcome<Value> {
        Ok(json(&self.0.read_resource(uri)?))
    }

    fn get_prompt(&self, name: &str, arguments: Option<&str>) -> Outcome<Value> {
        Ok(json(&self.0.get_prompt(name, arguments)?))
    }

    fn complete(&self, reference: &str, argument_name: &str, argument_value: &str) -> Outcome<Value> {
        Ok(json(&self.0.complete(reference, argument_name, argument_value)?))
    }

    fn stdio(command: &str, arguments: &[&str]) -> Outcome<Rust> {
        Ok(Rust(Client::stdio(command, arguments)?))
    }

    fn configured(json: &str, name: Option<&str>, variables: &[(&str, &str)], auth: Option<&Auth>) -> Outcome<Rust> {
        let config = Config::parse(json)?;
        for (name, value) in variables {
            config.set_variable(name, Some(value))?;
        }
        config.set_auth(auth);
        Ok(Rust(config.client(name)?))
    }

    fn set_environment(&self, inherit: Environment) -> Outcome {
        Ok(self.0.set_environment(inherit)?)
    }

    fn set_variable(&self, name: &str, value: Option<&str>) -> Outcome {
        Ok(self.0.set_variable(name, value)?)
    }

    fn set_working_directory(&self, path: Option<&Path>) -> Outcome {
        Ok(self.0.set_working_directory(path)?)
    }

    fn on_stderr(&self, handler: Option<OnLine>) -> Outcome {
        Ok(self.0.on_stderr(handler.map(Arc::from))?)
    }

    fn set_grace(&self, grace: Duration) -> Outcome {
        Ok(self.0.set_grace(grace)?)
    }

    fn process_id(&self) -> i32 {
        self.0.process_id()
    }

    fn on_notification(&self, method: Option<&str>, handler: Option<OnNotification>) -> Outcome {
        let handler = handler.map(|handler| -> mcpclient::NotificationHandler {
            Arc::new(move |method: &str, params: &mcpclient::Value| handler(method, &json(params)))
        });
        Ok(self.0.on_notification(method, handler)?)
    }

    fn on_request(&self, method: &str, handler: Option<OnRequest>) -> Outcome {
        let handler = handler.map(|handler| -> mcpclient::RequestHandler {
            Arc::new(move |method: &str, params: &mcpclient::Value, reply: &mut Reply| {
                handler(method, &json(params), reply);
            })
        });
        Ok(self.0.on_request(method, handler)?)
    }

    fn listen(&self, filter: Option<&str>) -> Outcome {
        Ok(self.0.listen(filter)?)
    }

    fn stop_listening(&self) {
        self.0.stop_listening();
    }

    fn cancel(&self) {
        self.0.cancel();
    }

    fn close(&self) {
        self.0.close();
    }

    fn set_transport(&self, transport: TransportKind) -> Outcome {
        Ok(self.0.set_transport(transport)?)
    }

    fn set_protocol_version(&self, version: Option<&str>) -> Outcome {
        Ok(self.0.set_protocol_version(version)?)
    }

    fn set_bearer_token(&self, token: Option<&str>) -> Outcome {
        Ok(self.0.set_bearer_token(token)?)
    }

    fn set_auth(&self, auth: Option<&Auth>) -> Outcome {
        Ok(self.0.set_auth(auth)?)
    }

    fn set_header(&self, name: &str, value: Option<&str>) -> Outcome {
        Ok(self.0.set_header(name, value)?)
    }

    fn set_timeout(&self, timeout: Duration) {
        self.0.set_timeout((!timeout.is_zero()).then_some(timeout));
    }

    fn set_connect_timeout(&self, timeout: Duration) -> Outcome {
        Ok(self.0.set_connect_timeout((!timeout.is_zero()).then_some(timeout))?)
    }

    fn set_max_response_bytes(&self, bytes: u64) -> Outcome {
        Ok(self.0.set_max_response_bytes(bytes)?)
    }

    fn set_ca_file(&self, path: Option<&Path>) -> Outcome {
        Ok(self.0.set_ca_file(path)?)
    }

    fn set_tls_verify(&self, verify: bool) -> Outcome {
        Ok(self.0.set_tls_verify(verify)?)
    }

    fn set_proxy(&self, proxy: Option<&str>) -> Outcome {
        Ok(self.0.set_proxy(proxy)?)
    }

    fn set_client_certificate(&self, files: Option<(&Path, &Path)>) -> Outcome {
        Ok(self.0.set_client_certificate(files)?)
    }

    fn set_client_info(&self, name: &str, version: &str) -> Outcome {
        Ok(self.0.set_client_info(name, version)?)
    }

    fn set_capabilities(&self, json: Option<&str>) -> Outcome {
        Ok(self.0.set_capabilities(json)?)
    }

    fn set_cache(&self, on: bool) {
        self.0.set_cache(on).unwrap();
    }

    fn transport_in_use(&self) -> TransportKind {
        self.0.transport_in_use()
    }

    fn protocol_version(&self) -> Option<String> {
        self.0.protocol_version().map(str::to_owned)
    }

    fn bearer_auth(token: &str) -> Outcome<Auth> {
        Ok(Auth::bearer(token)?)
    }

    fn set_token(auth: &Auth, token: &str) -> Outcome {
        Ok(auth.set_token(token)?)
    }

    fn token_file(path: &Path) -> Outcome<Auth> {
        Ok(Auth::token_file(path)?)
    }

    fn token_provider(provider: impl Fn(&mut dyn Asked) + Send + Sync + 'static) -> Auth {
        Auth::token_provider(move |request| provider(request))
    }

    fn client_credentials(issuer: Option<&str>, id: &str, secret: &str) -> Outcome<Auth> {
        Ok(Auth::client_credentials(issuer, id, secret)?)
    }

    fn private_key(issuer: Option<&str>, id: &str, key: &Path) -> Outcome<Auth> {
        Ok(Auth::private_key(issuer, id, key)?)
    }

    fn workload(issuer: Option<&str>, id: Option<&str>, identity: &Auth) -> Outcome<Auth> {
        Ok(Auth::workload(issuer, id, identity)?)
    }

    fn enterprise(issuer: &str, id: &str, secret: Option<&str>, identity: &Auth) -> Outcome<Auth> {
        Ok(Auth::enterprise(issuer, id, secret, identity)?)
    }

    fn login(callback: impl Fn(&dyn Visitor) + Send + Sync + 'static) -> Auth {
        Auth::login(move |login| callback(login))
    }

    fn set_oauth(auth: &Auth, setting: OAuth<'_>) -> Outcome {
        Ok(match setting {
            OAuth::Client(issuer, id, secret) => auth.set_client(issuer, id, secret),
            OAuth::PrivateKey(path, id) => auth.set_private_key(path, id),
            OAuth::ClientMetadataUrl(url) => auth.set_client_metadata_url(url),
            OAuth::RedirectUrl(url) => auth.set_redirect_url(url),
            OAuth::LoginTimeout(timeout) => auth.set_login_timeout(timeout),
            OAuth::Scopes(scopes) => auth.set_scopes(scopes),
            OAuth::Resource(resource) => auth.set_resource(resource),
            OAuth::Parameter(name, value) => auth.set_parameter(name, value),
            OAuth::Metadata(json) => auth.set_metadata(json),
            OAuth::Dpop(when) => auth.set_dpop(Dpop::from_number(when).unwrap()),
            OAuth::StoreFile(path) => auth.set_store_file(path),
            OAuth::Forget => auth.forget(),
            OAuth::FinishLogin(url) => auth.finish_login(url),
        }?)
    }

    fn set_store(auth: &Auth, load: Load, save: Save) -> Outcome {
        let load = move |request: &mut mcpclient::StoreRequest| {
            if let Some(data) = load(request.key()) {
                request.set(&data);
            }
        };
        Ok(auth.set_store(load, move |request| save(request.key(), request.data()))?)
    }
}
