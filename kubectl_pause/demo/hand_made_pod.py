"""The demo's pod as the demo itself sees it: makes its processes one after the other, ends them, and removes them all."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_pause.demo import pod_processes
from kubectl_pause.demo.obstacles import not_permitted
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.kernel.process import parse_stat

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from kubectl_pause.demo.waiting import Patience

_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class _Member:
    """A process of the pod; `handle` is a pidfd, so that a signal can never reach another process that got the same pid."""

    pid: int
    handle: int

    def ended(self) -> bool:
        """True for a zombie too."""
        return bool(select.select([self.handle], [], [], 0)[0])


def _ended_from_outside() -> PauseInspectError:
    return PauseInspectError("DemoEnded", "the pod of the demo was ended from outside", "run the demo again")


def _check_host() -> None:
    if not sys.platform.startswith("linux"):
        message = f"the demo makes namespaces of a Linux kernel, and this is {sys.platform}"
        raise PauseInspectError("NotLinux", message, "run it on a Linux host")
    seen = Path("/proc/self")
    if not seen.is_symlink() or seen.readlink().name != str(os.getpid()):
        message = "/proc is not that of this PID namespace, so the demo could not know its own processes"
        raise PauseInspectError("NoProc", message, "mount proc there: mount -t proc proc /proc")


class HandMadePod:
    """Use as a context manager: however it is left, every process below demo-keeper is killed and waited for.

    Processes are named as in `pod_processes`. Every call raises PauseInspectError (`NotPermitted` where the kernel allows no
    namespaces, `TimedOut`) or EndedBySignal.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._members: dict[str, _Member] = {}
        self._unread = b""

    def __enter__(self) -> Self:
        _check_host()
        self._reports, report = os.pipe()
        orders, self._orders = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        demo = os.getpid()
        self._keeper = os.fork()
        if self._keeper == 0:
            pod_processes.keep(demo, orders, report)
        os.close(orders)
        os.close(report)
        try:
            self._wait_for("demo-shim")
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._remove()

    def start_pause(self) -> None:
        """The namespaces net, ipc, uts, pid and mnt, and pause as the first process in them."""
        self._order("pause")
        self._wait_for("pause")

    def start_container(self, name: str) -> None:
        """`own-pid` or `shared-pid`, each with a worker that has a child."""
        self._order(f"{name} {self.pid('pause')}")
        prefix = name.removesuffix("-pid")
        self._wait_for(name, f"{prefix}-worker", f"{prefix}-orphan")

    def check(self) -> None:
        """Raises PauseInspectError once somebody else has ended the whole pod."""
        shim = self._members.get("demo-shim")
        if shim is not None and shim.ended():
            raise _ended_from_outside()

    def pid(self, name: str) -> int:
        """As the host counts it."""
        return self._members[name].pid

    @property
    def pids(self) -> dict[str, int]:
        """Every process that was started, by name."""
        return {"demo-keeper": self._keeper, **{name: member.pid for name, member in self._members.items()}}

    def kill(self, name: str) -> None:
        """SIGKILL, and wait until it has ended (whether or not somebody waits for it)."""
        member = self._members[name]
        try:
            signal.pidfd_send_signal(member.handle, signal.SIGKILL)
        except ProcessLookupError:
            raise _ended_from_outside() from None
        self._until(member.ended, f"{name} (pid {member.pid}) to end after SIGKILL")

    def parent(self, name: str) -> int | None:
        """The pid of its parent; None once it is gone, a zombie is not."""
        try:
            stat = parse_stat(Path(f"/proc/{self.pid(name)}/stat").read_bytes())
        except (FileNotFoundError, ProcessLookupError):
            return None
        return stat.ppid if stat else None

    def await_parent(self, name: str, parent: str) -> None:
        """Until the process has been given to another parent."""
        self._until(lambda: self.parent(name) == self.pid(parent), f"{name} to become a child of {parent}")

    def await_gone(self, name: str) -> None:
        """Until somebody has waited for it, so that not even a zombie is there."""
        self._until(lambda: self.parent(name) is None, f"the dead {name} to be reaped")

    def _until(self, done: Callable[[], bool], what: str) -> None:
        """A wait that ends with an error, too, once the whole pod has been ended by somebody else."""

        def done_or_ended() -> bool:
            if done():
                return True
            self.check()
            return False

        self._patience.until(done_or_ended, what)

    def _order(self, text: str) -> None:
        try:
            os.write(self._orders, f"{text}\n".encode())
        except BrokenPipeError:
            raise _ended_from_outside() from None

    def _wait_for(self, *names: str) -> None:
        def all_there() -> bool:
            self._read_reports()
            return all(name in self._members for name in names)

        self._until(all_there, f"{', '.join(names)} to start")

    def _read_reports(self) -> None:
        if not select.select([self._reports], [], [], 0)[0]:
            return
        text = os.read(self._reports, _CHUNK)
        if not text:
            raise _ended_from_outside()
        *lines, self._unread = (self._unread + text).split(b"\n")
        for line in lines:
            name, _, rest = line.decode().partition(" ")
            if name == "failed":
                number, _, what = rest.partition(" ")
                raise not_permitted(int(number), what)
            self._members[name] = _Member(int(rest), os.pidfd_open(int(rest)))

    def _remove(self) -> None:
        """demo-shim's end is everybody's; demo-keeper waits for it, and we for demo-keeper: not a zombie stays."""
        os.close(self._orders)  # demo-shim ends when there can be no more orders
        keeper = os.pidfd_open(self._keeper)
        if "demo-shim" in self._members:
            with contextlib.suppress(ProcessLookupError):  # ended from outside
                signal.pidfd_send_signal(self._members["demo-shim"].handle, signal.SIGKILL)
        if not select.select([keeper], [], [], self._patience.seconds)[0]:
            signal.pidfd_send_signal(keeper, signal.SIGKILL)
        os.waitpid(self._keeper, 0)
        for handle in (keeper, self._reports, *(member.handle for member in self._members.values())):
            os.close(handle)
        self._members.clear()
