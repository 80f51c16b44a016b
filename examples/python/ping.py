#!/usr/bin/env python3
"""Is the server there, and does it accept this token?  MCP_TOKEN=... ./ping.py https://example.com/mcp"""
import ctypes
import os
import sys

lib = ctypes.CDLL(os.environ.get("MCPCLIENT_LIBRARY", "libmcpclient.so.0"))
lib.mcpclient_new.restype = ctypes.c_void_p
lib.mcpclient_error_message.restype = ctypes.c_char_p

error = ctypes.c_void_p()
client = ctypes.c_void_p(lib.mcpclient_new(sys.argv[1].encode(), ctypes.byref(error)))
token = os.environ.get("MCP_TOKEN")
if client and (token is None or lib.mcpclient_set_bearer_token(client, token.encode(), ctypes.byref(error)) == 0):
    lib.mcpclient_ping(client, ctypes.byref(error))
print(lib.mcpclient_error_message(error).decode() if error else "OK")
failed = bool(error)
lib.mcpclient_error_free(error)
lib.mcpclient_free(client)
sys.exit(failed)
