"""Causes in the condition Ready of a node, in the order in which the first explains the others.

pkg/kubelet/kubelet.go (Skipping pod synchronization), pkg/kubelet/nodestatus/setters.go: the kubelet joins runtime errors, network errors,
its own and those of the CSI node into one list.
"""

from __future__ import annotations

from kubectl_pause.known_causes.cause import Cause

_RUNTIME = "on the node: systemctl status containerd crio; crictl pods"
NODES = (
    Cause(
        code="node/shutdown",
        at_fault="none",
        scope="node",
        heals_itself="when: the node is up again",
        says="the node is shutting down",
        step="wait for it; kubectl get events --field-selector involvedObject.name={node}",
        frame=r"node is shutting down",
    ),
    Cause(
        code="runtime/silent",
        at_fault="runtime",
        scope="node",
        heals_itself="no",
        says="the container runtime does not answer the kubelet: nothing is started or stopped there",
        step=_RUNTIME + "  # restart it: running containers go on",
        frame=r".*container runtime (?:is down|is not responding|not responding)",
    ),
    Cause(
        code="runtime/silent",
        at_fault="runtime",
        scope="node",
        heals_itself="no",
        says="the kubelet has been starting for long, and has not heard from its runtime: the runtime hangs",
        step=_RUNTIME,
        frame=r"(?:container runtime status check may not have completed yet|PLEG is not healthy$)",
        only="lasting",
    ),
    Cause(
        code="kubelet/starting",
        at_fault="kubelet",
        scope="node",
        heals_itself="when: its first look at the runtime is done",
        says="the kubelet has just started, and has not heard from its runtime yet",
        step="wait a minute; if it remains: " + _RUNTIME,
        frame=r"container runtime status check may not have completed yet",
        sure="likely",
    ),
    Cause(
        code="cni/no-config",
        at_fault="network-plugin",
        scope="node",
        heals_itself="when: the network add-on has written its configuration",
        says="the runtime has no network configuration (CNI): no pod with a network of its own can be created or taken down on this node",
        step=(
            "kubectl get pods -A -o wide --field-selector spec.nodeName={node}  # is the network add-on there? on the node: ls -l "
            "/etc/cni/net.d"
        ),
        frame=r"(?:container runtime network not ready|.*NetworkPluginNotReady|network is not ready|cni plugin not initialized)",
        sure="likely",
    ),
    Cause(
        code="node/pleg",
        at_fault="runtime",
        scope="node",
        heals_itself="when: the runtime lists faster",
        says="the kubelet gets no list of what runs from its runtime, and leaves all pods alone",
        step="on the node: crictl pods; iostat -x  # the runtime hangs, or the machine is overloaded",
        frame=r"PLEG is not healthy",
        sure="likely",
    ),
    Cause(
        code="kubelet/version-skew",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the kubelet is newer than the API server: {rest}",
        step="kubectl version; kubectl get nodes  # upgrade the control plane first",
        frame=r".*the server could not find the requested resource",
    ),
    Cause(
        code="node/not-ready",
        at_fault="kubelet",
        scope="node",
        heals_itself="no",
        says="the kubelet cannot register its CSI drivers: {rest}",
        step="on the node: journalctl -u kubelet -n 100",
        frame=r".*CSINode",
    ),
)
"""The first one of a list that is in this table, by this order, is the verdict."""
