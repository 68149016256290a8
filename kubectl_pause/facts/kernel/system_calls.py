"""Which system call a thread sleeps in, as far as it tells something of reaping. Numbers: the kernel's tables, as Go's syscall has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kubectl_pause.facts.kernel.reapers import SystemCall

Waiting = Literal["pause()", "wait4(-1)", "waitid(P_ALL)", "rt_sigtimedwait()"]

_X86_64 = {34: "pause", 61: "wait4", 128: "rt_sigtimedwait", 247: "waitid"}
_GENERIC = {73: "ppoll", 95: "waitid", 137: "rt_sigtimedwait", 260: "wait4"}
_ARM = {29: "pause", 114: "wait4", 177: "rt_sigtimedwait", 280: "waitid"}
_PPC64 = {29: "pause", 114: "wait4", 176: "rt_sigtimedwait", 272: "waitid"}
_S390X = {29: "pause", 114: "wait4", 177: "rt_sigtimedwait", 281: "waitid"}
_TABLES = {
    "x86_64": _X86_64, "aarch64": _GENERIC, "riscv64": _GENERIC, "loongarch64": _GENERIC, "armv7l": _ARM, "armv6l": _ARM,
    "ppc64le": _PPC64, "s390x": _S390X,
}  # fmt: skip
_ANY_CHILD = 0xFFFFFFFF


def waiting(call: SystemCall, machine: str) -> Waiting | None:
    """What the call waits for; None for any other call, and on a machine (`uname -m`) that is not known here.

    aarch64 and its like have no pause(): the C library calls ppoll with no descriptors, a first argument of 0.
    """
    name = _TABLES.get(machine, {}).get(call.number)
    if name == "pause" or (name == "ppoll" and call.first == 0):
        return "pause()"
    if name == "wait4" and call.first & _ANY_CHILD == _ANY_CHILD:
        return "wait4(-1)"
    if name == "waitid" and call.first & _ANY_CHILD == 0:
        return "waitid(P_ALL)"
    return "rt_sigtimedwait()" if name == "rt_sigtimedwait" else None
