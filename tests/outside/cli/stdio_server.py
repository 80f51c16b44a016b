"""A FastMCP server on standard input and output, with the tools of the interoperability tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "interop" / "servers"))

import features  # noqa: E402
from fastmcp import FastMCP  # noqa: E402

server = FastMCP("stdio")
features.register(server)
server.run(transport="stdio", show_banner=False)
