"""The client: one MCP server, any number of threads."""

import ctypes
import json
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

from ._handles import Handle, call_for_value, register, value_of
from ._library import NOTIFICATION, PROGRESS, REQUEST, lib
from .auth import Auth
from .errors import check, text

_TRANSPORTS = ("auto", "streamable-http", "sse", "stdio")

Json = Union[None, bool, int, float, str, List[Any], Dict[str, Any]]


def _milliseconds(seconds: Optional[float]) -> int:
    """0 means no limit to the library, so a limit is at least 1."""
    return 0 if seconds is None else max(1, round(seconds * 1000))


def _json(value: Any) -> Optional[bytes]:
    return None if value is None else json.dumps(value, allow_nan=False).encode()


class _Calls(Handle):
    """What both a client and a scope can do. Every call blocks, and other Python threads run meanwhile."""

    def ping(self) -> None:
        """Checks that the server is reachable, speaks MCP and accepts the credentials."""
        check(lib.ping, self.handle)

    def connect(self) -> None:
        """Connects now; otherwise the first call does."""
        check(lib.connect, self.handle)

    def request(self, method: str, params: Optional[Mapping[str, Any]] = None) -> Any:
        """Sends any request; its result."""
        return call_for_value(lib.request, self.handle, text(method), _json(params))

    def notify(self, method: str, params: Optional[Mapping[str, Any]] = None) -> None:
        """Sends a notification."""
        check(lib.notify, self.handle, text(method), _json(params))

    def server_info(self) -> Dict[str, Any]:
        """The server's name, version, capabilities and instructions."""
        return call_for_value(lib.server_info, self.handle)

    def list_tools(self) -> List[Dict[str, Any]]:
        """All tools, all pages."""
        return call_for_value(lib.list_tools, self.handle)

    def call_tool(self, name: str, arguments: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """Calls a tool. A tool's own error is a result with "isError"."""
        return call_for_value(lib.call_tool, self.handle, text(name), _json(arguments))

    def list_resources(self) -> List[Dict[str, Any]]:
        """All resources, all pages."""
        return call_for_value(lib.list_resources, self.handle)

    def list_resource_templates(self) -> List[Dict[str, Any]]:
        """All resource templates, all pages."""
        return call_for_value(lib.list_resource_templates, self.handle)

    def read_resource(self, uri: str) -> Dict[str, Any]:
        """The contents of a resource."""
        return call_for_value(lib.read_resource, self.handle, text(uri))

    def list_prompts(self) -> List[Dict[str, Any]]:
        """All prompts, all pages."""
        return call_for_value(lib.list_prompts, self.handle)

    def get_prompt(self, name: str, arguments: Optional[Mapping[str, str]] = None) -> Dict[str, Any]:
        """The messages of a prompt."""
        return call_for_value(lib.get_prompt, self.handle, text(name), _json(arguments))

    def complete(self, reference: Mapping[str, Any], argument: str, value: str) -> Dict[str, Any]:
        """Completions of an argument of a prompt or resource template."""
        return call_for_value(lib.complete, self.handle, _json(reference), text(argument), text(value))

    def get_task(self, task_id: str) -> Dict[str, Any]:
        """The state of a task."""
        return call_for_value(lib.get_task, self.handle, text(task_id))

    def await_task(self, task_id: str) -> Dict[str, Any]:
        """Waits for the result of a task."""
        return call_for_value(lib.await_task, self.handle, text(task_id))

    def cancel_task(self, task_id: str) -> None:
        """Asks the server to cancel a task."""
        check(lib.cancel_task, self.handle, text(task_id))

    def cancel(self) -> None:
        """Ends the calls under way, from any thread, with `CancelledError`."""
        lib.cancel(self.handle)

    def set_timeout(self, seconds: Optional[float]) -> None:
        """The time limit of one call, end to end; None: none."""
        check(lib.set_timeout_ms, self.handle, _milliseconds(seconds))

    def set_meta(self, key: str, value: Json) -> None:
        """A member of `_meta` of each request, such as "traceparent"; None: removed."""
        check(lib.set_meta, self.handle, text(key), _json(value))

    def on_progress(self, callback: Optional[Callable[[float, Optional[float], Optional[str]], None]]) -> None:
        """Progress of the calls made through this object: `callback(progress, total, message)`."""

        def run(_user_data: Optional[int], progress: float, total: float, message: Optional[bytes]) -> None:
            callback(progress, None if total < 0 else total, message.decode() if message is not None else None)

        register(lib.on_progress, self.handle, callback=PROGRESS(run) if callback else None)

    def scope(
        self,
        *,
        timeout: Optional[float] = None,
        on_progress: Optional[Callable[[float, Optional[float], Optional[str]], None]] = None,
        meta: Optional[Mapping[str, Any]] = None,
    ) -> "Scope":
        """The same server with limits of its own: `with client.scope(timeout=2) as scope: scope.call_tool(...)`."""
        scope = Scope(check(lib.scope_new, self.handle), lib.free)
        if timeout is not None:
            scope.set_timeout(timeout)
        if on_progress is not None:
            scope.on_progress(on_progress)
        for key, value in (meta or {}).items():
            scope.set_meta(key, value)
        return scope


class Scope(_Calls):
    """A client with a time limit, progress, `_meta` and cancellation of its own. Shares everything else."""


class Client(_Calls):
    """An MCP client of one server. Nothing is sent before the first call.

    `auth` is a bearer token or an `Auth` object; `headers` go with every request; `transport` is "auto",
    "streamable-http" or "sse"; `timeout` is the time limit of one call in seconds (None: none).
    """

    def __init__(
        self,
        url: str,
        *,
        auth: Union[str, Auth, None] = None,
        headers: Optional[Mapping[str, str]] = None,
        transport: str = "auto",
        protocol_version: Optional[str] = None,
        timeout: Optional[float] = 30,
        ca_file: Optional[str] = None,
        proxy: Optional[str] = None,
    ) -> None:
        super().__init__(check(lib.new, text(url)), lib.free)
        try:
            self._set_up(auth, headers or {}, transport, protocol_version, timeout, ca_file, proxy)
        except BaseException:
            self.close()
            raise

    def _set_up(self, auth, headers, transport, protocol_version, timeout, ca_file, proxy) -> None:
        if transport not in _TRANSPORTS:
            raise ValueError(f"transport is none of {', '.join(_TRANSPORTS)}")
        check(lib.set_transport, self.handle, _TRANSPORTS.index(transport))
        check(lib.set_protocol_version, self.handle, text(protocol_version))
        self.set_timeout(timeout)
        self.set_auth(auth)
        for name, value in headers.items():
            self.set_header(name, value)
        if ca_file is not None:
            check(lib.set_ca_file, self.handle, text(ca_file))
        if proxy is not None:
            check(lib.set_proxy, self.handle, text(proxy))

    @classmethod
    def _adopt(cls, handle: int) -> "Client":
        client = cls.__new__(cls)
        Handle.__init__(client, handle, lib.free)
        return client

    @classmethod
    def stdio(
        cls,
        command: str,
        arguments: Sequence[str] = (),
        *,
        variables: Optional[Mapping[str, str]] = None,
        directory: Optional[str] = None,
    ) -> "Client":
        """A client of the server that this program is. The first call starts it."""
        words = (ctypes.c_char_p * (len(arguments) + 1))(*(text(word) for word in arguments), None)
        client = cls._adopt(check(lib.stdio_new, text(command), words))
        for name, value in (variables or {}).items():
            check(lib.set_variable, client.handle, text(name), text(value))
        if directory is not None:
            check(lib.set_working_directory, client.handle, text(directory))
        return client

    def set_auth(self, auth: Union[str, Auth, None]) -> None:
        """A bearer token, an `Auth` object, or None."""
        if isinstance(auth, Auth):
            check(lib.set_auth, self.handle, auth.handle)
        else:
            check(lib.set_bearer_token, self.handle, text(auth))

    def set_header(self, name: str, value: Optional[str]) -> None:
        """A header of every request; None: removed."""
        check(lib.set_header, self.handle, text(name), text(value))

    def set_client_certificate(self, certificate_path: str, key_path: str) -> None:
        """A TLS client certificate and its key, PEM files."""
        check(lib.set_client_certificate, self.handle, text(certificate_path), text(key_path))

    def set_tls_verify(self, verify: bool) -> None:
        """False accepts any certificate: for tests."""
        check(lib.set_tls_verify, self.handle, verify)

    def set_client_info(self, name: str, version: str) -> None:
        """What the server is told about this program."""
        check(lib.set_client_info, self.handle, text(name), text(version))

    def set_server_log_level(self, level: str) -> None:
        """Which log messages the server sends, such as "info"."""
        check(lib.set_server_log_level, self.handle, text(level))

    @property
    def protocol_version(self) -> Optional[str]:
        """The protocol version in use; None: not connected."""
        version = lib.protocol_version(self.handle)
        return version.decode() if version is not None else None

    @property
    def transport(self) -> str:
        """The transport in use; "auto": not connected."""
        return _TRANSPORTS[lib.transport_in_use(self.handle)]

    def disconnect(self) -> None:
        """Ends the session; the next call connects again."""
        lib.close(self.handle)

    def on_notification(
        self, callback: Optional[Callable[[str, Any], None]], method: Optional[str] = None
    ) -> None:
        """Notifications of one method (None: of all): `callback(method, params)`, on a thread of the library."""

        def run(_user_data: Optional[int], name: bytes, params: int) -> None:
            callback(name.decode(), value_of(params))

        register(lib.on_notification, self.handle, text(method), callback=NOTIFICATION(run) if callback else None)

    def on_request(self, method: str, callback: Optional[Callable[[str, Any], Mapping[str, Any]]]) -> None:
        """Requests of the server, such as "elicitation/create": the callback returns the result. An exception in it
        becomes a JSON-RPC error without its text, which may be private."""

        def run(_user_data: Optional[int], name: bytes, params: int, reply: int) -> None:
            try:
                check(lib.reply_result, reply, _json(callback(name.decode(), value_of(params))))
            except BaseException:
                check(lib.reply_error, reply, -32603, b"the client's handler failed")
                raise

        register(lib.on_request, self.handle, text(method), callback=REQUEST(run) if callback else None)

    def listen(self, notifications: Optional[Mapping[str, Any]] = None) -> None:
        """Opens a stream of notifications outside calls, such as {"toolsListChanged": True}."""
        check(lib.listen, self.handle, _json(notifications))

    def stop_listening(self) -> None:
        """Ends what `listen` began."""
        lib.stop_listening(self.handle)
