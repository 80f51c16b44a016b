#!/bin/sh
# Starts the demo server, builds the C examples as a stranger's programs would be built, and runs them against it.
# usage: demo.sh FOLDER_OF_THE_LIBRARY [CC [RUNNER]]; `make demo` builds the library first. RUNNER is a command that runs
# programs of another architecture. Exit status 0: everything did what it should, refusals included. Leaves no process and
# no file behind.
set -eu

cd "$(dirname "$0")/.."
library_dir=$1 cc=${2:-cc} runner=${3:-}
token=demo-token next_token=next-demo-token api_key=demo-key

work=$(mktemp -d)
server_pid=
# The server ends when its stdin closes, so even a script that is killed outright leaves none behind.
clean_up() {
    exec 3>&-
    if [ -n "$server_pid" ]; then wait "$server_pid" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    printf 'demo: %s\n' "$1" >&2
    exit 1
}

heading() {
    printf '\n== %s\n' "$1"
}

# Built apart from the library: an example brings the tests' dependencies along, which would change how the library is
# built.
build_server() {
    heading "The demo server: cargo build --example demo_server"
    cargo build --example demo_server
    target_dir=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    server=$target_dir/debug/examples/demo_server
}

build_programs() {
    heading "The C programs: $cc -std=c99 -Iinclude NAME.c -lmcpclient"
    for source in examples/c/*.c; do
        $cc -std=c99 -Wall -Wextra -Wpedantic -Werror -Iinclude "$source" \
            -pthread -L"$library_dir" -lmcpclient "-Wl,-rpath,$library_dir" -o "$work/$(basename "$source" .c)"
    done
    printf '%s\n' examples/c/*.c
}

# Sets url to the address of a new server, which takes these options.
start_server() {
    mkfifo "$work/stdin" "$work/stdout"
    "$server" --until-stdin-closes "$@" <"$work/stdin" >"$work/stdout" &
    server_pid=$!
    exec 3>"$work/stdin"
    read -r line <"$work/stdout" || fail "the demo server did not start"
    url=${line#listening }
}

stop_server() {
    exec 3>&-
    wait "$server_pid" || fail "the demo server failed"
    server_pid=
    rm "$work/stdin" "$work/stdout"
}

# expect STATUS TEXT PROGRAM ARGUMENT...: the program must end with STATUS and print TEXT.
expect() {
    expected_status=$1 expected_text=$2 program=$3
    shift 3
    printf '$ %s\n' "$program${*:+ $*}"
    status=0
    # shellcheck disable=SC2086 # a list of words
    $runner "$work/$program" "$@" >"$work/output" 2>&1 3>&- || status=$?
    cat "$work/output"
    [ "$status" -eq "$expected_status" ] || fail "exit status $status instead of $expected_status"
    grep -qF -- "$expected_text" "$work/output" || fail "\"$expected_text\" was not printed"
}

build_server
build_programs

heading "A server"
start_server --token "$token" --token "$next_token" --api-key "$api_key"
export MCP_URL="$url/mcp" MCP_TOKEN="$token" MCP_NEXT_TOKEN="$next_token" MCP_API_KEY="$api_key"
printf '%s\n' "MCP_URL=$MCP_URL MCP_TOKEN=$token MCP_NEXT_TOKEN=$next_token MCP_API_KEY=$api_key"

heading "A token string: minimal.c, bearer_string.c"
expect 0 "OK" minimal
expect 0 "OK" bearer_string "$url/mcp"

heading "The same token on both transports: bearer_transports.c"
expect 0 "OK $url/sse" bearer_transports "$url/mcp" "$url/sse"

heading "An auth object, shared by two clients and rotated: bearer_auth.c"
expect 0 "OK both clients, next token" bearer_auth "$url/mcp"
MCP_NEXT_TOKEN=revoked
expect 1 "The access token is unknown or has expired" bearer_auth "$url/mcp"

heading "A token from a file: ping.c"
printf '%s\n' "$token" >"$work/token"
expect 0 "OK " ping --token-file "$work/token" "$url/mcp"

heading "X-API-Key: api_key.c"
expect 0 "OK" api_key "$url/mcp"
expect 0 "OK " ping --header "X-API-Key: $api_key" "$url/mcp"

heading "HTTP+SSE, and several pings on one connection: ping.c"
expect 0 " sse " ping --token-env MCP_TOKEN --count 3 --interval-ms 10 "$url/sse"

heading "Every protocol revision: ping.c"
expect 0 "OK 2026-07-28 streamable-http" ping --token-env MCP_TOKEN "$url/mcp"
for version in 2025-11-25 2025-06-18 2025-03-26 2024-11-05; do
    expect 0 "OK $version streamable-http" ping --token-env MCP_TOKEN --protocol-version "$version" "$url/mcp"
done

heading "A wrong token, and the server's reason"
MCP_TOKEN=not-the-token
expect 17 "error: invalid_token" ping --token-env MCP_TOKEN "$url/mcp"
expect 17 "error_description: The access token is unknown or has expired" ping --token-env MCP_TOKEN "$url/sse"
MCP_TOKEN=$token

heading "A server of the new era only, one of the old era only"
stop_server
start_server --modern-only
expect 0 "OK 2026-07-28 streamable-http" ping --token-env MCP_TOKEN "$url/mcp"
stop_server
start_server --legacy-only
expect 0 "OK 2025-11-25 streamable-http" ping --token-env MCP_TOKEN "$url/mcp"
stop_server

heading "Everything did what it should"
