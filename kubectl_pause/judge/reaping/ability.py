"""Whether a process reaps what it adopts, on the best evidence there is.

The order was measured with every kind of PID 1: zombies that stay, a signal that is ignored, the program's name, what it waits in, its
masks. Masks come last: Go and node catch SIGCHLD and reap no adopted child; tini catches nothing and reaps all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.judge.reaping.halted import State
    from kubectl_pause.judge.reaping.roles import Role
    from kubectl_pause.judge.reaping.sigchld import Sigchld

Capable = Literal["yes", "likely", "unknown", "unlikely", "no"]

KNOWN_REAPERS = ("pause", "tini", "tini-static", "catatonit", "dumb-init", "nginx", "bash", "s6-svscan", "systemd", "docker-init")
"""Names of executables that were seen to reap what they adopt, as long as they run (s6 and systemd by their documentation)."""
_WHY_NOT = {
    "stopped": "it is stopped",
    "traced": "a debugger holds it",
    "frozen": "its cgroup is frozen",
    "dead": "its main thread has ended",
}


class Candidate(Record, frozen=True):
    """A process that could reap: `unreaped` are its children that are known to stay zombies, `program` its executable's name.

    `calls_read` is false where in which call it is may not be read, as from inside a container: what it waits in is not known then.
    """

    process: Process
    role: Role
    state: State
    sigchld: Sigchld
    program: str
    unreaped: int
    calls_read: bool = True


def ability(candidate: Candidate) -> tuple[Capable, list[str]]:
    """How sure it is that it reaps, and why."""
    capable, why = _ability(candidate)
    if candidate.unreaped and candidate.state == "running":
        causes = [why] if capable in ("no", "unlikely") else []
        return "no", [f"{candidate.unreaped} of its children stay zombies", *causes]
    if capable in ("unknown", "unlikely") and candidate.process.child_faults:
        return capable, [why, "it has waited for some children; that does not say that it waits for adopted ones"]
    return capable, [why]


def _ability(candidate: Candidate) -> tuple[Capable, str]:  # noqa: C901, PLR0911 (one return per evidence, best first)
    sigchld = candidate.sigchld
    if candidate.state != "running":
        return "no", _WHY_NOT[candidate.state]
    if sigchld.treatment == "ignore":
        return "yes", "it ignores SIGCHLD, so the kernel reaps"
    if candidate.role.kind == "pause" and candidate.program in ("", "pause"):
        return _ability_of_pause(sigchld)
    if candidate.program in KNOWN_REAPERS:
        return "yes", f"{candidate.program} is known to reap what it adopts"
    if candidate.role.kind == "pause":
        return _ability_of_pause(sigchld)
    if sigchld.treatment in ("waiting", "signalfd"):
        return "likely", f"it waits in {_wait(sigchld)}"
    if sigchld.caught:
        return "unknown", "it catches SIGCHLD; so does every Go and node program, which reap only children of their own"
    if sigchld.treatment == "unknown":
        return "unknown", "its signal masks were not read"
    if candidate.role.kind == "host" and not candidate.program:
        return "unknown", "what the node's init waits in was not read"
    if not candidate.calls_read:
        return "unknown", "it does not catch SIGCHLD, and what it waits in may not be read from inside"
    return "unlikely", "nothing shows that it handles SIGCHLD"


def _ability_of_pause(sigchld: Sigchld) -> tuple[Capable, str]:
    """Able to reap: SIGCHLD is caught and not blocked."""
    if sigchld.treatment in ("waiting", "signalfd"):
        return "likely", f"it waits in {_wait(sigchld)}"
    if sigchld.blocked:
        return "no", "it has SIGCHLD blocked, so its handler never runs"
    if sigchld.caught:
        return "yes", "SIGCHLD is caught and not blocked"
    if sigchld.treatment == "unknown":
        return "unknown", "its signal masks were not read"
    return ("no" if sigchld.asleep_in == "pause()" else "unlikely"), "it does not catch SIGCHLD, as pause does from 3.1 on"


def _wait(sigchld: Sigchld) -> str:
    return "a signalfd for SIGCHLD" if sigchld.treatment == "signalfd" else sigchld.asleep_in or "a wait for any child"
