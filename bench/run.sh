#!/usr/bin/env bash
# Compares the library that `make` has built with libcurl and yyjson (each left out when its header is missing):
#
#   run.sh FOLDER_OF_THE_LIBRARY CC               a Markdown table; `make bench`
#   run.sh FOLDER_OF_THE_LIBRARY CC growth        more threads, clients and bytes, as plots in docs/growth
#   run.sh FOLDER_OF_THE_LIBRARY CC instructions  instructions of a ping and of a list, which must be within 2 % of
#                                                 bench/instructions.txt (UPDATE=1 writes it)
set -euo pipefail

cd "$(dirname "$0")/.."
library_dir=$1 cc=${2:-cc} mode=${3:-compare}
target_dir=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
out=$target_dir/bench
mkdir -p "$out"

flags=
has() { command -v pkg-config >/dev/null && pkg-config --exists "$1"; }
if [ "$mode" = compare ] && has libcurl; then
    flags="-DWITH_CURL $(pkg-config --cflags --libs libcurl)"
    if has yyjson; then flags="$flags -DWITH_YYJSON $(pkg-config --cflags --libs yyjson)"; fi
elif [ "$mode" = compare ]; then
    echo "libcurl's header is missing: its column stays empty" >&2
fi
$cc -O2 -std=c99 -Wall -Wextra -pthread bench/server.c -o "$out/server"
# shellcheck disable=SC2086 # flags are words
$cc -O2 -std=c99 -Wall -Wextra -pthread -Iinclude bench/bench.c -L"$library_dir" -lmcpclient "-Wl,-rpath,$library_dir" \
    $flags -o "$out/bench"

# Client and server on one CPU: a ping is then the sum of what client, kernel and server do.
pin=
if [ "$mode" = compare ] && command -v taskset >/dev/null; then pin="taskset -c 0"; fi
if [ "$mode" = growth ]; then ulimit -n "$(ulimit -Hn)"; fi
work=$(mktemp -d)
mkfifo "$work/stdin" "$work/stdout"
$pin "$out/server" <"$work/stdin" >"$work/stdout" &
server_pid=$!
exec 3>"$work/stdin"
trap 'exec 3>&-; wait "$server_pid" || true; rm -rf "$work"' EXIT
read -r port <"$work/stdout"
url=http://127.0.0.1:$port/mcp

# counted KIND N: the instructions of a run with so many calls.
counted() {
    valgrind --tool=callgrind --callgrind-out-file="$work/callgrind" "$out/bench" "$url" "$1" "$2" >"$work/log" 2>&1 ||
        { cat "$work/log" >&2; exit 1; }
    sed -n 's/^summary: *//p' "$work/callgrind"
}

instructions() {
    failed=0
    : >"$work/instructions.txt"
    for kind in ping list; do
        few=$([ "$kind" = ping ] && echo 300 || echo 20)
        once=$(counted "$kind" "$few") twice=$(counted "$kind" $((2 * few)))
        now=$(((twice - once) / few))
        echo "$kind $now" >>"$work/instructions.txt"
        before=$(sed -n "s/^$kind //p" bench/instructions.txt 2>/dev/null || true)
        echo "$kind: $now instructions, $before before"
        if [ -z "$before" ] || [ $((now * 100)) -gt $((before * 102)) ] || [ $((now * 100)) -lt $((before * 98)) ]; then
            failed=1
        fi
    done
    if [ -n "${UPDATE:-}" ]; then
        cp "$work/instructions.txt" bench/instructions.txt
    elif [ $failed = 1 ]; then
        echo "not within 2 % of bench/instructions.txt: find out why, then run 'make instructions UPDATE=1'" >&2
        exit 1
    fi
}

case $mode in
compare) $pin "$out/bench" "$url" ;;
growth) "$out/bench" "$url" growth | tee "$out/growth.csv" && python3 bench/plot.py "$out/growth.csv" docs/growth ;;
instructions) instructions ;;
*) echo "no such mode: $mode" >&2 && exit 2 ;;
esac
