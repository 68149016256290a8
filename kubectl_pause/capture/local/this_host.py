"""A capture of this host: the collector that runs on nodes, run here, beside the answers of Docker and podman.

As root it holds what a node's capture holds. As an ordinary user the kernel shows the namespaces of that user's processes only
(PTRACE_MODE_READ, namespaces(7)); what is missing is said in the section `reader`, one sentence a line.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_pause.capture import script
from kubectl_pause.capture.crictl_limits import crictl_limits
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from kubectl_pause.capture.local.engines import EngineAnswers
    from kubectl_pause.facts.capture import Capture

SHELL = "/bin/sh"
_STATE_DIRECTORIES = (
    "/run/containerd/io.containerd.runtime.v2.task/k8s.io",
    "/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io",
    "/run/k0s/containerd/io.containerd.runtime.v2.task/k8s.io",
    "/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task/k8s.io",
    "/run/containers/storage/overlay-containers",
)
"""Where the collector looks for the runtimes' state files."""


def capture_this_host(*, timeout: float = 30.0, use_crictl: bool = True, use_engines: bool = True, fds: bool = False) -> Capture:
    """One moment of this host. Raises PauseInspectError."""
    with CollectorRun(use_crictl=use_crictl, use_engines=use_engines, timeout=timeout, fds=fds) as run:
        return run.capture()


def own_namespaces() -> dict[str, int]:
    """Inodes of the namespaces of this program itself, by type: what `/proc/self/ns/TYPE` leads to. Empty where there is no such /proc."""
    inodes = {}
    for kind in NAMESPACE_TYPES:
        with suppress(OSError):
            inodes[kind] = Path("/proc/self/ns", kind).stat().st_ino
    return inodes


class CollectorRun:
    """The collector at work on this host. It starts at once, so that a caller can import and prepare while it reads.

    Use as a context manager: whatever ends the block ends the collector with all it started.
    """

    def __init__(self, *, use_crictl: bool, use_engines: bool, timeout: float, fds: bool = False, sample: float = 0.0) -> None:
        """Raises PauseInspectError where this is no Linux, or has no shell."""
        if not sys.platform.startswith("linux"):
            message = f"`local` reads the namespaces of a Linux host, and this is {sys.platform}"
            raise PauseInspectError("NotLinux", message, "run it on the Linux host itself, or ask a cluster: kubectl pause-inspect node")
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        settings = {
            "NODE_ROOT": "/",
            "PROC": "/proc",
            "PACKED": "no",
            "USE_CRICTL": "yes" if use_crictl else "no",
            "READ_FDS": "yes" if fds else "no",
            "SAMPLE_SECONDS": f"{sample:g}",
            **crictl_limits(timeout - sample),
        }
        text = script("collector.sh")
        self._told = os.fdopen(os.memfd_create("capture"), "w+b")  # no pipe, which would fill while nobody reads
        try:
            self._process = subprocess.Popen(
                [SHELL, "-c", text],
                stdin=subprocess.DEVNULL,
                stdout=self._told,
                stderr=subprocess.PIPE,
                env=settings,
                start_new_session=True,
            )
        except OSError as error:
            self._told.close()
            message = f"{SHELL} could not be started to read this host: {error.strerror}"
            raise PauseInspectError("HostLacksTool", message, "a POSIX shell with the usual tools is needed") from None

        self._answers: EngineAnswers | None = None
        self._asking = threading.Thread(target=self._ask_engines, daemon=True) if use_engines else None
        if self._asking:
            self._asking.start()

    def _ask_engines(self) -> None:
        from kubectl_pause.capture.local.engines import ask_engines

        self._answers = ask_engines(self._deadline - time.monotonic())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()
        self._told.close()

    def capture(self) -> Capture:
        """Wait for the answers, the collector's and the engines'. Raises PauseInspectError."""
        from kubectl_pause.facts.capture import Section, parse_capture

        capture = parse_capture(self._answer(), "this host")
        notes = _unreadable()
        if self._asking:
            self._asking.join(max(0.1, self._deadline - time.monotonic()))
            if self._answers is None:
                notes.append("Docker's and podman's containers are not shown: they did not answer in time")
        notes += self._answers.notes if self._answers else []
        sections = self._answers.sections if self._answers else {}
        return replace(
            capture,
            header={**capture.header, "reader": _own_pid()},
            sections={**capture.sections, **sections, "reader": Section("\n".join(notes).encode())},
        )

    def _answer(self) -> bytes:
        try:
            _, complaint = self._process.communicate(timeout=max(0.1, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            message = f"this host was not read within {self._timeout:g} s"
            raise PauseInspectError("TimedOut", message, "give it longer with --timeout, or leave crictl out with --no-crictl") from None
        self._told.seek(0)
        told = self._told.read()
        if told.startswith(b"#missing "):
            tool = told.split(b"\n", 1)[0].removeprefix(b"#missing ").decode("ascii", "backslashreplace")
            hint = "install it: coreutils, grep, sed, gawk or mawk, findutils, gzip and util-linux have all that is needed, busybox too"
            if tool.startswith("/"):
                hint = "mount proc there, and run it again"
            raise PauseInspectError("HostLacksTool", f"this host has no {tool!r}, which reading it needs", hint)
        if self._process.returncode != 0:
            last = complaint.decode("utf-8", "backslashreplace").strip().splitlines()[-1:]
            message = f"reading this host failed with exit code {self._process.returncode}: {''.join(last)}"
            raise PauseInspectError("CollectorFailed", message, "run it again; please report it if it stays")
        return told


def _own_pid() -> str:
    """As this /proc counts, which may be that of another PID namespace than ours (`unshare --pid` without `--mount-proc`)."""
    return Path("/proc/self").readlink().name


def _unreadable() -> list[str]:
    """A sentence where the runtimes' state files are there and may not be listed."""
    closed = [each for each in _STATE_DIRECTORIES if _is_closed(Path(each))]
    return [f"state files of a container runtime may not be read by this user: {', '.join(closed)}"] if closed else []


def _is_closed(directory: Path) -> bool:
    """Whether it, or a directory above it, keeps this user out."""
    existing = directory
    while not os.path.lexists(existing) and existing != existing.parent:
        existing = existing.parent
    if existing == directory:
        return not os.access(directory, os.R_OK | os.X_OK)
    return not os.access(existing, os.X_OK)
