# shellcheck shell=sh
# shellcheck disable=SC2034 # its variables are for the scripts that source it
# Sourced by tests/outside/*/run.sh: counts what passed, failed and was skipped, installs the library, starts the servers.
# The caller stands in the repository's root and gets $work, a folder of its own.

passed=0 failed=0 skipped=0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# check NAME COMMAND...: the command must succeed; what it prints is shown when it does not. A function must join its
# commands by &&: "set -e" does not hold here.
check() {
    check_name=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        passed=$((passed + 1))
        printf 'passed   %s\n' "$check_name"
    else
        failed=$((failed + 1))
        printf 'FAILED   %s\n' "$check_name"
        sed 's/^/         /' "$work/output"
    fi
}

# skip NAME WHY [HOW]: on the machine that decides (CI=true), nothing may be left out. HOW is a command that helps.
skip() {
    if [ "${CI:-}" = true ]; then
        failed=$((failed + 1))
        printf 'FAILED   %s: %s\n' "$1" "$2"
    else
        excuse "$@"
    fi
}

# excuse NAME WHY [HOW]: what cannot be installed everywhere may be left out there too.
excuse() {
    skipped=$((skipped + 1))
    printf 'skipped  %s: %s\n' "$1" "$2"
    # tests/run.sh prints these at its end.
    if [ -n "${MCPCLIENT_NOT_TESTED:-}" ]; then printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >>"$MCPCLIENT_NOT_TESTED"; fi
}

have() {
    command -v "$1" >/dev/null 2>&1
}

summary() {
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" -eq 0 ]
}

# The debug build, unless PROFILE says otherwise: it is there already when the Rust tests have run.
build() {
    PROFILE=${PROFILE:-debug}
    export PROFILE
    make -s all
    # Apart from the library: an example brings the tests' dependencies along.
    cargo build -q --example demo_server
    target_dir=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    export target_dir
}

# start_server N COMMAND...: sets url to the address that the server prints. It ends when descriptor N closes, so even a
# script that is killed leaves none behind.
start_server() {
    start_n=$1
    shift
    mkfifo "$work/stdin.$start_n" "$work/stdout.$start_n"
    "$@" <"$work/stdin.$start_n" >"$work/stdout.$start_n" &
    eval "exec $start_n>\"\$work/stdin.$start_n\""
    read -r start_line <"$work/stdout.$start_n" || return 1
    url=${start_line#listening }
}
