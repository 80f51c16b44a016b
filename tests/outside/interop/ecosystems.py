"""Servers of other ecosystems, and reverse proxies in front of one of them, against the C program `ecosystems.c`.

usage: ecosystems.py [--only PATTERN] [--one-of-each] [PROGRAM]      (default: compiled from ecosystems.c)

Each server is asked in each era that it speaks: ping, tools, progress, notifications, a cancelled call, a wrong token, a
restart in between. With --one-of-each, each language is asked once, and only those that need no long build here. Prints a
line for each case and closes with `N passed, N failed, N skipped`. What cannot be made here (no compiler, no network) is
skipped; with CI=true in the environment that is a failure.
"""

import argparse
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Callable

import c_program
import proxies
import setup
from launch import Server, ServerFailed
from run import Outcome, Report

HERE = Path(__file__).resolve().parent / "ecosystems"
RUN_SECONDS = 180
TOKEN = "interop-token"
NEWER, OLDER = "2026-07-28", "2025-11-25"
# Cases that fail for a reason that is known and open: "server: case", and the reason.
OPEN = {
    "Java SDK on Tomcat negotiated: listening": "the server answers GET only with its first event",
}
OUTCOME = re.compile(r"^(passed|failed) ([^:\n]+)(?:: (.*))?$", re.MULTILINE)


class EcosystemServer(Server):
    """A server that takes the port as its last argument, and lets one token in."""

    def __init__(self, name, make_command):
        super().__init__(name, make_command())

    def _port_arguments(self):
        return [str(self.port)] if self.port else []


def python(kind):
    return [setup.python(setup.prepare("fastmcp-4.2.3")), HERE / "python" / "server.py", kind]


def typescript():
    directory = setup.prepare(setup.NODE)
    return [setup.node(directory), HERE / "typescript" / "server.mjs", directory]


def go(name):
    return [setup.prepare(setup.GO) / name]


def rust(era):
    return [setup.prepare(setup.RUST) / "debug" / "interop", era]


def java():
    directory = setup.prepare(setup.JAVA)
    return ["java", "-cp", f"{directory / 'classes'}:{directory / 'lib'}/*", "Server"]


@dataclass(frozen=True)
class Ecosystem:
    """A server: `versions` are those that it is asked in; None: as it is negotiated."""

    name: str
    language: str
    command: Callable[[], list]
    versions: tuple = (None, OLDER)
    proxy: str | None = None


def ecosystems():
    yield Ecosystem("mcp low level", "python", partial(python, "lowlevel"))
    yield Ecosystem("FastMCP 4.2.3", "python", partial(python, "fastmcp"))
    yield Ecosystem("TypeScript SDK v2", "typescript", typescript)
    yield Ecosystem("Go SDK", "go", partial(go, "sdk"))
    yield Ecosystem("mcp-go", "go", partial(go, "mcpgo"))
    yield Ecosystem("Java SDK on Tomcat", "java", java, (None,))
    yield Ecosystem("rmcp 3", "rust", partial(rust, "modern"))
    yield Ecosystem("rmcp 1", "rust", partial(rust, "older"), (None,))
    for proxy in proxies.NAMES:
        yield Ecosystem(f"{proxy} before mcp low level", proxy, partial(python, "lowlevel"), proxy=proxy)


def main():
    options = parse_arguments()
    program = options.program or c_program.build("tests/outside/interop/ecosystems.c")
    chosen = [each for each in ecosystems() if re.search(options.only, each.name)]
    if options.one_of_each:
        # The Rust servers take minutes to compile: `make interop` has them.
        chosen = list({each.language: each for each in reversed(chosen) if each.language != "rust"}.values())
    report = Report()
    with ThreadPoolExecutor(options.jobs) as pool:
        for outcomes in pool.map(lambda each: list(outcomes_of(program, each)), chosen):
            for outcome in outcomes:
                report.add(excused(outcome))
    return report.close()


def excused(outcome):
    """A failure that is known is reported as such; a success is one."""
    reasons = [reason for case, reason in OPEN.items() if outcome.case.startswith(case)]
    if outcome.verdict != "failed" or not reasons:
        return outcome
    return replace(outcome, verdict="open", detail=f"known and open: {reasons[0]}\n{outcome.detail}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", type=lambda path: Path(path).resolve(strict=True))
    parser.add_argument("--only", default="", metavar="PATTERN", help="servers that this regular expression is found in")
    parser.add_argument("--one-of-each", action="store_true", help="one server of each language that is there")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="servers at a time (default: %(default)s)")
    return parser.parse_args()


def outcomes_of(program, ecosystem):
    try:
        with EcosystemServer(ecosystem.name, ecosystem.command) as server:
            for version in ecosystem.versions:
                name = f"{ecosystem.name} {version or 'negotiated'}"
                if ecosystem.proxy:
                    with proxies.start(ecosystem.proxy, server.port) as url:
                        yield from play(program, name, server, url, version)
                else:
                    yield from play(program, name, server, server.url, version)
    except setup.SetupError as error:
        yield Outcome(f"{ecosystem.name}: everything", "skipped", str(error), error.remedy)
    except ServerFailed as error:
        yield Outcome(f"{ecosystem.name}: everything", "failed", str(error))


def play(program, name, server, url, version):
    command = [str(program), url, TOKEN, *([version] if version else [])]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    end = threading.Timer(RUN_SECONDS, process.kill)
    end.start()
    said = []
    try:
        for line in process.stdout:
            if line == "restart\n":
                server.restart()
                process.stdin.write("\n")
                process.stdin.flush()
            else:
                said.append(line)
        process.wait()
    finally:
        end.cancel()
        process.kill()
        process.stdin.close()
        process.stdout.close()
    found = OUTCOME.findall("".join(said))
    for verdict, case, fault in found:
        yield Outcome(f"{name}: {case}", verdict, fault)
    failed = any(verdict == "failed" for verdict, *_ in found)
    if process.returncode != int(failed) or not found:
        yield Outcome(f"{name}: the program", "failed", f"it ended with {process.returncode}\n{''.join(said)}")


if __name__ == "__main__":
    sys.exit(main())
