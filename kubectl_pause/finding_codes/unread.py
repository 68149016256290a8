"""Codes of what of a node could not be read, which must not look like what is not there."""

from __future__ import annotations

from kubectl_pause.finding_codes.finding_code import FindingCode

UNREAD = (
    FindingCode(
        code="node/runtime-unread",
        severity="warning",
        meaning="Neither crictl nor state files could be read: the node's sandboxes are unknown, not absent.",
        evidence="What was looked for: crictl and its answer, and the state files of containerd and CRI-O in their known places.",
        alike="A node without pods has a runtime that answers, and no finding. Docker with cri-dockerd keeps no such files: there crictl "
        "is needed.",
        remedy="`crictl pods` on the node; where it is missing, with cri-dockerd say, install cri-tools there. By itself it stays.",
        source="This project reads nothing else of a runtime: `kubectl_pause/judge/namespaces/findings.py`.",
    ),
    FindingCode(
        code="node/crictl-failed",
        severity="warning",
        meaning="crictl is there and failed or hung: stopped sandboxes and attempts are not known.",
        evidence="Its exit code, or its time limit. What is told comes from the runtime's state files alone.",
        alike="A node without crictl is no finding: there the state files are what there is. A shim that is stopped makes `crictl "
        "inspectp` slow, and may look like a runtime that hangs: `shim/stopped`.",
        remedy="`crictl pods` on the node: does the runtime answer? A longer `--timeout` gives crictl longer too. It is gone at the next "
        "look that crictl answers.",
        source="This project's collector: `kubectl_pause/judge/namespaces/findings.py`.",
    ),
    FindingCode(
        code="node/descriptors-cut",
        severity="info",
        meaning="More descriptors are open than the collector looks at: a namespace or a volume may be held by other processes too.",
        evidence="The collector's limits: 4,096 descriptors of a process, 131,072 of the node, 20,000 of them on namespaces.",
        alike="Without `--fds`, and but for `check` and `why`, no descriptor is looked at, and nothing is said.",
        remedy="`lsns --output-all` and `fuser` on the node. It is gone once fewer are open.",
        source="The limit is this project's: `kubectl_pause/judge/namespaces/findings.py`.",
    ),
)
