// Pings the MCP server at MCP_URL with the token MCP_TOKEN. mcpclient.zig is made of the C header:
//
//     zig translate-c -lc /usr/include/mcpclient.h >mcpclient.zig
//     zig build-exe ping.zig -lc -lmcpclient
const mcp = @import("mcpclient.zig");

extern "c" fn getenv(name: [*:0]const u8) ?[*:0]const u8;
extern "c" fn printf(format: [*:0]const u8, ...) c_int;
extern "c" fn dprintf(descriptor: c_int, format: [*:0]const u8, ...) c_int;

pub fn main() u8 {
    var failure: ?*mcp.mcpclient_error = null;
    const client = mcp.mcpclient_new(getenv("MCP_URL"), &failure);
    defer mcp.mcpclient_free(client);
    if (client != null and
        mcp.mcpclient_set_bearer_token(client, getenv("MCP_TOKEN"), &failure) == mcp.MCPCLIENT_OK and
        mcp.mcpclient_ping(client, &failure) == mcp.MCPCLIENT_OK)
    {
        _ = printf("OK %s\n", mcp.mcpclient_protocol_version(client));
        return 0;
    }
    _ = dprintf(2, "%s\n", mcp.mcpclient_error_message(failure));
    mcp.mcpclient_error_free(failure);
    return 1;
}
