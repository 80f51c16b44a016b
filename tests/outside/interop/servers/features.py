"""What a test server offers that needs nothing of its client: tools, resources, prompts, completions."""

import asyncio
from dataclasses import dataclass

from fastmcp import Context
from fastmcp.exceptions import ToolError

CITIES = ["Berlin", "Bern", "Lima", "Lisbon"]


def register(server):
    register_tools(server)
    register_resources(server)
    register_prompts(server)
    register_completion(server)


@dataclass
class Forecast:
    city: str
    celsius: float
    hours: list[int]


def register_tools(server):
    @server.tool()
    def add(a: int, b: int) -> int:
        """The sum."""
        return a + b

    @server.tool()
    def echo(text: str) -> str:
        """The same text."""
        return text

    @server.tool()
    def big(bytes: int) -> str:
        """A text of that many letters."""
        return "x" * bytes

    @server.tool()
    def forecast(city: str) -> Forecast:
        """A structured result."""
        return Forecast(city, 21.5, [6, 12, 18])

    @server.tool()
    def fail() -> str:
        """A tool error."""
        raise ToolError("failed as asked")

    @server.tool()
    async def slow(seconds: float, ctx: Context) -> str:
        """Takes that long, and reports progress in ten steps."""
        for step in range(10):
            await ctx.report_progress(step, 10)
            await asyncio.sleep(seconds / 10)
        await ctx.report_progress(10, 10)
        return "done"

    @server.tool()
    async def log(level: str, message: str, ctx: Context) -> str:
        """Logs to the client."""
        await ctx.log(message, level=level, logger_name="interop")
        return "logged"


def register_resources(server):
    @server.resource("text://greeting", mime_type="text/plain")
    def greeting() -> str:
        return "Hello, world!"

    @server.resource("data://bytes", mime_type="application/octet-stream")
    def every_byte() -> bytes:
        return bytes(range(256))

    @server.resource("note://{id}", mime_type="text/plain")
    def note(id: str) -> str:
        return f"note {id}"


def register_prompts(server):
    @server.prompt()
    def travel(city: str) -> str:
        """Asks for a plan."""
        return f"Plan a day in {city}."


def register_completion(server):
    """Completes the argument `city` of the prompt."""

    def matching(argument):
        return [city for city in CITIES if city.lower().startswith(argument.value.lower())]

    if hasattr(server, "completion"):  # FastMCP 4

        @server.completion
        def complete_city(ref, argument, context):
            return matching(argument)

    else:
        from mcp.types import Completion

        @server._mcp_server.completion()
        async def complete(ref, argument, *context):
            return Completion(values=matching(argument), hasMore=False)
