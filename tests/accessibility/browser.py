"""A headless Chromium that does as told by the DevTools protocol over two pipes: no port, no driver, no network."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Json = dict[str, Any]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LIMIT_ANSWER = 60
LIMIT_END = 20
FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
)
_LEAST_DESCRIPTOR = 10
"""The browser reads descriptor 3 and writes descriptor 4: none of ours may be one of these."""


def browser_program() -> str | None:
    """The path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """A running browser with one page."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._received = bytearray()
        self._last = 0
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")

    def call(self, method: str, **parameters: object) -> Json:
        """What the browser answers. Raises AssertionError with its word where it refuses."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters} | ({"sessionId": self._session} if self._session else {})
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._commands, data) :]
        wanted = self._last
        answer = self._until(f"the answer to {method}", lambda message: message.get("id") == wanted)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: Json = answer["result"]
        return result

    def open(self, page: Path) -> None:
        """The page is loaded afterwards."""
        self.call("Page.navigate", url=page.as_uri())
        self._until(f"{page.name} to be loaded", lambda message: message.get("method") == "Page.loadEventFired")

    def evaluate(self, script: str) -> Any:
        """The value of an expression, awaited where it is a promise."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def _until(self, what: str, wanted: Callable[[Json], bool]) -> Json:
        deadline = time.monotonic() + LIMIT_ANSWER
        while True:
            message = self._message(what, deadline)
            if wanted(message):
                return message

    def _message(self, what: str, deadline: float) -> Json:
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._answers], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"waited {LIMIT_ANSWER} s in vain for {what}"
            data = os.read(self._answers, 1 << 16)
            assert data, f"the browser ended while {what} was waited for"
            self._received += data
        text, _, rest = bytes(self._received).partition(b"\0")
        self._received = bytearray(rest)
        message: Json = json.loads(text)
        return message


@contextmanager
def started(program: str, directory: Path) -> Iterator[Browser]:
    """The browser with a profile of its own in `directory`, which has also what it wrote to stderr; it has ended afterwards."""
    theirs, commands = _pipe()
    answers, theirs_too = _pipe()
    argv = [program, *FLAGS, f"--user-data-dir={directory / 'profile'}"]
    if os.geteuid() == 0:
        argv.append("--no-sandbox")  # its sandbox refuses root
    log = os.open(directory / "browser.log", os.O_WRONLY | os.O_CREAT, 0o600)
    actions = [
        *((os.POSIX_SPAWN_DUP2, log, descriptor) for descriptor in (1, 2)),
        (os.POSIX_SPAWN_DUP2, theirs, 3),
        (os.POSIX_SPAWN_DUP2, theirs_too, 4),
    ]
    pid = os.posix_spawn(program, argv, os.environ, file_actions=actions, setsid=True)
    for descriptor in (theirs, theirs_too, log):
        os.close(descriptor)
    try:
        yield Browser(commands, answers)
    finally:
        os.close(commands)  # at which it ends
        try:
            wait_for("the browser to end", lambda: os.waitpid(pid, os.WNOHANG)[0] == pid, LIMIT_END)
        except AssertionError:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
        finally:
            os.close(answers)
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # what it left in its session


def _pipe() -> tuple[int, int]:
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _LEAST_DESCRIPTOR) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]
