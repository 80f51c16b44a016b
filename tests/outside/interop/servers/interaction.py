"""What a test server asks of its client, or tells it unasked: elicitation, sampling, roots, changes."""

from fastmcp import Context
from pydantic import AnyUrl


def register(server):
    if hasattr(Context, "input_responses"):  # FastMCP 4
        import interaction_v4

        interaction_v4.register(server)
    else:
        register_questions(server)
        register_changes(server)


def register_questions(server):
    @server.tool()
    async def sample(prompt: str, ctx: Context) -> str:
        """What the client's model says."""
        return (await ctx.sample(prompt)).text

    @server.tool()
    async def list_roots(ctx: Context) -> list[str]:
        """The client's roots."""
        return [str(root.uri) for root in await ctx.list_roots()]

    if hasattr(Context, "elicit"):  # FastMCP 2.10 and later

        @server.tool()
        async def ask_name(ctx: Context) -> str:
            """Greets the user by the name that the client asks for."""
            answer = await ctx.elicit("What is your name?", response_type=str)
            return greeting(answer.action, getattr(answer, "data", None))


def register_changes(server):
    @server.tool()
    async def touch_resource(uri: str, ctx: Context) -> str:
        """Says that this resource was updated, and that the list of resources changed."""
        await ctx.session.send_resource_updated(AnyUrl(uri))
        await ctx.session.send_resource_list_changed()
        return "touched"

    @server.tool()
    async def touch_tools(ctx: Context) -> str:
        """Says that the list of tools changed."""
        await ctx.session.send_tool_list_changed()
        return "touched"


def greeting(action, name):
    return f"Hello, {name}!" if action == "accept" else f"No name: {action}."
