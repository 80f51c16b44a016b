#!/bin/sh
# static_library.sh ARCHIVE OUTPUT PREFIX: makes of an archive by rustc one that shows only the functions of C whose
# names start with PREFIX. Rust's own symbols (rust_eh_personality, __rust_alloc) would clash with those of another Rust
# library in the same program. The debug information, which is most of a release archive, is left out.
#
# LD, OBJCOPY, NM and AR are GNU's binutils for the archive's target.
set -eu
archive=$1 output=$2 prefix=$3

object=${output%.a}.o
roots=$("${NM:-nm}" --defined-only --extern-only --format=posix "$archive" 2>/dev/null |
    sed -n "s/^\(${prefix}[A-Za-z0-9_]*\) T .*/-u \1/p" | sort -u)
# Not with --gc-sections: GNU ld would make strong references of weak ones (gettid, statx), which an old libc lacks.
# shellcheck disable=SC2086 # a list of words
"${LD:-ld}" -r --force-group-allocation $roots "$archive" -o "$object"
# The two sections hold LLVM's bitcode, for link-time optimization that has taken place.
"${OBJCOPY:-objcopy}" --wildcard --keep-global-symbol="$prefix*" --strip-debug \
    --remove-section=.llvmbc --remove-section=.llvmcmd "$object"
rm -f "$output"
"${AR:-ar}" rcsD "$output" "$object"
rm "$object"
