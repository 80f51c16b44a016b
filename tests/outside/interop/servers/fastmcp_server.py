"""A FastMCP server for interoperability tests; the same program runs under FastMCP 2.6, 2.14, 3.4 and 4.1.

usage: fastmcp_server.py {http,sse,stdio} {none,jwt,scope,apikey} [--port N] [--path /PATH] [--stateless] [--json]

When it accepts connections it prints one line of JSON: `url`, FastMCP's `version`, and the `tokens` or `api_keys` by
name. It ends when its standard input closes, and on SIGTERM.
"""

import argparse
import inspect

import fastmcp

import features
import interaction
from credentials import api_key_credentials, jwt_credentials, scope_credentials
from lifeline import listen, serve


def main():
    options = parse_arguments()
    if options.transport == "stdio":
        return build_server(options, None).run(transport="stdio", show_banner=False)
    listener, origin = listen(options.port)
    announcement = {"url": origin + options.path, "version": fastmcp.__version__}
    verifier, middleware = None, []
    if options.auth == "jwt":
        verifier, announcement["tokens"] = jwt_credentials()
    elif options.auth == "scope":
        verifier, announcement["tokens"] = scope_credentials(origin)
    elif options.auth == "apikey":
        guard, announcement["api_keys"] = api_key_credentials()
        middleware.append(guard)
    serve(build_app(build_server(options, verifier), options, middleware), listener, announcement)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("transport", choices=["http", "sse", "stdio"])
    parser.add_argument("auth", choices=["none", "jwt", "scope", "apikey"])
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--path", help="default: /mcp for http, /sse for sse")
    parser.add_argument("--stateless", action="store_true", help="http without sessions")
    parser.add_argument("--json", action="store_true", help="http that answers with JSON instead of an event stream")
    options = parser.parse_args()
    options.path = options.path or {"http": "/mcp", "sse": "/sse", "stdio": None}[options.transport]
    return options


def build_server(options, verifier):
    server = fastmcp.FastMCP("interop", instructions="For tests.", auth=verifier, **constructor_modes(options))
    features.register(server)
    interaction.register(server)
    return server


def build_app(server, options, middleware):
    if options.transport == "sse":
        return server.http_app(path=options.path, transport="sse", middleware=middleware)
    modes = {} if constructor_modes(options) else transport_modes(options)
    return server.http_app(path=options.path, transport="streamable-http", middleware=middleware, **modes)


def constructor_modes(options):
    """FastMCP before 2.7 takes the modes when the server is made, later ones when its application is."""
    later = "stateless_http" in inspect.signature(fastmcp.FastMCP.http_app).parameters
    return {} if later else transport_modes(options)


def transport_modes(options):
    return {"stateless_http": options.stateless, "json_response": options.json}


if __name__ == "__main__":
    main()
