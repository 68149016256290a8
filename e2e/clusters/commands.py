"""Runs external commands: each has a time limit, its output goes to the run's log, a failure shows the end of it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from e2e.clusters.steps import StepFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TAIL_LINES = 15
KEEP_LOGS = 50
SECONDS_TO_DIE = 5


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs commands with `environment` added to this process's own, logging to `log`."""

    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def with_environment(self, more: Mapping[str, str]) -> Runner:
        """The same log, more environment."""
        return Runner(self.log, {**self.environment, **more})

    def run(
        self,
        argv: Sequence[object],
        *,
        limit: float,
        stdin: bytes | None = None,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Stdout of the command. Raises StepFailedError when it is missing, fails or outlives `limit` seconds."""
        words = [str(word) for word in argv]
        with self.log.open("ab") as log, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as given:
            log.write(f"\n$ {shlex.join(words)}\n".encode())
            log.flush()
            start = log.tell()
            if stdin is not None:
                given.write(stdin)
                given.seek(0)
            try:
                # A session of its own: Ctrl-C reaches this process alone, which then ends the command and tidies up.
                process = subprocess.Popen(
                    words,
                    stdin=given,
                    stdout=stdout,
                    stderr=log,
                    cwd=cwd,
                    env={**os.environ, **self.environment, **(environment or {})},
                    start_new_session=True,
                )
            except FileNotFoundError:
                raise StepFailedError(f"`{words[0]}` is not installed or not on PATH; install it, then run again") from None
            try:
                code = process.wait(limit)
            except subprocess.TimeoutExpired:
                end_group(process)
                raise StepFailedError(
                    f"`{shlex.join(words[:4])}` was still running after {limit:.0f} s and was ended\n{self._tail(start, stdout)}"
                ) from None
            except BaseException:
                end_group(process)
                raise
            stdout.seek(0)
            output = stdout.read()
            if code != 0:
                raise StepFailedError(f"`{shlex.join(words[:4])}` failed with exit code {code}\n{self._tail(start, stdout)}")
            log.write(output[-4000:])
            return output.decode(errors="replace")

    def succeeds(self, argv: Sequence[str | Path], *, limit: float) -> bool:
        """Whether the command ends with exit code 0 within `limit` seconds."""
        try:
            self.run(argv, limit=limit)
        except StepFailedError:
            return False
        return True

    def _tail(self, start: int, stdout: IO[bytes]) -> str:
        stdout.seek(0)
        with self.log.open("rb") as log:
            log.seek(start)
            lines = (stdout.read() + log.read()).decode(errors="replace").strip().splitlines()
        # Lines of one word are Go's stack traces, which kubeadm prints after what matters.
        lines = [line for line in lines if " " in line.strip()] or lines
        shown = "\n".join(f"  | {line}" for line in lines[-TAIL_LINES:]) or "  | (no output)"
        return f"{shown}\n  log: {self.log}"


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends the command and all it started that stayed in its session: SIGTERM, then SIGKILL."""
    for sig in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sig)
            process.wait(SECONDS_TO_DIE)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            process.wait()
            return


def new_log(directory: Path, label: str) -> Path:
    """A fresh log file for this run; older ones beyond KEEP_LOGS are removed."""
    directory.mkdir(parents=True, exist_ok=True)
    logs = sorted(directory.glob("*.log"), key=lambda path: path.stat().st_mtime)
    for old in logs[: max(0, len(logs) - KEEP_LOGS + 1)]:
        old.unlink(missing_ok=True)
    log = directory / f"{time.strftime('%Y%m%d-%H%M%S')}-{label}-{os.getpid()}.log"
    log.touch()
    return log
