"""The same for FastMCP 4, which serves two eras of the protocol.

Before 2026-07-28 a server sends requests of its own to the client. Since then a tool call returns what it needs to
know, and the client calls again with the answers.
"""

import mcp_types as types
from fastmcp import Context
from fastmcp.exceptions import ToolError
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    ResourcesListChanged,
    ResourceUpdated,
    ToolsListChanged,
)

from interaction import greeting

NAME_SCHEMA = {"type": "object", "properties": {"value": {"type": "string"}}, "required": ["value"]}


def register(server):
    register_questions(server)
    register_changes(server)


def register_questions(server):
    @server.tool()
    async def ask_name(ctx: Context) -> str | types.InputRequiredResult:
        """Greets the user by the name that the client asks for."""
        params = types.ElicitRequestFormParams(message="What is your name?", requested_schema=NAME_SCHEMA)
        if has_back_channel(ctx):
            answer = await ctx.session.elicit(params.message, NAME_SCHEMA, related_request_id=ctx.request_id)
        else:
            answer = answer_or_question(ctx, types.ElicitRequest(params=params))
        if isinstance(answer, types.InputRequiredResult):
            return answer
        return greeting(answer.action, (answer.content or {}).get("value"))

    @server.tool()
    async def sample(prompt: str, ctx: Context) -> str | types.InputRequiredResult:
        """What the client's model says."""
        message = types.SamplingMessage(role="user", content=types.TextContent(type="text", text=prompt))
        params = types.CreateMessageRequestParams(messages=[message], max_tokens=512)
        if has_back_channel(ctx):
            answer = await ctx.session.create_message([message], max_tokens=512, related_request_id=ctx.request_id)
        else:
            answer = answer_or_question(ctx, types.CreateMessageRequest(params=params))
        return answer if isinstance(answer, types.InputRequiredResult) else answer.content.text

    @server.tool()
    async def list_roots(ctx: Context) -> list[str] | types.InputRequiredResult:
        """The client's roots."""
        if has_back_channel(ctx):
            answer = await ctx.session.list_roots()
        else:
            answer = answer_or_question(ctx, types.ListRootsRequest())
        if isinstance(answer, types.InputRequiredResult):
            return answer
        return [str(root.uri) for root in answer.roots]


def has_back_channel(ctx):
    return ctx.session.protocol_version < "2026-07-28"


def answer_or_question(ctx, request):
    """The client's answer when this call brings one, or else the result that asks for it."""
    if ctx.input_responses is None:
        return types.InputRequiredResult(input_requests={"question": request}, request_state="asked")
    if ctx.request_state != "asked":
        raise ToolError("the request state did not come back")
    return ctx.input_responses["question"]


def register_changes(server):
    bus = InMemorySubscriptionBus()
    server._mcp_server.add_request_handler(
        "subscriptions/listen", types.SubscriptionsListenRequestParams, ListenHandler(bus)
    )

    @server.tool()
    async def touch_resource(uri: str, ctx: Context) -> str:
        """Says that this resource was updated, and that the list of resources changed."""
        if has_back_channel(ctx):
            await ctx.session.send_resource_updated(uri)
            await ctx.session.send_resource_list_changed()
        await bus.publish(ResourceUpdated(uri))
        await bus.publish(ResourcesListChanged())
        return "touched"

    @server.tool()
    async def touch_tools(ctx: Context) -> str:
        """Says that the list of tools changed."""
        if has_back_channel(ctx):
            await ctx.session.send_tool_list_changed()
        await bus.publish(ToolsListChanged())
        return "touched"
