#!/usr/bin/perl
# Pings the MCP server at MCP_URL with the token MCP_TOKEN: perl ping.pl
use strict;
use warnings;
use FFI::Platypus 1.00;

my $ffi = FFI::Platypus->new(api => 1, lib => $ENV{MCPCLIENT_LIBRARY} // 'libmcpclient.so.0');
$ffi->attach(mcpclient_new => ['string', 'opaque*'] => 'opaque');
$ffi->attach(mcpclient_free => ['opaque'] => 'void');
$ffi->attach(mcpclient_set_bearer_token => ['opaque', 'string', 'opaque*'] => 'sint32');
$ffi->attach(mcpclient_ping => ['opaque', 'opaque*'] => 'sint32');
$ffi->attach(mcpclient_protocol_version => ['opaque'] => 'string');
$ffi->attach(mcpclient_error_message => ['opaque'] => 'string');
$ffi->attach(mcpclient_error_free => ['opaque'] => 'void');

my $failure;
my $client = mcpclient_new($ENV{MCP_URL}, \$failure);
my $ok = defined $client
    && mcpclient_set_bearer_token($client, $ENV{MCP_TOKEN}, \$failure) == 0
    && mcpclient_ping($client, \$failure) == 0;
if ($ok) {
    print 'OK ', mcpclient_protocol_version($client), "\n";
} else {
    print STDERR mcpclient_error_message($failure), "\n";
    mcpclient_error_free($failure);
}
mcpclient_free($client);
exit($ok ? 0 : 1);
