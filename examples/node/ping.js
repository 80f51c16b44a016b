// Pings the MCP server at MCP_URL with the token MCP_TOKEN: npm install koffi && node ping.js
// The calls block; `async` of koffi runs them on a thread of its own, as the ping here.
const koffi = require("koffi");

const mcp = koffi.load(process.env.MCPCLIENT_LIBRARY || "libmcpclient.so.0");
const create = mcp.func("void *mcpclient_new(const char *url, _Out_ void **error)");
const free = mcp.func("void mcpclient_free(void *client)");
const setBearerToken = mcp.func("int mcpclient_set_bearer_token(void *client, const char *token, _Out_ void **error)");
const ping = mcp.func("int mcpclient_ping(void *client, _Out_ void **error)");
const version = mcp.func("const char *mcpclient_protocol_version(void *client)");
const message = mcp.func("const char *mcpclient_error_message(void *error)");
const freeError = mcp.func("void mcpclient_error_free(void *error)");

const failure = [null];
const client = create(process.env.MCP_URL, failure);

function end(succeeded) {
  if (succeeded) {
    console.log("OK", version(client));
  } else {
    console.error(message(failure[0]));
    freeError(failure[0]);
    process.exitCode = 1;
  }
  free(client);
}

if (client === null || setBearerToken(client, process.env.MCP_TOKEN, failure) !== 0) {
  end(false);
} else {
  ping.async(client, failure, (thrown, status) => end(!thrown && status === 0));
}
