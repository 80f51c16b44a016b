#!/bin/sh
# rpm.sh [FOLDER_OF_THE_LIBRARIES [ARCHITECTURE]]: writes the packages for Fedora, RHEL and SUSE into target/packages.
# Needs rpmbuild, and the source tarball of `make dist`.
set -eu
cd "$(dirname "$0")/.."
prebuilt=${1:+$(cd "$1" && pwd)} architecture=${2:-$(uname -m)}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p target/packages
[ -f "target/dist/libmcpclient-$version.tar.xz" ] || { echo "run make dist first" >&2; exit 1; }
rpmbuild -bb --quiet --target "$architecture" --define "_topdir $work" --define "_sourcedir $PWD/target/dist" \
    --define "_libdir /usr/lib64" --define "version_ $version" ${prebuilt:+--define "prebuilt $prebuilt"} \
    packaging/rpm/libmcpclient.spec
cp "$work"/RPMS/*/*.rpm target/packages/
ls target/packages/*."$architecture".rpm
