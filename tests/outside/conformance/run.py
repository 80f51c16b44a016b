"""Runs the official MCP conformance suite against the C program `client.c`.

usage: run.py [--only PATTERN] [--jobs N] [CLIENT]      (default: target/conformance-client, by `make conformance-client`)

Every scenario of the suite is run that tests a client, at every revision that it applies to, twice: with the protocol
version pinned, and with the library finding it out. Scenarios of an extension run at the revision that the suite chooses,
and what 2025-03-26 assumes of authorization servers is only tried with that version pinned. Prints a line for each run and closes
with `N passed, N failed, N skipped`; the exit status is 1 if anything failed. There is no list of expected failures: what is
skipped is an extension that the library does not have.

The suite is installed once, in target/conformance, and so is a Node that can run it where the machine has none.
"""

import argparse
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE.parent / "interop"))

import setup

DIRECTORY = ROOT / "target" / "conformance"
SUITE = "node_modules/@modelcontextprotocol/conformance/dist/index.js"
OLDEST_NODE = 22
RUN_SECONDS = 60
# What the pinned suite has: fewer means that its list was not understood.
FEWEST = 60
EXTENSION = "extension"
WAYS = {"pinned": [], "negotiated": ["--negotiate"]}
# Scenarios of the skills extension, which the library does not have yet.
ABSENT = "sep-2640-client-"
# Scenarios about endpoints that only a pinned version allows to assume.
ONLY_PINNED = "auth/2025-03-26-"


def main():
    options = parse_arguments()
    try:
        suite = prepare()
    except setup.SetupError as error:
        sys.exit(f"the conformance suite cannot be installed: {error}")
    known = scenarios(suite)
    runs = [(*scenario, way) for scenario in known for way in ways(*scenario) if not scenario[0].startswith(ABSENT)]
    chosen = [run for run in runs if re.search(options.only, title(*run))]
    absent = [scenario for scenario in known if scenario[0].startswith(ABSENT)]
    for scenario, revision in absent:
        print(f"skipped  {revision} {scenario}: the library has no skills")
    with ThreadPoolExecutor(options.jobs) as pool:
        verdicts = list(pool.map(lambda run: report(run, check(suite, options.client, *run)), chosen))
    print(f"{verdicts.count(True)} passed, {verdicts.count(False)} failed, {len(absent)} skipped")
    return 0 if verdicts and all(verdicts) else 1


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("client", nargs="?", default=ROOT / "target" / "conformance-client")
    parser.add_argument("--only", default="", metavar="PATTERN", help="runs that this regular expression is found in")
    parser.add_argument("--jobs", type=int, default=4, metavar="N", help="runs at a time (default: %(default)s)")
    options = parser.parse_args()
    options.client = Path(options.client).resolve()
    if not options.client.is_file():
        parser.error(f"{options.client} is not there: run `make conformance-client`")
    return options


def title(scenario, revision, way):
    return f"{revision} {scenario} ({way})"


def prepare():
    """The command that runs the suite: installed first if it is missing or its pins have changed."""
    pins = [HERE / "package.json", HERE / "package-lock.json", setup.PINS / f"{setup.NODE}.txt"]
    own_node = machine_node()
    wanted = hashlib.sha256(b"".join([str(own_node).encode(), *(pin.read_bytes() for pin in pins)])).hexdigest()
    stamp = DIRECTORY / "stamp"
    DIRECTORY.parent.mkdir(exist_ok=True)
    with setup.locked(DIRECTORY.with_name("conformance.lock")):
        if not stamp.is_file() or stamp.read_text() != wanted:
            shutil.rmtree(DIRECTORY, ignore_errors=True)
            install(own_node, pins)
            stamp.write_text(wanted)
    return [str(own_node or setup.node(DIRECTORY)), str(DIRECTORY / SUITE)]


def machine_node():
    """The machine's Node when it is new enough and has its npm."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return None
    said = subprocess.run([node, "--version"], stdout=subprocess.PIPE, text=True).stdout
    number = re.match(r"v(\d+)\.", said)
    return node if number and int(number.group(1)) >= OLDEST_NODE else None


def install(own_node, pins):
    DIRECTORY.mkdir()
    npm = ["npm"]
    if not own_node:
        setup.run("node", [sys.executable, "-m", "venv", DIRECTORY])
        pip = [setup.python(DIRECTORY), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        setup.run("node", [*pip, "--no-deps", "--requirement", pins[-1]])
        npm = [setup.node(DIRECTORY), setup.node_home(DIRECTORY) / "lib/node_modules/npm/bin/npm-cli.js"]
    for pin in pins[:-1]:
        shutil.copy(pin, DIRECTORY)
    # No package's script runs.
    setup.run("conformance", [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=DIRECTORY)


def scenarios(suite):
    """Name and revision of every scenario that concerns a client."""
    listing = subprocess.run([*suite, "list", "--client"], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = []
    for name, revisions in re.findall(r"^ *- (\S+) \[(.*)\]$", listing, re.MULTILINE):
        found += [(name, revision) for revision in revisions.split(",")]
    if len(found) < FEWEST:
        raise SystemExit(f"the suite's list of scenarios was not understood:\n{listing}")
    return found


def ways(scenario, revision):
    return ["pinned"] if scenario.startswith(ONLY_PINNED) else list(WAYS)


def check(suite, client, scenario, revision, way):
    """What the suite says of one run; nothing when it passed."""
    command = shlex.join([str(client), *WAYS[way]])
    arguments = ["client", "--command", command, "--scenario", scenario]
    if revision != EXTENSION:
        arguments += ["--spec-version", revision]
    try:
        result = subprocess.run(
            [*suite, *arguments],
            cwd=DIRECTORY,
            env={name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=RUN_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"the suite still ran after {RUN_SECONDS} s"
    checks = re.search(r"^Passed: (\d+)/(\d+), 0 failed, 0 warnings$", result.stdout, re.MULTILINE)
    # A scenario that the suite left out, or in which nothing was checked, has not passed.
    passed = result.returncode == 0 and checks and checks.group(1) == checks.group(2) != "0"
    return "" if passed else f"exit code {result.returncode}\n{result.stdout}"


def report(run, fault):
    print(f"{'failed' if fault else 'passed':8}{title(*run)}", flush=True)
    for line in fault.splitlines():
        print(f"          | {line}", flush=True)
    return not fault


if __name__ == "__main__":
    sys.exit(main())
