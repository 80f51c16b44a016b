# fish completion for mcpclient
set -l commands ping info tools call resources read prompts prompt complete listen request task login logout servers
complete -c mcpclient -f
complete -c mcpclient -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c mcpclient -n "__fish_seen_subcommand_from $commands" -a "(mcpclient servers 2>/dev/null | string split -f 1 \t)"
complete -c mcpclient -l token-env -x -a "(set -n)" -d "bearer token from this variable"
for name in token-file client-secret-file key-file state ca-file client-certificate client-key config
    complete -c mcpclient -l $name -r -F
end
complete -c mcpclient -l transport -x -a "auto http sse" -d "transport"
complete -c mcpclient -l protocol-version -x -a "2026-07-28 2025-11-25 2025-06-18 2025-03-26 2024-11-05" -d "MCP revision"
for name in header client-id issuer scopes timeout connect-timeout proxy set args count interval resource redirect-url warning
    complete -c mcpclient -l $name -x
end
for name in insecure-argument insecure no-browser paste json quiet nagios help version
    complete -c mcpclient -l $name
end
