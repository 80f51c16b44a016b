#!/bin/sh
# dist.sh [TARGET...]: what a release consists of, in target/dist. `make dist` runs it.
#
#   libmcpclient-VERSION.tar.xz           the source of the last commit with all crates, builds offline
#   libmcpclient-VERSION-TRIPLE.tar.xz    for each TARGET: an installation that may lie anywhere
#   libmcpclient-VERSION.cdx.json         the linked crates, as a CycloneDX SBOM
#   SHA256SUMS
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=libmcpclient-$version
dist=$PWD/target/dist
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$dist"

# The same bytes on each machine: order, times (those of the commit) and owners are fixed.
pack() {
    tar --sort=name --mtime="@$(git log -1 --format=%ct)" --owner=0 --group=0 --numeric-owner --format=gnu \
        -C "$work" -cf - "$1" | xz -T1 >"$dist/$1.tar.xz"
    echo "$dist/$1.tar.xz"
}

source_tarball() {
    git archive --prefix="$name/" HEAD | tar -x -C "$work"
    mkdir "$work/$name/.cargo"
    (cd "$work/$name" && cargo vendor --quiet --locked --versioned-dirs vendor >.cargo/config.toml)
    pack "$name"
}

binary_tarball() {
    triple=$(echo "$1" | sed 's/\.[0-9.]*$//')
    make -s TARGET="$1"
    make -s install TARGET="$1" DESTDIR="$work" PREFIX="/$name-$triple" RELOCATABLE=1
    pack "$name-$triple"
}

source_tarball
for target in "$@"; do
    binary_tarball "$target"
done
packaging/third_party.py --sbom "$dist/$name.cdx.json"
(cd "$dist" && sha256sum "$name".* "$name"-* >SHA256SUMS)
