#!/usr/bin/env python3
"""Writes packaging/THIRD-PARTY-LICENSES: what is linked into the library, by whom, under which licence.

usage: third_party.py [--check | --sbom FILE]

--check fails when the file is not current, and changes nothing; --sbom writes a CycloneDX bill of materials instead.

The crates are those of every platform of the README's table, without those that only build or test.
"""

import json
import re
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


def all_linked():
    """The packages of every platform, by name and version."""
    packages = {}
    for platform in PLATFORMS:
        packages.update({(package["name"], package["version"]): package for package in linked(platform)})
    return sorted(packages.items())


def document():
    holders = {}
    lines = [INTRODUCTION]
    for (name, version), package in all_linked():
        lines.append(f"{name} {version}: {package['license'] or 'see its text'}")
        for text in texts(package):
            holders.setdefault(text, []).append(f"{name} {version}")
    for text, names in holders.items():
        lines += ["", "=" * 80, ", ".join(names), "=" * 80, "", text]
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines()) + "\n"


def sbom():
    """CycloneDX 1.5, with the checksums of Cargo.lock."""
    root = OUTPUT.parents[1]
    version = re.search(r'^version = "(.*)"', (root / "Cargo.toml").read_text(), re.MULTILINE)[1]
    entries = re.findall(r'name = "(.*)"\nversion = "(.*)"\nsource = .*\nchecksum = "(.*)"', (root / "Cargo.lock").read_text())
    checksums = {(name, version): checksum for name, version, checksum in entries}
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:cargo/{name}@{number}",
            "purl": f"pkg:cargo/{name}@{number}",
            "name": name,
            "version": number,
            "hashes": [{"alg": "SHA-256", "content": checksums[name, number]}],
            "licenses": [{"expression": package["license"].replace("/", " OR ")}],
        }
        for (name, number), package in all_linked()
    ]
    subject = {"type": "library", "bom-ref": "libmcpclient", "name": "libmcpclient", "version": version}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": subject},
        "components": components,
        "dependencies": [{"ref": "libmcpclient", "dependsOn": [component["bom-ref"] for component in components]}],
    }


def main():
    if sys.argv[1:2] == ["--sbom"]:
        Path(sys.argv[2]).write_text(json.dumps(sbom(), indent=1) + "\n")
        return 0
    text = document()
    if sys.argv[1:] != ["--check"]:
        OUTPUT.write_text(text)
    elif not OUTPUT.is_file() or OUTPUT.read_text() != text:
        print(f"{OUTPUT.name} is not current: run `make licences`", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
