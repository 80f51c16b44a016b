"""The functions of mcpclient.h, declared for ctypes. Nothing here is public."""

import ctypes
import ctypes.util
import os
import sys
from ctypes import CFUNCTYPE, POINTER, c_bool, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

NOTIFICATION = CFUNCTYPE(None, c_void_p, c_char_p, c_void_p)
REQUEST = CFUNCTYPE(None, c_void_p, c_char_p, c_void_p, c_void_p)
TOKEN = CFUNCTYPE(None, c_void_p, c_void_p)
PROGRESS = CFUNCTYPE(None, c_void_p, c_double, c_double, c_char_p)
FREE = CFUNCTYPE(None, c_void_p)

_ERROR = POINTER(c_void_p)
_OUT = POINTER(c_void_p)
_REGISTRATION = (c_void_p, c_void_p)  # user_data, user_data_free
_START = (c_void_p, c_void_p, POINTER(c_uint64), _ERROR)  # queue, user_data, operation_out

# name: (what it returns, its arguments). A place for an error is always last.
_FUNCTIONS = {
    "version": (c_char_p, ()),
    "status_name": (c_char_p, (c_int32,)),
    "new": (c_void_p, (c_char_p, _ERROR)),
    "stdio_new": (c_void_p, (c_char_p, POINTER(c_char_p), _ERROR)),
    "scope_new": (c_void_p, (c_void_p, _ERROR)),
    "free": (None, (c_void_p,)),
    "close": (None, (c_void_p,)),
    "cancel": (None, (c_void_p,)),
    "connect": (c_int32, (c_void_p, _ERROR)),
    "ping": (c_int32, (c_void_p, _ERROR)),
    "transport_in_use": (c_int32, (c_void_p,)),
    "protocol_version": (c_char_p, (c_void_p,)),
    "process_id": (c_int64, (c_void_p,)),
    "set_transport": (c_int32, (c_void_p, c_int32, _ERROR)),
    "set_protocol_version": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "set_timeout_ms": (c_int32, (c_void_p, c_uint32, _ERROR)),
    "set_connect_timeout_ms": (c_int32, (c_void_p, c_uint32, _ERROR)),
    "set_longest_ms": (c_int32, (c_void_p, c_uint32, _ERROR)),
    "set_timeout_on_progress": (c_int32, (c_void_p, c_bool, _ERROR)),
    "set_max_response_bytes": (c_int32, (c_void_p, c_uint64, _ERROR)),
    "set_capabilities": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "set_client_info": (c_int32, (c_void_p, c_char_p, c_char_p, _ERROR)),
    "set_cache": (c_int32, (c_void_p, c_bool, _ERROR)),
    "set_meta": (c_int32, (c_void_p, c_char_p, c_char_p, _ERROR)),
    "set_bearer_token": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "set_auth": (c_int32, (c_void_p, c_void_p, _ERROR)),
    "set_header": (c_int32, (c_void_p, c_char_p, c_char_p, _ERROR)),
    "set_ca_file": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "set_client_certificate": (c_int32, (c_void_p, c_char_p, c_char_p, _ERROR)),
    "set_tls_verify": (c_int32, (c_void_p, c_bool, _ERROR)),
    "set_proxy": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "set_variable": (c_int32, (c_void_p, c_char_p, c_char_p, _ERROR)),
    "set_working_directory": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "set_server_log_level": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "request": (c_int32, (c_void_p, c_char_p, c_char_p, _OUT, _ERROR)),
    "notify": (c_int32, (c_void_p, c_char_p, c_char_p, _ERROR)),
    "server_info": (c_int32, (c_void_p, _OUT, _ERROR)),
    "list_tools": (c_int32, (c_void_p, _OUT, _ERROR)),
    "list_resources": (c_int32, (c_void_p, _OUT, _ERROR)),
    "list_resource_templates": (c_int32, (c_void_p, _OUT, _ERROR)),
    "list_prompts": (c_int32, (c_void_p, _OUT, _ERROR)),
    "call_tool": (c_int32, (c_void_p, c_char_p, c_char_p, _OUT, _ERROR)),
    "read_resource": (c_int32, (c_void_p, c_char_p, _OUT, _ERROR)),
    "get_prompt": (c_int32, (c_void_p, c_char_p, c_char_p, _OUT, _ERROR)),
    "complete": (c_int32, (c_void_p, c_char_p, c_char_p, c_char_p, _OUT, _ERROR)),
    "get_task": (c_int32, (c_void_p, c_char_p, _OUT, _ERROR)),
    "await_task": (c_int32, (c_void_p, c_char_p, _OUT, _ERROR)),
    "cancel_task": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "listen": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "stop_listening": (None, (c_void_p,)),
    "on_notification": (c_int32, (c_void_p, c_char_p, NOTIFICATION, *_REGISTRATION, _ERROR)),
    "on_request": (c_int32, (c_void_p, c_char_p, REQUEST, *_REGISTRATION, _ERROR)),
    "on_progress": (c_int32, (c_void_p, PROGRESS, *_REGISTRATION, _ERROR)),
    "queue_new": (c_void_p, (_ERROR,)),
    "queue_free": (None, (c_void_p,)),
    "queue_fd": (c_int32, (c_void_p,)),
    "queue_next": (c_void_p, (c_void_p, c_int32)),
    "queue_cancel": (None, (c_void_p, c_uint64)),
    "start_connect": (c_int32, (c_void_p, *_START)),
    "start_ping": (c_int32, (c_void_p, *_START)),
    "start_request": (c_int32, (c_void_p, c_char_p, c_char_p, *_START)),
    "start_list": (c_int32, (c_void_p, c_int32, *_START)),
    "start_notify": (c_int32, (c_void_p, c_char_p, c_char_p, *_START)),
    "start_close": (c_int32, (c_void_p, *_START)),
    "event_user_data": (c_void_p, (c_void_p,)),
    "event_error": (c_void_p, (c_void_p,)),
    "event_value": (c_void_p, (c_void_p,)),
    "event_free": (None, (c_void_p,)),
    "reply_result": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "reply_error": (c_int32, (c_void_p, c_int32, c_char_p, _ERROR)),
    "auth_bearer_new": (c_void_p, (c_char_p, _ERROR)),
    "auth_token_file_new": (c_void_p, (c_char_p, _ERROR)),
    "auth_token_callback_new": (c_void_p, (TOKEN, *_REGISTRATION, _ERROR)),
    "auth_client_credentials_new": (c_void_p, (c_char_p, c_char_p, c_char_p, _ERROR)),
    "auth_private_key_new": (c_void_p, (c_char_p, c_char_p, c_char_p, _ERROR)),
    "auth_set_token": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "auth_set_scopes": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "auth_set_store_file": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "auth_free": (None, (c_void_p,)),
    "token_request_challenge": (c_char_p, (c_void_p,)),
    "token_request_set": (c_int32, (c_void_p, c_char_p, _ERROR)),
    "config_load": (c_void_p, (c_char_p, _ERROR)),
    "config_parse": (c_void_p, (c_char_p, _ERROR)),
    "config_count": (c_size_t, (c_void_p,)),
    "config_name": (c_char_p, (c_void_p, c_size_t)),
    "config_entry": (c_void_p, (c_void_p, c_char_p)),
    "config_set_variable": (c_int32, (c_void_p, c_char_p, c_char_p, _ERROR)),
    "config_set_auth": (c_int32, (c_void_p, c_void_p, _ERROR)),
    "config_client_new": (c_void_p, (c_void_p, c_char_p, _ERROR)),
    "config_free": (None, (c_void_p,)),
    "value_json": (c_char_p, (c_void_p,)),
    "value_free": (None, (c_void_p,)),
    "error_status": (c_int32, (c_void_p,)),
    "error_message": (c_char_p, (c_void_p,)),
    "error_http_status": (c_int32, (c_void_p,)),
    "error_rpc_code": (c_int32, (c_void_p,)),
    "error_rpc_data": (c_char_p, (c_void_p,)),
    "error_challenge_parameter": (c_char_p, (c_void_p, c_char_p)),
    "error_free": (None, (c_void_p,)),
}


def _open() -> ctypes.CDLL:
    chosen = os.environ.get("MCPCLIENT_LIBRARY")
    if chosen:
        return ctypes.CDLL(chosen)
    if sys.platform == "darwin":
        names = ["libmcpclient.0.dylib"]
    elif sys.platform == "win32":
        names = ["mcpclient.dll"]
    else:
        names = ["libmcpclient.so.0"]
    found = ctypes.util.find_library("mcpclient")
    for name in names + ([found] if found else []):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise ImportError(f"{names[0]} was not found: install libmcpclient, or name the file in MCPCLIENT_LIBRARY")


class _Functions:
    """The functions by their names without the prefix, each with its types."""

    def __init__(self, library: ctypes.CDLL) -> None:
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, f"mcpclient_{name}")
            function.restype = result
            function.argtypes = arguments
            setattr(self, name, function)

    def __getattr__(self, name: str):  # for type checkers: the functions are set by __init__
        raise AttributeError(name)


lib = _Functions(_open())


def library_version() -> str:
    """The version of the shared library."""
    return lib.version().decode()
