"""Everything that a client can ask of a server, asked of real ones by the C program `operations.c`.

usage: operations.py [--only PATTERN] [--jobs N] [PROGRAM]      (default: compiled from operations.c)

Prints a line for each case and closes with `N passed, N failed, N skipped`. What cannot be made here (no network to
install the servers from) is skipped; with CI=true in the environment that is a failure.
"""

import argparse
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable

import c_program
import setup
from launch import EverythingServer, FastMcpServer, Server, ServerFailed, everything_command, fastmcp_command
from run import Outcome, Report

RUN_SECONDS = 180
OUTCOME = re.compile(r"^(passed|failed) ([^:\n]+)(?:: (.*))?$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """One run of the program: `kind` is what it knows the server by, and `version` the protocol that it is told of."""

    name: str
    server: Callable[[], "Server | Program"]
    kind: str
    version: str | None = None


class Program:
    """A server that the client starts."""

    url = "-"

    def __init__(self, command):
        self.command = command()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


def runs():
    for version, protocols in (("4.2.3", (None, "2025-11-25")), ("2.14.7", (None,))):
        for protocol in protocols:
            name = f"{version} http" + (f" {protocol}" if protocol else "")
            yield Run(name, partial(FastMcpServer, version, "http", "none"), "fastmcp", protocol)
        yield Run(f"{version} sse", partial(FastMcpServer, version, "sse", "none"), "fastmcp")
    yield Run("everything http", partial(EverythingServer, "http"), "everything")
    yield Run("everything sse", partial(EverythingServer, "sse"), "everything")
    for protocol in (None, "2025-11-25"):
        name = "4.2.3 stdio" + (f" {protocol}" if protocol else "")
        yield Run(name, partial(Program, partial(fastmcp_command, "4.2.3")), "fastmcp", protocol)
    yield Run("2.14.7 stdio", partial(Program, partial(fastmcp_command, "2.14.7")), "fastmcp")
    yield Run("everything stdio", partial(Program, everything_command), "everything")


def main():
    options = parse_arguments()
    program = options.program or c_program.build("tests/outside/interop/operations.c")
    setup.prepare_all(("fastmcp-4.2.3", "fastmcp-2.14.7", setup.NODE))  # what fails here is told by the runs
    report = Report()
    chosen = [run for run in runs() if re.search(options.only, run.name)]
    with ThreadPoolExecutor(options.jobs) as pool:
        for outcomes in pool.map(lambda run: list(outcomes_of(program, run)), chosen):
            for outcome in outcomes:
                report.add(outcome)
    return report.close()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", type=lambda path: Path(path).resolve(strict=True))
    parser.add_argument("--only", default="", metavar="PATTERN", help="servers that this regular expression is found in")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="servers at a time (default: %(default)s)")
    return parser.parse_args()


def outcomes_of(program, run):
    try:
        with run.server() as server:
            if isinstance(server, Program):
                arguments = ["-", run.version or "-", *map(str, server.command)]
            else:
                arguments = [server.url, *([run.version] if run.version else [])]
            yield from play(program, run, arguments)
    except setup.SetupError as error:
        yield Outcome(f"{run.name}: everything", "skipped", str(error), error.remedy)
    except ServerFailed as error:
        yield Outcome(f"{run.name}: everything", "failed", str(error))


def play(program, run, arguments):
    command = [str(program), run.kind, *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    try:
        said, _ = process.communicate(timeout=RUN_SECONDS)
        ending = f"it ended with {process.returncode}"
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
        ending = f"it still ran after {RUN_SECONDS} s"
    found = OUTCOME.findall(said)
    for verdict, case, fault in found:
        yield Outcome(f"{run.name}: {case}", verdict, fault)
    failed = any(verdict == "failed" for verdict, *_ in found)
    if process.returncode != int(failed) or not found:
        yield Outcome(f"{run.name}: the program", "failed", f"{ending}\n{said}")


if __name__ == "__main__":
    sys.exit(main())
