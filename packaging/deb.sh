#!/bin/sh
# deb.sh [FOLDER_OF_THE_LIBRARIES [ARCHITECTURE]]: writes libmcpclient0 and libmcpclient-dev into target/packages, from
# what `make` has built. Needs debhelper. Without a folder the package's own rules build.
set -eu
cd "$(dirname "$0")/.."
prebuilt=${1:+$(cd "$1" && pwd)} architecture=${2:-$(dpkg --print-architecture)}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p target/packages "$work/libmcpclient"

git archive HEAD | tar -x -C "$work/libmcpclient"
cp -R packaging/debian "$work/libmcpclient/debian"
# A release candidate sorts before its release.
{
    printf 'libmcpclient (%s) unstable; urgency=medium\n\n' "$(echo "$version" | sed 's/-/~/')"
    printf '  * CHANGELOG.md has the notes of the release.\n\n'
    sed -n 's/^Maintainer: /-- /p' packaging/debian/control | sed 's/^/ /' | tr -d '\n'
    printf '  %s\n' "$(git log -1 --format=%cD)"
} >"$work/libmcpclient/debian/changelog"
{
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: libmcpclient\n\n'
    printf 'Files: *\nCopyright: the authors of libmcpclient\nLicense: Expat or Apache-2.0\n\nLicense: Expat\n'
    sed 's/^$/./; s/^/ /' LICENSE-MIT
    printf '\nLicense: Apache-2.0\n On Debian systems, its text is in /usr/share/common-licenses/Apache-2.0.\n\n'
    printf 'Comment: THIRD-PARTY-LICENSES beside this file has the licences of the crates that are linked.\n'
} >"$work/libmcpclient/debian/copyright"
# By the versions of its symbols: dpkg-shlibdeps takes those of the glibc here, where functions have moved since.
glibc=
if [ -n "$prebuilt" ]; then
    glibc=$(readelf -VW "$prebuilt/libmcpclient.so" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -Vu | tail -n 1)
fi
(cd "$work/libmcpclient" && PREBUILT=$prebuilt GLIBC=$glibc dpkg-buildpackage --build=binary --no-sign -d -a"$architecture" >"$work/log" 2>&1) ||
    { cat "$work/log" >&2; exit 1; }
cp "$work"/*.deb target/packages/
ls target/packages/*_"$architecture".deb
