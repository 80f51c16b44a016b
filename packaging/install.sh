#!/bin/sh
# install.sh install|uninstall: what `make install` and `make uninstall` do, with the Makefile's variables. A shell
# script, since make cannot handle paths with spaces.
# shellcheck disable=SC2016,SC2086,SC2153 # lists of names, variables of the Makefile, and ${prefix} for pkg-config
set -eu
cd "$(dirname "$0")/.."

lib=$DESTDIR$LIBDIR include=$DESTDIR$INCLUDEDIR doc=$DESTDIR$DOCDIR

# Where the file lies that a program loads, and the names beside it: on Windows the import library, elsewhere links.
case $PLATFORM in
windows) shared_dir=$BINDIR names=$SHARED ;;
*) shared_dir=$LIBDIR names="$SHARED_SONAME $SHARED" ;;
esac
shared=$DESTDIR$shared_dir/$SHARED_VERSION

headers="mcpclient.h mcpclient.hpp mcpclient/module.modulemap"
descriptions="pkgconfig/mcpclient.pc cmake/mcpclient/mcpclient-config.cmake cmake/mcpclient/mcpclient-config-version.cmake"
notices="LICENSE-MIT LICENSE-APACHE THIRD-PARTY-LICENSES"

# below PATH DIRECTORY VARIABLE: PATH with the variable in place of the directory, where it lies below it.
below() {
    case $1 in
    "$2"/*) printf '%s%s' "$3" "${1#"$2"}" ;;
    *) printf '%s' "$1" ;;
    esac
}

# Makes a text fit for the right side of a command s|...|...| of sed.
quoted() {
    printf '%s' "$1" | sed 's/[|&\\]/\\&/g'
}

# With RELOCATABLE, prefix is where the .pc file lies: for an archive that is unpacked anywhere.
pc_prefix=$PREFIX
if [ -n "${RELOCATABLE:-}" ]; then
    pc_prefix='${pcfiledir}'/$(printf '%s' "${LIBDIR#"$PREFIX"/}/pkgconfig" | sed 's|[^/][^/]*|..|g')
fi

# Writes a file of packaging/ with the values of this installation.
fill() {
    sed -e "s|@PREFIX@|$(quoted "$pc_prefix")|g" -e "s|@LIBDIR@|$(quoted "$LIBDIR")|g" \
        -e "s|@INCLUDEDIR@|$(quoted "$INCLUDEDIR")|g" \
        -e "s|@PC_LIBDIR@|$(quoted "$(below "$LIBDIR" "$PREFIX" '${prefix}')")|g" \
        -e "s|@PC_INCLUDEDIR@|$(quoted "$(below "$INCLUDEDIR" "$PREFIX" '${prefix}')")|g" \
        -e "s|@VERSION@|$VERSION|g" -e "s|@STATIC_LIBS@|$STATIC_LIBS|g" -e "s|@SHARED_VERSION@|$SHARED_VERSION|g" \
        -e "s|@SHARED_DIR@|$(quoted "$shared_dir")|g" -e "s|@SHARED_INSTALL_NAME@|$SHARED_INSTALL_NAME|g" "packaging/$(basename "$1").in" >"$lib/$1"
    chmod 644 "$lib/$1"
}

install_file() {
    $INSTALL -d "$(dirname "$3")"
    $INSTALL -m "$1" "$2" "$3"
}

install_shared() {
    case $PLATFORM in
    windows)
        install_file "$SHARED_MODE" "$BUILD_DIR/$SHARED_VERSION" "$shared"
        install_file 644 "$BUILD_DIR/$SHARED" "$lib/$SHARED"
        ;;
    *)
        install_file "$SHARED_MODE" "$BUILD_DIR/$SHARED" "$shared"
        ln -sf "$SHARED_VERSION" "$lib/$SHARED_SONAME"
        ln -sf "$SHARED_SONAME" "$lib/$SHARED"
        ;;
    esac
}

# `make cli` has built it.
install_command() {
    install_file 755 "$BUILD_DIR/mcpclient" "$DESTDIR$BINDIR/mcpclient"
    install_file 644 cli/mcpclient.1 "$DESTDIR$DATADIR/man/man1/mcpclient.1"
    install_file 644 cli/completions/mcpclient.bash "$DESTDIR$DATADIR/bash-completion/completions/mcpclient"
    install_file 644 cli/completions/_mcpclient "$DESTDIR$DATADIR/zsh/site-functions/_mcpclient"
    install_file 644 cli/completions/mcpclient.fish "$DESTDIR$DATADIR/fish/vendor_completions.d/mcpclient.fish"
}

install_all() {
    if [ -e "$BUILD_DIR/mcpclient" ]; then install_command; fi
    for file in $headers; do
        install_file 644 "include/$file" "$include/$file"
    done
    install_file 644 "$BUILD_DIR/mcpclient-ffi.h" "$include/mcpclient-ffi.h"
    install_file 644 "$BUILD_DIR/libmcpclient.a" "$lib/libmcpclient.a"
    # There is none where rustc links everything statically (musl).
    if [ -e "$BUILD_DIR/$SHARED" ]; then install_shared; fi
    for file in $descriptions; do
        $INSTALL -d "$lib/$(dirname "$file")"
        fill "$file"
    done
    for file in $notices; do
        install_file 644 "$(notice "$file")" "$doc/$file"
    done
}

# Third parties' licences are those of the crates that are linked.
notice() {
    case $1 in
    THIRD-PARTY*) echo "packaging/$1" ;;
    *) echo "$1" ;;
    esac
}

uninstall() {
    (cd "$include" 2>/dev/null && rm -f $headers mcpclient-ffi.h) || :
    (cd "$lib" 2>/dev/null && rm -f libmcpclient.a $names $descriptions) || :
    (cd "$doc" 2>/dev/null && rm -f $notices) || :
    rm -f "$shared" "$DESTDIR$BINDIR/mcpclient" "$DESTDIR$DATADIR/man/man1/mcpclient.1" \
        "$DESTDIR$DATADIR/bash-completion/completions/mcpclient" "$DESTDIR$DATADIR/zsh/site-functions/_mcpclient" \
        "$DESTDIR$DATADIR/fish/vendor_completions.d/mcpclient.fish"
    rmdir "$include/mcpclient" "$lib/cmake/mcpclient" "$doc" 2>/dev/null || :
}

case $1 in
install) install_all ;;
uninstall) uninstall ;;
esac
