"""Which servers are pinged, how, and what must come of it."""

from dataclasses import dataclass
from functools import partial
from typing import Callable

from launch import EverythingServer, FastMcpServer, Server
from setup import FASTMCP_VERSIONS, NODE

# Exit codes of the ping program: 10 + mcpclient_status.
UNAUTHORIZED, FORBIDDEN, HTTP = 17, 18, 19

# What is agreed on with a client that speaks every revision: over Streamable HTTP, and over HTTP+SSE, which is older
# than 2026-07-28.
NEGOTIATED = {
    "4.2.3": {"http": "2026-07-28", "sse": "2025-11-25"},
    "3.4.7": {"http": "2025-11-25", "sse": "2025-11-25"},
    "2.14.7": {"http": "2025-11-25", "sse": "2025-11-25"},
    "2.6.1": {"http": "2025-03-26", "sse": "2025-03-26"},
}
TRANSPORT_NAMES = {"http": "streamable-http", "sse": "sse"}

# Longer than the five seconds after which uvicorn and Node close an idle connection.
IDLE = ("--count", "2", "--interval-ms", "6000")


@dataclass(frozen=True)
class Case:
    """One run of the ping program.

    `credential` names one of the server's, and `way` how it is given: "env", "file" or "header". `expected` is the
    exit code; every pattern in `prints` must be found in what is printed. `path` replaces that of the server's URL.
    With `restart`, the server forgets its sessions between the first ping and the second.
    """

    name: str
    expected: int
    prints: tuple[str, ...]
    options: tuple[str, ...] = ()
    credential: str | None = None
    way: str = "env"
    path: str | None = None
    restart: bool = False


@dataclass(frozen=True)
class Group:
    """Cases against one server of this environment, which is started for them."""

    name: str
    environment: str
    server: Callable[[], Server]
    cases: tuple[Case, ...]


def succeeds(name, version, transport, *options, **details):
    """A case in which each ping is answered."""
    line = f"^OK {version} {TRANSPORT_NAMES[transport]} [0-9.]+ ms$"
    return Case(name, 0, (line,), options, **details)


def fails(name, expected, *reasons, options=(), **details):
    """A case that ends with this exit code, its name and the server's reason, if it gives one."""
    status = {UNAUTHORIZED: "UNAUTHORIZED", FORBIDDEN: "FORBIDDEN", HTTP: "HTTP"}[expected]
    return Case(name, expected, (f"^MCPCLIENT_ERROR_{status}: .", *reasons), options, **details)


def groups():
    """The whole matrix."""
    for version in FASTMCP_VERSIONS:
        for transport in ("http", "sse"):
            yield from fastmcp_groups(version, transport)
        yield from mode_groups(version)
        yield from restart_groups(version)
        yield fallback_group(version)
    for transport in ("http", "sse"):
        yield from everything_groups(transport, "2025-11-25")


def fastmcp_groups(version, transport):
    yield fastmcp_group("jwt", token_cases(version, transport), version, transport, "jwt")
    yield fastmcp_group("apikey", api_key_cases(version, transport), version, transport, "apikey")
    if version != "2.6.1":
        yield fastmcp_group("scope", scope_cases(version, transport), version, transport, "scope")


def fastmcp_group(name, cases, version, transport, auth, *options):
    environment = f"fastmcp-{version}"
    start = partial(FastMcpServer, version, transport, auth, *options)
    return Group(f"{environment} {transport} {name}", environment, start, tuple(cases))


def token_cases(version, transport):
    negotiated = NEGOTIATED[version][transport]
    yield succeeds("good", negotiated, transport, credential="good")
    yield succeeds("idle", negotiated, transport, *IDLE, credential="good")
    yield succeeds("from a file", negotiated, transport, "--transport", transport, credential="good", way="file")
    yield succeeds("pinned", "2025-03-26", transport, "--protocol-version", "2025-03-26", credential="good")

    # 2.6.1 gives no reason in any header or body, only the bare status.
    reasons = () if version == "2.6.1" else ("error: invalid_token$", "error_description: Authentication failed")
    for token in ("expired", "wrong_audience", "wrong_signature"):
        yield fails(token, UNAUTHORIZED, *reasons, credential=token)
    # From 2.11 on the verifier itself looks at the scopes, and takes such a token for an invalid one.
    lacking = FORBIDDEN if version == "2.6.1" else UNAUTHORIZED
    yield fails("missing_scope", lacking, *reasons, credential="missing_scope")
    yield fails("none", UNAUTHORIZED)

    if transport == "sse":
        yield fails("wrong transport", HTTP, "http status: 405$", options=("--transport", "http"), credential="good")


def api_key_cases(version, transport):
    yield succeeds("good", NEGOTIATED[version][transport], transport, credential="good", way="header")
    yield fails("bad", UNAUTHORIZED, credential="bad", way="header")
    yield fails("none", UNAUTHORIZED)


def scope_cases(version, transport):
    yield succeeds("good", NEGOTIATED[version][transport], transport, credential="good")
    reasons = ("error: insufficient_scope$", "error_description: Required scope: mcp:use$")
    yield fails("missing_scope", FORBIDDEN, *reasons, credential="missing_scope")
    yield fails("expired", UNAUTHORIZED, "error: invalid_token$", credential="expired")


def mode_groups(version):
    """Other ways to run a Streamable HTTP server: without sessions, with JSON answers."""
    negotiated = NEGOTIATED[version]["http"]
    many = ("--count", "50", "--interval-ms", "0")
    # An unknown method, such as server/discover, ends a 2.6.1 server that has no sessions: for those, pin the version.
    pinned = ("--protocol-version", negotiated) if version == "2.6.1" else ()
    stateless = succeeds("many", negotiated, "http", *pinned, *many)
    yield fastmcp_group("stateless", [stateless], version, "http", "none", "--stateless")
    yield fastmcp_group("json", [succeeds("many", negotiated, "http", *many)], version, "http", "none", "--json")


def restart_groups(version):
    """A server that forgot its sessions: one that has them, one that has none, one that dropped the event stream."""
    handshake = NEGOTIATED[version]["sse"]
    for transport, protocol in sorted({("sse", handshake), ("http", handshake), ("http", NEGOTIATED[version]["http"])}):
        yield fastmcp_group("restarted", [after_restart(protocol, transport)], version, transport, "none")


def after_restart(protocol, transport):
    """What a server answers for a session that it does not know: 404, 400 (FastMCP 2.6.1, server-everything)."""
    options = ("--protocol-version", protocol, "--count", "2")
    return succeeds(f"second ping, {protocol}", protocol, transport, *options, restart=True)


def fallback_group(version):
    """An HTTP+SSE server whose URL does not tell: the specification's fallback finds out."""
    cases = (
        succeeds("good", NEGOTIATED[version]["sse"], "sse", credential="good"),
        fails("expired", UNAUTHORIZED, credential="expired"),
    )
    return fastmcp_group("fallback", cases, version, "sse", "jwt", "--path", "/events")


def everything_groups(transport, negotiated):
    cases = (
        succeeds("good", negotiated, transport),
        succeeds("idle", negotiated, transport, *IDLE),
        succeeds("many", negotiated, transport, "--count", "50", "--interval-ms", "0"),
        succeeds("pinned", "2025-06-18", transport, "--protocol-version", "2025-06-18"),
        succeeds("extra token", negotiated, transport, "--header", "Authorization: Bearer not-requested"),
        fails("wrong path", HTTP, "http status: 404$", path="/nowhere"),
    )
    start = partial(EverythingServer, transport)
    yield Group(f"everything {transport}", NODE, start, cases)
    yield Group(f"everything {transport} restarted", NODE, start, (after_restart(negotiated, transport),))
