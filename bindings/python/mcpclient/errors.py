"""Failed calls as exceptions: one class for each status of mcpclient.h."""

import ctypes
import json
from typing import Any, Callable, Dict, Optional, Type

from ._library import lib


class McpError(Exception):
    """A call failed. `str(error)` is one line for a person; no attribute holds a secret."""

    def __init__(self, handle: int) -> None:
        text = lib.error_message(handle)
        super().__init__(text.decode() if text else "")
        #: The number of MCPCLIENT_ERROR_*.
        self.status: int = lib.error_status(handle)
        #: The name of MCPCLIENT_ERROR_*.
        self.status_name: str = lib.status_name(self.status).decode()
        #: The HTTP status of the refused request; None: none.
        self.http_status: Optional[int] = lib.error_http_status(handle) or None
        #: The code of the JSON-RPC error; None: none.
        self.rpc_code: Optional[int] = lib.error_rpc_code(handle) or None
        data = lib.error_rpc_data(handle)
        #: `data` of the JSON-RPC error, parsed; None: none.
        self.rpc_data: Any = json.loads(data) if data else None
        self._challenge = {
            name: lib.error_challenge_parameter(handle, name.encode())
            for name in ("error", "error_description", "error_uri", "scope", "resource_metadata", "realm")
        }

    def challenge(self, name: str) -> Optional[str]:
        """A parameter of the WWW-Authenticate challenge, such as "error_description"; None: absent."""
        value = self._challenge.get(name)
        return value.decode() if value is not None else None


class InvalidArgumentError(McpError, ValueError):
    """MCPCLIENT_ERROR_INVALID_ARGUMENT"""


class InvalidStateError(McpError):
    """MCPCLIENT_ERROR_INVALID_STATE"""


class NetworkError(McpError, ConnectionError):
    """MCPCLIENT_ERROR_NETWORK"""


class TlsError(McpError):
    """MCPCLIENT_ERROR_TLS"""


class TimeoutError(McpError, TimeoutError):  # noqa: A001 - the built-in one is its base
    """MCPCLIENT_ERROR_TIMEOUT"""


class CancelledError(McpError):
    """MCPCLIENT_ERROR_CANCELLED"""


class UnauthorizedError(McpError, PermissionError):
    """MCPCLIENT_ERROR_UNAUTHORIZED"""


class ForbiddenError(McpError, PermissionError):
    """MCPCLIENT_ERROR_FORBIDDEN"""


class HttpError(McpError):
    """MCPCLIENT_ERROR_HTTP"""


class ProtocolError(McpError):
    """MCPCLIENT_ERROR_PROTOCOL"""


class RpcError(McpError):
    """MCPCLIENT_ERROR_RPC"""


class UnsupportedError(McpError):
    """MCPCLIENT_ERROR_UNSUPPORTED"""


class InternalError(McpError):
    """MCPCLIENT_ERROR_INTERNAL"""


_CLASSES: Dict[int, Type[McpError]] = dict(
    enumerate(
        (
            InvalidArgumentError,
            InvalidStateError,
            NetworkError,
            TlsError,
            TimeoutError,
            CancelledError,
            UnauthorizedError,
            ForbiddenError,
            HttpError,
            ProtocolError,
            RpcError,
            UnsupportedError,
            InternalError,
        ),
        start=1,
    )
)


def from_handle(handle: int) -> McpError:
    """The exception of a borrowed error object."""
    return _CLASSES.get(lib.error_status(handle), McpError)(handle)


def check(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function whose last argument is a place for an error; raises what it leaves there."""
    error = ctypes.c_void_p()
    result = function(*arguments, ctypes.byref(error))
    if not error:
        return result
    try:
        raise from_handle(error.value)
    finally:
        lib.error_free(error)


def text(value: Optional[str]) -> Optional[bytes]:
    """A string as the library takes it."""
    if value is not None and "\0" in value:
        raise ValueError("a string holds a NUL character")
    return None if value is None else value.encode()
