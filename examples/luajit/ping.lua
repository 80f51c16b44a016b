-- Pings the MCP server at MCP_URL with the token MCP_TOKEN: luajit ping.lua
-- MCPCLIENT_HEADER is the path of the installed mcpclient-ffi.h.
local ffi = require("ffi")

ffi.cdef(assert(io.open(os.getenv("MCPCLIENT_HEADER") or "/usr/include/mcpclient-ffi.h")):read("*a"))
local mcp = ffi.load(os.getenv("MCPCLIENT_LIBRARY") or "mcpclient")

-- Ends the program with the server's reason if a call has failed.
local failure = ffi.new("mcpclient_error *[1]")
local function check(succeeded)
    if not succeeded then
        io.stderr:write(ffi.string(mcp.mcpclient_error_message(failure[0])), "\n")
        mcp.mcpclient_error_free(failure[0])
        os.exit(1)
    end
end

local client = mcp.mcpclient_new(os.getenv("MCP_URL") or "", failure)
check(client ~= nil)
client = ffi.gc(client, mcp.mcpclient_free)
check(mcp.mcpclient_set_bearer_token(client, os.getenv("MCP_TOKEN") or "", failure) == mcp.MCPCLIENT_OK)
check(mcp.mcpclient_ping(client, failure) == mcp.MCPCLIENT_OK)
print("OK " .. ffi.string(mcp.mcpclient_protocol_version(client)))
