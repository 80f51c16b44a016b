"""A program at a pseudo-terminal, typed to and read from as a person would."""

import os
import pty
import select
import time


class Terminal:
    """Use it in a `with` statement: the program is killed at the end if it still runs."""

    def __init__(self, command, environment, seconds):
        self.seconds = seconds
        self.seen = ""
        self.status = None
        self.process, self.file = pty.fork()
        if self.process == 0:
            os.execvpe(command[0], command, environment)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.status is None:
            os.kill(self.process, 9)
            os.waitpid(self.process, 0)
        os.close(self.file)

    def send(self, text):
        os.write(self.file, text.encode())

    def expect(self, text):
        """Waits until the program has written this text."""
        end = time.monotonic() + self.seconds
        while text not in self.seen:
            assert self._read(end), f"{text!r} was not written: {self.seen!r}"

    def finish(self, status):
        """Waits for the end of the program; what it wrote."""
        end = time.monotonic() + self.seconds
        while self._read(end):
            pass
        _, code = os.waitpid(self.process, 0)
        self.status = os.waitstatus_to_exitcode(code)
        assert self.status == status, f"exit status {self.status}, not {status}: {self.seen!r}"
        return self.seen

    def _read(self, end):
        """False at the end of the program's output; fails when the time is over."""
        left = end - time.monotonic()
        assert left > 0 and select.select([self.file], [], [], left)[0], f"no end in time: {self.seen!r}"
        try:
            data = os.read(self.file, 65536)
        except OSError:  # Linux reports the end so
            return False
        self.seen += data.decode(errors="replace")
        return data != b""
