"""The client in an asyncio event loop: no call blocks the loop, and a cancelled task cancels its own call only.

    from mcpclient import Client
    from mcpclient.aio import AsyncClient

    async with AsyncClient(Client("https://example.com/mcp", auth=token)) as client:
        await client.ping()
"""

import asyncio
import ctypes
from typing import Any, Callable, Dict, List, Mapping, Optional

from ._handles import Handle, value_of
from ._library import lib
from .client import Client, _json
from .errors import check, from_handle, text

_LISTS = ("tools", "resources", "resource_templates", "prompts")


class AsyncClient(Handle):
    """Runs the calls of a client through a completion queue of the library that the running event loop watches."""

    def __init__(self, client: Client) -> None:
        super().__init__(check(lib.queue_new), lib.queue_free)
        self.client = client
        self._loop = asyncio.get_running_loop()
        self._waiting: Dict[int, "asyncio.Future[Any]"] = {}
        self._last = 0
        self._fd = lib.queue_fd(self.handle)
        self._loop.add_reader(self._fd, self._drain)

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends the session without blocking the loop, then frees queue and client."""
        await self._run(lib.start_close)
        self.close()
        self.client.close()

    def close(self) -> None:
        if self._handle is not None:
            self._loop.remove_reader(self._fd)
        super().close()

    async def connect(self) -> None:
        """Connects now; otherwise the first call does."""
        await self._run(lib.start_connect)

    async def ping(self) -> None:
        """Checks that the server is reachable, speaks MCP and accepts the credentials."""
        await self._run(lib.start_ping)

    async def request(self, method: str, params: Optional[Mapping[str, Any]] = None) -> Any:
        """Sends any request; its result."""
        return await self._run(lib.start_request, text(method), _json(params))

    async def notify(self, method: str, params: Optional[Mapping[str, Any]] = None) -> None:
        """Sends a notification."""
        await self._run(lib.start_notify, text(method), _json(params))

    async def call_tool(self, name: str, arguments: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """Calls a tool. A tool's own error is a result with "isError"."""
        return await self.request("tools/call", _present(name=name, arguments=arguments))

    async def read_resource(self, uri: str) -> Dict[str, Any]:
        """The contents of a resource."""
        return await self.request("resources/read", {"uri": uri})

    async def get_prompt(self, name: str, arguments: Optional[Mapping[str, str]] = None) -> Dict[str, Any]:
        """The messages of a prompt."""
        return await self.request("prompts/get", _present(name=name, arguments=arguments))

    async def list_tools(self) -> List[Dict[str, Any]]:
        """All tools, all pages."""
        return await self._list("tools")

    async def list_resources(self) -> List[Dict[str, Any]]:
        """All resources, all pages."""
        return await self._list("resources")

    async def list_resource_templates(self) -> List[Dict[str, Any]]:
        """All resource templates, all pages."""
        return await self._list("resource_templates")

    async def list_prompts(self) -> List[Dict[str, Any]]:
        """All prompts, all pages."""
        return await self._list("prompts")

    async def _list(self, name: str) -> List[Dict[str, Any]]:
        return await self._run(lib.start_list, _LISTS.index(name))

    async def _run(self, start: Callable[..., Any], *arguments: Any) -> Any:
        self._last += 1
        number, operation = self._last, ctypes.c_uint64()
        future = self._loop.create_future()
        self._waiting[number] = future
        try:
            check(start, self.client.handle, *arguments, self.handle, number, ctypes.byref(operation))
            return await future
        except asyncio.CancelledError:
            if self._handle is not None:
                lib.queue_cancel(self._handle, operation.value)
            raise
        finally:
            self._waiting.pop(number, None)

    def _drain(self) -> None:
        """Takes every event; the descriptor is readable until there is none."""
        while self._handle is not None:
            event = lib.queue_next(self._handle, 0)
            if not event:
                return
            try:
                self._finish(event)
            finally:
                lib.event_free(event)

    def _finish(self, event: int) -> None:
        future = self._waiting.get(lib.event_user_data(event) or 0)
        if future is None or future.done():
            return  # its task was cancelled
        error = lib.event_error(event)
        if error:
            future.set_exception(from_handle(error))
        else:
            future.set_result(value_of(lib.event_value(event)))


def _present(**members: Any) -> Dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
