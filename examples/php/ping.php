<?php
// Pings the MCP server at MCP_URL with the token MCP_TOKEN: php ping.php
// MCPCLIENT_HEADER is the path of the installed mcpclient-ffi.h.
$mcp = FFI::cdef(
    file_get_contents(getenv('MCPCLIENT_HEADER') ?: '/usr/include/mcpclient-ffi.h'),
    getenv('MCPCLIENT_LIBRARY') ?: 'libmcpclient.so.0'
);
$failure = $mcp->new('mcpclient_error *');
$client = $mcp->mcpclient_new((string) getenv('MCP_URL'), FFI::addr($failure));
if ($client !== null
    && $mcp->mcpclient_set_bearer_token($client, (string) getenv('MCP_TOKEN'), FFI::addr($failure)) === $mcp->MCPCLIENT_OK
    && $mcp->mcpclient_ping($client, FFI::addr($failure)) === $mcp->MCPCLIENT_OK) {
    echo 'OK ', $mcp->mcpclient_protocol_version($client), "\n";
    $code = 0;
} else {
    fwrite(STDERR, $mcp->mcpclient_error_message($failure) . "\n");
    $mcp->mcpclient_error_free($failure);
    $code = 1;
}
$mcp->mcpclient_free($client);
exit($code);
