"""Starts the servers of the interoperability tests, and ends them."""

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path

import setup

START_SECONDS = 60  # importing FastMCP takes two seconds on an idle machine, and many servers start at once


class ServerFailed(Exception):
    """A server did not become ready; the message holds what it said."""


class Server:
    """One running server.

    `url` is its MCP endpoint, `credentials` its tokens or API keys by name. Use it in a `with` statement. It ends with
    this process in any case, because it watches its standard input.
    """

    def __init__(self, name, command):
        self.name = name
        self.command = [str(word) for word in command]
        self.port = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop()

    def start(self):
        self.process = subprocess.Popen(
            [*self.command, *self._port_arguments()],
            cwd=setup.HERE / "servers",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self.log = _Drain(self.process.stderr)
        announcement = self._announcement()
        self.url = announcement["url"]
        self.port = int(self.url.split(":")[2].split("/")[0])
        self.credentials = announcement.get("tokens") or announcement.get("api_keys") or {}

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def restart(self):
        """The same program on the same port, without its memory of sessions."""
        self.stop()
        self.start()

    def _port_arguments(self):
        return []

    def _announcement(self):
        lines = queue.Queue()
        threading.Thread(target=lambda: lines.put(self.process.stdout.readline()), daemon=True).start()
        try:
            return json.loads(lines.get(timeout=START_SECONDS))
        except (queue.Empty, ValueError):
            self.process.kill()
            self.process.wait()
            raise ServerFailed(f"{self.name} did not start: {self.log.tail()}") from None


class FastMcpServer(Server):
    """A FastMCP server: `transport` http or sse, `auth` none, jwt, scope or apikey, further options as they are."""

    def __init__(self, version, transport, auth, *options):
        python = setup.python(setup.prepare(f"fastmcp-{version}"))
        program = setup.HERE / "servers" / "fastmcp_server.py"
        super().__init__(f"FastMCP {version}", [python, program, transport, auth, *options])

    def _port_arguments(self):
        return ["--port", str(self.port)]


class EverythingServer(Server):
    """The reference server of the TypeScript SDK: `transport` http or sse, no authentication."""

    def __init__(self, transport):
        directory = setup.prepare(setup.NODE)
        program = setup.HERE / "servers" / "everything.mjs"
        super().__init__("server-everything", [setup.node(directory), program, directory, transport])

    def _port_arguments(self):
        return [str(self.port)]


def fastmcp_command(version):
    """What starts a FastMCP server over stdio."""
    python = setup.python(setup.prepare(f"fastmcp-{version}"))
    return [python, setup.HERE / "servers" / "fastmcp_server.py", "stdio", "none"]


def everything_command():
    """What starts the reference server of the TypeScript SDK over stdio."""
    directory = setup.prepare(setup.NODE)
    dist = Path(directory) / "node_modules/@modelcontextprotocol/server-everything/dist"
    return [setup.node(directory), dist / "index.js", "stdio"]


class _Drain:
    """Keeps a pipe from filling up, and its last lines for a failure report."""

    def __init__(self, stream):
        self.lines = []
        self.thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream):
        with stream:
            for line in stream:
                self.lines = [*self.lines[-20:], line]

    def tail(self):
        self.thread.join(timeout=2)
        return "".join(self.lines) or "it said nothing"


def main():
    """Start one server by hand: launch.py everything http, or launch.py 4.2.3 http jwt; it runs until Ctrl-D."""
    kind, *arguments = sys.argv[1:]
    server = EverythingServer(*arguments) if kind == "everything" else FastMcpServer(kind, *arguments)
    with server:
        print(server.url)
        for name, credential in server.credentials.items():
            print(f"{name}: {credential}")
        sys.stdin.read()


if __name__ == "__main__":
    main()
