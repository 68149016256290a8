"""Codes of zombies: one for each kind of parent."""

from __future__ import annotations

from kubectl_pause.finding_codes.finding_code import FindingCode

ZOMBIES = (
    FindingCode(
        code="zombie/no-init",
        severity="warning",
        meaning="PID 1 of a container's own PID namespace, or of one nested in it, does not wait for its children, own or adopted.",
        evidence="The zombies' parent is PID 1 in their PID namespace; what it does with SIGCHLD; how old they are, and how many were "
        "there at two looks.",
        alike="Some inits look once a second: a zombie has to be 2 s old, or it is no finding. That SIGCHLD is caught proves nothing: "
        "every Go and node program does, and reaps no adopted child. Whether they are its own or adopted cannot be told: an init "
        "helps with adopted ones only.",
        remedy="By what made it: `kubectl patch` of its owner, or `shareProcessNamespace: true` in the spec, where the API takes it (not "
        "with `hostPID`); an init in the image, or before the spec's command (tini, dumb-init); `--init` for an engine; in a "
        "nested namespace an init as its first process. By itself they go when that PID 1 ends.",
        source="The kernel hands orphans to PID 1 of their parent's PID namespace (`find_new_reaper`, `kernel/exit.c`). Which programs "
        "reap was measured: `kubectl_pause/judge/reaping/ability.py`.",
    ),
    FindingCode(
        code="zombie/application",
        severity="warning",
        meaning="A process of a container that is not PID 1 does not wait for its own children: no init gets them while it lives.",
        evidence="The parent and its role; which process is PID 1 of its PID namespace, and gets them only when it ends.",
        alike="Where the parent is PID 1, orphans come to it, and it is `zombie/no-init`. Children that it waits for within 2 s are no "
        "finding.",
        remedy="Mend the program: `waitpid(-1, NULL, WNOHANG)` until it gives 0, or SIGCHLD set to SIG_IGN where it needs no exit codes. "
        "Neither tini nor pause helps. By itself they go when the program ends, and an init reaps them.",
        source="wait(2); the kernel makes no orphan of a child whose parent lives (`kernel/exit.c`).",
    ),
    FindingCode(
        code="zombie/pause-does-not-reap",
        severity="warning",
        meaning="Pause is PID 1 of the pod's processes, and does not reap.",
        evidence="Its state; whether SIGCHLD is caught and not blocked; its runs and the faults of its children between two looks. Pause "
        "starts no process: each child of it is an orphan that it adopted.",
        alike="Under a pause that works a zombie lives about 0.2 ms, so that one may be seen: it has to be 0.9 s old. A zombie whose "
        "parent is outside of the pod is not pause's: `zombie/outside-parent`.",
        remedy="By what keeps it: let it go on where it is stopped or frozen; a pause image that reaps (registry.k8s.io/pause:3.10.1) as "
        "the runtime's sandbox image; a runtime started with SIGCHLD unblocked. Then make the pod anew. By itself they stay as "
        "long as that pause.",
        source="Kubernetes `build/pause/linux/pause.c`, which reaps from 3.1 on; a process takes blocked signals over by exec (signal(7)).",
    ),
    FindingCode(
        code="zombie/main-process",
        severity="warning",
        meaning="A container's main process, or the sandbox's, has ended, and the runtime has not waited for it.",
        evidence="The zombie is the main process; its parent, a shim or conmon, and that one's state.",
        alike="For a moment at every end of a container: it has to be 2 s old. Where the shim is stopped, `shim/stopped` says why.",
        remedy="`grep State /proc/PID/status` of the parent. Where that is stopped, let it go on; where it runs and does not wait, make "
        "the pod anew. By itself it stays while the parent does nothing, and the API goes on to call the container running.",
        source="A container's main process is the shim's or conmon's child, whatever its PID namespace: NSpid in `/proc/PID/status`; "
        "containerd#3781.",
    ),
    FindingCode(
        code="zombie/outside-parent",
        severity="warning",
        meaning="A zombie of a pod whose parent is outside of it: an exec or a probe left behind, or a process of the node.",
        evidence="The zombie's cgroup and PID namespace, and its parent's.",
        alike="A container's main process has its parent outside as well: `zombie/main-process`. A zombie that went to the node's init "
        "when its parent died is told as this too: it never was pause's.",
        remedy="The runtime's: as for `zombie/main-process`. A process of the node: `systemctl status` of its service; deleting the pod "
        "would not free it. One beyond the node's PID namespace: `ps` on the machine that runs the node. By itself it goes when "
        "that parent ends.",
        source="`find_new_reaper` (`kernel/exit.c`) takes the PID namespace of the parent that died, not the zombie's: measured, it went "
        "to the node's init.",
    ),
    FindingCode(
        code="zombie/host-process",
        severity="warning",
        meaning="A process of the node does not wait for its children: no pod's.",
        evidence="The parent is in the node's namespaces; its cgroup names its service.",
        alike="Zombies of pods whose parent is a process of the node: `zombie/outside-parent`.",
        remedy="`systemctl status` of its service, which is named where its cgroup tells it: restarting that frees them. By itself they "
        "go when the parent ends.",
        source="wait(2); whose they are: `kubectl_pause/judge/reaping/roles.py`.",
    ),
    FindingCode(
        code="zombie/unknown-parent",
        severity="warning",
        meaning="The parent's namespaces could not be read, it is beyond the node's PID namespace, or it ended meanwhile: whose it is is "
        "unknown.",
        evidence="The parent, and that its role could not be seen; or its number, which reads 0; or that it is a zombie itself.",
        alike="As an ordinary user most links of others cannot be read: root may see a `zombie/host-process` or another in it.",
        remedy="As root: `ls -l /proc/PID/ns`. Where the number is 0, `ps` on the machine that runs the node (kind, or another node in a "
        "container). By itself it goes when the parent ends; of a parent that has ended a second look "
        "tells who has adopted it.",
        source="proc(5): links in `/proc/PID/ns` need the right to trace; pid_namespaces(7): a parent outside of the namespace reads 0.",
    ),
    FindingCode(
        code="zombie/parent-halted",
        severity="warning",
        meaning="The parent is stopped, traced or frozen, and cannot wait for anything.",
        evidence="Its state in `/proc/PID/status`, or the frozen cgroup; whether it would reap when it goes on, as far as that is known.",
        alike="Where the parent is pause, a shim or a process of the node, the finding keeps its own code and says that it is halted. A "
        "halted process without zombies is `process/halted`.",
        remedy="Let it go on first, by the line given: `kill -CONT PID`, thaw the cgroup, let the debugger go on. Whether it reaps is "
        "seen then. By itself it stays.",
        source="proc(5) for the states. A process that runs nothing waits for nothing: that its zombies prove no missing init is "
        "`kubectl_pause/judge/reaping/verdicts.py`.",
    ),
    FindingCode(
        code="zombie/parent-dead-leader",
        severity="warning",
        meaning="The parent's main thread has ended while other threads live, which do not wait.",
        evidence="State Z with more than one thread in `/proc/PID/status`.",
        alike="It reads as a zombie itself, and is none: nobody can reap it before those threads end. Alone it is `zombie/dead-leader`.",
        remedy="`ls /proc/PID/task` shows the threads that live; `kill -KILL PID` ends them, and then all are reaped by whoever is next. "
        "By itself it stays until these threads end.",
        source="The kernel reaps a thread group's leader last (`delay_group_leader`, `kernel/exit.c`); measured: state Z with `Threads: "
        "2`.",
    ),
    FindingCode(
        code="zombie/dead-leader",
        severity="info",
        meaning="The main thread of a process has ended while other threads live: nobody can reap it yet.",
        evidence="State Z with live threads.",
        alike="A zombie has one thread. This one works on in its others, and may be meant.",
        remedy="None: no reaper's fault. It is reaped once its other threads have ended.",
        source="The kernel reaps a thread group's leader last (`delay_group_leader`, `kernel/exit.c`); measured: state Z with `Threads: "
        "2`.",
    ),
)
