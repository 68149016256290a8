"""The pause image that sandboxes are made with: the kubelet counts images of containers alone as used, so it is the first to be collected.

That is `detectImages` (pkg/kubelet/images): from 85 % of the disk on every image goes that no container uses, but those that are pinned
(containerd from 1.6.22 and 1.7.3 on pins the configured one by itself). Where it cannot be pulled again, no new sandbox can be made then.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kubectl_pause.pasting import command_line
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_pause.join.joined_node import JoinedNode

_MOST_LINES = 5
_PIN = "io.cri-containerd.pinned=pinned"


def pause_image_findings(node: JoinedNode) -> Iterator[Finding]:
    """Of the image of the newest sandbox: older ones may have been made with one that was configured before."""
    images, made_at = node.facts.images, {pod.id: pod.created_at or 0 for pod in node.facts.pods or () if pod.state == "ready"}
    ready = [status for status in node.facts.statuses.values() if status.image and status.id in made_at]
    if not images or not ready:
        return
    name = max(ready, key=lambda status: made_at[status.id]).image
    subject = f"node {node.about.name}"
    same = {name}.union(*(image.names for image in images if name in image.names))
    others = Counter(status.image for status in ready if status.image not in same)
    if others:
        yield Finding(
            code="image/pause-skew",
            severity="info",
            subject=subject,
            message=f"ready sandboxes were made with another pause image than the newest, {name}: each keeps its own until its pod is made "
            "anew",
            evidence=[f"{count} with {image} (crictl inspectp)" for image, count in others.most_common(_MOST_LINES)],
            confidence="certain",
            remedy="nothing has to be done; the pods that are made from now on have the newer one",
        )
    image = next((image for image in images if name in image.names), None)
    if image is None:
        yield Finding(
            code="image/pause-missing",
            severity="warning",
            subject=subject,
            message=f"the pause image that its newest sandbox was made with, {name}, is not on the node any more: the next needs it pulled",
            evidence=[f"sandbox made with {name} (crictl inspectp)", f"{len(images)} images are there, and not this one (crictl images)"],
            confidence="likely",
            remedy=f"on the node: {command_line('crictl', 'pull', name)}",
        )
    elif image.pinned is False:
        yield Finding(
            code="image/pause-unpinned",
            severity="info",
            subject=subject,
            message=f"the pause image {name} is not pinned: garbage collection takes it first, and it has to be pulled then",
            evidence=["pinned: false (crictl images)"],
            confidence="certain",
            remedy=f"with containerd, on the node: {command_line('ctr', '-n', 'k8s.io', 'images', 'label', name, _PIN)}",
        )
