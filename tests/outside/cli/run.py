"""Runs the command `mcpclient` against real servers: as scripts do, and at a terminal as a person does.

Prints a line for each case and closes with `N passed, N failed, N skipped`. What cannot be made here (no network to
install the servers from) is skipped; with CI=true in the environment that is a failure.
"""

import json
import os
import subprocess
import sys
import tempfile
import traceback
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))

import c_program  # noqa: E402
import setup  # noqa: E402
from launch import FastMcpServer, ServerFailed  # noqa: E402
from run import Outcome, Report  # noqa: E402
from terminal import Terminal  # noqa: E402

VERSION = setup.FASTMCP_VERSIONS[0]
SECONDS = 60 * float(os.environ.get("TEST_SLOWNESS", "1"))


def build():
    """Compiles the command against the shared library of the debug build."""
    target = c_program.target_directory()
    program = target / "cli-tests" / "mcpclient"
    program.parent.mkdir(exist_ok=True)
    sources = sorted((c_program.ROOT / "cli").glob("*.c"))
    compiler = os.environ.get("CC", "cc").split()
    command = [*compiler, *c_program.FLAGS, "-I", c_program.ROOT / "include", *sources]
    subprocess.run([str(w) for w in [*command, *c_program.link_flags(target / "debug"), "-o", program]], check=True)
    return program


class Cli:
    """The program with an environment of its own: no proxy, a home folder that is thrown away."""

    def __init__(self, program, home):
        self.program = str(program)
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        for name in ("NO_COLOR", "MCPCLIENT_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            kept.pop(name, None)
        self.environment = kept | {"HOME": str(home), "TERM": "xterm"}

    def run(self, *words, input=None, **variables):
        return subprocess.run(
            [self.program, *words],
            env=self.environment | variables,
            input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
        )

    def expect(self, status, *words, out=None, err=None, **options):
        done = self.run(*words, **options)
        assert done.returncode == status, f"exit status {done.returncode}, not {status}\n{done.stdout}{done.stderr}"
        assert out is None or out in done.stdout, f"{out!r} is not in {done.stdout!r}"
        assert err is None or err in done.stderr, f"{err!r} is not in {done.stderr!r}"
        return done

    def terminal(self, *words, **variables):
        return Terminal([self.program, *words], self.environment | variables, SECONDS)


# Wrong usage: no server is needed.


def usage_is_corrected(cli, servers):
    cli.expect(2, "pign", "http://localhost/", err='did you mean "ping"?')
    cli.expect(2, "ping", "--tokn-env", "X", "http://localhost/", err="did you mean --token-env?")
    cli.expect(2, "ping", err="needs a URL")
    cli.expect(2, "ping", "--timeout", "soon", "http://localhost/", err='"soon" is not a time')
    cli.expect(2, "ping", "--count", err="--count needs a value")
    cli.expect(2, "ping", "--json=yes", "http://localhost/", err="takes no value")
    cli.expect(2, "ping", "--transport", "sse1", "http://localhost/", err="did you mean sse")
    cli.expect(0, "--help", out="Usage: mcpclient")
    cli.expect(0, "call", "--help", out="mcpclient call")
    cli.expect(0, "--version", out="mcpclient ")


def secrets_are_refused_as_arguments(cli, servers):
    for words in (
        ["--token", "s3cret-word"],
        ["--client-secret", "s3cret-word"],
        ["--header", "X-API-Key: s3cret-word"],
        ["--header", "Authorization: Bearer s3cret-word"],
    ):
        done = cli.expect(2, "ping", *words, "http://localhost:1/", err="process list")
        assert "s3cret-word" not in done.stderr + done.stdout
    cli.expect(13, "ping", "--insecure-argument", "--token", "s3cret-word", "http://127.0.0.1:1/")
    cli.expect(2, "ping", "--token-env", "NOT_SET_HERE", "http://127.0.0.1:1/", err="NOT_SET_HERE is not set")


def monitors_get_their_line(cli, servers):
    down = cli.expect(2, "ping", "--nagios", "http://127.0.0.1:1/", out="MCP CRITICAL: ")
    assert down.stdout.count("\n") == 1 and "|" not in down.stdout
    cli.expect(0, "ping", "--nagios", servers["open"].url, out="| time=0.")
    cli.expect(1, "ping", "--nagios", "--warning", "1ms", servers["open"].url, out="MCP WARNING: ")
    cli.expect(3, "ping", "--nagios", "http://127.0.0.1:1/", "--protocol-version", "1", out="MCP UNKNOWN: ")


# Credentials.


def tokens_come_from_environment_and_file(cli, servers):
    server = servers["jwt"]
    good, expired = server.credentials["good"], server.credentials["expired"]
    cli.expect(0, "ping", "--token-env", "T", server.url, out="OK ", T=good)
    refused = cli.expect(17, "ping", "--token-env", "T", server.url, err="MCPCLIENT_ERROR_UNAUTHORIZED", T=expired)
    assert expired not in refused.stderr
    with tempfile.NamedTemporaryFile("w", suffix=".token") as file:
        file.write(good + "\n")
        file.flush()
        cli.expect(0, "ping", "--token-file", file.name, server.url, out="OK ")
    cli.expect(0, "ping", "--header", "Authorization: Bearer ${T}", server.url, out="OK ", T=good)
    cli.expect(17, "ping", server.url)


# Every operation, as a script uses it.


def values_are_typed_by_the_schema(cli, servers):
    url = servers["open"].url
    cli.expect(0, "call", url, "add", "a=20", "b=22", out="42\n")
    cli.expect(0, "call", url, "echo", "text=20", out="20\n")
    cli.expect(0, "call", url, "echo", "text=a=b", out="a=b\n")
    cli.expect(0, "call", url, "add", "--args", '{"a": 1, "b": 2}', out="3\n")
    cli.expect(0, "call", url, "add", "--args", "-", out="3\n", input='{"a": 1, "b": 2}')
    cli.expect(0, "call", url, "add", "a:=1", "b:=2", out="3\n")
    cli.expect(2, "call", url, "add", "a=one", "b=2", err="a=one: the schema wants integer")
    cli.expect(2, "call", url, "add", "a=1", err="needs the argument b")
    cli.expect(2, "call", url, "echo", "txet=1", err='did you mean "text"?')
    cli.expect(2, "call", url, "ecko", "text=1", err='did you mean "echo"?')
    cli.expect(2, "call", url, "echo", "text", err="not of the form KEY=VALUE")


def results_are_for_people_or_programs(cli, servers):
    url = servers["open"].url
    failed = cli.expect(1, "call", url, "fail", err="the tool reports an error")
    assert "failed as asked" in failed.stdout
    shown = json.loads(cli.expect(0, "call", "--json", url, "forecast", "city=Rome").stdout)
    assert shown["structuredContent"]["celsius"] == 21.5, shown
    assert cli.expect(0, "call", "--quiet", url, "add", "a=1", "b=1").stdout == ""
    tools = json.loads(cli.expect(0, "tools", "--json", url).stdout)
    assert {"add", "echo"} <= {tool["name"] for tool in tools}
    cli.expect(0, "tools", url, out="      a: integer, required\n")
    only = cli.expect(0, "tools", url, "echo").stdout
    assert only.startswith("echo\n") and "add" not in only
    reported = cli.expect(13, "ping", "--json", "http://127.0.0.1:1/").stderr
    assert json.loads(reported)["status"] == "MCPCLIENT_ERROR_NETWORK"


def resources_prompts_and_the_rest(cli, servers):
    url = servers["open"].url
    cli.expect(0, "resources", url, out="text://greeting")
    cli.expect(0, "resources", url, out="note://{id}")
    cli.expect(0, "read", url, "text://greeting", out="Hello, world!\n")
    cli.expect(0, "read", url, "data://bytes", out="[blob application/octet-stream")
    cli.expect(0, "prompts", url, out="      city, required\n")
    cli.expect(0, "prompt", url, "travel", "city=Lima", out="user: Plan a day in Lima.")
    cli.expect(0, "complete", url, "prompt", "travel", "city", "Li", out="Lima\nLisbon\n")
    cli.expect(0, "info", url, out="protocol ")
    listed = json.loads(cli.expect(0, "request", "--json", url, "tools/list").stdout)
    assert listed["tools"]
    cli.expect(15, "call", "--timeout", "700ms", url, "slow", "seconds=20", err="MCPCLIENT_ERROR_TIMEOUT")


def notifications_are_lines(cli, servers):
    server = servers["open"]
    command = [cli.program, "listen", "--json", "--count", "1", server.url]
    with subprocess.Popen(command, env=cli.environment, stdout=subprocess.PIPE, text=True) as listening:
        # The change is repeated until the listener, which may still be connecting, has seen one.
        while listening.poll() is None:
            cli.expect(0, "call", server.url, "touch_tools")
        line = json.loads(listening.stdout.readline())
    assert line["method"] == "notifications/tools/list_changed", line


# Configuration files and programs.


def programs_and_names(cli, servers):
    python = str(setup.python(setup.prepare(f"fastmcp-{VERSION}")))
    program = str(HERE / "stdio_server.py")
    cli.expect(0, "call", "add", "a=1", "b=2", "--", python, program, out="3\n")
    cli.expect(0, "ping", "--", python, program, out=" stdio ")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mcp.json"
        entries = {"local": {"command": python, "args": [program]}, "remote": {"url": "${SERVER_URL}"}}
        path.write_text(json.dumps({"mcpServers": entries}))
        cli.expect(0, "servers", "--config", str(path), out="local\t")
        cli.expect(0, "ping", "--config", str(path), "local", out="OK ")
        cli.expect(0, "ping", "--config", str(path), "remote", out="OK ", SERVER_URL=servers["open"].url)
        cli.expect(11, "ping", "--config", str(path), "remotee", err="remote")
        cli.expect(11, "ping", "--config", str(path), "remote", err="SERVER_URL")
    cli.expect(11, "ping", "unknown", err="mcp.json")


# At a terminal.


def progress_and_colour(cli, servers):
    url = servers["open"].url
    with cli.terminal("call", url, "slow", "seconds=1") as terminal:
        terminal.expect("%")
        assert "done" in terminal.finish(0)
    with cli.terminal("tools", url) as terminal:
        assert "\x1b[1madd\x1b[0m" in terminal.finish(0)
    with cli.terminal("tools", url, NO_COLOR="1") as terminal:
        assert "\x1b[" not in terminal.finish(0)
    with cli.terminal("call", url, "echo", "text=\x1b[31mred\x07") as terminal:
        shown = terminal.finish(0)
        assert "\x1b[31m" not in shown and "?[31mred?" in shown, shown


def ctrl_c_cancels(cli, servers):
    with cli.terminal("call", servers["open"].url, "slow", "seconds=50") as terminal:
        terminal.expect("%")
        terminal.send("\x03")
        terminal.finish(130)


def elicitation_asks(cli, servers):
    url = servers["open"].url
    with cli.terminal("call", url, "ask_name") as terminal:
        terminal.expect("What is your name?")
        terminal.expect(": ")
        terminal.send("Ada\r")
        terminal.expect("Send this?")
        terminal.send("\r")
        assert "Hello, Ada!" in terminal.finish(0)
    with cli.terminal("call", url, "ask_name") as terminal:
        terminal.expect("What is your name?")
        terminal.send("\x03")
        terminal.finish(130)


CASES = (
    usage_is_corrected,
    secrets_are_refused_as_arguments,
    monitors_get_their_line,
    tokens_come_from_environment_and_file,
    values_are_typed_by_the_schema,
    results_are_for_people_or_programs,
    resources_prompts_and_the_rest,
    notifications_are_lines,
    programs_and_names,
    progress_and_colour,
    ctrl_c_cancels,
    elicitation_asks,
)


def check(case, cli, servers):
    name = case.__name__.replace("_", " ")
    try:
        case(cli, servers)
    except AssertionError as error:
        line = traceback.extract_tb(error.__traceback__)[1].lineno if error.__traceback__.tb_next else "?"
        return Outcome(name, "failed", f"line {line}: {error}")
    except subprocess.TimeoutExpired as error:
        return Outcome(name, "failed", str(error))
    return Outcome(name, "passed")


def main():
    report = Report()
    program = build()
    try:
        with ExitStack() as stack:
            home = stack.enter_context(tempfile.TemporaryDirectory())
            servers = {name: stack.enter_context(FastMcpServer(VERSION, "http", auth)) for name, auth in
                       (("open", "none"), ("jwt", "jwt"))}
            for case in CASES:
                report.add(check(case, Cli(program, home), servers))
    except setup.SetupError as error:
        report.add(Outcome("the command against real servers", "skipped", str(error)))
    except ServerFailed as error:
        report.add(Outcome("the command against real servers", "failed", str(error)))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
