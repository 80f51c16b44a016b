"""The MCP client library libmcpclient, by ctypes. No dependencies; the shared library must be installed.

    from mcpclient import Client

    with Client("https://example.com/mcp", auth=token) as client:
        client.ping()
"""

from ._library import library_version
from .auth import Auth, BearerAuth, ClientCredentials, PrivateKey, TokenCallback, TokenFile
from .client import Client
from .config import Config
from .errors import (
    CancelledError,
    ForbiddenError,
    HttpError,
    InternalError,
    InvalidArgumentError,
    InvalidStateError,
    McpError,
    NetworkError,
    ProtocolError,
    RpcError,
    TlsError,
    TimeoutError,
    UnauthorizedError,
    UnsupportedError,
)

__all__ = [
    "Auth",
    "BearerAuth",
    "CancelledError",
    "Client",
    "ClientCredentials",
    "Config",
    "ForbiddenError",
    "HttpError",
    "InternalError",
    "InvalidArgumentError",
    "InvalidStateError",
    "McpError",
    "NetworkError",
    "PrivateKey",
    "ProtocolError",
    "RpcError",
    "TimeoutError",
    "TlsError",
    "TokenCallback",
    "TokenFile",
    "UnauthorizedError",
    "UnsupportedError",
    "library_version",
]
