#!/bin/sh
# usage: run.sh [all|interop]
#
# Every test: cargo test, then real servers, other languages, an installed copy, sanitizers. Each suite prints a line for
# each case and closes with `N passed, N failed, N skipped`; this adds them up, and ends with what was not tested.
# With CI=true a skipped case is a failure. `interop` runs the real servers alone, and all of them.
set -u

cd "$(dirname "$0")/.." || exit 1
target_dir=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
library_dir=$target_dir/debug
log=$(mktemp)
# Suites note here what they skip: what, why, and a command that helps, separated by tabs.
MCPCLIENT_NOT_TESTED=$(mktemp)
# An environment that could not be made is not tried again by the next suite of this run.
MCPCLIENT_TEST_RUN=$$.$(date +%s)
export MCPCLIENT_NOT_TESTED MCPCLIENT_TEST_RUN
trap 'rm -f "$log" "$log.status" "$MCPCLIENT_NOT_TESTED"' EXIT

passed=0 failed=0 skipped=0

# suite NAME COMMAND...: runs it, shows what it prints, adds what it counted.
suite() {
    printf '\n== %s\n' "$1"
    shift
    # The exit status goes through a file: a pipe would hide it.
    { "$@" 2>&1; echo $? >"$log.status"; } | tee "$log"
    status=$(cat "$log.status")
    line=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)\{0,1\}$/\1 \2 \4/p' "$log" | tail -n 1)
    # shellcheck disable=SC2086 # three numbers
    set -- ${line:-0 0 0}
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + ${3:-0}))
    if [ -z "$line" ] || { [ "$status" -ne 0 ] && [ "$2" -eq 0 ]; }; then
        echo "the suite ended with status $status"
        failed=$((failed + 1))
    fi
}

# The Rust tests, counted as the other suites are. Most wait for a server or a deadline: more threads than cores.
rust_tests() {
    RUST_TEST_THREADS=${RUST_TEST_THREADS:-4} cargo test --no-fail-fast
    echo $? >"$log.cargo"
}
count_rust_tests() {
    rust_tests 2>&1 | tee "$log.rust"
    sed -n 's/^test result: .* \([0-9]*\) passed; \([0-9]*\) failed; .*/\1 \2/p' "$log.rust" |
        awk '{ p += $1; f += $2 } END { printf "%d passed, %d failed\n", p, f }'
    status=$(cat "$log.cargo")
    rm -f "$log.rust" "$log.cargo"
    return "$status"
}

build_c() {
    "${CC:-cc}" -std=c99 -Wall -Wextra -Wpedantic -Werror -Iinclude "$1" \
        -pthread -L"$library_dir" -lmcpclient "-Wl,-rpath,$library_dir" -o "$2"
}

# What was skipped, each reason once, with a command that makes it tested.
not_tested() {
    [ -s "$MCPCLIENT_NOT_TESTED" ] || return 0
    echo
    echo "NOT TESTED:"
    sort -u "$MCPCLIENT_NOT_TESTED" | while IFS="$(printf '\t')" read -r what why how; do
        echo "  - $what: $why"
        [ -z "$how" ] || echo "      to test it: $how"
    done
}

# The library and what the suites use beside it.
build() {
    cargo build && cargo build --example demo_server || exit 1
    ln -sf libmcpclient.so "$library_dir/libmcpclient.so.0"
    mkdir -p "$target_dir/examples-c"
    build_c examples/c/ping.c "$target_dir/examples-c/ping" || exit 1
}

# real_servers [--one-of-each]
real_servers() {
    suite "Real servers: ping" python3 tests/outside/interop/run.py "$target_dir/examples-c/ping"
    suite "Real servers: every operation" python3 tests/outside/interop/operations.py
    suite "Real servers: the bearer examples" python3 tests/outside/interop/bearer_examples.py
    suite "Real servers: the daemon example" python3 tests/outside/interop/daemon.py
    suite "Real servers: the command" python3 tests/outside/cli/run.py
    suite "Real servers: other ecosystems and proxies" python3 tests/outside/interop/ecosystems.py "$@"
}

case ${1:-all} in
all)
    suite "Rust tests" count_rust_tests
    build
    real_servers --one-of-each
    suite "Installed copies" tests/outside/install/run.sh
    suite "Other languages" tests/outside/bindings/run.sh
    suite "Sanitizers" tests/outside/sanitizers/run.sh
    ;;
interop)
    build
    real_servers
    ;;
*)
    echo "usage: run.sh [all|interop]" >&2
    exit 2
    ;;
esac

echo
echo "$passed passed, $failed failed, $skipped skipped"
not_tested
[ "$failed" -eq 0 ]
