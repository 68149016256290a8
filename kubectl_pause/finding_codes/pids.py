"""Codes of limits of tasks."""

from __future__ import annotations

from kubectl_pause.finding_codes.finding_code import FindingCode

PIDS = (
    FindingCode(
        code="pids/almost-full",
        severity="warning",
        meaning="Few more processes can be started below a limit of a pod, a container or the node.",
        evidence="Tasks charged and allowed (`pids.current`, `pids.max`; `kernel.pid_max`, `kernel.threads-max`): 90 % or more. Beside "
        "that the zombies among them, forks refused (`pids.events`), and growth between two looks.",
        alike="Threads are tasks: a program with many needs no new process to come near. A zombie counts until it is reaped, in its "
        "cgroup and in all above.",
        remedy="Free tasks first: where zombies are among them, their own findings say how. Raise the limit only where the tasks are "
        "meant: the kubelet's `podPidsLimit`, an engine's `--pids-limit`, `sysctl kernel.pid_max` of a node. By itself it changes "
        "only as processes end.",
        source="The kernel's cgroup-v2.rst and `pids_release` in `kernel/cgroup/pids.c`. That 90 % is few is this project's: "
        "`kubectl_pause/judge/reaping/headroom.py`.",
    ),
    FindingCode(
        code="pids/full",
        severity="critical",
        meaning="No more processes can be started below a limit of a pod, a container or the node.",
        evidence="As for `pids/almost-full`: as many tasks are charged as are allowed.",
        alike="`Resource temporarily unavailable` is also what a user's limit gives (`ulimit -u`), of which nothing is told. Where the "
        "runtime itself cannot fork, it is `pids/runtime-full`.",
        remedy="As for `pids/almost-full`: free tasks, and raise the limit only where they are meant. `kubectl exec` may fail until "
        "then, since it needs a task too.",
        source="As for `pids/almost-full`.",
    ),
)
