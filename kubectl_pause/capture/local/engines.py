"""What Docker and podman say of their containers on this host, asked through their own command lines. Nothing is changed.

An engine is asked only where it has been at work since boot: Docker where its socket is, podman where its run directory is. So none is
started, initialised or waited for without need, and a DOCKER_HOST or context that names another machine is never followed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_pause.facts.capture import Section
from kubectl_pause.facts.runtime.engine_containers import template

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubectl_pause.facts.runtime.engine_containers import Engine

_LONGEST_SECONDS = 10.0
_LISTED: Mapping[Engine, str] = {"docker": "{{.ID}}", "podman": "{{.ID}} {{.Pod}}"}
_IDS_AT_ONCE = 500
"""Ids of 64 characters on one command line: far below the kernel's limit of 128 KiB for what it takes at least."""


@dataclass(slots=True)
class EngineAnswers:
    """Sections for the capture, and a sentence on each engine that is there and could not be asked."""

    sections: dict[str, Section] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class EngineSilentError(Exception):
    """An engine that is there gave no answer: why, in a few words."""


def ask_engines(timeout: float) -> EngineAnswers:
    """Ask every engine that is at work on this host, each within `timeout` seconds at most."""
    answers = EngineAnswers()
    for engine, environment in _at_work(answers.notes):
        deadline = time.monotonic() + min(timeout, _LONGEST_SECONDS)
        try:
            listed = _run([engine, "ps", "-a", "--no-trunc", "--format", _LISTED[engine]], environment, deadline).splitlines()
            ids = [line.split()[0] for line in listed if line.strip()]
            in_pods = any(len(line.split()) > 1 for line in listed)
            if not ids and not in_pods:
                continue
            answers.sections[f"{engine}.containers"] = Section(_inspect(engine, ids, environment, deadline))
            if in_pods:
                pods = _run(["podman", "pod", "ps", "--format", "json"], environment, deadline)
                answers.sections["podman.pods"] = Section(pods)
        except EngineSilentError as error:
            answers.notes.append(f"{engine} was not understood: {error}")
    return answers


def _inspect(engine: Engine, ids: Sequence[bytes], environment: Mapping[str, str], deadline: float) -> bytes:
    """A container that was removed meanwhile makes the command fail, after it has told of the others."""
    told = b""
    for start in range(0, len(ids), _IDS_AT_ONCE):
        names = [identifier.decode("ascii", "replace") for identifier in ids[start : start + _IDS_AT_ONCE]]
        command = [engine, "container", "inspect", "--format", template(engine), *names]
        told += _run(command, environment, deadline, partial=True)
    return told


def _at_work(notes: list[str]) -> list[tuple[Engine, dict[str, str]]]:
    """The engines at work, each with the environment that makes its command line speak to this host's."""
    found: list[tuple[Engine, dict[str, str]]] = []
    socket = _docker_socket()
    if socket is not None:
        if not os.access(socket, os.R_OK | os.W_OK):
            notes.append(f"Docker's containers are not shown: its socket {socket} may not be opened by this user")
        elif shutil.which("docker") is None:
            notes.append(f"Docker's containers are not shown: {socket} is there, and no `docker` on PATH to ask it")
        else:
            found.append(("docker", {**os.environ, "DOCKER_HOST": f"unix://{socket}"}))
    if shutil.which("podman") and any(_exists(directory) for directory in _podman_directories()):
        remote = ("CONTAINER_HOST", "CONTAINER_CONNECTION")
        found.append(("podman", {name: value for name, value in os.environ.items() if name not in remote}))
    return found


def _docker_socket() -> Path | None:
    """DOCKER_HOST's where that is a socket of this host, else the daemon's, else that of a rootless one."""
    wanted = os.environ.get("DOCKER_HOST", "")
    named = [Path(wanted.removeprefix("unix://"))] if wanted.startswith("unix://") else []
    places = [*named, Path("/run/docker.sock"), Path("/var/run/docker.sock"), _run_directory() / "docker.sock"]
    return next((place for place in places if _exists(place)), None)


def _podman_directories() -> list[Path]:
    """Where podman keeps what lives until the next boot (libpod's `tmp_dir`), for root and for other users."""
    if os.geteuid() == 0:
        return [Path("/run/libpod"), Path("/run/containers/storage")]
    return [_run_directory() / "libpod", Path(f"/tmp/podman-run-{os.getuid()}"), Path(f"/tmp/storage-run-{os.getuid()}")]  # noqa: S108 (podman's)


def _run_directory() -> Path:
    return Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False  # below a directory that this user may not enter


def _run(command: Sequence[str], environment: Mapping[str, str], deadline: float, *, partial: bool = False) -> bytes:
    """Stdout of a command. Raises EngineSilentError where it fails (`partial`: fails without a word) or goes on past the deadline."""
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, start_new_session=True
        )
    except OSError as error:
        raise EngineSilentError(f"{command[0]}: {error.strerror}") from None
    try:
        told, complaint = process.communicate(timeout=max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise EngineSilentError(f"`{' '.join(command[:3])}` did not end in time") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode != 0 and not (partial and told):
        last = complaint.decode("utf-8", "backslashreplace").strip().splitlines()[-1:]
        raise EngineSilentError(f"`{' '.join(command[:3])}` failed: {''.join(last) or f'exit code {process.returncode}'}")
    return told
