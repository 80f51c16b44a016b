#!/bin/sh
# Compares the library that `make` has built with libcurl (skipped when its header is missing): run.sh
# FOLDER_OF_THE_LIBRARY [CC]; `make bench` runs it. Prints a Markdown table. docs/performance.md keeps the last one.
set -eu

cd "$(dirname "$0")/.."
library_dir=$1 cc=${2:-cc}
target_dir=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
out=$target_dir/bench
mkdir -p "$out"

curl_flags=
if command -v pkg-config >/dev/null && pkg-config --exists libcurl; then
    curl_flags="-DWITH_CURL $(pkg-config --cflags --libs libcurl)"
else
    echo "libcurl's header is missing: its column stays empty" >&2
fi
$cc -O2 -std=c99 -Wall -Wextra -pthread bench/server.c -o "$out/server"
# shellcheck disable=SC2086 # flags are words
$cc -O2 -std=c99 -Wall -Wextra -Iinclude bench/bench.c -L"$library_dir" -lmcpclient "-Wl,-rpath,$library_dir" \
    $curl_flags -o "$out/bench"

# Client and server on one CPU: a ping is then the sum of what client, kernel and server do.
pin=
if command -v taskset >/dev/null; then pin="taskset -c 0"; fi
work=$(mktemp -d)
mkfifo "$work/stdin" "$work/stdout"
$pin "$out/server" <"$work/stdin" >"$work/stdout" &
server_pid=$!
exec 3>"$work/stdin"
trap 'exec 3>&-; wait "$server_pid" || true; rm -rf "$work"' EXIT
read -r port <"$work/stdout"
$pin "$out/bench" "http://127.0.0.1:$port/mcp"
