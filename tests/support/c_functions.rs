//! The functions of the header that the C driver calls, declared by hand as a program in another language does.

#![allow(unsafe_code)] // the C ABI has no other door

use std::ffi::{c_char, c_void};

#[repr(C)]
pub struct Handle {
    _opaque: [u8; 0],
}

pub type Errors = *mut *mut Handle;
pub type Text = *const c_char;
pub type Release = unsafe extern "C" fn(*mut c_void);
pub type NotificationCallback = unsafe extern "C" fn(*mut c_void, Text, *const Handle);
pub type RequestCallback = unsafe extern "C" fn(*mut c_void, Text, *const Handle, *mut Handle);
pub type ProgressCallback = unsafe extern "C" fn(*mut c_void, f64, f64, Text);
pub type LineCallback = unsafe extern "C" fn(*mut c_void, Text);
pub type TokenCallback = unsafe extern "C" fn(*mut c_void, *mut Handle);

unsafe extern "C" {
    pub fn mcpclient_new(url: Text, error: Errors) -> *mut Handle;
    pub fn mcpclient_free(client: *mut Handle);
    pub fn mcpclient_stdio_new(command: Text, arguments: *const Text, error: Errors) -> *mut Handle;
    pub fn mcpclient_set_environment(client: *mut Handle, inherit: i32, error: Errors) -> i32;
    pub fn mcpclient_set_variable(client: *mut Handle, name: Text, value: Text, error: Errors) -> i32;
    pub fn mcpclient_set_working_directory(client: *mut Handle, path: Text, error: Errors) -> i32;
    pub fn mcpclient_on_stderr(
        client: *mut Handle,
        callback: Option<LineCallback>,
        user_data: *mut c_void,
        user_data_free: Option<Release>,
        error: Errors,
    ) -> i32;
    pub fn mcpclient_scope_new(client: *mut Handle, error: Errors) -> *mut Handle;
    pub fn mcpclient_on_progress(
        client: *mut Handle,
        callback: Option<ProgressCallback>,
        user_data: *mut c_void,
        user_data_free: Option<Release>,
        error: Errors,
    ) -> i32;
    pub fn mcpclient_set_timeout_on_progress(client: *mut Handle, restart: bool, error: Errors) -> i32;
    pub fn mcpclient_set_longest_ms(client: *mut Handle, ms: u32, error: Errors) -> i32;
    pub fn mcpclient_set_meta(client: *mut Handle, key: Text, json: Text, error: Errors) -> i32;
    pub fn mcpclient_set_grace_ms(client: *mut Handle, ms: u32, error: Errors) -> i32;
    pub fn mcpclient_process_id(client: *const Handle) -> i64;
    pub fn mcpclient_config_parse(json: Text, error: Errors) -> *mut Handle;
    pub fn mcpclient_config_set_variable(config: *mut Handle, name: Text, value: Text, error: Errors) -> i32;
    pub fn mcpclient_config_set_auth(config: *mut Handle, auth: *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_config_client_new(config: *mut Handle, name: Text, error: Errors) -> *mut Handle;
    pub fn mcpclient_config_free(config: *mut Handle);
    pub fn mcpclient_set_transport(client: *mut Handle, transport: i32, error: Errors) -> i32;
    pub fn mcpclient_set_protocol_version(client: *mut Handle, version: Text, error: Errors) -> i32;
    pub fn mcpclient_set_bearer_token(client: *mut Handle, token: Text, error: Errors) -> i32;
    pub fn mcpclient_set_auth(client: *mut Handle, auth: *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_set_header(client: *mut Handle, name: Text, value: Text, error: Errors) -> i32;
    pub fn mcpclient_set_timeout_ms(client: *mut Handle, ms: u32, error: Errors) -> i32;
    pub fn mcpclient_set_connect_timeout_ms(client: *mut Handle, ms: u32, error: Errors) -> i32;
    pub fn mcpclient_set_max_response_bytes(client: *mut Handle, bytes: u64, error: Errors) -> i32;
    pub fn mcpclient_set_ca_file(client: *mut Handle, path: Text, error: Errors) -> i32;
    pub fn mcpclient_set_tls_verify(client: *mut Handle, verify: bool, error: Errors) -> i32;
    pub fn mcpclient_set_proxy(client: *mut Handle, url: Text, error: Errors) -> i32;
    pub fn mcpclient_connect(client: *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_ping(client: *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_call_tool(
        client: *mut Handle,
        name: Text,
        arguments: Text,
        result: *mut *mut Handle,
        error: Errors,
    ) -> i32;
    pub fn mcpclient_request(
        client: *mut Handle,
        method: Text,
        params: Text,
        result: *mut *mut Handle,
        error: Errors,
    ) -> i32;
    pub fn mcpclient_notify(client: *mut Handle, method: Text, params: Text, error: Errors) -> i32;
    pub fn mcpclient_set_server_log_level(client: *mut Handle, level: Text, error: Errors) -> i32;
    pub fn mcpclient_server_info(client: *mut Handle, info: *mut *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_list_tools(client: *mut Handle, tools: *mut *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_list_resources(client: *mut Handle, resources: *mut *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_list_resource_templates(client: *mut Handle, templates: *mut *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_list_prompts(client: *mut Handle, prompts: *mut *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_read_resource(client: *mut Handle, uri: Text, result: *mut *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_get_prompt(
        client: *mut Handle,
        name: Text,
        arguments: Text,
        result: *mut *mut Handle,
        error: Errors,
    ) -> i32;
    pub fn mcpclient_complete(
        client: *mut Handle,
        reference: Text,
        argument_name: Text,
        argument_value: Text,
        result: *mut *mut Handle,
        error: Errors,
    ) -> i32;
    pub fn mcpclient_on_notification(
        client: *mut Handle,
        method: Text,
        callback: Option<NotificationCallback>,
        user_data: *mut c_void,
        user_data_free: Option<Release>,
        error: Errors,
    ) -> i32;
    pub fn mcpclient_on_request(
        client: *mut Handle,
        method: Text,
        callback: Option<RequestCallback>,
        user_data: *mut c_void,
        user_data_free: Option<Release>,
        error: Errors,
    ) -> i32;
    pub fn mcpclient_reply_result(reply: *mut Handle, json: Text, error: Errors) -> i32;
    pub fn mcpclient_reply_error(reply: *mut Handle, code: i32, message: Text, error: Errors) -> i32;
    pub fn mcpclient_listen(client: *mut Handle, filter: Text, error: Errors) -> i32;
    pub fn mcpclient_stop_listening(client: *mut Handle);
    pub fn mcpclient_set_client_certificate(client: *mut Handle, certificate: Text, key: Text, error: Errors) -> i32;
    pub fn mcpclient_set_client_info(client: *mut Handle, name: Text, version: Text, error: Errors) -> i32;
    pub fn mcpclient_set_capabilities(client: *mut Handle, json: Text, error: Errors) -> i32;
    pub fn mcpclient_set_cache(client: *mut Handle, on: bool, error: Errors) -> i32;
    pub fn mcpclient_value_json(value: *const Handle) -> Text;
    pub fn mcpclient_value_free(value: *mut Handle);
    pub fn mcpclient_cancel(client: *mut Handle);
    pub fn mcpclient_close(client: *mut Handle);
    pub fn mcpclient_transport_in_use(client: *const Handle) -> i32;
    pub fn mcpclient_protocol_version(client: *const Handle) -> Text;
    pub fn mcpclient_auth_bearer_new(token: Text, error: Errors) -> *mut Handle;
    pub fn mcpclient_auth_set_token(auth: *mut Handle, token: Text, error: Errors) -> i32;
    pub fn mcpclient_auth_token_file_new(path: Text, error: Errors) -> *mut Handle;
    pub fn mcpclient_auth_token_callback_new(
        callback: TokenCallback,
        user_data: *mut c_void,
        user_data_free: Option<Release>,
        error: Errors,
    ) -> *mut Handle;
    pub fn mcpclient_token_request_challenge(request: *const Handle) -> Text;
    pub fn mcpclient_token_request_set(request: *mut Handle, token: Text, error: Errors) -> i32;
    pub fn mcpclient_token_request_audience(request: *const Handle) -> Text;
    pub fn mcpclient_auth_client_credentials_new(issuer: Text, id: Text, secret: Text, error: Errors) -> *mut Handle;
    pub fn mcpclient_auth_private_key_new(issuer: Text, id: Text, key: Text, error: Errors) -> *mut Handle;
    pub fn mcpclient_auth_workload_new(issuer: Text, id: Text, identity: *mut Handle, error: Errors) -> *mut Handle;
    pub fn mcpclient_auth_enterprise_new(
        issuer: Text,
        id: Text,
        secret: Text,
        identity: *mut Handle,
        error: Errors,
    ) -> *mut Handle;
    pub fn mcpclient_auth_login_new(
        callback: TokenCallback,
        user_data: *mut c_void,
        user_data_free: Option<Release>,
        error: Errors,
    ) -> *mut Handle;
    pub fn mcpclient_login_url(login: *const Handle) -> Text;
    pub fn mcpclient_login_server(login: *const Handle) -> Text;
    pub fn mcpclient_login_finish(login: *mut Handle, url: Text, error: Errors) -> i32;
    pub fn mcpclient_login_refuse(login: *mut Handle);
    pub fn mcpclient_auth_finish_login(auth: *mut Handle, url: Text, error: Errors) -> i32;
    pub fn mcpclient_auth_set_client(auth: *mut Handle, issuer: Text, id: Text, secret: Text, error: Errors) -> i32;
    pub fn mcpclient_auth_set_private_key(auth: *mut Handle, path: Text, id: Text, error: Errors) -> i32;
    pub fn mcpclient_auth_set_client_metadata_url(auth: *mut Handle, url: Text, error: Errors) -> i32;
    pub fn mcpclient_auth_set_redirect_url(auth: *mut Handle, url: Text, error: Errors) -> i32;
    pub fn mcpclient_auth_set_login_timeout_ms(auth: *mut Handle, ms: u32, error: Errors) -> i32;
    pub fn mcpclient_auth_set_scopes(auth: *mut Handle, scopes: Text, error: Errors) -> i32;
    pub fn mcpclient_auth_set_resource(auth: *mut Handle, resource: Text, error: Errors) -> i32;
    pub fn mcpclient_auth_set_parameter(auth: *mut Handle, name: Text, value: Text, error: Errors) -> i32;
    pub fn mcpclient_auth_set_metadata(auth: *mut Handle, json: Text, error: Errors) -> i32;
    pub fn mcpclient_auth_set_dpop(auth: *mut Handle, when: i32, error: Errors) -> i32;
    pub fn mcpclient_auth_set_store(
        auth: *mut Handle,
        load: TokenCallback,
        save: TokenCallback,
        user_data: *mut c_void,
        user_data_free: Option<Release>,
        error: Errors,
    ) -> i32;
    pub fn mcpclient_store_request_key(request: *const Handle) -> Text;
    pub fn mcpclient_store_request_data(request: *const Handle) -> Text;
    pub fn mcpclient_store_request_set(request: *mut Handle, data: Text, error: Errors) -> i32;
    pub fn mcpclient_auth_set_store_file(auth: *mut Handle, path: Text, error: Errors) -> i32;
    pub fn mcpclient_auth_forget(auth: *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_auth_free(auth: *mut Handle);
    pub fn mcpclient_error_status(error: *const Handle) -> i32;
    pub fn mcpclient_error_message(error: *const Handle) -> Text;
    pub fn mcpclient_error_http_status(error: *const Handle) -> i32;
    pub fn mcpclient_error_rpc_code(error: *const Handle) -> i32;
    pub fn mcpclient_error_rpc_data(error: *const Handle) -> Text;
    pub fn mcpclient_error_www_authenticate(error: *const Handle) -> Text;
    pub fn mcpclient_error_challenge_parameter(error: *const Handle, name: Text) -> Text;
    pub fn mcpclient_start_task(
        client: *mut Handle,
        tool: Text,
        arguments: Text,
        task_id: *mut *mut c_char,
        task: *mut *mut Handle,
        error: Errors,
    ) -> i32;
    pub fn mcpclient_get_task(client: *mut Handle, task_id: Text, task: *mut *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_await_task(client: *mut Handle, task_id: Text, result: *mut *mut Handle, error: Errors) -> i32;
    pub fn mcpclient_cancel_task(client: *mut Handle, task_id: Text, error: Errors) -> i32;
    pub fn mcpclient_set_extension(client: *mut Handle, identifier: Text, settings: Text, error: Errors) -> i32;
    pub fn mcpclient_string_free(string: *mut c_char);
    pub fn mcpclient_error_free(error: *mut Handle);
}
