"""Processes of this host as tests see them. Any may end between a look and a read: what is gone reads as gone, never as an error."""

from __future__ import annotations

from pathlib import Path

from tests.waiting import wait_for

LIMIT = 60


def proc_text(pid: int, name: str) -> str | None:
    """Content of /proc/PID/NAME; None where the process has ended, before it was opened (ENOENT) or while it was read (ESRCH)."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="backslashreplace")
    except (FileNotFoundError, ProcessLookupError):
        return None


def status(pid: int) -> dict[str, str]:
    """The fields of /proc/PID/status; empty where it has ended."""
    return dict(line.split(":\t", 1) for line in (proc_text(pid, "status") or "").splitlines() if ":\t" in line)


def state(pid: int) -> str:
    """R, S, D, T, t or Z; empty where it has ended."""
    return status(pid).get("State", "")[:1]


def command_name(pid: int) -> str | None:
    """Its comm without the line's end; None where it has ended."""
    text = proc_text(pid, "comm")
    return None if text is None else text.removesuffix("\n")


def children(pid: int) -> dict[int, str]:
    """The state of each child that is still there, zombies with it."""
    pids = map(int, (proc_text(pid, f"task/{pid}/children") or "").split())
    return {child: shown for child in pids if (shown := state(child))}


def child_of(pid: int) -> int:
    """The first child, once there is one."""
    return wait_for(f"a child of pid {pid}", lambda: next(iter(children(pid)), None), LIMIT, 0.01, instead=lambda: status(pid) or "nothing")


def named(pid: int, *names: str) -> int:
    """`pid`, once its comm is one of `names`: until then it is what has started it."""
    wait_for(f"pid {pid} to be {' or '.join(names)}", lambda: command_name(pid) in names, LIMIT, 0.01, instead=lambda: command_name(pid))
    return pid
