"""Reverse proxies, as they come with the distribution, with the settings that their manuals begin with."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from setup import SetupError

START_SECONDS = 20

# Buffering is on in nginx unless a server asks otherwise.
NGINX = """
daemon off; pid {directory}/pid; error_log {directory}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{behind}; }}
    }}
}}
"""

# abortonclose: without it, a client that goes away in the middle of a call is not told to the server.
HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    option abortonclose
frontend front
    bind 127.0.0.1:{port}
    default_backend back
backend back
    server server 127.0.0.1:{behind}
"""

CADDY = """
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{port} {{
    encode gzip
    reverse_proxy 127.0.0.1:{behind}
}}
"""

NAMES = {
    "nginx": (NGINX, ["-c", "{configuration}", "-p", "{directory}"]),
    "haproxy": (HAPROXY, ["-f", "{configuration}"]),
    "caddy": (CADDY, ["run", "--config", "{configuration}", "--adapter", "caddyfile"]),
}


class Missing(SetupError):
    def __init__(self, name):
        super().__init__(f"{name} is not installed")
        self.remedy = f"apt-get install {name}"


@contextlib.contextmanager
def start(name, behind):
    """Runs this proxy in front of a port of 127.0.0.1; the URL of `/mcp` there."""
    program = shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin")
    if not program:
        raise Missing(name)
    template, arguments = NAMES[name]
    with tempfile.TemporaryDirectory() as directory:
        port = free_port()
        configuration = Path(directory) / "configuration"
        configuration.write_text(template.format(directory=directory, port=port, behind=behind))
        command = [word.format(configuration=configuration, directory=directory) for word in arguments]
        environment = {"HOME": directory, "PATH": "/usr/bin:/bin"}
        with open(Path(directory) / "log", "w+") as log:
            process = subprocess.Popen([program, *command], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                wait_for(port, process, log)
                yield f"http://127.0.0.1:{port}/mcp"
            finally:
                process.terminate()
                process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process, log):
    limit = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > limit:
            log.seek(0)
            raise AssertionError(f"the proxy did not start: {log.read()[-1000:]}")
        time.sleep(0.05)
