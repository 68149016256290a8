"""Causes of pods that are over without having run to their end: refused by the kubelet, evicted, preempted, ended with their node.

Long, since it is a table. Reasons and messages: pkg/kubelet/eviction, pkg/kubelet/lifecycle, pkg/kubelet/preemption,
pkg/kubelet/nodeshutdown, the scheduler's and the taint manager's condition DisruptionTarget; Kubernetes 1.36 and older wordings.
"""

from __future__ import annotations

from kubectl_pause.known_causes.cause import Cause

_DISK = "on the node: df -h; df -i; du -xsh /var/lib/containerd /var/log /var/lib/kubelet/pods"
_AGAIN = "kubectl delete pod -n {namespace} {pod}  # a failed pod is never retried: its owner creates a new one; first: "
_LOW = r"(?:.*the node (?:was low on resource|had condition))"

REJECTIONS = (
    Cause(
        code="pod/evicted",
        at_fault="node-disk",
        scope="node",
        heals_itself="no",
        says="the node's file system has no inodes left: space may be free",
        step="on the node: df -i  # find the folder with millions of small files",
        frame=r"inodes",
        outer=_LOW,
    ),
    Cause(
        code="pod/evicted",
        at_fault="node-disk",
        scope="pod",
        heals_itself="no",
        says="the node's disk was full, and this pod used more of it than it asked for: {rest}",
        step=_DISK + "  # set requests.ephemeral-storage, so that it is not the first to go",
        frame=r".*has larger consumption of ephemeral-storage",
        outer=_LOW,
    ),
    Cause(
        code="pod/evicted",
        at_fault="node-disk",
        scope="node",
        heals_itself="when: space is freed",
        says="the node's disk is full: {rest}",
        step=_DISK + "  # requests.ephemeral-storage keeps a pod from being the first",
        frame=r"(?:ephemeral-storage|nodefs|imagefs|\[.*DiskPressure)",
        outer=_LOW,
    ),
    Cause(
        code="pod/evicted",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the node has too few process ids left: {rest}",
        step="on the node: ps -eLf | wc -l  # find the pod that leaks; set podPidsLimit",
        frame=r"(?:pids|\[.*PIDPressure)",
        outer=_LOW,
    ),
    Cause(
        code="pod/evicted",
        at_fault="scheduler",
        scope="node",
        heals_itself="when: memory is free again",
        says="the node has too little memory: {rest}",
        step=("kubectl top pods -A --sort-by memory; give pods requests.memory: those above their request are evicted first"),
        frame=r"(?:memory|\[.*MemoryPressure)",
        outer=_LOW,
    ),
    Cause(
        code="pod/storage-limit",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the pod wrote more than it may: {rest}",
        step="raise the limit (limits.ephemeral-storage, sizeLimit of the emptyDir), or write less: the node's disk is not full",
        frame=r".*(?:local storage usage exceeds|exceeded its local ephemeral storage limit|Usage of EmptyDir volume)",
    ),
    Cause(
        code="pod/preempted",
        at_fault="scheduler",
        scope="pod",
        heals_itself="yes",
        says="it made room for a pod of higher priority",
        step="its owner creates a new one; add room, or give it a priorityClass",
        frame=r"(?:.*preempting to accommodate|.*preempted in order to admit|Preempt)",
    ),
    Cause(
        code="pod/no-room",
        at_fault="scheduler",
        scope="pod",
        heals_itself="no",
        says="there was no room for a critical pod on the node, even after others were ended: {rest}",
        step="kubectl describe node {node}  # Allocated resources: give the node more room",
        frame=r".*(?:error finding a set of pods to preempt|attempting to recover from admission failure)",
    ),
    Cause(
        code="pod/no-room",
        at_fault="kubelet",
        scope="node",
        heals_itself="no",
        says="a kubelet that was restarted counted this running pod twice, and ended it",
        step=_AGAIN + "upgrade the kubelet (1.22 had this)",
        frame=r"Pod Node didn't have enough resource",
    ),
    Cause(
        code="pod/no-room",
        at_fault="scheduler",
        scope="pod",
        heals_itself="no",
        says="the node has its full number of pods: {rest}",
        step=_AGAIN + "kubectl get pods -A --field-selector spec.nodeName={node}  # finished ones count too",
        frame=r"pods(?:,|$)",
        outer=r".*Node didn't have enough resource",
    ),
    Cause(
        code="pod/no-room",
        at_fault="scheduler",
        scope="pod",
        heals_itself="when: it is created again",
        says="the node had too little room when the kubelet looked: {rest}",
        step=_AGAIN + "kubectl describe node {node}  # Allocated resources",
        frame=r".*Node didn't have enough resource",
    ),
    Cause(
        code="pod/device",
        at_fault="node-disk",
        scope="node",
        heals_itself="no",
        says="a file system of the node is read-only ({path}), so that the kubelet can accept no pod",
        step="kubectl cordon {node}; on the node: findmnt -O ro; dmesg | tail -50",
        errno="read-only file system",
    ),
    Cause(
        code="pod/device",
        at_fault="cluster-config",
        scope="node",
        heals_itself="when: the device plugin reports healthy devices",
        says="the device plugin reports no healthy device: {rest}",
        step=(
            _AGAIN
            + "kubectl get pods -A -o wide --field-selector spec.nodeName={node}  # the device plugin's pod; on the node: dmesg | tail "
            "-50"
        ),
        frame=r".*no healthy devices present",
        sure="likely",
    ),
    Cause(
        code="pod/device",
        at_fault="kubelet",
        scope="pod",
        heals_itself="when: devices are free",
        says="the devices that the scheduler counted are not free on the node: {rest}",
        step=(
            _AGAIN
            + "kubectl get pods -A --field-selector spec.nodeName={node}  # one that is Terminating holds them, or the device plugin "
            "has just started"
        ),
        frame=r".*requested number of devices unavailable",
        sure="likely",
    ),
    Cause(
        code="pod/topology",
        at_fault="scheduler",
        scope="pod",
        heals_itself="no",
        says="no NUMA node of this machine has all that the pod asks for: {rest}",
        step=(
            "scale its owner down first: it creates pods without end; ask for fewer CPUs or devices, or use topologyManagerPolicy "
            "best-effort"
        ),
        frame=r".*(?:Topology locality|NUMA)",
        sure="likely",
    ),
    Cause(
        code="pod/sysctl",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the pod asks for a sysctl that this kubelet does not allow: {name}",
        step="remove it, or allow it on chosen nodes (allowedUnsafeSysctls of the kubelet)",
        frame=r'"(?P<name>[^"]*)" not allow',
        outer=r".*forbidden sysctl",
        sure="likely",
    ),
    Cause(
        code="container/security",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the pod asks for AppArmor, which this node does not have",
        step="choose nodes with AppArmor, or remove the profile",
        frame=r".*AppArmor is not enabled",
    ),
    Cause(
        code="pod/node-label",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the pod is for another operating system than this node's",
        step="correct spec.os, nodeSelector or the label kubernetes.io/os of the pod",
        frame=r".*(?:`?kubernetes\.io/os`? label|OS field|PodOS)",
    ),
    Cause(
        code="pod/node-label",
        at_fault="kubelet",
        scope="pod",
        heals_itself="when: the node has the label",
        says="the node did not have the label that the pod asks for when the kubelet looked",
        step=_AGAIN + "kubectl get node {node} --show-labels",
        frame=r".*Predicate NodeAffinity failed",
        sure="likely",
    ),
    Cause(
        code="pod/host-port",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="another pod of the node has the host port",
        step=_AGAIN + "on the node: ss -ltnp  # change hostPort",
        frame=r".*(?:Predicate NodePorts failed|free ports for the requested)",
        sure="likely",
    ),
    Cause(
        code="node/shutdown",
        at_fault="none",
        scope="node",
        heals_itself="yes",
        says="its node was shut down, and ended it in order",
        step="nothing to do: its owner has created a new one; kubectl delete pod -n {namespace} {pod}",
        frame=r".*(?:imminent node shutdown|node is shutting down|shutting down)",
    ),
    Cause(
        code="node/not-seen",
        at_fault="kubelet",
        scope="node",
        heals_itself="yes",
        says="the kubelet could not read its own node: it had just started, or did not reach the API server",
        step=_AGAIN + "on the node: journalctl -u kubelet -n 100",
        frame=r".*cannot get node info",
    ),
    Cause(
        code="pod/evicted",
        at_fault="kubelet",
        scope="node",
        heals_itself="when: the node is back, or known to be off",
        says="its node was not reached for long, and the control plane marked the pod for deletion",
        step=(
            "is the machine off? Then: kubectl taint node {node} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute  # a pod "
            "that is deleted by force may still write to its volume"
        ),
        frame=r"(?:Taint manager|Marking for deletion Pod)",
    ),
    Cause(
        code="pod/evicted",
        at_fault="none",
        scope="pod",
        heals_itself="yes",
        says="somebody asked for its eviction: a drain, or an autoscaler",
        step="nothing to do",
        frame=r"Eviction API",
    ),
    Cause(
        code="pod/evicted",
        at_fault="kubelet",
        scope="pod",
        heals_itself="yes",
        says="the kubelet gave up waiting for the end of an evicted pod",
        step="nothing to do where its containers have ended; else on the node: crictl ps",
        frame=r".*did not kill the pod within specified grace period",
    ),
    Cause(
        code="pod/rejected",
        at_fault="none",
        scope="pod",
        heals_itself="yes",
        says="the deletion was cancelled: its node came back in time",
        step="nothing to do",
        frame=r"Cancelling deletion of Pod",
    ),
)
"""The more special first."""
RESIZES = (
    Cause(
        code="pod/resize",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the node is too small for the new size: {rest}",
        step="patch the size back, or recreate the pod on a larger node",
        frame=r".*Node didn't have enough capacity",
    ),
    Cause(
        code="pod/resize",
        at_fault="spec",
        scope="pod",
        heals_itself="when: it uses less memory",
        says="the new memory limit is below what is in use: {rest}",
        step="patch the limit back",
        frame=r".*cannot decrease memory limits",
    ),
    Cause(
        code="pod/resize",
        at_fault="scheduler",
        scope="pod",
        heals_itself="when: the node has room",
        says="the node has no room for the new size now: {rest}",
        step="end other pods on node {node}, or wait",
        frame=r".*Node didn't have enough resource",
    ),
    Cause(
        code="pod/resize",
        at_fault="cluster-config",
        scope="pod",
        heals_itself="no",
        says="this node cannot resize the pod in place: {rest}",
        step="recreate the pod with the new size",
        frame=r".+",
    ),
)
"""Of the conditions PodResizePending and PodResizeInProgress."""
