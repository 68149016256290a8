"""What each process of the demo's pod does, from its fork on.

    demo            this program, outside
    └ demo-keeper   in the new user namespace where one is needed; waits for demo-shim
      └ demo-shim   PID 1 of a PID namespace that holds everything below: when it dies the kernel kills all of it.
        │           It starts the pod's processes and waits for them, as containerd-shim does
        ├ pause           PID 1 of the pod's PID namespace
        ├ own-pid         PID 1 of a PID namespace of its own
        │ └ own-worker
        │   └ own-orphan
        └ shared-pid      in pause's PID namespace
          └ shared-worker
            └ shared-orphan

demo-keeper dies with this program and demo-shim with demo-keeper (PR_SET_PDEATHSIG), so kill -9 leaves nothing either.
A process that has become what it should be says `NAME PID` on the pipe `reports`, with its pid as /proc counts it.
"""

from __future__ import annotations

import os
import select
import signal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from kubectl_pause.demo import pause
from kubectl_pause.demo.libc import Namespace, join, set_name, signal_me_when_my_parent_dies, unshare

if TYPE_CHECKING:
    from collections.abc import Callable

JOINED = {"net": Namespace.NET, "ipc": Namespace.IPC, "uts": Namespace.UTS}
"""What the containers of a pod take from pause, by its name below /proc/PID/ns."""

_PROC = Path("/proc")
_STANDARD = (0, 1, 2)


def keep(demo: int, orders: int, reports: int) -> NoReturn:
    """demo-keeper, the child of the process `demo`. `orders` is read, `reports` written by the pod's processes."""
    _become("demo-keeper", lambda: _keep(demo, orders, reports), reports)


def _keep(demo: int, orders: int, reports: int) -> None:
    os.setsid()  # Ctrl-C and the end of a terminal are for the demo itself
    _let_go_of_everything_but(orders, reports)
    _make_pid_namespace()
    signal_me_when_my_parent_dies(signal.SIGKILL)
    if os.getppid() != demo:
        return
    watched, held = os.pipe()
    shim = os.fork()
    if shim == 0:
        os.close(held)
        _become("demo-shim", lambda: _shim(watched, orders, reports), reports)
    for descriptor in (watched, orders, reports):
        os.close(descriptor)
    os.waitpid(shim, 0)


def _make_pid_namespace() -> None:
    """With the rights of this process, else with those that a user namespace of its own gives."""
    try:
        unshare(Namespace.PID)
    except PermissionError:
        user, group = os.geteuid(), os.getegid()
        unshare(Namespace.USER | Namespace.PID)
        # user_namespaces(7): without CAP_SETGID outside, setgroups has to be given up before the group is mapped
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            (_PROC / "self" / name).write_text(text)


def _shim(keeper: int, orders: int, reports: int) -> None:
    """`keeper` is a pipe that demo-keeper holds open for as long as it lives: getppid() says 0 from here, dead or not."""
    signal_me_when_my_parent_dies(signal.SIGKILL)
    if select.select([keeper], [], [], 0)[0]:
        return
    signal.signal(signal.SIGCHLD, pause.reap)
    own_pids = _PROC / _my_pid() / "ns" / "pid"
    _report("demo-shim", reports)
    pids: dict[str, int] = {}
    with os.fdopen(orders) as lines:
        for line in lines:
            name, _, holder = line.strip().partition(" ")
            start = {"pause": _start_pause, "own-pid": _start_own_pid, "shared-pid": _start_shared_pid}[name]
            pids[name] = start(holder, reports)
            join(own_pids, Namespace.PID)


def _start_pause(_holder: str, reports: int) -> int:
    def become_pause() -> None:
        unshare(Namespace.NET | Namespace.IPC | Namespace.UTS | Namespace.MNT)
        _report("pause", reports)
        pause.main([])

    unshare(Namespace.PID)
    return _fork("pause", become_pause, reports)


def _start_own_pid(holder: str, reports: int) -> int:
    unshare(Namespace.PID)
    return _fork("own-pid", lambda: _container("own", "own-pid", holder, reports), reports)


def _start_shared_pid(holder: str, reports: int) -> int:
    join(_PROC / holder / "ns" / "pid", Namespace.PID)
    return _fork("shared-pid", lambda: _container("shared", "shared-pid", holder, reports), reports)


def _container(prefix: str, name: str, holder: str, reports: int) -> None:
    """A container's main process: it waits for the worker that it has started, and for no other child."""
    for kind, namespace in JOINED.items():
        join(_PROC / holder / "ns" / kind, namespace)
    unshare(Namespace.MNT)
    worker = _fork(f"{prefix}-worker", lambda: _worker(prefix, reports), reports)
    _report(name, reports)
    os.waitpid(worker, 0)
    _sleep_until_killed()


def _worker(prefix: str, reports: int) -> None:
    def orphan() -> None:
        _report(f"{prefix}-orphan", reports)
        _sleep_until_killed()

    _fork(f"{prefix}-orphan", orphan, reports)
    _report(f"{prefix}-worker", reports)
    _sleep_until_killed()


def _sleep_until_killed() -> NoReturn:
    while True:
        signal.pause()


def _fork(name: str, life: Callable[[], None], reports: int) -> int:
    pid = os.fork()
    if pid == 0:
        _become(name, life, reports)
    return pid


def _become(name: str, life: Callable[[], None], reports: int) -> NoReturn:
    """Live as a process of its own and end with it: nothing of the demo's own code runs on in a child."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        set_name(name)
        life()
    except OSError as error:
        os.write(reports, f"failed {error.errno} {name}: {error.strerror}: {error.filename or ''}\n".encode())
    except BaseException as error:  # noqa: BLE001 (a child that returned would go on as a second demo)
        os.write(reports, f"failed 0 {name}: {error!r}\n".encode())
    finally:
        os._exit(0)


def _report(name: str, reports: int) -> None:
    os.write(reports, f"{name} {_my_pid()}\n".encode())


def _my_pid() -> str:
    """As /proc counts it, which is mounted for the host's PID namespace; getpid() counts from within."""
    return (_PROC / "self").readlink().name


def _let_go_of_everything_but(*kept: int) -> None:
    """Neither a terminal nor a pipe of this program's caller is held open by the pod."""
    empty = os.open(os.devnull, os.O_RDWR)
    for descriptor in _STANDARD:
        os.dup2(empty, descriptor)
    for before, after in pairwise([_STANDARD[-1], *sorted(kept), os.sysconf("SC_OPEN_MAX")]):
        os.closerange(before + 1, after)
