"""What is done to the animals: a pause stopped, frozen or with SIGCHLD blocked, a shim stopped; and all of it undone.

Everything is done and counted through /proc of the node by a shell; nothing of kubectl_pause is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from e2e.access import Cluster

# first ID: the pid with which a container began; reaper PID: PID 1 of its PID namespace; parent PID; cgroups ID: its directories;
# hold ID PID: freezes one process of a container in a cgroup of its own below the container's, let_go ID undoes it;
# zombies PID: how many it has; tracer PID: its debugger's, 0 where there is none.
_WORDS = r"""
set -eu
first() { grep -l "$1" /proc/[0-9]*/cgroup 2>/dev/null | cut -d/ -f3 | sort -n | head -n 1; }
reaper() {
	for p in /proc/[0-9]*; do
		[ $p/ns/pid -ef /proc/$1/ns/pid ] && grep -qE '^NSpid:.*[[:space:]]1$' $p/status && echo ${p#/proc/} && return
	done
}
parent() { cut -d')' -f2- /proc/$1/stat | cut -d' ' -f3; }
cgroups() { busybox find /proc/1/root/sys/fs/cgroup -type d -path "*$1*"; }
sandbox() { grep -oE '[0-9a-f]{64}([.]scope)?$' /proc/$1/cgroup | cut -c1-64 | head -n 1; }
freeze() {
	for d in $(cgroups $1); do
		if [ -e $d/freezer.state ]; then echo $2 >$d/freezer.state
		elif [ -e $d/cgroup.freeze ]; then [ $2 = FROZEN ] && echo 1 >$d/cgroup.freeze || echo 0 >$d/cgroup.freeze; fi
	done
}
hold() {
	for d in $(cgroups $1); do
		if [ -e $d/freezer.state ]; then mkdir $d/held; echo $2 >$d/held/cgroup.procs; echo FROZEN >$d/held/freezer.state; return; fi
	done
	for d in $(cgroups $1); do
		if [ -e $d/cgroup.freeze ]; then mkdir $d/held; echo $2 >$d/held/cgroup.procs; echo 1 >$d/held/cgroup.freeze; return; fi
	done
	return 1
}
let_go() {
	for d in $(cgroups $1); do
		if [ ! -e $d/held ]; then continue; fi
		if [ -e $d/held/freezer.state ]; then echo THAWED >$d/held/freezer.state; else echo 0 >$d/held/cgroup.freeze; fi
		for p in $(cat $d/held/cgroup.procs); do echo $p >$d/cgroup.procs; done
		rmdir $d/held
	done
}
zombies() { cat /proc/[0-9]*/stat 2>/dev/null | grep -cE "[)] Z $1 " || true; }
tracer() { grep '^TracerPid:' /proc/$1/status | cut -f2; }
go() { touch /proc/$1/root/tmp/go; }
"""


@dataclass(slots=True)
class Keeper:
    """A privileged pod in the node's PID namespace. `undo` is what has to be run to let all go on."""

    cluster: Cluster
    namespace: str
    pod: str
    undo: str = ""

    def on_node(self, script: str) -> str:
        """A shell script with the words above."""
        return self.cluster.kubectl("exec", "-n", self.namespace, self.pod, "--", "sh", "-c", _WORDS + script)

    def treat(self, containers: Mapping[tuple[str, str], str], executed: str) -> None:
        """Stop, freeze and block, then let the containers make their orphans; last the shim, while `sleep executed` runs."""
        self.undo = "; ".join(
            [
                f"kill -CONT $(reaper $(first {containers['stopped', 'orphans']}))",
                f"freeze $(sandbox $(reaper $(first {containers['frozen', 'orphans']}))) THAWED",
                f"kill -CONT $(parent $(first {containers['stopped-shim', 'executed']}))",
            ]
        )
        self.on_node(f"p=$(first {containers['stopped', 'orphans']}); kill -STOP $(reaper $p); go $p")
        self.on_node(f"p=$(first {containers['frozen', 'orphans']}); freeze $(sandbox $(reaper $p)) FROZEN; go $p")
        self.on_node(f"p=$(first {containers['blocked', 'orphans']}); being block $(reaper $p); go $p")
        find = f"grep -lzx '[{executed[0]}]{executed[1:]}' /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3"  # not grep itself
        pid = wait_for(
            f"[{self.cluster.label}] sleep {executed} in pod stopped-shim", lambda: self.on_node(f"{find}; true").strip() or None
        )
        main = containers["stopped-shim", "main"]
        self.on_node(f"m=$(first {main}); kill -STOP $(parent $m); kill -KILL {pid} $m")

    def release(self) -> None:
        """All that was stopped goes on."""
        if self.undo:
            self.on_node(f"set +e; {self.undo}\ntrue")
