"""The table: each case, what is true of it, and the right answer, written by hand from what was measured with every kind of PID 1.

A container starts as a shell that leaves something behind and becomes the program to be judged: orphans are adopted by it and die one
second later (SLOWNESS seconds, to be exact), when it has long been that program.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.waiting import SLOWNESS

SOON, LATER, LAST = (f"{seconds * SLOWNESS:g}" for seconds in (0.2, 1, 3))
"""Seconds: what dies so late has been adopted by then."""
ORPHANS = f"(sleep {LATER} & sleep {LATER} & sleep {LATER} &); "
HANDED_OVER = f"(sh -c 'sleep {SOON} & sleep {SOON} & exec sleep {LATER}' &); "
_BORN = "until (defined ($pid = fork)) { sleep 1 } $pid || "
BURST = f"perl -e 'pipe R, W; for (1..250) {{ {_BORN}do {{ close W; <R>; sleep {LAST}; exit }} }}'; "
"""All begin to count when their parent has ended and its end of the pipe with it: else the shell waits for those that die before.

As many as one container may have: systemd gives each scope 15 % of what the node may have, which is 2048 where it is a container."""
OWN = f"sleep {SOON} & sleep {SOON} & "
FORGETFUL = f"sh -c '{OWN}exec sleep infinity'"
GO = "until [ -e /tmp/go ]; do sleep .2; done; "
"""Until what shall be done to its pause has been done."""
IDLE = "exec sleep infinity"
PYTHON_CHILD = (
    "import asyncio\nasync def main():\n await asyncio.create_subprocess_exec('sleep', 'infinity')\n"
    " await asyncio.sleep(1e6)\nasyncio.run(main())"
)
PERL_WAITS = "fork or exec 'sleep', 'infinity'; 1 while wait != -1"
PERL_POLLS = "use POSIX ':sys_wait_h'; while (1) { 1 while waitpid(-1, WNOHANG) > 0; sleep 1 }"
SUPERVISED = (
    "printf '[supervisord]\\nnodaemon=true\\nuser=root\\nlogfile=/dev/null\\nlogfile_maxbytes=0\\npidfile=/tmp/s.pid\\n' >/tmp/s.conf; "
)


@dataclass(frozen=True, slots=True)
class Case:
    """A container of a pod, or its pause (`container` is ""). `truth` in words; `capable` of the PID 1 that adopts there.

    `groups` are those of the container's zombies: `VERDICT COUNT PARENT-ROLE`, the count with a `+` where it goes on growing;
    `names` are words that the evidence of one of them must hold.
    """

    pod: str
    container: str
    start: str
    truth: str
    capable: str
    groups: tuple[str, ...] = ()
    names: str = ""


def _case(pod: str, container: str, start: str, truth: str, capable: str, *groups: str, names: str = "") -> Case:
    return Case(pod, container, start, truth, capable, groups, names)


def _no_init(count: str, container: str) -> str:
    return f"no-init {count} container:{container}"


REAPING = (
    _case("reaps", "tini", f"{ORPHANS}exec tini -- sleep infinity", "reaps, catches nothing", "yes"),
    _case("reaps", "dumb-init", f"{ORPHANS}exec dumb-init sleep infinity", "reaps", "yes"),
    _case("reaps", "catatonit", f"{ORPHANS}exec catatonit -- sleep infinity", "reaps by a signalfd", "yes"),
    _case("reaps", "s6", f"mkdir /tmp/s6; {ORPHANS}exec s6-svscan /tmp/s6", "reaps by a signalfd", "yes"),
    _case("reaps", "runit", f"mkdir /tmp/runit; {ORPHANS}exec runsvdir /tmp/runit", "reaps, late", "unlikely"),
    _case("reaps", "supervisord", f"{SUPERVISED}{ORPHANS}exec supervisord -c /tmp/s.conf", "polls once a second", "unknown"),
    _case("reaps", "nginx", f"{ORPHANS}exec nginx -g 'daemon off;'", "reaps", "yes"),
    _case("reaps", "busybox-init", f"{ORPHANS}exec busybox init", "waits in sigtimedwait, a second at most", "likely"),
    _case("reaps", "signalfd", f"{ORPHANS}exec being signalfd", "reaps by a signalfd", "likely"),
    _case("reaps", "handed-over", f"{HANDED_OVER}exec tini -- sleep infinity", "reaps what a dying parent hands over", "yes"),
    _case("reaps", "burst", f"{BURST}exec tini -- sleep infinity", "reaps 250 of one instant", "yes"),
    _case("shells", "dash", f"{ORPHANS}sleep infinity; :", "reaps while it waits", "likely"),
    _case("shells", "dash-wait", f"{ORPHANS}sleep infinity & wait", "reaps while it waits, in sigsuspend", "unknown"),
    _case("shells", "dash-loop", f"{ORPHANS}while :; do sleep 5; done", "reaps while it waits", "likely"),
    _case("shells", "bash", f"{ORPHANS}exec bash -c 'sleep infinity; :'", "reaps while it waits", "yes"),
    _case("shells", "bash-read", f"mkfifo /tmp/f; {ORPHANS}exec bash -c 'read line <>/tmp/f'", "its handler waits for any", "yes"),
    _case("shells", "busybox", f"{ORPHANS}exec busybox sh -c 'while :; do sleep 5; done'", "reaps while it waits", "likely"),
    _case("kernel", "ignores", f"{ORPHANS}exec env --ignore-signal=CHLD sleep infinity", "the kernel reaps", "yes"),
    _case("kernel", "nocldwait", f"{ORPHANS}exec being nocldwait", "the kernel reaps, nothing shows it", "unlikely"),
    _case("kernel", "nocldwait-handler", f"{ORPHANS}exec being nocldwait-handler", "the kernel reaps, nothing shows it", "unknown"),
    _case("kernel", "perl-waits", f'{ORPHANS}exec perl -e "{PERL_WAITS}"', "waits for any, no mask shows it", "likely"),
    _case("kernel", "perl-polls", f'{ORPHANS}exec perl -e "{PERL_POLLS}"', "polls once a second", "unlikely"),
)
QUIET = (
    _case("quiet", "sleep", IDLE, "nothing to reap", "unlikely"),
    _case("quiet", "python", "exec python3 -c 'import time; time.sleep(1e6)'", "nothing to reap", "unlikely"),
    _case("quiet", "node", "exec node -e 'setInterval(() => {}, 1e6)'", "nothing to reap", "unlikely"),
    _case("quiet", "go", "exec webhook -nopanic -hooks /tmp/none", "nothing to reap", "unknown"),
    _case("quiet", "probed", "exec tini -- sleep infinity", "an exec probe each second that leaves nothing", "yes"),
)
SICK = (
    _case("sick", "sleep", f"{ORPHANS}{IDLE}", "never waits", "no", _no_init("3", "sleep")),
    _case("sick", "tail", f"{ORPHANS}exec tail -f /dev/null", "never waits", "no", _no_init("3", "tail")),
    _case("sick", "perl", f"{ORPHANS}exec perl -e 'sleep 1 while 1'", "never waits", "no", _no_init("3", "perl")),
    _case("sick", "python", f"{ORPHANS}exec python3 -c 'import time; time.sleep(1e6)'", "never waits", "no", _no_init("3", "python")),
    _case("sick", "asyncio", f'{ORPHANS}exec python3 -c "{PYTHON_CHILD}"', "waits for its own child", "no", _no_init("3", "asyncio")),
    _case("sick", "node", f"{ORPHANS}exec node -e 'setInterval(() => {{}}, 1e6)'", "never waits", "no", _no_init("3", "node")),
    _case(
        "sick", "node-child", f"""{ORPHANS}exec node -e 'require("child_process").spawn("sleep", ["infinity"])'""",
        "catches SIGCHLD, waits for its own child", "no", _no_init("3", "node-child"),
    ),
    _case("sick", "go", f"{ORPHANS}exec webhook -nopanic -hooks /tmp/none", "catches SIGCHLD", "no", _no_init("3", "go")),
    _case("sicker", "busybox-read", f"mkfifo /tmp/f; {ORPHANS}exec busybox sh -c 'read line <>/tmp/f'",
          "catches SIGCHLD, waits for nothing", "no", _no_init("3", "busybox-read")),
    _case("sicker", "empty-handler", f"{ORPHANS}exec perl -e '$SIG{{CHLD}} = sub {{}}; sleep 1 while 1'",
          "catches SIGCHLD, waits for nothing", "no", _no_init("3", "empty-handler")),
    _case("sicker", "trap", f"{ORPHANS}trap '' CHLD; {IDLE}", "a shell's trap does not ignore SIGCHLD", "no", _no_init("3", "trap")),
    _case("sicker", "blocks", f"{ORPHANS}exec env --block-signal=CHLD sleep infinity", "never waits", "no", _no_init("3", "blocks")),
    _case("sicker", "own", f"{OWN}{IDLE}", "forgets children of its own", "no", _no_init("2", "own")),
    _case("sicker", "handed-over", f"{HANDED_OVER}{IDLE}", "a dying parent hands two over", "no", _no_init("3", "handed-over")),
    _case("sicker", "burst", f"{BURST}{IDLE}", "250 at one instant", "no", _no_init("250", "burst")),
    _case("sicker", "forgetful", f"exec tini -- {FORGETFUL}", "a child of tini forgets its own", "yes", "application 2 process:forgetful"),
    _case("sicker", "forgetful-40", "exec tini -- sh -c 'exec perl -e \"for (1..40) { fork || exit } sleep\"'",
          "a child of tini forgets 40", "yes", "application 40 process:forgetful-40"),
    _case("sicker", "dead-leader", "being dead-leader; :", "its threads live: none can reap it", "likely",
          "dead-leader 1 container:dead-leader"),
    _case("hooked", "probe", IDLE, "an exec probe leaves one every time", "no", _no_init("1+", "probe"),
          names="the livenessProbe of container probe runs sleep"),
    _case("hooked", "post-start", IDLE, "a postStart hook leaves one", "no", _no_init("1", "post-start"),
          names="the lifecycle.postStart of container post-start runs sleep"),
    _case("stopping", "pre-stop", IDLE, "a preStop hook that still runs left one", "no",
          _no_init("1", "pre-stop"), names="the lifecycle.preStop of container pre-stop runs sleep"),
)  # fmt: skip
PAUSES = (
    _case("shared", "", "", "pause reaps all", "yes"),
    _case("shared", "orphans", f"{ORPHANS}{IDLE}", "pause adopts and reaps", "yes"),
    _case("shared", "handed-over", f"{HANDED_OVER}{IDLE}", "pause adopts and reaps", "yes"),
    _case("shared", "burst", f"{BURST}{IDLE}", "pause reaps 500 of one instant, half of them here", "yes"),
    _case("shared", "burst-too", f"{BURST}{IDLE}", "the other half", "yes"),
    _case("shared-forgetful", "forgetful", f"{FORGETFUL} & wait", "its parent lives: not pause's", "yes",
          "application 2 process:forgetful"),
    _case("shared-forgetful", "main", f"{OWN}{IDLE}", "no PID 1: only its own children are left to it", "yes",
          "application 2 process:main"),
    _case("stopped", "", "", "pause is stopped", "no"),
    _case("stopped", "orphans", f"{GO}{ORPHANS}{IDLE}", "pause is stopped", "no", "pause-does-not-reap 3 pause", names="it is stopped"),
    _case("frozen", "", "", "pause's cgroup is frozen", "no"),
    _case("frozen", "orphans", f"{GO}{ORPHANS}{IDLE}", "pause is frozen", "no", "pause-does-not-reap 3 pause",
          names="its cgroup is frozen"),
    _case("blocked", "", "", "pause has SIGCHLD blocked", "no"),
    _case("blocked", "orphans", f"{GO}{ORPHANS}{IDLE}", "pause has SIGCHLD blocked", "no", "pause-does-not-reap 3 pause",
          names="it has SIGCHLD blocked"),
    _case("host-pid", "forgetful", f"{ORPHANS}{OWN}{IDLE}", "orphans go to systemd; its own are its fault", "yes",
          "application 2 process:forgetful"),
    _case("stopped-shim", "main", IDLE, "killed while its shim is stopped", "no", "main-process 1 runtime", names="is stopped (state T)"),
    _case("stopped-shim", "executed", "exec tini -- sleep infinity", "a command of kubectl exec ended while its shim is stopped", "yes",
          "outside-parent 1 runtime", names="is stopped (state T)"),
)  # fmt: skip
CASES = (*REAPING, *QUIET, *SICK, *PAUSES)
