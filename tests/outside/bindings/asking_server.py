#!/usr/bin/env python3
"""An MCP server (Streamable HTTP, 2025-11-25) that does what the demo server does not: it notifies, asks the client,
takes its time. Prints "listening URL" and ends when its standard input does.

Tools: "ask" sends a log message and the request elicitation/create, and gives the client's answer as its structured
content; "slow" takes the milliseconds of its argument "ms"; "count" tells how many calls of "slow" have ended.
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

answers = {}
answered = threading.Condition()
question_ids = iter(range(1, 1 << 30))
slow_calls = 0

FIXED = {
    "initialize": {
        "protocolVersion": "2025-11-25",
        "capabilities": {"tools": {"listChanged": True}, "prompts": {}, "logging": {}, "completions": {}},
        "serverInfo": {"name": "asking-server", "version": "1"},
    },
    "ping": {},
    "logging/setLevel": {},
    "completion/complete": {"completion": {"values": ["Ada", "Alan"]}},
    "test/nested": {"list": [{"text": "f\u00fcnf"}, 5, -0.5, True, None], "big": 9007199254740993},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, message=None):
        body = b"" if message is None else json.dumps(message).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, message):
        self.wfile.write(f"data: {json.dumps({'jsonrpc': '2.0', **message})}\n\n".encode())

    def do_GET(self):
        self.begin_stream()
        self.event({"method": "notifications/tools/list_changed"})
        time.sleep(30)

    def do_DELETE(self):
        self.answer(200)

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "method" not in message:
            with answered:
                answers[message["id"]] = message
                answered.notify_all()
        if "method" not in message or "id" not in message:
            self.answer(202)
            return
        self.do_request(message["id"], message["method"], message.get("params", {}))

    def do_request(self, request_id, method, params):
        if method == "tools/call":
            {"ask": self.ask, "slow": self.slow, "count": self.count}[params["name"]](request_id, params)
        elif method in FIXED:
            self.answer(200, {"jsonrpc": "2.0", "id": request_id, "result": FIXED[method]})
        else:
            error = {"code": -32601, "message": "Method not found", "data": {"method": method}}
            self.answer(200, {"jsonrpc": "2.0", "id": request_id, "error": error})

    def ask(self, request_id, _):
        self.begin_stream()
        self.event({"method": "notifications/message", "params": {"level": "info", "data": "working"}})
        question = f"question {next(question_ids)}"
        asked = {"mode": "form", "message": "Your name?", "requestedSchema": {"type": "object", "properties": {}}}
        self.event({"id": question, "method": "elicitation/create", "params": asked})
        with answered:
            answered.wait_for(lambda: question in answers, timeout=10)
            answer = answers.pop(question, {})
        content = {key: answer[key] for key in ("result", "error") if key in answer}
        self.event({"id": request_id, "result": {"content": [], "structuredContent": content}})

    def slow(self, request_id, params):
        global slow_calls
        time.sleep(params["arguments"]["ms"] / 1000)
        slow_calls += 1
        self.count(request_id, params)

    def count(self, request_id, _):
        result = {"content": [], "structuredContent": {"slow": slow_calls}}
        self.answer(200, {"jsonrpc": "2.0", "id": request_id, "result": result})


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that was cancelled hangs up


def main():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()
    os._exit(0)


main()
