#!/bin/sh
# Fuzzes each target for so many seconds, from the committed seeds; what it finds on the way stays in target/fuzz.
# Needs cargo-fuzz (`cargo install cargo-fuzz`) and no nightly toolchain: what is fuzzed is safe Rust, so that panics and
# disagreements are looked for, not memory errors.
set -eu

cd "$(dirname "$0")/.."
seconds=${1:-600}
if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "cargo-fuzz is missing: cargo install cargo-fuzz" >&2
    exit 1
fi
passed=0 failed=0
for target in $(cargo fuzz list); do
    found=target/fuzz/corpus/$target
    artifacts=target/fuzz/artifacts/$target/
    mkdir -p "$found" "$artifacts"
    echo "== $target: $seconds s"
    if cargo fuzz run --sanitizer none "$target" --target-dir target/fuzz/build "$found" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 -artifact_prefix="$artifacts" >"$found.log" 2>&1; then
        grep -E 'stat::number_of_executed_units' "$found.log"
        passed=$((passed + 1))
    else
        tail -n 40 "$found.log"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
