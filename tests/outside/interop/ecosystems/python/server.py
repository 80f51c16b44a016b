"""A server of Python: the low level of mcp 2, or FastMCP 4.

usage: server.py {lowlevel,fastmcp} [PORT]

Prints a line of JSON when it is ready, and ends with standard input.
"""

import asyncio
import sys
from pathlib import Path

import mcp_types as types
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "servers"))
from lifeline import listen, serve  # noqa: E402

TOKEN = "interop-token"
STEPS = 10
MODERN = "2026-07-28"

cancelled = 0
bus = InMemorySubscriptionBus()


async def slow(seconds, report):
    global cancelled
    try:
        for step in range(1, STEPS + 1):
            await asyncio.sleep(seconds / STEPS)
            await report(step, STEPS)
    except asyncio.CancelledError:
        cancelled += 1
        raise
    return "done"


async def change(session):
    if session.protocol_version < MODERN:
        await session.send_tool_list_changed()
    await bus.publish(ToolsListChanged())
    return "changed"


def lowlevel():
    from mcp.server.lowlevel import Server

    properties = {"echo": {"text": {"type": "string"}}, "slow": {"seconds": {"type": "number"}}, "cancelled": {}, "change": {}}

    async def list_tools(_context, _params):
        schemas = {name: {"type": "object", "properties": each} for name, each in properties.items()}
        return types.ListToolsResult(tools=[types.Tool(name=name, input_schema=each) for name, each in schemas.items()])

    async def call_tool(context, params):
        arguments = params.arguments or {}
        text = {
            "echo": lambda: arguments["text"],
            "slow": lambda: slow(arguments["seconds"], context.session.report_progress),
            "cancelled": lambda: str(cancelled),
            "change": lambda: change(context.session),
        }[params.name]()
        text = await text if asyncio.iscoroutine(text) else text
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)])

    server = Server(
        "mcp-lowlevel",
        version="2",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_subscriptions_listen=ListenHandler(bus),
    )
    return server.streamable_http_app()


def fastmcp():
    from fastmcp import Context, FastMCP

    server = FastMCP("fastmcp")
    handler = ListenHandler(bus)
    server._mcp_server.add_request_handler("subscriptions/listen", types.SubscriptionsListenRequestParams, handler)

    @server.tool
    def echo(text: str) -> str:
        return text

    @server.tool(name="slow")
    async def slow_tool(seconds: float, ctx: Context) -> str:
        return await slow(seconds, ctx.report_progress)

    @server.tool(name="cancelled")
    def cancelled_calls() -> str:
        return str(cancelled)

    @server.tool(name="change")
    async def change_tool(ctx: Context) -> str:
        return await change(ctx.session)

    return server.http_app()


def authorized(app):
    """Lets requests with the token through."""

    async def guard(scope, receive, send):
        headers = dict(scope.get("headers", ()))
        if scope["type"] != "http" or headers.get(b"authorization") == f"Bearer {TOKEN}".encode():
            return await app(scope, receive, send)
        challenge = [(b"www-authenticate", b'Bearer error="invalid_token"'), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 401, "headers": challenge})
        await send({"type": "http.response.body"})

    return guard


def main():
    kind, *port = sys.argv[1:]
    listener, origin = listen(int(port[0]) if port else 0)
    app = {"lowlevel": lowlevel, "fastmcp": fastmcp}[kind]()
    serve(authorized(app), listener, {"url": f"{origin}/mcp", "tokens": {"good": TOKEN}})


if __name__ == "__main__":
    main()
