"""The few calls of the C library that Python has not got, or only since 3.12 (unshare, setns).

Constants are Linux's, the same on every architecture: `sched.h`, `linux/prctl.h`, `asm-generic/signal.h`.
"""

from __future__ import annotations

import ctypes
import os
import signal
from enum import IntFlag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SIGSET_BYTES = 128
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_SA_NOCLDSTOP = 1


class Namespace(IntFlag):
    """Flags of unshare(2) and setns(2)."""

    MNT = 0x00020000
    UTS = 0x04000000
    IPC = 0x08000000
    USER = 0x10000000
    PID = 0x20000000
    NET = 0x40000000


class _SignalAction(ctypes.Structure):
    """`struct sigaction` of glibc and musl on x86, Arm, RISC-V and POWER."""

    _fields_ = (
        ("handler", ctypes.c_void_p),
        ("mask", ctypes.c_ubyte * _SIGSET_BYTES),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    )


_SignalSet = ctypes.c_ubyte * _SIGSET_BYTES


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), call)


def unshare(namespaces: Namespace) -> None:
    """Leave these namespaces for new ones; a new PID namespace is for children only. Raises OSError."""
    _checked(_libc().unshare(int(namespaces)), "unshare")


def join(link: Path, namespace: Namespace) -> None:
    """Enter the namespace behind a link such as `/proc/PID/ns/net`; a PID namespace is for children only. Raises OSError."""
    descriptor = os.open(link, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(_libc().setns(descriptor, int(namespace)), f"setns {link}")
    finally:
        os.close(descriptor)


def set_name(name: str) -> None:
    """What /proc/PID/comm says: at most 15 bytes, the kernel cuts the rest."""
    _checked(_libc().prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode()), 0, 0, 0), "prctl PR_SET_NAME")


def signal_me_when_my_parent_dies(number: signal.Signals) -> None:
    """PR_SET_PDEATHSIG. A change of credentials clears it, and a parent that is dead already sends nothing: check after this call."""
    _checked(_libc().prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(number), 0, 0, 0), "prctl PR_SET_PDEATHSIG")


def ignore_stopped_children() -> None:
    """Add SA_NOCLDSTOP to the handler of SIGCHLD that `signal.signal` has installed: stopping a child wakes nobody."""
    libc, action = _libc(), _SignalAction()
    _checked(libc.sigaction(int(signal.SIGCHLD), None, ctypes.byref(action)), "sigaction")
    action.flags |= _SA_NOCLDSTOP
    _checked(libc.sigaction(int(signal.SIGCHLD), ctypes.byref(action), None), "sigaction")


class SleepUntilSignal:
    """pause(2) for handlers written in Python.

    Those run after the call that was interrupted, so one that comes just before pause() would be noticed only at the next signal.
    Between two sleeps these signals are therefore blocked; sigsuspend(2) lets them in and sleeps in one step, and while it sleeps
    /proc/PID/status shows the mask that the process started with.
    """

    def __init__(self, numbers: Iterable[signal.Signals]) -> None:
        self._suspend = _libc().sigsuspend
        self._asleep = _SignalSet()
        blocked = _SignalSet()
        libc = _libc()
        libc.sigemptyset(ctypes.byref(blocked))
        for number in numbers:
            libc.sigaddset(ctypes.byref(blocked), int(number))
        _checked(libc.sigprocmask(int(signal.SIG_BLOCK), ctypes.byref(blocked), ctypes.byref(self._asleep)), "sigprocmask")

    def sleep(self) -> None:
        """Until a signal has come; its handler has run, or runs next."""
        self._suspend(ctypes.byref(self._asleep))
