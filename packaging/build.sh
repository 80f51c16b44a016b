#!/bin/sh
# build.sh PROFILE TARGET FOLDER: builds the libraries and puts them into FOLDER. `make` runs it.
#
# PROFILE is release or debug. TARGET is empty for this machine, a target of rustc, or one with a version of glibc, such
# as x86_64-unknown-linux-gnu.2.17, which takes cargo-zigbuild. CARGO is cargo, CARGO_FLAGS more of its arguments, CC
# a C compiler; LD, OBJCOPY, NM and AR are the target's binutils, where their names cannot be guessed.
set -eu
cd "$(dirname "$0")/.."
profile=$1 target=$2 folder=$3

cargo=${CARGO:-cargo}
triple=${target%.[0-9]*}
triple=${triple%.[0-9]*}
built=${CARGO_TARGET_DIR:-target}/${triple:+$triple/}$profile
host=$(rustc -vV | sed -n 's/^host: //p')

# Flags, separated by the unit separator, since paths may have spaces. No path of the builder goes into the libraries:
# two builds give the same bytes, wherever source and crates lie.
rust_flags() {
    printf '%s' "${RUSTFLAGS:-}" | tr -s ' ' '\037'
    if [ -n "${RUSTFLAGS:-}" ]; then printf '\037'; fi
    for crates in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/ vendor/; do
        if [ -d "$crates" ]; then
            printf '%s=%s/=/cargo/\037' --remap-path-prefix "$(cd "$crates" && pwd)"
        fi
    done
    printf '%s=%s=/mcpclient' --remap-path-prefix "$PWD"
}

# `cargo build` ignores the profile's `lto` where an rlib is among the crate's types; `cargo rustc` can leave it out.
build_release() {
    types=cdylib,staticlib
    case $target in
    *-musl) types=staticlib ;; # where rustc links everything statically, a cdylib cannot be made
    esac
    case $target in
    *.[0-9]*) cargo="cargo-zigbuild" ;;
    esac
    # shellcheck disable=SC2086 # a list of words
    CARGO_ENCODED_RUSTFLAGS=$(rust_flags) "$cargo" rustc --release --locked --lib --crate-type $types \
        ${target:+--target "$target"} ${CARGO_FLAGS:-}
}

# Everything with one command, and with no flags of its own, so that `cargo test` finds it built.
build_debug() {
    # shellcheck disable=SC2086 # a list of words
    "$cargo" build --locked ${target:+--target "$target"} ${CARGO_FLAGS:-}
}

# Sets the binutils of another architecture by Debian's names.
find_binutils() {
    prefix=
    if [ -n "$triple" ] && [ "${triple%%-*}" != "${host%%-*}" ]; then
        prefix=$(echo "$triple" | sed 's/-unknown//; s/-musl/-gnu/')-
    fi
    export LD="${LD:-${prefix}ld}" OBJCOPY="${OBJCOPY:-${prefix}objcopy}" NM="${NM:-${prefix}nm}" AR="${AR:-${prefix}ar}"
}

# The header for parsers without a preprocessor (LuaJIT, PHP, cffi): declarations, and the constants as an enum.
ffi_header() {
    echo "/* mcpclient.h, for parsers without a preprocessor. Its comments are the manual. */"
    echo "enum {"
    sed -n 's/^#define \(MCPCLIENT_[A-Z0-9_]*\) \(-*[0-9][0-9]*\)$/    \1 = \2,/p' include/mcpclient.h
    echo "};"
    grep -v '^#include' include/mcpclient.h | ${CC:-cc} -undef -E -P -x c - | sed 's/^ *//'
}

copy_changed() {
    cmp -s "$1" "$2" || cp "$1" "$2"
}

build_"$profile"
mkdir -p "$folder"
ffi_header >"$folder/mcpclient-ffi.h"
case ${triple:-$host} in
*-linux-*)
    if [ -e "$built/libmcpclient.so" ]; then
        copy_changed "$built/libmcpclient.so" "$folder/libmcpclient.so"
        ln -sf libmcpclient.so "$folder/$SONAME"
    fi
    if [ -z "$(find "$folder/libmcpclient.a" -newer "$built/libmcpclient.a" 2>/dev/null)" ]; then
        find_binutils
        packaging/static_library.sh "$built/libmcpclient.a" "$folder/libmcpclient.a" mcpclient_
    fi
    ;;
*-apple-*)
    copy_changed "$built/libmcpclient.a" "$folder/libmcpclient.a"
    if [ -e "$built/libmcpclient.dylib" ]; then
        copy_changed "$built/libmcpclient.dylib" "$folder/libmcpclient.dylib"
        ln -sf libmcpclient.dylib "$folder/$SONAME"
    fi
    ;;
*-windows-gnu*)
    for file in mcpclient.dll libmcpclient.dll.a libmcpclient.a; do
        copy_changed "$built/$file" "$folder/$file"
    done
    ;;
*)
    echo "build.sh does not know the libraries' names for ${triple:-$host}" >&2
    exit 1
    ;;
esac
