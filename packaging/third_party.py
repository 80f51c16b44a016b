#!/usr/bin/env python3
"""Writes packaging/THIRD-PARTY-LICENSES: what is linked into the library, by whom, under which licence.

usage: third_party.py [--check]     (--check: fails when the file is not current, and changes nothing)

The crates are those of every platform of the README's table, without those that only build or test.
"""

import json
import subprocess
import sys
from pathlib import Path

OUTPUT = Path(__file__).with_name("THIRD-PARTY-LICENSES")
PLATFORMS = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "x86_64-pc-windows-gnu",
    "aarch64-apple-darwin",
)
INTRODUCTION = """\
libmcpclient is linked from the crates below, and from the standard library of Rust (The Rust Project Developers, MIT
OR Apache-2.0). Where a licence says OR, libmcpclient uses the crate under MIT if that is offered. This file is written
by packaging/third_party.py.
"""


def linked(platform):
    """The packages that the library links there."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", platform]
    metadata = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=OUTPUT.parents[1]).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    found, waiting = {}, [root]
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            identity = dependency["pkg"]
            is_macro = any("proc-macro" in target["kind"] for target in packages[identity]["targets"])
            normal = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            if normal and not is_macro and identity not in found:
                found[identity] = packages[identity]
                waiting.append(identity)
    return found.values()


def texts(package):
    """The licence files of a package, the MIT ones alone where there is a choice."""
    folder = Path(package["manifest_path"]).parent
    names = ("licen[cs]e*", "LICEN[CS]E*", "COPYING*", "NOTICE*", "UNLICENSE*")
    files = sorted({path for name in names for path in folder.glob(name) if path.is_file()})
    choice = " OR " in (package["license"] or "")
    mit = [path for path in files if "MIT" in path.name.upper()]
    return [path.read_text(errors="replace").strip() for path in (mit if choice and mit else files)]


def document():
    packages = {}
    for platform in PLATFORMS:
        packages.update({(package["name"], package["version"]): package for package in linked(platform)})
    holders = {}
    lines = [INTRODUCTION]
    for (name, version), package in sorted(packages.items()):
        lines.append(f"{name} {version}: {package['license'] or 'see its text'}")
        for text in texts(package):
            holders.setdefault(text, []).append(f"{name} {version}")
    for text, names in holders.items():
        lines += ["", "=" * 80, ", ".join(names), "=" * 80, "", text]
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines()) + "\n"


def main():
    text = document()
    if sys.argv[1:] != ["--check"]:
        OUTPUT.write_text(text)
    elif not OUTPUT.is_file() or OUTPUT.read_text() != text:
        print(f"{OUTPUT.name} is not current: run `make licences`", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
