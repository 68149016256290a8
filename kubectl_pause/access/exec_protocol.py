"""The exec stream's messages put together: pure, no socket.

Each websocket message is one channel byte and data (Kubernetes `v4.channel.k8s.io`, `v5.channel.k8s.io`; KEP-4006): 1 is
stdout, 2 stderr, 3 a Status object written once, at the end. Only that Status says that the command ended and how; without
it what has arrived may be any part of the output.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubectl_pause.errors import PauseInspectError, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

STDIN, STDOUT, STDERR, STATUS, CLOSE = 0, 1, 2, 3, 255
MAX_STDERR_BYTES = 1 << 20
MAX_STATUS_BYTES = 1 << 20
TRY_AGAIN = "try again; if it happens each time, look at the network between you, the API server and the node"


class StreamBroken(PauseInspectError):  # noqa: N818 (what it is, not that it is one)
    """The exec stream ended, stalled or lied before the command's status arrived: nothing received can be trusted whole.

    `silent`: the server closed it before the first byte of output.
    """

    def __init__(self, message: str, hint: str = TRY_AGAIN, *, reason: Reason = "StreamBroken", silent: bool = False) -> None:
        super().__init__(reason, message, hint)
        self.silent = silent


@dataclass(frozen=True, slots=True)
class ExecResult:
    """What a command wrote and how it ended. stderr is kept to its first MiB."""

    stdout: bytes
    stderr: bytes
    exit_code: int

    @property
    def last_words(self) -> str:
        """The end of what it said, for a message of its failure; "" for nothing."""
        return (self.stderr + self.stdout)[-300:].decode("utf-8", "backslashreplace").strip()


class ExecAccumulator:
    """Feed it messages in order; `finished` once the status has arrived; then `result()` or `failure`.

    `on_stdout` takes stdout as it comes; the result's is empty then.
    """

    def __init__(self, *, max_stdout_bytes: int, on_stdout: Callable[[bytes], None] | None = None) -> None:
        self._max_stdout_bytes = max_stdout_bytes
        self._on_stdout = on_stdout
        self._stdout: list[bytes] = []
        self._stderr: list[bytes] = []
        self._status_bytes = b""
        self._status: dict[str, Any] | None = None
        self.stdout_bytes = 0
        self._stderr_bytes = 0

    @property
    def finished(self) -> bool:
        """Whether the whole status has arrived."""
        return self._status is not None

    def feed(self, message: bytes) -> None:
        """Take one message. Raises StreamBroken for a channel that a server cannot send on, PauseInspectError beyond the limit."""
        if not message:
            return
        channel, data = message[0], message[1:]
        if channel == STDOUT:
            self.stdout_bytes += len(data)
            if self.stdout_bytes > self._max_stdout_bytes:
                raise PauseInspectError(
                    "OutputTooLarge",
                    f"the command wrote more than {self._max_stdout_bytes} bytes",
                    "nothing of it was used",
                )
            if self._on_stdout:
                self._on_stdout(data)
            else:
                self._stdout.append(data)
        elif channel == STDERR:
            self._stderr.append(data[: max(0, MAX_STDERR_BYTES - self._stderr_bytes)])
            self._stderr_bytes += len(self._stderr[-1])
        elif channel == STATUS:
            self._feed_status(data)
        elif channel != CLOSE:
            raise StreamBroken(f"the exec stream sent a frame on channel {channel}, which does not exist")

    def _feed_status(self, data: bytes) -> None:
        if not data:
            return
        if self._status is not None:
            raise StreamBroken("the exec stream sent more than one status")
        self._status_bytes += data
        if len(self._status_bytes) > MAX_STATUS_BYTES:
            raise StreamBroken("the exec stream sent a status of more than 1 MiB")
        if not self._status_bytes.rstrip().endswith(b"}"):
            return
        try:
            document = json.loads(self._status_bytes)
        except ValueError:
            return  # not whole yet; the end of the stream will tell
        except RecursionError:
            document = None
        if not isinstance(document, dict) or document.get("status") not in ("Success", "Failure"):
            raise StreamBroken("the exec stream sent a status that is none")
        self._status = document

    @property
    def failure(self) -> dict[str, Any] | None:
        """The Status of a command that could not be run or watched to its end; None when it ran, whatever its exit code."""
        if self._status is None or self._status["status"] == "Success" or self._exit_code() is not None:
            return None
        return self._status

    def result(self) -> ExecResult:
        """The command's output. Raises StreamBroken before the status has arrived, or when it tells no exit code."""
        if self._status is None:
            raise StreamBroken(f"the exec stream ended before the command's status, after {self.stdout_bytes} bytes of output")
        code = 0 if self._status["status"] == "Success" else self._exit_code()
        if code is None:
            raise StreamBroken("the exec stream's status tells no exit code")
        return ExecResult(b"".join(self._stdout), b"".join(self._stderr), code)

    def _exit_code(self) -> int | None:
        status = self._status or {}
        details = status.get("details")
        if status.get("reason") != "NonZeroExitCode" or not isinstance(details, dict):
            return None
        for cause in details.get("causes") or []:
            if isinstance(cause, dict) and cause.get("reason") == "ExitCode":
                text = str(cause.get("message"))
                return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004 (digits of an exit code)
        return None
