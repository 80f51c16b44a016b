#!/bin/sh
# What can be said about the sources without building them: layout, spelling, shell scripts, dependencies. `make tools`
# installs what is missing here; with CI=true this does so itself, and nothing may be left out.
set -eu
cd "$(dirname "$0")/../../.."

status=0
if [ "${CI:-}" = true ]; then tests/outside/lint/tools.sh; fi
PATH=$PWD/target/tools/bin:$PATH

# lint TOOL ARGUMENT...: reports a tool that is missing; with CI=true that is a failure.
lint() {
    if ! command -v "$1" >/dev/null; then
        echo "skipped: $1 is not installed (make tools)" >&2
        [ "${CI:-}" != true ] || status=1
    elif ! "$@"; then
        echo "FAILED: $*" >&2
        status=1
    fi
}

# The layout depends on the version, so the pinned one decides.
c_sources() {
    git ls-files '*.c' '*.h' '*.cc' '*.hpp' | grep -vx include/mcpclient.h
}
if [ -x target/tools/bin/clang-format ]; then
    # shellcheck disable=SC2046 # a list of files
    lint clang-format --dry-run --Werror $(c_sources)
else
    echo "skipped: the pinned clang-format is not installed (make tools)" >&2
fi

lint typos
# shellcheck disable=SC2046 # a list of files
lint shellcheck -x $(git ls-files '*.sh' .ci/run)
lint cargo-deny --log-level error --locked check bans licenses sources
lint packaging/third_party.py --check
exit $status
