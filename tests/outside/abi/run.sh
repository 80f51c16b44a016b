#!/bin/sh
# Compares the C ABI (abidiff) and the crate's public API (cargo-semver-checks) with the last release, which is the last
# tag v*, or the commit in BASELINE. A removed or changed function fails; an added one does not.
set -eu
cd "$(dirname "$0")/../../.."

baseline=${BASELINE:-$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)}
if [ -z "$baseline" ]; then
    echo "There is no release yet: nothing to compare with."
    exit
fi
echo "Compared with $baseline:"

# The debug builds, whose debug information describes the types. Each in a folder of its own: both are needed at once.
folder=${CARGO_TARGET_DIR:-$PWD/target}/abi
git worktree prune
[ -d "$folder/source" ] || git worktree add --quiet --detach "$folder/source" "$baseline"
trap 'git worktree remove --force "$folder/source"' EXIT
git -C "$folder/source" checkout --quiet --detach "$baseline"
(cd "$folder/source" && cargo build --quiet --locked --lib --target-dir "$folder/old")
cargo build --quiet --locked --lib --target-dir "$folder/new"

# abidiff's exit status is a set of bits: 1 error, 2 wrong usage, 4 a change, 8 an incompatible change.
status=0
abidiff --headers-dir1 "$folder/source/include" --headers-dir2 include --no-added-syms \
    "$folder/old/debug/libmcpclient.so" "$folder/new/debug/libmcpclient.so" || status=$?
[ $status -eq 0 ] || { echo "abidiff: status $status"; exit 1; }
echo "The C ABI is compatible."

if cargo semver-checks --version >/dev/null 2>&1; then
    cargo semver-checks --baseline-root "$folder/source"
else
    echo "skipped: the crate's API (cargo install cargo-semver-checks)"
fi
