"""Pings real MCP servers with the C program `ping` (examples/c/ping.c), and checks what it says.

usage: run.py [--only PATTERN] [--jobs N] PING

Prints a line for each case and closes with `N passed, N failed, N skipped`. What cannot be made here (no network to
install the servers from) is skipped; with CI=true in the environment that is a failure.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import matrix
import setup
from launch import ServerFailed

CASE_SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    case: str
    verdict: str  # passed, failed, skipped, or open: fails for a known reason
    detail: str = ""
    remedy: str = ""  # for a skipped case: a command that makes it run


def main():
    options = parse_arguments()
    start = time.monotonic()
    chosen = [group for group in map(only(options.only), matrix.groups()) if group.cases]
    setup.prepare_all({group.environment for group in chosen})  # what fails is told by the cases that miss it
    report = Report()
    with ThreadPoolExecutor(options.jobs) as pool:
        for _ in pool.map(lambda group: run_group(options.ping, group, report), chosen):
            pass
    print(f"({time.monotonic() - start:.0f} s)")
    return report.close()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ping", metavar="PING", type=program)
    parser.add_argument("--only", default="", metavar="PATTERN", help="cases that this regular expression is found in")
    parser.add_argument("--jobs", type=int, default=6, metavar="N", help="servers at a time (default: %(default)s)")
    return parser.parse_args()


def program(path):
    if not os.access(path, os.X_OK):
        raise argparse.ArgumentTypeError(f"{path} is not a program")
    return str(Path(path).resolve())


def only(pattern):
    """Takes the cases whose name this is not found in out of a group."""

    def filtered(group):
        return replace(group, cases=tuple(c for c in group.cases if re.search(pattern, f"{group.name}: {c.name}")))

    return filtered


class Report:
    """Prints outcomes as they come, from any thread, and counts them."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.skips_fail = os.environ.get("CI") == "true"

    def add(self, outcome):
        verdict = "failed" if outcome.verdict == "skipped" and self.skips_fail else outcome.verdict
        with self.lock:
            self.counts["skipped" if verdict == "open" else verdict] += 1
            print(f"{verdict:8}{outcome.case}", flush=True)
            for line in outcome.detail.splitlines():
                print(f"          {line}", flush=True)
            if verdict in ("skipped", "open") and outcome.detail:
                self.note(outcome)

    @staticmethod
    def note(outcome):
        """Tells tests/run.sh, which ends with what was not tested."""
        path = os.environ.get("MCPCLIENT_NOT_TESTED")
        if path:
            # An environment that cannot be made is named once, not for each of its cases.
            what, *lines = outcome.detail.replace("\t", " ").splitlines()
            one_environment = lines and outcome.verdict == "skipped"
            notice = f"{what}\t{lines[-1]}" if one_environment else f"{outcome.case}\t{what}"
            with open(path, "a") as notes:
                notes.write(f"{notice}\t{outcome.remedy}\n")

    def close(self):
        print(", ".join(f"{count} {verdict}" for verdict, count in self.counts.items()))
        ran = self.counts["passed"] + self.counts["failed"] + self.counts["skipped"]
        return 0 if ran and not self.counts["failed"] else 1


def run_group(ping, group, report):
    def outcome(case):
        return Outcome(f"{group.name}: {case.name}", *check(ping, server, case))

    def all_of_them(verdict, error):
        remedy = getattr(error, "remedy", "")
        for number, case in enumerate(group.cases):
            report.add(Outcome(f"{group.name}: {case.name}", verdict, str(error) if number == 0 else "", remedy))

    try:
        with group.server() as server, ThreadPoolExecutor(4) as pool:
            for result in pool.map(outcome, group.cases):
                report.add(result)
    except setup.SetupError as error:
        all_of_them("skipped", error)
    except ServerFailed as error:
        all_of_them("failed", error)


def check(ping, server, case):
    """Run one case; its verdict, and what was wrong."""
    with tempfile.TemporaryDirectory() as directory:
        command, environment = command_line(ping, server, case, Path(directory))
        code, out, err = run(command, environment, server if case.restart else None)
    faults = list(find_faults(case, server, code, out, err))
    if faults:
        said = "".join(f"| {line}\n" for line in (out + err).splitlines())
        return "failed", "\n".join(faults) + "\n" + hide(said, server)
    return "passed", ""


def command_line(ping, server, case, directory):
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = [ping, *case.options]
    if case.credential is not None:
        credential = server.credentials[case.credential]
        if case.way == "env":
            environment["INTEROP_TOKEN"] = credential
            command += ["--token-env", "INTEROP_TOKEN"]
        elif case.way == "file":
            (directory / "token").write_text(credential + "\n")
            command += ["--token-file", str(directory / "token")]
        else:
            command += ["--header", f"X-API-Key: {credential}"]
    url = server.url if case.path is None else urlunsplit(urlsplit(server.url)._replace(path=case.path))
    return [*command, url], environment


def run(command, environment, restarting):
    """Exit code, standard output and standard error; the code is -9 when it had to be ended."""
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    end = threading.Timer(CASE_SECONDS, process.kill)
    end.start()
    try:
        first_line = restart_after_first_ping(process, restarting) if restarting else ""
        out, err = process.communicate()
        return process.returncode, first_line + out, err
    finally:
        end.cancel()
        process.kill()


def restart_after_first_ping(process, server):
    """The line that the first ping printed. The second finds the server ready, however long that takes."""
    first_line = process.stdout.readline()
    process.send_signal(signal.SIGSTOP)
    server.restart()
    process.send_signal(signal.SIGCONT)
    return first_line


def find_faults(case, server, code, out, err):
    if code == -signal.SIGKILL:
        yield f"it was ended, since it still ran after {CASE_SECONDS} s"
    elif code != case.expected:
        yield f"exit code {code} instead of {case.expected}"
    for pattern in case.prints:
        if not re.search(pattern, out + err, re.MULTILINE):
            yield f"nothing printed matches {pattern}"
    pings = int(case.options[case.options.index("--count") + 1]) if "--count" in case.options else 1
    if case.expected == 0 and out.count("OK ") != pings:
        yield f"{out.count('OK ')} pings answered instead of {pings}"
    for name, credential in server.credentials.items():
        if credential in out + err:
            yield f"the credential {name!r} was printed"


def hide(text, server):
    """Credentials do not belong into the log of a test either."""
    for name, credential in server.credentials.items():
        text = text.replace(credential, f"<{name}>")
    return text


if __name__ == "__main__":
    sys.exit(main())
