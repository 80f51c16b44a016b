#!/bin/sh
# Builds and runs what every language has here, against the installed library: C++, Go, Python, a host with only
# dlopen, Clang's modules for Swift, and the reference. What lacks its toolchain is skipped, and counts as a failure with CI=true.
set -eu
cd "$(dirname "$0")/../../.."
. tests/outside/common.sh

build
prefix=$work/installed
make -s install PREFIX="$prefix"
case $(uname -s) in
Darwin) library=$prefix/lib/libmcpclient.0.dylib ;;
*) library=$prefix/lib/libmcpclient.so.0 ;;
esac
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" LD_LIBRARY_PATH="$prefix/lib" DYLD_LIBRARY_PATH="$prefix/lib"
export CMAKE_PREFIX_PATH="$prefix" MCPCLIENT_LIBRARY="$library"

start_server 3 "$target_dir/debug/examples/demo_server" --until-stdin-closes
export MCPCLIENT_DEMO_SERVER="$url" MCP_URL="$url/mcp"
if have python3; then
    start_server 4 python3 tests/outside/bindings/asking_server.py
    export MCPCLIENT_ASKING_SERVER="$url"
else
    skip "what needs a server that asks back" "python3 is not installed" "apt-get install python3"
fi

# Go's cache does not look at what pkg-config says: without this, it would link with a folder of an earlier run.
export CGO_LDFLAGS="-O2 -g -L$prefix/lib"

# says_ok COMMAND...: with the right token it prints OK, with a wrong one it fails and prints the server's reason.
says_ok() {
    MCP_TOKEN=demo-token "$@" | tee /dev/stderr | grep -q '^OK' &&
        ! MCP_TOKEN=revoked "$@" >"$work/refusal" 2>&1 &&
        cat "$work/refusal" && grep -qF "The access token is unknown or has expired" "$work/refusal"
}

# C++

cpp_flags="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -g -pthread"

cpp_wrappers() {
    cpp_compiler=$1 cpp_standard=$2
    shift 2
    cpp_program=$work/cpp_wrappers
    # shellcheck disable=SC2046,SC2086 # lists of words
    "$cpp_compiler" -std="$cpp_standard" $cpp_flags "$@" tests/outside/install/cpp_*.cc -o "$cpp_program" \
        $(pkg-config --cflags --libs mcpclient) &&
        (cd "$work" && "$cpp_program" "$MCPCLIENT_DEMO_SERVER" "$MCPCLIENT_ASKING_SERVER")
}

cpp_sanitizers_work() {
    echo 'int main() {}' >"$work/empty.cc" && "$1" -fsanitize=address,undefined "$work/empty.cc" -o "$work/empty" \
        2>/dev/null && "$work/empty"
}

cpp_tests() {
    if cpp_sanitizers_work "$1"; then
        check "C++17, $1, with sanitizers" cpp_wrappers "$1" c++17 -fsanitize=address,undefined
    else
        check "C++17, $1" cpp_wrappers "$1" c++17
    fi
    check "C++20, $1" cpp_wrappers "$1" c++20
}

copied_example() {
    rm -rf "$work/example" && mkdir "$work/example" && cp -R examples/cpp examples/cmake examples/dlopen "$work/example"
}

cpp_example() {
    copied_example && make -s -C "$work/example/cpp" ping CXXFLAGS="$cpp_flags" &&
        says_ok "$work/example/cpp/ping" "$MCP_URL"
}

cmake_example() {
    copied_example && cmake -S "$work/example/cmake" -B "$work/example/build" && cmake --build "$work/example/build" &&
        says_ok "$work/example/build/ping" "$MCP_URL"
}

# Go

in_folder() {
    (cd "$1" && shift && "$@")
}

go_format() {
    [ -z "$(gofmt -l bindings/go examples/go examples/go-purego | tee /dev/stderr)" ]
}

# A test that is left out is a failure here: the servers are there.
go_test() {
    in_folder bindings/go go test -count=1 -v "$@" . && ! grep -q -e '^--- SKIP' "$work/output"
}

go_example() {
    in_folder examples/go go vet . && in_folder examples/go go build -o "$work/go-ping" . &&
        says_ok "$work/go-ping" "$MCP_URL"
}

# The programs of docs/go.md, in one package.
# shellcheck disable=SC2016 # the marks of a block are no command substitution
go_documentation() {
    rm -rf "$work/documented" && mkdir "$work/documented" &&
        sed -n '/^```go$/,/^```$/p' docs/go.md | sed '/^```/d' >"$work/documented/main.go" &&
        [ -z "$(gofmt -l "$work/documented" | tee /dev/stderr)" ] &&
        printf 'module documented\n\ngo %s\n\nrequire libmcpclient.dev/go/mcpclient v0.0.0\n\nreplace libmcpclient.dev/go/mcpclient => %s\n' \
            "$(sed -n 's/^go //p' bindings/go/go.mod)" "$PWD/bindings/go" >"$work/documented/go.mod" &&
        in_folder "$work/documented" go vet . && in_folder "$work/documented" go build -o "$work/documented-go" . &&
        says_ok "$work/documented-go" "$MCP_URL"
}

purego_example() {
    in_folder examples/go-purego env CGO_ENABLED=0 go vet . &&
        in_folder examples/go-purego env CGO_ENABLED=0 go build -mod=readonly -o "$work/purego-ping" . &&
        says_ok "$work/purego-ping" "$MCP_URL"
}

# Python, dlopen

python_example() {
    says_ok examples/python/ping.py "$MCP_URL"
}

python_module() {
    PYTHONPATH=bindings/python PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover -s bindings/python/tests
}

with_token() {
    "$@" "$MCP_TOKEN"
}

dlopen_example() {
    copied_example && make -s -C "$work/example/dlopen" ping CFLAGS=-Werror &&
        says_ok with_token "$work/example/dlopen/ping" "$library" "$MCP_URL"
}

# Event loops

# event_loop NAME PACKAGE...: builds the example with what these packages of pkg-config say.
event_loop() {
    loop_name=$1
    shift
    # shellcheck disable=SC2046 # lists of words
    cc -std=c99 -Wall -Wextra -Werror "examples/event-loops/$loop_name.c" $(pkg-config --cflags --libs mcpclient "$@") \
        -o "$work/loop-$loop_name"
}

epoll_example() {
    event_loop epoll && says_ok "$work/loop-epoll" 20 "$MCP_URL" "$MCP_URL"
}

libuv_example() {
    event_loop libuv libuv && MCP_TOKEN=demo-token "$work/loop-libuv" "$MCP_URL" | grep -qx 5 &&
        ! MCP_TOKEN=revoked "$work/loop-libuv" "$MCP_URL"
}

glib_example() {
    event_loop glib glib-2.0 && MCP_TOKEN=demo-token "$work/loop-glib" "$MCP_URL" | grep -qx OK &&
        ! MCP_TOKEN=revoked "$work/loop-glib" "$MCP_URL"
}

# Languages with a foreign function interface of their own, from the library and the headers as they are installed

export MCPCLIENT_HEADER="$prefix/include/mcpclient-ffi.h"

node_example() {
    mkdir -p "$work/node" && cp examples/node/ping.js "$work/node" &&
        (cd "$work/node" && npm install --silent --no-save koffi@2 >/dev/null) && says_ok node "$work/node/ping.js"
}

# foreign NAME COMMAND WORD...: the example runs where the command is here.
foreign() {
    foreign_name=$1
    shift
    if have "$1"; then
        check "$foreign_name, the example" says_ok "$@"
    else
        excuse "$foreign_name" "$1 is not installed" "apt-get install $1"
    fi
}

# Swift

# imports NAME FLAG...: a program that has the header as this module.
imports() {
    module=$1
    shift
    sed "s/MODULE/$module/" tests/outside/bindings/import_module.c >"$work/import_$module.c" &&
        clang -std=c99 -fmodules -fmodules-cache-path="$work/modules" -Weverything -Werror "$@" \
            "$work/import_$module.c" -o "$work/import_$module" -L"$prefix/lib" -lmcpclient &&
        "$work/import_$module" "$MCP_URL"
}

have_cpp() {
    have "$1" && have pkg-config
}

# The reference: every function is in it.
reference() {
    make -s docs || return 1
    sed -n 's/^.*[ *]\(mcpclient_[a-z0-9_]*\)(.*$/\1/p' include/mcpclient.h | grep -v callback | sort -u >"$work/functions"
    while read -r function; do
        grep -q "id=\"[a-z0-9]*\".*$function\|>$function<" target/docs/html/mcpclient_8h.html ||
            { echo "$function is not in the reference"; return 1; }
    done <"$work/functions"
    [ "$(wc -l <"$work/functions")" -gt 50 ]
}

if have python3; then
    for compiler in g++ clang++; do
        if have_cpp "$compiler"; then
            cpp_tests "$compiler"
        else
            skip "C++, $compiler" "it is not installed, or pkg-config is not" "apt-get install g++ clang pkg-config"
        fi
    done
fi
if have_cpp c++; then check "C++, the example" cpp_example; else skip "C++, the example" "c++ or pkg-config is not installed" "apt-get install g++ pkg-config"; fi
if have cmake && have c++; then
    check "CMake, the example" cmake_example
else
    skip "CMake, the example" "cmake or c++ is not installed" "apt-get install cmake g++"
fi

if have go && have pkg-config; then
    check "Go, gofmt" go_format
    check "Go, vet" in_folder bindings/go go vet .
    check "Go, tests with the race detector" go_test -race
    check "Go, the example" go_example
    check "Go, the documentation" go_documentation
    check "Go without cgo, the example" purego_example
else
    skip "Go" "go or pkg-config is not installed" "install Go 1.24 or later, and apt-get install pkg-config"
fi

if have python3; then
    check "Python, the module" python_module
    check "Python, the example" python_example
else
    skip "Python" "python3 is not installed" "apt-get install python3"
fi
check "dlopen, the example in C90" dlopen_example

if [ "$(uname -s)" = Linux ] && have pkg-config; then
    check "Event loops: epoll" epoll_example
else
    excuse "Event loops: epoll" "the system is not Linux, or pkg-config is not installed" "use Linux"
fi
if have pkg-config && pkg-config --exists libuv; then
    check "Event loops: libuv" libuv_example
else
    skip "Event loops: libuv" "libuv or pkg-config is not installed" "apt-get install libuv1-dev pkg-config"
fi
if have pkg-config && pkg-config --exists glib-2.0; then
    check "Event loops: GLib" glib_example
else
    skip "Event loops: GLib" "GLib or pkg-config is not installed" "apt-get install libglib2.0-dev pkg-config"
fi

foreign LuaJIT luajit examples/luajit/ping.lua
foreign Ruby ruby examples/ruby/ping.rb
foreign PHP php -d ffi.enable=1 examples/php/ping.php
if perl -MFFI::Platypus -e 1 2>/dev/null; then
    foreign Perl perl examples/perl/ping.pl
else
    excuse Perl "FFI::Platypus is not installed" "apt-get install libffi-platypus-perl"
fi
if have npm; then check "Node, the example" node_example; else excuse Node "npm is not installed" "apt-get install npm"; fi

if have clang; then
    check "Clang imports the installed module" imports mcpclient -I"$prefix/include"
    check "Clang imports the Swift package's module" imports CMCPClient \
        -fmodule-map-file=bindings/swift/Sources/CMCPClient/module.modulemap -I"$prefix/include"
else
    skip "Clang modules" "clang is not installed" "apt-get install clang"
fi
if have doxygen; then check "The reference has no gap" reference; else skip "The reference" "doxygen is not installed" "apt-get install doxygen"; fi
if have swift; then
    check "Swift, the package" in_folder bindings/swift swift build --scratch-path "$work/swift"
else
    excuse "Swift, the package" "swift is not installed" "install Swift 5.9 or later"
fi
summary
