#!/usr/bin/env bash
# The C programs of tests/abi/c under memcheck (valgrind), AddressSanitizer and ThreadSanitizer, and threads of Rust under the
# last. Each checker must first find deliberate bugs, made by misusing the library (bugs.c).
#
# usage: run.sh [memcheck|address|thread]...     (all of them)
#
# The sanitizers are switched on in the stable compiler by RUSTC_BOOTSTRAP=1. ThreadSanitizer needs the standard library
# built with it: rustup component add rust-src.
# shellcheck disable=SC2086,SC2030,SC2031 # $check is words; what a sanitizer needs is meant for its subshell alone
set -u
cd "$(dirname "$0")/../../.." || exit 1

target=$(rustc -vV | sed -n 's/^host: //p')
root=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
runtimes=$(rustc --print sysroot)/lib/rustlib/$target/lib
export TEST_SLOWNESS=${TEST_SLOWNESS:-8}
. tests/outside/common.sh

pass() { printf 'passed   %s\n' "$1"; passed=$((passed + 1)); }
fail() { printf 'FAILED   %s\n' "$1"; failed=$((failed + 1)); }

# tests WHAT ARGUMENTS...: runs cargo test with these and counts its cases.
tests() {
    local what=$1 log
    shift
    log=$(mktemp)
    if ! RUST_BACKTRACE=0 cargo test "$@" >"$log" 2>&1; then
        grep -v '^ *Compiling' "$log" | tail -n 60
        grep -q '^test .* FAILED' "$log" || fail "$what: cargo test $*"
    fi
    while read -r _ name _ result; do
        if [ "$result" = ok ]; then pass "$what: $name"; else fail "$what: $name"; fi
    done < <(grep '^test .* \.\.\. ' "$log")
    rm -f "$log"
}

# finds WHAT BUG PATTERN COMMAND...: the bug must be reported.
finds() {
    local what=$1 bug=$2 pattern=$3
    shift 3
    if "$@" "$bug" 2>&1 | grep -q "$pattern"; then pass "$what finds: $bug"; else fail "$what finds: $bug"; fi
}

# bugs DEPS FLAGS...: compiles bugs.c with the shared library of that folder.
bugs() {
    local deps=$1
    shift
    ln -sf libmcpclient.so "$deps/libmcpclient.so.0"
    "${CC:-cc}" -std=c99 -g -pthread -Iinclude tests/outside/sanitizers/bugs.c "$@" "$deps/libmcpclient.so" \
        "-Wl,-rpath,$deps" -o "$deps/bugs"
}

memcheck() {
    command -v valgrind >/dev/null || { skip memcheck "valgrind is not installed" "apt-get install valgrind"; return; }
    # Threads take turns: without that, one that computes keeps the others from their deadlines.
    local check="valgrind -q --fair-sched=try --child-silent-after-fork=yes --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite"
    C_RUNNER=$check tests memcheck --test abi c_programs:: -- --test-threads 2
    bugs "$root/debug/deps" || { fail "memcheck: bugs.c"; return; }
    finds memcheck use-after-free "Invalid read" $check "$root/debug/deps/bugs"
    finds memcheck leak "definitely lost" $check "$root/debug/deps/bugs"
}

# instrumented NAME SYMBOL DEPS: the library itself must call the runtime.
instrumented() {
    if nm -D "$3/libmcpclient.so" | grep -q " U $2"; then pass "$1 is in the library"; else fail "$1 is in the library"; fi
}

# flags RUNTIME: links the runtime that belongs to the compiler of the library. It is the library that is looked at, and
# what C programs do to its memory; their own code needs no instruments.
flags() {
    echo "-Wl,--whole-archive $1 -Wl,--no-whole-archive -Wl,--export-dynamic -lpthread -ldl -lrt -lm -lresolv"
}

address() {
    local runtime c_flags deps=$root/sanitizer-address/$target/debug/deps
    runtime=$(find "$runtimes" -name 'librustc*_rt.asan.a' | head -n 1)
    [ -n "$runtime" ] || { skip address "the compiler has no runtime for it"; return; }
    c_flags=$(flags "$runtime")
    (
        export RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=$root/sanitizer-address
        export C_FLAGS=$c_flags
        tests address --target "$target" --test abi c_programs:: -- --test-threads 2
        printf '%s %s\n' "$passed" "$failed" >"$root/sanitizer.counts"
    )
    read -r passed failed <"$root/sanitizer.counts"
    instrumented address __asan_init "$deps"
    # shellcheck disable=SC2086 # flags are words
    bugs "$deps" $c_flags || { fail "address: bugs.c"; return; }
    finds address use-after-free "heap-use-after-free" "$deps/bugs"
    finds address leak "detected memory leaks" "$deps/bugs"
}

thread() {
    local runtime c_flags deps=$root/sanitizer-thread/$target/debug/deps
    runtime=$(find "$runtimes" -name 'librustc*_rt.tsan.a' | head -n 1)
    [ -n "$runtime" ] || { skip thread "the compiler has no runtime for it"; return; }
    [ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ] || { excuse thread "rust-src is missing" "rustup component add rust-src"; return; }
    c_flags=$(flags "$runtime")
    (
        export RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=thread CARGO_TARGET_DIR=$root/sanitizer-thread
        export C_FLAGS=$c_flags TSAN_OPTIONS=halt_on_error=1:die_after_fork=0
        tests thread -Zbuild-std --target "$target" --test abi c_programs:: -- --test-threads 1
        tests thread -Zbuild-std --target "$target" --test process daemon::threads::rust -- --test-threads 1
        printf '%s %s\n' "$passed" "$failed" >"$root/sanitizer.counts"
    )
    read -r passed failed <"$root/sanitizer.counts"
    instrumented thread __tsan_init "$deps"
    # shellcheck disable=SC2086
    bugs "$deps" $c_flags || { fail "thread: bugs.c"; return; }
    finds thread race "WARNING: ThreadSanitizer" "$deps/bugs"
}

[ $# -gt 0 ] || set -- memcheck address thread
for checker in "$@"; do
    case $checker in
        memcheck | address | thread) "$checker" ;;
        *) echo "no such checker: $checker" >&2; exit 2 ;;
    esac
done
rm -f "$root/sanitizer.counts"
summary
