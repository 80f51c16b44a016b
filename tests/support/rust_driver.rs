//! The library through its Rust API.

use std::path::Path;
use std::time::Duration;

use mcpclient::{Auth, Client, Error, TokenRequest, TransportKind};

use super::driver::{Asked, Driver, Failure, Outcome, PARAMETERS};

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

    fn set(&mut self, token: &str) -> Outcome {
        Ok(TokenRequest::set(self, token)?)
    }
}

/// [`Client`] itself.
#[derive(Debug)]
pub struct Rust(Client);

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

    fn call_tool(&self, name: &str) -> Outcome<String> {
        Ok(self.0.call_tool(name, None)?.string("/content/0/text").unwrap_or_default().to_owned())
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

    fn set_connect_timeout(&self, timeout: Duration) {
        self.0.set_connect_timeout((!timeout.is_zero()).then_some(timeout));
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
}
