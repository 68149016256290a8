"""Sentences of the report's notes. None of these is a warning."""

VIRTUAL = "the pod runs in a sandboxed runtime: the node's view of its namespaces means nothing"
INFRA_DROPPED = "no pause process: CRI-O drops the infra container where no PID namespace is shared; mounts hold the namespaces"
STOPPED = "no pause process: the sandbox is stopped"
PAUSE_GONE = "the pause process is gone while containers still run"
NO_INFRA = "no infra container holds the namespaces: the pod was made without one, or it was removed"
NO_PROCESS = "no process was found in the sandbox's cgroup"
OLDER = "older sandbox of this pod"
NOT_IN_API = "the API knows no such pod on this node"
DELETING = "the pod is being deleted"

RUNTIME_UNREAD = "its container runtime could not be read: which sandboxes it has is unknown"
RESTARTED = "the node was started anew between the two captures: only the later one is shown"
