//! The library through its C functions, declared and called as a C program does.

#![allow(unsafe_code)] // the C ABI has no other door

use std::ffi::{CStr, CString};
use std::path::Path;
use std::ptr;
use std::time::Duration;

use mcpclient::{Environment, TransportKind};
use serde_json::Value;

use super::c_callbacks::*;
use super::c_calls::*;
use super::c_functions::*;
use super::driver::*;

/// The `mcpclient_*` functions.
#[derive(Debug)]
pub struct C(*mut Handle);

// SAFETY: the contract lets any thread use a client, several at once.
unsafe impl Send for C {}
// SAFETY: as above.
unsafe impl Sync for C {}

impl Drop for C {
    fn drop(&mut self) {
        // SAFETY: ours, and its last use.
        unsafe { mcpclient_free(self.0) };
    }
}

/// An auth object of the C API.
#[derive(Debug)]
pub struct CAuth(*mut Handle);

// SAFETY: the contract lets any thread use an auth object, several at once.
unsafe impl Send for CAuth {}
// SAFETY: as above.
unsafe impl Sync for CAuth {}

impl Drop for CAuth {
    fn drop(&mut self) {
        // SAFETY: ours, and its last use.
        unsafe { mcpclient_auth_free(self.0) };
    }
}

// SAFETY of every block: the client is alive while `self` is, texts while the call runs.
impl Scoped for C {
    fn scope(&self) -> C {
        make(|error| unsafe { mcpclient_scope_new(self.0, error) }).map(C).unwrap()
    }

    fn on_progress(&self, handler: Option<OnProgress>) {
        let callback = handler.is_some().then_some(progressed as ProgressCallback);
        let release = handler.is_some().then_some(free::<OnProgress> as Release);
        let data = handler.map_or(ptr::null_mut(), user_data);
        call(|error| unsafe { mcpclient_on_progress(self.0, callback, data, release, error) }).unwrap();
    }

    fn set_timeout_on_progress(&self, restart: bool) {
        call(|error| unsafe { mcpclient_set_timeout_on_progress(self.0, restart, error) }).unwrap();
    }

    fn set_longest(&self, longest: Duration) {
        let ms = longest.as_millis().try_into().unwrap();
        call(|error| unsafe { mcpclient_set_longest_ms(self.0, ms, error) }).unwrap();
    }

    fn set_meta(&self, key: &str, json: Option<&str>) -> Outcome {
        let (key, json) = (c_string(key), optional(json));
        call(|error| unsafe { mcpclient_set_meta(self.0, key.as_ptr(), pointer(&json), error) })
    }
}

// SAFETY of every block below: the client and the auth objects are alive while `self` is, texts while the call runs.
impl Tasks for C {
    fn start_task(&self, tool: &str, arguments: Option<&str>) -> Outcome<(Option<String>, Value)> {
        let (tool, arguments) = (c_string(tool), optional(arguments));
        let mut id = ptr::null_mut();
        let task = value(|task, error| unsafe {
            mcpclient_start_task(self.0, tool.as_ptr(), pointer(&arguments), &raw mut id, task, error)
        })?;
        let text = (!id.is_null()).then(|| unsafe { CStr::from_ptr(id) }.to_str().unwrap().to_owned());
        unsafe { mcpclient_string_free(id) };
        Ok((text, task))
    }

    fn get_task(&self, id: &str) -> Outcome<Value> {
        let id = c_string(id);
        value(|task, error| unsafe { mcpclient_get_task(self.0, id.as_ptr(), task, error) })
    }

    fn await_task(&self, id: &str) -> Outcome<Value> {
        let id = c_string(id);
        value(|result, error| unsafe { mcpclient_await_task(self.0, id.as_ptr(), result, error) })
    }

    fn cancel_task(&self, id: &str) -> Outcome {
        let id = c_string(id);
        call(|error| unsafe { mcpclient_cancel_task(self.0, id.as_ptr(), error) })
    }

    fn set_extension(&self, identifier: &str, settings: Option<&str>) -> Outcome {
        let (identifier, settings) = (c_string(identifier), optional(settings));
        call(|error| unsafe { mcpclient_set_extension(self.0, identifier.as_ptr(), pointer(&settings), error) })
    }
}

impl Driver for C {
    type Auth = CAuth;

    fn new(url: &str) -> Outcome<C> {
        let url = c_string(url);
        make(|error| unsafe { mcpclient_new(url.as_ptr(), error) }).map(C)
    }

    fn stdio(command: &str, arguments: &[&str]) -> Outcome<C> {
        let (command, arguments) = (c_string(command), arguments.iter().map(|text| c_string(text)));
        let arguments: Vec<CString> = arguments.collect();
        let pointers: Vec<Text> = arguments.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect();
        let pointers = if arguments.is_empty() { ptr::null() } else { pointers.as_ptr() };
        make(|error| unsafe { mcpclient_stdio_new(command.as_ptr(), pointers, error) }).map(C)
    }

    fn configured(json: &str, name: Option<&str>, variables: &[(&str, &str)], auth: Option<&CAuth>) -> Outcome<C> {
        struct Config(*mut Handle);
        impl Drop for Config {
            fn drop(&mut self) {
                // SAFETY: ours, and its last use.
                unsafe { mcpclient_config_free(self.0) };
            }
        }
        let (json, client) = (c_string(json), optional(name));
        let config = Config(make(|error| unsafe { mcpclient_config_parse(json.as_ptr(), error) })?);
        for (name, value) in variables {
            let (name, value) = (c_string(name), c_string(value));
            call(|error| unsafe { mcpclient_config_set_variable(config.0, name.as_ptr(), value.as_ptr(), error) })?;
        }
        let auth = auth.map_or(ptr::null_mut(), |auth| auth.0);
        call(|error| unsafe { mcpclient_config_set_auth(config.0, auth, error) })?;
        make(|error| unsafe { mcpclient_config_client_new(config.0, pointer(&client), error) }).map(C)
    }

    fn set_environment(&self, inherit: Environment) -> Outcome {
        call(|error| unsafe { mcpclient_set_environment(self.0, inherit as i32, error) })
    }

    fn set_variable(&self, name: &str, value: Option<&str>) -> Outcome {
        let (name, value) = (c_string(name), optional(value));
        call(|error| unsafe { mcpclient_set_variable(self.0, name.as_ptr(), pointer(&value), error) })
    }

    fn set_working_directory(&self, path: Option<&Path>) -> Outcome {
        let path = path.map(path_text);
        call(|error| unsafe { mcpclient_set_working_directory(self.0, pointer(&path), error) })
    }

    fn on_stderr(&self, handler: Option<OnLine>) -> Outcome {
        let Some(handler) = handler else {
            return call(|error| unsafe { mcpclient_on_stderr(self.0, None, ptr::null_mut(), None, error) });
        };
        let (data, free) = (user_data(handler), Some(free::<OnLine> as Release));
        call(|error| unsafe { mcpclient_on_stderr(self.0, Some(line_written), data, free, error) })
    }

    fn set_grace(&self, grace: Duration) -> Outcome {
        let ms = grace.as_millis().try_into().expect("a grace of some hours at most");
        call(|error| unsafe { mcpclient_set_grace_ms(self.0, ms, error) })
    }

    fn process_id(&self) -> i32 {
        i32::try_from(unsafe { mcpclient_process_id(self.0) }).expect("a process id")
    }

    fn connect(&self) -> Outcome {
        call(|error| unsafe { mcpclient_connect(self.0, error) })
    }

    fn ping(&self) -> Outcome {
        call(|error| unsafe { mcpclient_ping(self.0, error) })
    }

    fn request(&self, method: &str, params: Option<&str>) -> Outcome<Value> {
        let (method, params) = (c_string(method), optional(params));
        value(|result, error| unsafe { mcpclient_request(self.0, method.as_ptr(), pointer(&params), result, error) })
    }

    fn notify(&self, method: &str, params: Option<&str>) -> Outcome {
        let (method, params) = (c_string(method), optional(params));
        call(|error| unsafe { mcpclient_notify(self.0, method.as_ptr(), pointer(&params), error) })
    }

    fn set_server_log_level(&self, level: &str) -> Outcome {
        let level = c_string(level);
        call(|error| unsafe { mcpclient_set_server_log_level(self.0, level.as_ptr(), error) })
    }

    fn server_info(&self) -> Outcome<Value> {
        value(|info, error| unsafe { mcpclient_server_info(self.0, info, error) })
    }

    fn list_tools(&self) -> Outcome<Value> {
        value(|tools, error| unsafe { mcpclient_list_tools(self.0, tools, error) })
    }

    fn list_resources(&self) -> Outcome<Value> {
        value(|resources, error| unsafe { mcpclient_list_resources(self.0, resources, error) })
    }

    fn list_resource_templates(&self) -> Outcome<Value> {
        value(|templates, error| unsafe { mcpclient_list_resource_templates(self.0, templates, error) })
    }

    fn list_prompts(&self) -> Outcome<Value> {
        value(|prompts, error| unsafe { mcpclient_list_prompts(self.0, prompts, error) })
    }

    fn call_tool_with(&self, name: &str, arguments: Option<&str>) -> Outcome<Value> {
        let (name, arguments) = (c_string(name), optional(arguments));
        value(|result, error| unsafe { mcpclient_call_tool(self.0, name.as_ptr(), pointer(&arguments), result, error) })
    }

    fn read_resource(&self, uri: &str) -> Outcome<Value> {
        let uri = c_string(uri);
        value(|result, error| unsafe { mcpclient_read_resource(self.0, uri.as_ptr(), result, error) })
    }

    fn get_prompt(&self, name: &str, arguments: Option<&str>) -> Outcome<Value> {
        let (name, arguments) = (c_string(name), optional(arguments));
        value(|result, error| unsafe {
            mcpclient_get_prompt(self.0, name.as_ptr(), pointer(&arguments), result, error)
        })
    }

    fn complete(&self, reference: &str, argument_name: &str, argument_value: &str) -> Outcome<Value> {
        let (reference, name, text) = (c_string(reference), c_string(argument_name), c_string(argument_value));
        value(|result, error| unsafe {
            mcpclient_complete(self.0, reference.as_ptr(), name.as_ptr(), text.as_ptr(), result, error)
        })
    }

    fn on_notification(&self, method: Option<&str>, handler: Option<OnNotification>) -> Outcome {
        let method = optional(method);
        let Some(handler) = handler else {
            return call(|error| unsafe {
                mcpclient_on_notification(self.0, pointer(&method), None, ptr::null_mut(), None, error)
            });
        };
        let (data, free) = (user_data(handler), Some(free::<OnNotification> as Release));
        call(|error| unsafe { mcpclient_on_notification(self.0, pointer(&method), Some(notified), data, free, error) })
    }

    fn on_request(&self, method: &str, handler: Option<OnRequest>) -> Outcome {
        let method = c_string(method);
        let Some(handler) = handler else {
            return call(|error| unsafe {
                mcpclient_on_request(self.0, method.as_ptr(), None, ptr::null_mut(), None, error)
            });
        };
        let (data, free) = (user_data(handler), Some(free::<OnRequest> as Release));
        call(|error| unsafe { mcpclient_on_request(self.0, method.as_ptr(), Some(requested), data, free, error) })
    }

    fn listen(&self, filter: Option<&str>) -> Outcome {
        let filter = optional(filter);
        call(|error| unsafe { mcpclient_listen(self.0, pointer(&filter), error) })
    }

    fn stop_listening(&self) {
        unsafe { mcpclient_stop_listening(self.0) };
    }

    fn cancel(&self) {
        unsafe { mcpclient_cancel(self.0) };
    }

    fn close(&self) {
        unsafe { mcpclient_close(self.0) };
    }

    fn set_transport(&self, transport: TransportKind) -> Outcome {
        call(|error| unsafe { mcpclient_set_transport(self.0, transport as i32, error) })
    }

    fn set_protocol_version(&self, version: Option<&str>) -> Outcome {
        let version = optional(version);
        call(|error| unsafe { mcpclient_set_protocol_version(self.0, pointer(&version), error) })
    }

    fn set_bearer_token(&self, token: Option<&str>) -> Outcome {
        let token = optional(token);
        call(|error| unsafe { mcpclient_set_bearer_token(self.0, pointer(&token), error) })
    }

    fn set_auth(&self, auth: Option<&CAuth>) -> Outcome {
        let auth = auth.map_or(ptr::null_mut(), |auth| auth.0);
        call(|error| unsafe { mcpclient_set_auth(self.0, auth, error) })
    }

    fn set_header(&self, name: &str, value: Option<&str>) -> Outcome {
        let (name, value) = (c_string(name), optional(value));
        call(|error| unsafe { mcpclient_set_header(self.0, name.as_ptr(), pointer(&value), error) })
    }

    fn set_timeout(&self, timeout: Duration) {
        let ms = timeout.as_millis().try_into().expect("a timeout of some hours at most");
        call(|error| unsafe { mcpclient_set_timeout_ms(self.0, ms, error) }).unwrap();
    }

    fn set_connect_timeout(&self, timeout: Duration) -> Outcome {
        let ms = timeout.as_millis().try_into().expect("a timeout of some hours at most");
        call(|error| unsafe { mcpclient_set_connect_timeout_ms(self.0, ms, error) })
    }

    fn set_max_response_bytes(&self, bytes: u64) -> Outcome {
        call(|error| unsafe { mcpclient_set_max_response_bytes(self.0, bytes, error) })
    }

    fn set_ca_file(&self, path: Option<&Path>) -> Outcome {
        let path = path.map(path_text);
        call(|error| unsafe { mcpclient_set_ca_file(self.0, pointer(&path), error) })
    }

    fn set_tls_verify(&self, verify: bool) -> Outcome {
        call(|error| unsafe { mcpclient_set_tls_verify(self.0, verify, error) })
    }

    fn set_proxy(&self, proxy: Option<&str>) -> Outcome {
        let proxy = optional(proxy);
        call(|error| unsafe { mcpclient_set_proxy(self.0, pointer(&proxy), error) })
    }

    fn set_client_certificate(&self, files: Option<(&Path, &Path)>) -> Outcome {
        let (certificate, key) = files.unzip();
        let (certificate, key) = (certificate.map(path_text), key.map(path_text));
        call(|error| unsafe { mcpclient_set_client_certificate(self.0, pointer(&certificate), pointer(&key), error) })
    }

    fn set_client_info(&self, name: &str, version: &str) -> Outcome {
        let (name, version) = (c_string(name), c_string(version));
        call(|error| unsafe { mcpclient_set_client_info(self.0, name.as_ptr(), version.as_ptr(), error) })
    }

    fn set_capabilities(&self, json: Option<&str>) -> Outcome {
        let json = optional(json);
        call(|error| unsafe { mcpclient_set_capabilities(self.0, pointer(&json), error) })
    }

    fn set_cache(&self, on: bool) {
        call(|error| unsafe { mcpclient_set_cache(self.0, on, error) }).unwrap();
    }

    fn transport_in_use(&self) -> TransportKind {
        let number = unsafe { mcpclient_transport_in_use(self.0) };
        TransportKind::from_number(number).expect("a transport of the header")
    }

    fn protocol_version(&self) -> Option<String> {
        unsafe { read(mcpclient_protocol_version(self.0)) }
    }

    fn bearer_auth(token: &str) -> Outcome<CAuth> {
        let token = c_string(token);
        make(|error| unsafe { mcpclient_auth_bearer_new(token.as_ptr(), error) }).map(CAuth)
    }

    fn set_token(auth: &CAuth, token: &str) -> Outcome {
        let token = c_string(token);
        call(|error| unsafe { mcpclient_auth_set_token(auth.0, token.as_ptr(), error) })
    }

    fn token_file(path: &Path) -> Outcome<CAuth> {
        let path = path_text(path);
        make(|error| unsafe { mcpclient_auth_token_file_new(path.as_ptr(), error) }).map(CAuth)
    }

    fn token_provider(provider: impl Fn(&mut dyn Asked) + Send + Sync + 'static) -> CAuth {
        let data = user_data::<Provider>(Box::new(provider));
        let free = Some(free::<Provider> as Release);
        make(|error| unsafe { mcpclient_auth_token_callback_new(ask, data, free, error) }).map(CAuth).unwrap()
    }

    fn client_credentials(issuer: Option<&str>, id: &str, secret: &str) -> Outcome<CAuth> {
        let (issuer, id, secret) = (optional(issuer), c_string(id), c_string(secret));
        make(|error| unsafe {
            mcpclient_auth_client_credentials_new(pointer(&issuer), id.as_ptr(), secret.as_ptr(), error)
        })
        .map(CAuth)
    }

    fn private_key(issuer: Option<&str>, id: &str, key: &Path) -> Outcome<CAuth> {
        let (issuer, id, key) = (optional(issuer), c_string(id), path_text(key));
        make(|error| unsafe { mcpclient_auth_private_key_new(pointer(&issuer), id.as_ptr(), key.as_ptr(), error) })
            .map(CAuth)
    }

    fn workload(issuer: Option<&str>, id: Option<&str>, identity: &CAuth) -> Outcome<CAuth> {
        let (issuer, id) = (optional(issuer), optional(id));
        make(|error| unsafe { mcpclient_auth_workload_new(pointer(&issuer), pointer(&id), identity.0, error) })
            .map(CAuth)
    }

    fn enterprise(issuer: &str, id: &str, secret: Option<&str>, identity: &CAuth) -> Outcome<CAuth> {
        let (issuer, id, secret) = (c_string(issuer), c_string(id), optional(secret));
        make(|error| unsafe {
            mcpclient_auth_enterprise_new(issuer.as_ptr(), id.as_ptr(), pointer(&secret), identity.0, error)
        })
        .map(CAuth)
    }

    fn login(callback: impl Fn(&dyn Visitor) + Send + Sync + 'static) -> CAuth {
        let data = user_data::<LoginCallback>(Box::new(callback));
        let free = Some(free::<LoginCallback> as Release);
        make(|error| unsafe { mcpclient_auth_login_new(log_in, data, free, error) }).map(CAuth).unwrap()
    }

    fn set_oauth(auth: &CAuth, setting: OAuth<'_>) -> Outcome {
        let auth = auth.0;
        call(|error| unsafe {
            match setting {
                OAuth::Client(issuer, id, secret) => {
                    let (issuer, id, secret) = (optional(issuer), c_string(id), optional(secret));
                    mcpclient_auth_set_client(auth, pointer(&issuer), id.as_ptr(), pointer(&secret), error)
                }
                OAuth::PrivateKey(path, id) => {
                    let (path, id) = (path_text(path), optional(id));
                    mcpclient_auth_set_private_key(auth, path.as_ptr(), pointer(&id), error)
                }
                OAuth::ClientMetadataUrl(url) => {
                    mcpclient_auth_set_client_metadata_url(auth, c_string(url).as_ptr(), error)
                }
                OAuth::RedirectUrl(url) => mcpclient_auth_set_redirect_url(auth, c_string(url).as_ptr(), error),
                OAuth::LoginTimeout(timeout) => {
                    mcpclient_auth_set_login_timeout_ms(auth, timeout.as_millis().try_into().unwrap(), error)
                }
                OAuth::Scopes(scopes) => mcpclient_auth_set_scopes(auth, pointer(&optional(scopes)), error),
                OAuth::Resource(resource) => mcpclient_auth_set_resource(auth, pointer(&optional(resource)), error),
                OAuth::Parameter(name, value) => {
                    mcpclient_auth_set_parameter(auth, c_string(name).as_ptr(), pointer(&optional(value)), error)
                }
                OAuth::Metadata(json) => mcpclient_auth_set_metadata(auth, pointer(&optional(json)), error),
                OAuth::Dpop(when) => mcpclient_auth_set_dpop(auth, when, error),
                OAuth::StoreFile(path) => mcpclient_auth_set_store_file(auth, path_text(path).as_ptr(), error),
                OAuth::Forget => mcpclient_auth_forget(auth, error),
                OAuth::FinishLogin(url) => mcpclient_auth_finish_login(auth, c_string(url).as_ptr(), error),
            }
        })
    }

    fn set_store(auth: &CAuth, load_one: Load, save_one: Save) -> Outcome {
        let data = user_data::<(Load, Save)>((load_one, save_one));
        let free = Some(free::<(Load, Save)> as Release);
        call(|error| unsafe { mcpclient_auth_set_store(auth.0, load, save, data, free, error) })
    }
}
