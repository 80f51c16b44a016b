#!/usr/bin/env python3
"""Ends TLS in front of an HTTP server: prints `listening https://localhost:PORT`, and runs until its input closes.

usage: tls_front.py CERTIFICATE KEY PORT_OF_THE_SERVER
"""

import socket
import ssl
import sys
import threading


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(client, context, port):
    try:
        inside = context.wrap_socket(client, server_side=True)
        server = socket.create_connection(("127.0.0.1", port))
    except OSError:
        client.close()
        return
    threading.Thread(target=copy, args=(inside, server), daemon=True).start()
    copy(server, inside)


def main():
    certificate, key, port = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening https://localhost:{listener.getsockname()[1]}", flush=True)

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0], context, int(port)), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


main()
