#!/bin/sh
# Installs the library into a staging folder (DESTDIR) and uses it as strangers do: by pkg-config and by CMake, shared
# and static, from C and C++. PROFILE=release checks the release build.
set -eu
cd "$(dirname "$0")/../../.."
. tests/outside/common.sh

build
start_server 3 "$target_dir/debug/examples/demo_server" --until-stdin-closes --token demo-token
demo=$url/mcp

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
stage=$work/stage
prefix=/opt/mcpclient
lib=$stage$prefix/lib
directories="DESTDIR=$stage PREFIX=$prefix INCLUDEDIR=$prefix/include/mcp"
strict="-Wall -Wextra -Wpedantic -Werror"
export PKG_CONFIG_SYSROOT_DIR="$stage" PKG_CONFIG_LIBDIR="$lib/pkgconfig" LD_LIBRARY_PATH="$lib" DYLD_LIBRARY_PATH="$lib"

# Debug information takes most of the time to link.
link_flags=-Wl,-S

case $(uname -s) in
Darwin) shared=libmcpclient.dylib soname=libmcpclient.0.dylib real=libmcpclient.$version.dylib ;;
*) shared=libmcpclient.so soname=libmcpclient.so.0 real=libmcpclient.so.$version ;;
esac

install_all() {
    # shellcheck disable=SC2086 # a list of words
    make -s install $directories
}

the_files_are() {
    sort >"$work/expected" <<END
./include/mcp/mcpclient-ffi.h
./include/mcp/mcpclient.h
./include/mcp/mcpclient.hpp
./include/mcp/mcpclient/module.modulemap
./lib/cmake/mcpclient/mcpclient-config-version.cmake
./lib/cmake/mcpclient/mcpclient-config.cmake
./lib/libmcpclient.a
./lib/$real
./lib/$shared
./lib/$soname
./lib/pkgconfig/mcpclient.pc
./share/doc/mcpclient/LICENSE-APACHE
./share/doc/mcpclient/LICENSE-MIT
./share/doc/mcpclient/THIRD-PARTY-LICENSES
END
    (cd "$stage$prefix" && find . ! -type d | sort) | diff "$work/expected" - &&
        [ "$(readlink "$lib/$shared")" = "$soname" ] && [ "$(readlink "$lib/$soname")" = "$real" ] &&
        ! grep -r '@[A-Z_]*@' "$lib/pkgconfig" "$lib/cmake"
}

greets() {
    "$@" "$demo" demo-token | tee /dev/stderr | grep -qx '2 tools, the first is add'
}

needs_the_library() {
    case $(uname -s) in
    Darwin) otool -L "$1" ;;
    *) readelf -d "$1" ;;
    esac | grep -qF "$soname"
}

shared_by_pkg_config() {
    # shellcheck disable=SC2046,SC2086 # lists of words
    ${CC:-cc} -std=c99 $strict tests/outside/install/stranger.c -o "$work/shared" $(pkg-config --cflags --libs mcpclient) &&
        needs_the_library "$work/shared" && greets "$work/shared"
}

# The programs of tests/process that need the library as it is shipped: without optimization a call takes more stack.
small_stacks_are_enough() {
    MCPCLIENT_LIBRARY=$lib/$real cargo test -q --test process embedding::
}

# Some implementations put the staging folder in front, some do not.
installed_path() {
    env -u PKG_CONFIG_SYSROOT_DIR pkg-config --variable="$1" mcpclient
}

static_by_pkg_config() {
    # shellcheck disable=SC2046,SC2086 # lists of words
    ${CC:-cc} -std=c99 $strict $link_flags tests/outside/install/stranger.c -o "$work/static" \
        $(pkg-config --cflags mcpclient) "$stage$(installed_path libdir)/libmcpclient.a" \
        $(pkg-config --variable=static_libs mcpclient) &&
        ! needs_the_library "$work/static" && greets env -u LD_LIBRARY_PATH "$work/static"
}

# With nothing shared at all. glibc warns that name lookup will load its own libraries all the same.
fully_static_by_pkg_config() {
    # shellcheck disable=SC2046,SC2086 # lists of words
    ${CC:-cc} -std=c99 $strict -static $link_flags tests/outside/install/stranger.c -o "$work/fully_static" \
        $(pkg-config --static --cflags --libs mcpclient) &&
        ! readelf -d "$work/fully_static" | grep NEEDED && greets env -u LD_LIBRARY_PATH "$work/fully_static"
}

# rustc's list names libgcc_s, which a static program cannot have; the compiler adds the unwinder that fits.
private_libraries_are_rustc_s() {
    cargo rustc -q --lib --crate-type staticlib -- --print native-static-libs 2>&1 |
        sed -n 's/.*native-static-libs: //p' | tail -n 1 | sed 's/-lgcc_s //' >"$work/native" &&
        [ -s "$work/native" ] &&
        pkg-config --variable=static_libs mcpclient | sed 's/ *$//' | diff "$work/native" - || return 1
    tr ' ' '\n' <"$work/native" | while read -r library; do
        pkg-config --static --libs mcpclient | tr ' ' '\n' | grep -qxe "$library" || exit 1
    done
}

# The archive shows the same names as the shared library, and no other library's calls go to its copies.
archive_shows_the_functions_only() {
    # shellcheck disable=SC2046 # a list of words
    nm --extern-only --defined-only "$lib/libmcpclient.a" | awk 'NF == 3 { print $3 }' | sort >"$work/names" &&
        nm -D --defined-only "$lib/$soname" | awk '{ print $3 }' | sort | diff - "$work/names"
}

# Rust libraries by two builds of rustc in one program with this one. The first is made as this one is, and the second
# is what rustc writes: two of those cannot be linked together.
beside_other_rust_libraries() {
    other=$(other_rustc)
    for name in first second; do
        sed "s/LIBRARY/${name}_library/" tests/outside/install/another_rust_library.rs >"$work/$name.rs" || return 1
    done
    rustc --edition 2024 -O --crate-type staticlib "$work/first.rs" -o "$work/first.whole.a" &&
        packaging/static_library.sh "$work/first.whole.a" "$work/first.a" first_library &&
        $other --edition 2024 -O --crate-type staticlib "$work/second.rs" -o "$work/second.a" &&
        ${CC:-cc} -std=c99 -I"$stage$prefix/include/mcp" $link_flags tests/outside/install/rust_libraries.c \
            "$lib/libmcpclient.a" "$work/first.a" "$work/second.a" -lpthread -lm -ldl -o "$work/rust_libraries" &&
        [ "$("$work/rust_libraries" "$demo" demo-token)" = OK ]
}

# A compiler of another version, where rustup has one.
other_rustc() {
    current=$(rustc --version)
    for toolchain in $(rustup toolchain list 2>/dev/null | cut -d ' ' -f 1); do
        if [ "$(rustc "+$toolchain" --version 2>/dev/null)" != "$current" ]; then
            echo "rustc +$toolchain"
            return
        fi
    done
    echo rustc
}

by_cmake() {
    cmake -S tests/outside/install/cmake -B "$work/cmake" -DCMAKE_PREFIX_PATH="$1" -DEXPECTED_VERSION="$version" \
        -DCMAKE_C_FLAGS="$strict" -DCMAKE_CXX_FLAGS="$strict" -DCMAKE_EXE_LINKER_FLAGS="$link_flags" &&
        cmake --build "$work/cmake"
}

cmake_program() {
    case $1 in
    *_shared) needs_the_library "$work/cmake/$1" ;;
    *_static) ! needs_the_library "$work/cmake/$1" ;;
    esac && greets "$work/cmake/$1"
}

found_after_a_move() {
    moved_outcome=0
    mv "$stage$prefix" "$work/moved" && rm -rf "$work/cmake"
    by_cmake "$work/moved" && LD_LIBRARY_PATH=$work/moved/lib greets "$work/cmake/cc_shared" || moved_outcome=1
    mv "$work/moved" "$stage$prefix"
    return $moved_outcome
}

# The .pc file is right after a move as well, if pkg-config is told to look where the file lies.
pc_after_a_move() {
    mv "$stage$prefix" "$work/moved"
    found=$(env -u PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_LIBDIR="$work/moved/lib/pkgconfig" pkg-config --define-prefix \
        --cflags --libs mcpclient)
    mv "$work/moved" "$stage$prefix"
    echo "$found" | tee /dev/stderr | grep -qF -- "-I$work/moved/include/mcp -L$work/moved/lib -lmcpclient"
}

a_prefix_with_a_space() {
    spaced="$work/with a space"
    make -s install PREFIX="$spaced" && spaced_flags=$(env -u PKG_CONFIG_SYSROOT_DIR \
        PKG_CONFIG_LIBDIR="$spaced/lib/pkgconfig" pkg-config --cflags --libs mcpclient) &&
        eval "${CC:-cc} -std=c99 $strict tests/outside/install/stranger.c -o $work/spaced $spaced_flags" &&
        LD_LIBRARY_PATH="$spaced/lib" greets "$work/spaced" &&
        make -s uninstall PREFIX="$spaced" && [ -z "$(find "$spaced" ! -type d)" ]
}

# GNU's names of the directories, an order of goals that would let make install before it has built, and another mode.
gnu_names_and_parallel_goals() {
    make -s -j4 install all prefix="$work/gnu" libdir="$work/gnu/lib64" SHARED_MODE=644 &&
        [ -f "$work/gnu/lib64/pkgconfig/mcpclient.pc" ] && [ -f "$work/gnu/include/mcpclient.h" ] &&
        [ -n "$(find "$work/gnu/lib64/$real" -perm 644)" ]
}

nothing_is_left() {
    # shellcheck disable=SC2086 # a list of words
    make -s uninstall $directories && make -s uninstall $directories && # twice: nothing to remove is no failure
        [ -z "$(find "$stage" ! -type d)" ] && [ -z "$(find "$stage" -type d -name 'mcpclient*' ! -path "$stage$prefix")" ]
}

anybody_can_read_it() {
    (umask 077 && install_all) && [ -z "$(find "$stage$prefix" ! -type l ! -perm -444)" ]
}

check "make install" install_all
check "what is installed" the_files_are
[ "${PROFILE:-}" != release ] || check "small stacks" small_stacks_are_enough
if [ "$(uname -s)" = Linux ]; then
    check "the archive shows the functions only" archive_shows_the_functions_only
    check "two other Rust libraries in the program" beside_other_rust_libraries
fi
check "GNU's names of directories, parallel goals" gnu_names_and_parallel_goals
if have pkg-config; then
    check "the static library needs what rustc says" private_libraries_are_rustc_s
    check "C, shared, by pkg-config" shared_by_pkg_config
    check "C, static, by pkg-config" static_by_pkg_config
    if [ "$(uname -s)" = Linux ]; then check "C, fully static, by pkg-config" fully_static_by_pkg_config; fi
    check "pkg-config finds it after a move" pc_after_a_move
    check "a prefix with a space" a_prefix_with_a_space
else
    skip "pkg-config" "it is not installed" "apt-get install pkg-config"
fi
if have cmake && have c++; then
    check "CMake finds the package" by_cmake "$stage$prefix"
    for program in c_shared c_static cc_shared cc_static; do
        check "CMake, $program" cmake_program "$program"
    done
    check "CMake finds it after a move" found_after_a_move
else
    skip "CMake" "cmake or c++ is not installed" "apt-get install cmake g++"
fi
check "make uninstall leaves nothing" nothing_is_left
check "make install under umask 077" anybody_can_read_it
summary
