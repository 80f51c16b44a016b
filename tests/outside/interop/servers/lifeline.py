"""Serves an ASGI application for as long as the process that started this one lives."""

import asyncio
import json
import socket
import sys
import threading

import uvicorn


def listen(port):
    """A socket bound to 127.0.0.1 (port 0: any free one), and the origin that clients will reach it by."""
    # asyncio turns Nagle's algorithm off only where the protocol is given; with it every answer takes 40 ms longer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


def serve(app, listener, announcement):
    """Serve until standard input closes or a signal comes; print the announcement as JSON when ready."""
    # With uvicorn's own default of five seconds, connections that wait longer are closed under the client.
    config = uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=1)
    server = AnnouncingServer(config, announcement)
    threading.Thread(target=stop_at_end_of_input, args=(server,), daemon=True).start()
    asyncio.run(server.serve(sockets=[listener]))


class AnnouncingServer(uvicorn.Server):
    """Says on standard output when it is ready."""

    def __init__(self, config, announcement):
        super().__init__(config)
        self.announcement = announcement

    async def startup(self, sockets=None):
        await super().startup(sockets=sockets)
        print(json.dumps(self.announcement), flush=True)


def stop_at_end_of_input(server):
    """The other end of standard input closes when its process ends, however it ends: nothing is left behind."""
    while sys.stdin.buffer.read1():
        pass
    server.should_exit = True
