"""Runs the C twins of FastMCP's bearer examples (examples/c) against the newest and the oldest FastMCP, as they come.

Prints a line for each case and closes with `N passed, N failed, N skipped`. What cannot be made here (no network to
install the servers from) is skipped; with CI=true in the environment that is a failure.
"""

import os
import subprocess
import sys
from contextlib import ExitStack

import c_program
import setup
from launch import FastMcpServer, ServerFailed
from run import CASE_SECONDS, Outcome, Report

VERSIONS = ("4.2.3", "2.6.1")
TWINS = ("bearer_string", "bearer_transports", "bearer_auth", "api_key")


def main():
    programs = {name: c_program.build(f"examples/c/{name}.c") for name in TWINS}
    report = Report()
    for version in VERSIONS:
        try:
            with ExitStack() as stack:
                start = lambda *how: stack.enter_context(FastMcpServer(version, *how))
                servers = {"http": start("http", "jwt"), "sse": start("sse", "jwt"), "key": start("http", "apikey")}
                for case in cases(servers):
                    report.add(check(f"FastMCP {version}: {case[0]}", programs, servers, *case[1:]))
        except setup.SetupError as error:
            report.add(Outcome(f"FastMCP {version}: the twins", "skipped", str(error), error.remedy))
        except ServerFailed as error:
            report.add(Outcome(f"FastMCP {version}: the twins", "failed", str(error)))
    return report.close()


def cases(servers):
    """Name, program, arguments, environment, whether it succeeds, how often it prints OK."""
    http, sse, key = servers["http"], servers["sse"], servers["key"]

    def tokens(server, **names):
        return {f"MCP_{name}": server.credentials[credential] for name, credential in names.items()}

    good, expired = tokens(http, TOKEN="good"), tokens(http, TOKEN="expired")
    yield "a string", "bearer_string", [http.url], good, True, 1
    yield "an expired string", "bearer_string", [http.url], expired, False, 0
    # Each server has keys of its own: the token of one is good there alone.
    both = [http.url, sse.url]
    yield "each transport, Streamable HTTP", "bearer_transports", both, good, False, 1
    yield "each transport, HTTP+SSE", "bearer_transports", both, tokens(sse, TOKEN="good"), False, 1
    rotated = tokens(http, TOKEN="good", NEXT_TOKEN="good")
    yield "an object", "bearer_auth", [http.url], rotated, True, 2
    revoked = tokens(http, TOKEN="good", NEXT_TOKEN="expired")
    yield "an object whose next token has expired", "bearer_auth", [http.url], revoked, False, 1
    yield "a key", "api_key", [key.url], tokens(key, API_KEY="good"), True, 1
    yield "a bad key", "api_key", [key.url], tokens(key, API_KEY="bad"), False, 0


def check(name, programs, servers, program, arguments, variables, succeeds, answers):
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = [str(programs[program]), *arguments]
    done = subprocess.run(
        command,
        env=environment | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=CASE_SECONDS,
    )
    said = done.stdout
    secrets = [secret for server in servers.values() for secret in server.credentials.values()]
    if any(secret in said for secret in secrets):
        return Outcome(name, "failed", "it prints a credential")
    if (done.returncode == 0) != succeeds or said.count("OK") != answers:
        return Outcome(name, "failed", f"exit code {done.returncode}\n{said}")
    return Outcome(name, "passed")


if __name__ == "__main__":
    sys.exit(main())
