"""Causes in the last words of a container, where its state keeps them, and in its exit code.

`terminationMessagePolicy: FallbackToLogsOnError` puts the end of the log into `terminated.message`. Codes: 125 to 127 are a shell's,
128 + N is signal N (wait(2)); reasons are those of containerd (internal/cri/server/events.go), CRI-O and the kubelet.
"""

from __future__ import annotations

from kubectl_pause.known_causes.cause import Cause

_LOGS = "kubectl logs --previous -n {namespace} {pod} -c {container}"
LAST_WORDS = (
    Cause(
        code="image/other-machine",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="its program is made for another kind of machine than this node, or is a damaged copy on this node",
        step=(
            "kubectl get nodes -L kubernetes.io/arch  # compare with the image; where it runs on other nodes of that kind, on the node: "
            "crictl rmi {image}, so that it is pulled again"
        ),
        frame=r".*exec format error",
        sure="likely",
    ),
    Cause(
        code="image/other-machine",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="its program needs a loader or library that the image does not have: most often it is for another machine",
        step="kubectl get nodes -L kubernetes.io/arch  # compare with the image's architecture",
        frame=r"exec container process \(missing dynamic library",
    ),
    Cause(
        code="image/other-machine",
        at_fault="image",
        scope="node",
        heals_itself="no",
        says="its program needs instructions that this node's processor does not have",
        step="use an image for older processors, or nodes with these instructions",
        frame=r".*(?:CPU does not support|Illegal instruction)",
    ),
    Cause(
        code="container/command",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="a program that it calls may not be executed",
        step="chmod +x in the image, or defaultMode 0755 for a script of a ConfigMap",
        errno="permission denied",
        sure="likely",
    ),
    Cause(
        code="container/status-lost",
        at_fault="kubelet",
        scope="pod",
        heals_itself="yes",
        says="the kubelet lost the container's state: its exit code 137 is a stand-in",
        step="kubectl describe pod -n {namespace} {pod}; kubectl get events -n {namespace}  # an eviction, or a node that was rebuilt",
        frame=r"The container could not be located",
    ),
)
"""The more special first."""
BY_CODE = {
    125: Cause(
        code="container/ended",
        at_fault="application",
        scope="pod",
        heals_itself="no",
        says="exit code 125: a container tool that it runs failed itself",
        step=_LOGS,
        sure="likely",
    ),
    126: Cause(
        code="container/ended",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="exit code 126: a program that its shell calls may not be executed",
        step=_LOGS + "  # chmod +x in the image, or defaultMode 0755 of a ConfigMap",
        sure="likely",
    ),
    127: Cause(
        code="container/ended",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="exit code 127: a program that its shell calls is not in the image",
        step=_LOGS,
        sure="likely",
    ),
    132: Cause(
        code="container/signal",
        at_fault="image",
        scope="node",
        heals_itself="no",
        says="signal SIGILL: its program needs instructions that this node's processor does not have",
        step="on the node: lscpu  # compare with a node where it runs; choose nodes, or another build",
        sure="likely",
    ),
    134: Cause(
        code="container/signal",
        at_fault="application",
        scope="pod",
        heals_itself="no",
        says="signal SIGABRT: the program gave up by itself",
        step=_LOGS,
        sure="likely",
    ),
    135: Cause(
        code="container/signal",
        at_fault="application",
        scope="pod",
        heals_itself="no",
        says="signal SIGBUS: a file or memory it had mapped went away",
        step=_LOGS,
        sure="likely",
    ),
    136: Cause(
        code="container/signal",
        at_fault="application",
        scope="pod",
        heals_itself="no",
        says="signal SIGFPE: an arithmetic error of the program",
        step=_LOGS,
        sure="likely",
    ),
    139: Cause(
        code="container/signal",
        at_fault="application",
        scope="pod",
        heals_itself="no",
        says="signal SIGSEGV: an invalid memory access of the program",
        step=_LOGS + "  # an image of before 2014 needs the kernel parameter vsyscall=emulate",
        sure="likely",
    ),
    159: Cause(
        code="container/security",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="signal SIGSYS: the seccomp profile forbids a system call of the program",
        step="on the node: ausearch -m SECCOMP; dmesg | grep -i seccomp  # add that call to the profile",
        sure="likely",
    ),
    255: Cause(
        code="container/node-lost",
        at_fault="none",
        scope="node",
        heals_itself="yes",
        says="exit code 255: the node or its runtime ended below it, or the program ended with -1",
        step="kubectl get events -A --field-selector involvedObject.kind=Node  # Rebooted? else " + _LOGS,
        sure="possible",
    ),
}
OUT_OF_MEMORY = Cause(
    code="container/out-of-memory",
    at_fault="application",
    scope="pod",
    heals_itself="no",
    says="it was killed at its own memory limit: the node is not short of memory",
    step="kubectl top pod -n {namespace} {pod} --containers  # raise resources.limits.memory, or find the leak",
)
CHILD_OUT_OF_MEMORY = Cause(
    code="container/out-of-memory",
    at_fault="application",
    scope="pod",
    heals_itself="no",
    says="a process that it started was killed at the memory limit; its main process ended by itself",
    step="kubectl top pod -n {namespace} {pod} --containers  # raise resources.limits.memory: exit code 0 is no success here",
)
SECCOMP = Cause(
    code="container/security",
    at_fault="spec",
    scope="pod",
    heals_itself="no",
    says="the seccomp profile killed it for a system call",
    step="on the node: ausearch -m SECCOMP; dmesg | grep -i seccomp  # add that call to the profile",
)
NODE_LOST = Cause(
    code="container/node-lost",
    at_fault="none",
    scope="node",
    heals_itself="yes",
    says="the node was rebooted or its runtime lost the container: the exit code is a stand-in",
    step="kubectl get events -A --field-selector involvedObject.kind=Node  # Rebooted?",
)
FINISHED = Cause(
    code="container/finished",
    at_fault="spec",
    scope="pod",
    heals_itself="no",
    says="it does its work and ends with exit code 0, and restartPolicy Always starts it again",
    step="use a Job, or restartPolicy OnFailure; or keep the program in the foreground",
    sure="likely",
)
LIVENESS = Cause(
    code="container/probe-killed",
    at_fault="application",
    scope="pod",
    heals_itself="no",
    says="the kubelet killed it since its liveness probe failed",
    step=(
        "kubectl get events -n {namespace} --field-selector involvedObject.name={pod}  # Unhealthy: what the probe met; raise its "
        "limits only where the program is healthy"
    ),
)
STARTUP = Cause(
    code="container/probe-killed",
    at_fault="spec",
    scope="pod",
    heals_itself="no",
    says="the kubelet killed it since its startup probe failed for too long",
    step="raise failureThreshold or periodSeconds of the startupProbe of container {container}, or let it listen earlier",
)
HOOK = Cause(
    code="container/hook",
    at_fault="spec",
    scope="pod",
    heals_itself="no",
    says="the kubelet killed it since its postStart hook failed",
    step=(
        "run the hook's command in the container by hand; on the node: journalctl -u kubelet | grep -i poststart  # its output stands there"
    ),
)
KILLED = Cause(
    code="container/signal",
    at_fault="application",
    scope="pod",
    heals_itself="no",
    says="signal SIGKILL, and nothing in the API says by whom: the kernel for memory, or a node's tool",
    step="on the node: journalctl -k | grep -i 'killed process'  # match the uid of the pod in oom_memcg; else " + _LOGS,
    sure="possible",
)
STOPPED = Cause(
    code="container/signal",
    at_fault="none",
    scope="pod",
    heals_itself="yes",
    says="it was told to stop, and did",
    step="nothing to do",
)
IGNORED = Cause(
    code="container/signal",
    at_fault="application",
    scope="pod",
    heals_itself="yes",
    says="it did not end in its grace period after SIGTERM, and was killed",
    step="start the program by exec in its shell script, or let it handle SIGTERM",
)
FAILED = Cause(
    code="container/ended",
    at_fault="application",
    scope="pod",
    heals_itself="no",
    says="its program ended with an error of its own",
    step=_LOGS,
    sure="likely",
)
ALL = (
    *LAST_WORDS,
    *BY_CODE.values(),
    *(OUT_OF_MEMORY, CHILD_OUT_OF_MEMORY, SECCOMP, NODE_LOST, FINISHED, LIVENESS, STARTUP, HOOK, KILLED, STOPPED, IGNORED, FAILED),
)
