"""Runs the examples `daemon.c` and `tools.c` against a server whose moods this program decides.

usage: daemon.py [--only PATTERN]

Prints a line for each case and closes with `N passed, N failed, N skipped`. A process that daemons are handed to, and
that looks into /proc, is needed: elsewhere than on Linux the cases of the background are skipped.
"""

import argparse
import contextlib
import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import c_program
from run import Outcome, Report

PATIENCE_SECONDS = 20
PR_SET_CHILD_SUBREAPER = 36
MODERN, LEGACY = "2026-07-28", "2025-11-25"


class McpServer(ThreadingHTTPServer):
    """Streamable HTTP on loopback. `tokens` are accepted; the tool `hang` never answers, nor does DELETE."""

    daemon_threads = True

    def __init__(self, era=MODERN):
        super().__init__(("127.0.0.1", 0), Handler)
        self.era, self.tokens, self.seen, self.news = era, {"first"}, [], threading.Condition()
        self.over = threading.Event()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.over.set()
        self.shutdown()
        self.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/mcp"

    def record(self, what):
        with self.news:
            self.seen.append(what)
            self.news.notify_all()

    def wait_for(self, what, times=1):
        with self.news:
            if not self.news.wait_for(lambda: self.seen.count(what) >= times, PATIENCE_SECONDS):
                raise AssertionError(f"the server saw {self.seen[-10:]}, not {times} times {what}")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        method = body["method"]
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.server.tokens:
            self.server.record(("refused", token))
            return self.answer(401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        self.server.record((method, token))
        if "id" not in body:
            return self.answer(202)
        if method == "tools/call" and body["params"]["name"] == "hang":
            return self.hang()
        result = self.result(method, body)
        if result is None:
            return self.answer(400, {"id": body["id"], "error": {"code": -32601, "message": "Method not found"}})
        self.answer(200, {"id": body["id"], "result": result})

    def result(self, method, body):
        capabilities = {"capabilities": {"tools": {}}, "serverInfo": {"name": "moody", "version": "1"}}
        complete = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
        match method, self.server.era:
            case "server/discover", str(era) if era == MODERN:
                return {**capabilities, **complete, "supportedVersions": [MODERN]}
            case "initialize", str(era) if era == LEGACY:
                return {**capabilities, "protocolVersion": LEGACY}
            case "ping", str(era) if era == LEGACY:
                return {}
            case "tools/list", _:
                tool = {"name": "greet", "description": "Greets.", "inputSchema": {"type": "object"}}
                return {**complete, "tools": [tool]}
            case "tools/call", _:
                name = body["params"].get("arguments", {}).get("name", "you")
                failed = body["params"]["name"] != "greet"
                text = "there is no such tool" if failed else f"Hello, {name}!"
                return {**complete, "content": [{"type": "text", "text": text}], "isError": failed}
        return None

    def do_GET(self):
        self.answer(405)

    def do_DELETE(self):
        self.server.record(("DELETE", ""))
        self.hang()

    def hang(self):
        self.server.over.wait(60)
        self.close_connection = True

    def answer(self, status, message=None, headers={}):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode() if message else b""
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        if message and message.get("result", {}).get("protocolVersion"):
            self.send_header("Mcp-Session-Id", "one")
        with contextlib.suppress(ConnectionError):  # the client may have been cancelled
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Daemon:
    """The daemon in the foreground, with what it logs."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([program, "-f", *arguments], stderr=subprocess.PIPE, text=True)
        self.log, self.news = [], threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stderr:
            with self.news:
                self.log.append(line.rstrip())
                self.news.notify_all()

    def says(self, pattern):
        with self.news:
            if not self.news.wait_for(lambda: any(re.search(pattern, line) for line in self.log), PATIENCE_SECONDS):
                raise AssertionError(f"{pattern} is not in the log: {self.log[-10:]}")

    def ends(self, number=signal.SIGTERM, within=1.0):
        start = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE_SECONDS)
        took = time.monotonic() - start
        assert status == 0, f"it ended with {status}: {self.log[-10:]}"
        assert took < within, f"it ended after {took:.2f} s"
        self.says("^stopped$")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()


def token_file(directory, token):
    path = Path(directory) / "token"
    path.write_text(token + "\n")
    return path


def pings_on_a_timer(daemon, directory):
    with McpServer() as server, Daemon(daemon, "-t", token_file(directory, "first"), "-i", "1", server.url) as process:
        server.wait_for(("server/discover", "first"), 4)
        process.says("^ping: OK$")
        process.ends()


def calls_a_tool(daemon, directory):
    arguments = ["-t", token_file(directory, "first"), "-c", "greet", "-a", '{"name": "daemon"}']
    for era in (MODERN, LEGACY):
        with McpServer(era) as server, Daemon(daemon, *arguments, server.url) as process:
            process.says("^greet: Hello, daemon!$")
            process.ends(signal.SIGINT)


def reloads_the_token(daemon, directory):
    path = token_file(directory, "first")
    with McpServer() as server, Daemon(daemon, "-t", path, "-i", "1", server.url) as process:
        process.says("^ping: OK$")
        server.tokens = {"second"}
        process.says("^ping: MCPCLIENT_ERROR_UNAUTHORIZED: ")
        path.write_text("Bearer second\n")
        process.process.send_signal(signal.SIGHUP)
        process.says("^token file: MCPCLIENT_ERROR_INVALID_ARGUMENT: ")
        assert process.process.poll() is None, "a bad token file ended it"
        path.write_text("second\n")
        process.process.send_signal(signal.SIGHUP)
        process.says("^token reloaded$")
        server.wait_for(("server/discover", "second"), 2)
        process.ends()
        assert not any("second" in line or "first" in line for line in process.log), "a token is in the log"


def follows_a_projected_token(daemon, directory):
    """Kubernetes changes the link `..data` behind the token, and removes what it led to."""
    place = Path(directory)
    for number, token in enumerate(("first", "second")):
        (place / f"..{number}").mkdir()
        (place / f"..{number}" / "token").write_text(token + "\n")
    (place / "..data").symlink_to("..0")
    (place / "token").symlink_to("..data/token")
    with McpServer() as server, Daemon(daemon, "-t", place / "token", "-i", "1", server.url) as process:
        process.says("^ping: OK$")
        server.tokens = {"first", "second"}
        (place / "..new").symlink_to("..1")
        (place / "..new").rename(place / "..data")
        (place / "..0" / "token").unlink()
        (place / "..0").rmdir()
        server.wait_for(("server/discover", "second"), 2)
        process.process.send_signal(signal.SIGHUP)
        process.says("^token reloaded$")
        process.ends()


def ends_while_a_call_hangs(daemon, directory):
    for era in (MODERN, LEGACY):
        arguments = ["-t", token_file(directory, "first"), "-c", "hang"]
        with McpServer(era) as server, Daemon(daemon, *arguments, server.url) as process:
            server.wait_for(("tools/call", "first"))
            process.ends()


def ends_while_it_waits(daemon, directory):
    with McpServer() as server, Daemon(daemon, "-t", token_file(directory, "first"), server.url) as process:
        process.says("^ping: OK$")
        process.ends(within=0.5)


def ends_while_it_connects(daemon, directory):
    with Daemon(daemon, "http://192.0.2.1/mcp") as process:
        process.says("^watching")
        time.sleep(0.3)
        process.ends()


def says_what_is_wrong(daemon, directory):
    bad = token_file(directory, "not a token")
    for arguments, expected in (
        (["-t", str(bad), "http://127.0.0.1/"], "daemon: cannot start: the token file "),
        (["-t", "/nowhere/token", "http://127.0.0.1/"], "daemon: cannot start: cannot read the token file /nowhere/token: "),
        (["ftp://127.0.0.1/"], "daemon: cannot start: "),
        (["-i", "x", "http://127.0.0.1/"], "Usage: daemon"),
        ([], "Usage: daemon"),
    ):
        result = subprocess.run([daemon, *arguments], stderr=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS)
        assert result.returncode == 2 and expected in result.stderr, f"{arguments}: {result}"


def runs_in_the_background(daemon, directory):
    """Started with relative names; handed to this process, which learns its exit status."""
    token_file(directory, "first")
    with McpServer() as server:
        command = [daemon, "-t", "token", "-p", "pid", "-i", "1", "-c", "hang", server.url]
        launcher = subprocess.run(command, cwd=directory, capture_output=True, timeout=PATIENCE_SECONDS)
        assert (launcher.returncode, launcher.stdout, launcher.stderr) == (0, b"", b""), launcher
        server.wait_for(("tools/call", "first"))
        pid = int((Path(directory) / "pid").read_text())
        proc = Path("/proc") / str(pid)
        assert os.readlink(proc / "cwd") == "/", "it keeps a directory"
        assert os.getsid(pid) not in (pid, os.getsid(0)), "it could get a terminal, or has ours"
        files = [os.readlink(entry) for entry in (proc / "fd").iterdir()]
        strange = [name for name in files if not re.match(r"/dev/null$|socket:|anon_inode:|pipe:", name)]
        assert files.count("/dev/null") == 3 and not strange, files
        second = subprocess.run(command, cwd=directory, stderr=subprocess.PIPE, text=True)
        assert second.returncode == 2 and "another one" in second.stderr, second
        start = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        while os.waitpid(pid, os.WNOHANG) == (0, 0) and time.monotonic() < start + PATIENCE_SECONDS:
            time.sleep(0.01)
        took = time.monotonic() - start
        assert took < 1, f"it ended after {took:.2f} s"
        assert sorted(os.listdir(directory)) == ["token"], os.listdir(directory)
        # The child between, whose parent was the launcher, has ended too; nothing else is there.
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
            raise AssertionError("a process is left")


def tools(program, directory):
    def run(*arguments, token="first"):
        environment = {**os.environ, "MCP_TOKEN": token}
        command = [program, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)

    for era in (MODERN, LEGACY):
        with McpServer(era) as server:
            listed = run(server.url)
            assert (listed.returncode, listed.stdout.split()) == (0, ["greet", "Greets."]), listed
            called = run(server.url, "greet", '{"name": "Ada"}')
            assert (called.returncode, called.stdout) == (0, "Hello, Ada!\n"), called
            failed = run(server.url, "nothing")
            assert (failed.returncode, failed.stdout) == (1, "there is no such tool\n"), failed
            refused = run(server.url, token="wrong")
            assert refused.returncode == 17 and "MCPCLIENT_ERROR_UNAUTHORIZED" in refused.stderr, refused
            wrong = run(server.url, "greet", "{")
            assert wrong.returncode == 11 and "arguments" in wrong.stderr, wrong


CASES = (
    ("daemon", pings_on_a_timer),
    ("daemon", calls_a_tool),
    ("daemon", reloads_the_token),
    ("daemon", follows_a_projected_token),
    ("daemon", ends_while_a_call_hangs),
    ("daemon", ends_while_it_waits),
    ("daemon", ends_while_it_connects),
    ("daemon", says_what_is_wrong),
    ("daemon", runs_in_the_background),
    ("tools", tools),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="PATTERN", help="cases that this regular expression is found in")
    options = parser.parse_args()
    programs = {name: c_program.build(f"examples/c/{name}.c") for name in ("daemon", "tools")}
    report = Report()
    for example, case in CASES:
        name = f"{example}: {case.__name__.replace('_', ' ')}"
        if re.search(options.only, name):
            report.add(outcome(name, case, programs[example]))
    return report.close()


def outcome(name, case, program):
    if case is runs_in_the_background:
        if not sys.platform.startswith("linux"):
            return Outcome(name, "skipped", "there is no /proc")
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as directory:
        try:
            case(program, directory)
            return Outcome(name, "passed")
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            return Outcome(name, "failed", f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.exit(main())
