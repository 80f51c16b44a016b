# Pings the MCP server at MCP_URL with the token MCP_TOKEN: ruby ping.rb
require "fiddle/import"

module Mcp
  extend Fiddle::Importer
  dlload ENV.fetch("MCPCLIENT_LIBRARY", "libmcpclient.so.0")
  extern "void *mcpclient_new(const char *, void **)"
  extern "void mcpclient_free(void *)"
  extern "int mcpclient_set_bearer_token(void *, const char *, void **)"
  extern "int mcpclient_ping(void *, void **)"
  extern "const char *mcpclient_protocol_version(void *)"
  extern "const char *mcpclient_error_message(void *)"
  extern "void mcpclient_error_free(void *)"
end

OK = 0
failure = Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE)
failure[0, Fiddle::SIZEOF_VOIDP] = [0].pack("J")

client = Mcp.mcpclient_new(ENV["MCP_URL"], failure)
if !client.null? && Mcp.mcpclient_set_bearer_token(client, ENV["MCP_TOKEN"], failure) == OK &&
   Mcp.mcpclient_ping(client, failure) == OK
  puts "OK #{Mcp.mcpclient_protocol_version(client)}"
  code = 0
else
  warn Mcp.mcpclient_error_message(failure.ptr).to_s
  Mcp.mcpclient_error_free(failure.ptr)
  code = 1
end
Mcp.mcpclient_free(client)
exit code
