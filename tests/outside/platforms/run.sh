#!/bin/sh
# shellcheck disable=SC2015,SC2016,SC2086 # lists of words, and text for another shell
# The platforms other than this machine's own: builds for each, and runs what can be run here.
#
# usage: run.sh [PART...]      (default: all of glibc arm64 musl windows macos reproducible)
#
# What is missing is reported and skipped; tests/outside/platforms/README.md says what each part needs.
set -eu
cd "$(dirname "$0")/../../.."
. tests/outside/common.sh
here=tests/outside/platforms
strict="-std=c99 -Wall -Wextra -Wpedantic -Werror"
target_dir=${CARGO_TARGET_DIR:-$PWD/target}

# The server that every part pings, over HTTP and, with an authority of its own, over HTTPS.
start_servers() {
    cargo build -q --example demo_server
    start_server 3 "$target_dir/debug/examples/demo_server" --until-stdin-closes --token demo-token
    http=$url
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test-authority \
        -keyout "$work/authority.key" -out "$work/authority.pem" -addext basicConstraints=critical,CA:TRUE 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost \
        -keyout "$work/server.key" -out "$work/server.csr" 2>/dev/null
    printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n' >"$work/extensions"
    openssl x509 -req -in "$work/server.csr" -CA "$work/authority.pem" -CAkey "$work/authority.key" -CAcreateserial \
        -days 2 -extfile "$work/extensions" -out "$work/server.pem" 2>/dev/null
    start_server 4 python3 $here/tls_front.py "$work/server.pem" "$work/server.key" "${http##*:}"
    https=$url
    export MCP_TOKEN=demo-token
}

# pings COMMAND...: the program ping, over both transports, over TLS, and refused.
pings() {
    "$@" --token-env MCP_TOKEN "$http/mcp" && "$@" --token-env MCP_TOKEN --transport sse "$http/sse" &&
        "$@" --token-env MCP_TOKEN --ca-file "$work/authority.pem" "$https/mcp" &&
        refused 17 env MCP_TOKEN=wrong "$@" --token-env MCP_TOKEN "$http/mcp" &&
        refused 14 "$@" --token-env MCP_TOKEN "$https/mcp"
}

refused() {
    expected=$1 outcome=0
    shift
    "$@" || outcome=$?
    [ "$outcome" -eq "$expected" ] || { echo "exit status $outcome instead of $expected"; return 1; }
}

# build_for TARGET: sets dist to the folder of its libraries.
build_for() {
    triple=$(echo "$1" | sed 's/\.[0-9.]*$//')
    dist=$target_dir/$triple/release/dist
    check "$1: make" make TARGET="$1"
    [ -f "$dist/libmcpclient.a" ]
}

# have_target NAME TRIPLE TOOL...: whether the standard library of Rust for it and the tools are here.
have_target() {
    part=$1 triple=$2
    shift 2
    if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$triple" ] && ! rustup target add "$triple" >/dev/null 2>&1; then
        excuse "$part" "Rust's standard library for $triple is not here" "rustup target add $triple"
        return 1
    fi
    for tool in "$@"; do
        if ! have "$tool"; then
            excuse "$part" "$tool is not here" "see $here/README.md"
            return 1
        fi
    done
}

# cargo-zigbuild and zig, from PyPI.
have_zig() {
    zig=target/tools-zig
    if [ ! -x "$zig/bin/cargo-zigbuild" ]; then
        python3 -m venv "$zig" && "$zig/bin/pip" install -q -r $here/requirements.txt >/dev/null 2>&1 || :
    fi
    PATH=$PWD/$zig/bin:$PATH
    if ! have cargo-zigbuild; then
        excuse "$1" "cargo-zigbuild is not here" "pip install -r $here/requirements.txt"
        return 1
    fi
}

# needs_glibc_at_most VERSION FILE: no symbol of a later version is needed.
needs_glibc_at_most() {
    versions=$(readelf -VW "$2" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -Vu)
    echo "$2 needs:" $versions
    [ -n "$versions" ] && [ "$(printf '%s\n' "$versions" "$1" | sort -V | tail -n 1)" = "$1" ]
}

# Release binaries for Linux: they run on every distribution since 2014.
glibc() {
    have_target "glibc 2.17" x86_64-unknown-linux-gnu readelf && have_zig "glibc 2.17" || return 0
    build_for x86_64-unknown-linux-gnu.2.17 || return 0
    check "glibc 2.17: the shared library needs no later glibc" needs_glibc_at_most 2.17 "$dist/libmcpclient.so"
    check "glibc 2.17: the static library needs no later glibc" static_needs_no_later_glibc
    check "glibc 2.17: the tests in C" c_tests cc ""
    check "glibc 2.17: the demo" examples/demo.sh "$dist"
}

static_needs_no_later_glibc() {
    python3 -m ziglang version >/dev/null 2>&1 || zig_python=$PWD/target/tools-zig/bin/python
    # shellcheck disable=SC2086 # a list of words
    "${zig_python:-python3}" -m ziglang cc -target x86_64-linux-gnu.2.17 -std=c99 -Iinclude examples/c/ping.c "$dist/libmcpclient.a" \
        -lunwind -lpthread -lm -ldl -o "$work/ping_2.17" && needs_glibc_at_most 2.17 "$work/ping_2.17" && pings "$work/ping_2.17"
}

# c_tests CC RUNNER: the programs of tests/abi/c with these libraries. Built before CC is set, which crates look at too.
c_tests() {
    tests=$(cargo test -q --no-run --test abi --message-format=json | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
    env CC="$1" C_RUNNER="$2" C_LIBRARIES="$dist" TEST_SLOWNESS="${TEST_SLOWNESS:-4}" "$tests" c_programs
}

arm64() {
    have_target arm64 aarch64-unknown-linux-gnu aarch64-linux-gnu-gcc qemu-aarch64 readelf && have_zig arm64 || return 0
    build_for aarch64-unknown-linux-gnu.2.17 || return 0
    emulator="qemu-aarch64 -L /usr/aarch64-linux-gnu"
    check "arm64: the shared library needs glibc 2.17" needs_glibc_at_most 2.17 "$dist/libmcpclient.so"
    check "arm64: the examples in C" examples/demo.sh "$dist" aarch64-linux-gnu-gcc "$emulator"
    # shellcheck disable=SC2086 # a list of words
    check "arm64: ping, HTTP and HTTPS" arm64_pings
    check "arm64: the tests in C" c_tests aarch64-linux-gnu-gcc "$emulator"
}

arm64_pings() {
    # shellcheck disable=SC2086 # lists of words
    aarch64-linux-gnu-gcc $strict -Iinclude examples/c/ping.c "$dist/libmcpclient.a" -lpthread -lm -ldl -o "$work/ping_arm64" &&
        pings $emulator "$work/ping_arm64"
}

# A program that needs no file of the system at all, in a folder that has nothing else.
musl() {
    have_target musl x86_64-unknown-linux-musl && have_zig musl || return 0
    build_for x86_64-unknown-linux-musl || return 0
    check "musl: a fully static program" musl_program
    check "musl: ping, HTTP and HTTPS" pings "$work/ping_musl"
    if [ "$(id -u)" = 0 ]; then
        check "musl: in an empty root directory" in_an_empty_root
    else
        excuse "musl: in an empty root directory" "this is not root"
    fi
}

musl_program() {
    # shellcheck disable=SC2086 # a list of words
    target/tools-zig/bin/python -m ziglang cc -target x86_64-linux-musl -static $strict -Iinclude examples/c/ping.c \
        "$dist/libmcpclient.a" -lunwind -Wl,--gc-sections -s -o "$work/ping_musl" &&
        ! readelf -d "$work/ping_musl" | grep NEEDED
}

in_an_empty_root() {
    mkdir -p "$work/root" && cp "$work/ping_musl" "$work/root/ping" && cp "$work/authority.pem" "$work/root" &&
        chroot "$work/root" /ping --token-env MCP_TOKEN "$(echo "$http" | sed 's/localhost/127.0.0.1/')/mcp" &&
        printf '127.0.0.1 localhost\n' >"$work/hosts" && mkdir -p "$work/root/etc" && cp "$work/hosts" "$work/root/etc/hosts" &&
        chroot "$work/root" /ping --token-env MCP_TOKEN --ca-file /authority.pem "$https/mcp"
}

windows() {
    have_target Windows x86_64-pc-windows-gnu x86_64-w64-mingw32-gcc wine || return 0
    build_for x86_64-pc-windows-gnu || return 0
    export WINEPREFIX="$target_dir/wine" WINEDEBUG=-all
    check "Windows: make install" make -s install TARGET=x86_64-pc-windows-gnu PREFIX="$work/windows"
    check "Windows: the DLL shows the functions of the header" dll_shows_the_functions
    check "Windows: a program with the DLL" windows_program ping_dll.exe -L"$work/windows/lib" -lmcpclient \
        -static-libgcc -Wl,-Bstatic -lpthread
    cp "$work/windows/bin/mcpclient.dll" "$work" 2>/dev/null || :
    x86_64-w64-mingw32-gcc -shared $here/bcryptprimitives.c -ladvapi32 -o "$work/bcryptprimitives.dll"
    check "Windows: a static program, by its .pc file" windows_static
    for program in ping_dll ping_static; do
        check "Windows: $program.exe under Wine, HTTP and HTTPS" pings_in_wine "$work/$program.exe"
    done
    check "Windows: cancelled, late, notified, called under Wine" windows_calls
}

windows_program() {
    windows_output=$1
    shift
    # shellcheck disable=SC2086 # a list of words
    x86_64-w64-mingw32-gcc $strict -I"$work/windows/include" examples/c/ping.c "$@" -o "$work/$windows_output"
}

windows_static() {
    # shellcheck disable=SC2046 # a list of words
    windows_program ping_static.exe -DMCPCLIENT_STATIC "$work/windows/lib/libmcpclient.a" -static \
        $(PKG_CONFIG_LIBDIR="$work/windows/lib/pkgconfig" pkg-config --variable=static_libs mcpclient) -lpthread
}

dll_shows_the_functions() {
    x86_64-w64-mingw32-objdump -p "$work/windows/bin/mcpclient.dll" | grep -o '\bmcpclient_[a-z0-9_]*$' | sort >"$work/dll" &&
        [ "$(wc -l <"$work/dll")" -gt 50 ] &&
        sed -n '/^typedef/d; /^[ /#]/d; s/^.*[ *]\(mcpclient_[a-z0-9_]*\)(.*$/\1/p' include/mcpclient.h | sort -u | diff - "$work/dll"
}

# Wine gives a program the variables and the paths of this system.
pings_in_wine() {
    (cd "$work" && pings wine "$1")
}

windows_calls() {
    # shellcheck disable=SC2086 # a list of words
    x86_64-w64-mingw32-gcc $strict -I"$work/windows/include" $here/windows.c -L"$work/windows/lib" -lmcpclient -lws2_32 \
        -static-libgcc -o "$work/calls.exe" && (cd "$work" && wine ./calls.exe "$http/mcp" demo-token)
}

# Apple's frameworks are not here, so that nothing can be linked; the code compiles, and the workflows run the tests.
macos() {
    have_target macOS aarch64-apple-darwin && have_zig macOS || return 0
    printf '#!/bin/sh\n%s\n' 'for word; do shift; case $word in --target=* | -arch | arm64 | -mmacosx-version-min=*) ;;
*) set -- "$@" "$word" ;; esac; done' >"$work/zcc" &&
        printf 'exec "%s" -m ziglang cc -target aarch64-macos-none "$@"\n' "$PWD/target/tools-zig/bin/python" >>"$work/zcc" &&
        chmod +x "$work/zcc"
    check "macOS: it compiles" env CC_aarch64_apple_darwin="$work/zcc" AR_aarch64_apple_darwin=ar \
        cargo check --lib --target aarch64-apple-darwin
}

# The same bytes from another folder, with another CARGO_HOME, from vendored crates.
reproducible() {
    check "two builds in two places give the same bytes" same_bytes
}

same_bytes() {
    make && mkdir -p "$work/else where" "$work/cargo-home" && git archive HEAD | tar -x -C "$work/else where" &&
        cp -R Cargo.lock Cargo.toml build.rs cbindgen.toml include src packaging "$work/else where" &&
        cargo vendor --locked --versioned-dirs "$work/else where/vendor" >"$work/vendoring" 2>/dev/null &&
        mkdir -p "$work/else where/.cargo" && sed 's|"[^"]*/vendor"|"vendor"|' "$work/vendoring" >"$work/else where/.cargo/config.toml" &&
        CARGO_HOME="$work/cargo-home" CARGO_TARGET_DIR="$work/else where/target" make -C "$work/else where" &&
        cmp "$target_dir/release/dist/libmcpclient.so" "$work/else where/target/release/dist/libmcpclient.so" &&
        cmp "$target_dir/release/dist/libmcpclient.a" "$work/else where/target/release/dist/libmcpclient.a" &&
        ! grep -aqF -e "$PWD" -e "$HOME/.cargo" "$target_dir/release/dist/libmcpclient.so" "$target_dir/release/dist/libmcpclient.a"
}

[ $# -gt 0 ] || set -- glibc arm64 musl windows macos reproducible
case " $* " in
*" glibc "* | *" arm64 "* | *" musl "* | *" windows "*) start_servers ;;
esac
for part in "$@"; do
    $part
done
summary
