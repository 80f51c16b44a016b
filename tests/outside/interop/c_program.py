"""Compiles the C programs of the tests against the library that `cargo build` has made."""

import json
import os
import subprocess

import setup

ROOT = setup.HERE.parents[2]
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-pthread")


def target_directory():
    """Where cargo puts what it builds."""
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    return setup.Path(json.loads(said)["target_directory"])


def build(source):
    """Compiles this file of the repository; the path of the program."""
    target = target_directory()
    library = target / "debug" / "libmcpclient.a"
    if not library.is_file():
        raise SystemExit(f"{library} is not there: run `cargo build`")
    program = target / "examples-c" / setup.Path(source).stem
    program.parent.mkdir(exist_ok=True)
    compiler = os.environ.get("CC", "cc").split()
    command = [*compiler, *FLAGS, "-I", ROOT / "include", ROOT / source, *link_flags(target / "debug"), "-o", program]
    subprocess.run([str(word) for word in command], check=True)
    return program


def link_flags(directory):
    """The shared library, by the name that programs ask for."""
    shared = directory / "libmcpclient.so"
    if shared.exists():
        name = directory / "libmcpclient.so.0"
        if not name.is_symlink():
            name.symlink_to(shared.name)
    return ["-L", directory, "-lmcpclient", f"-Wl,-rpath,{directory}"]
