"""How a pod is made anew, by what made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.pasting import kubectl_line

if TYPE_CHECKING:
    from kubectl_pause.report import PodIdentity


def made_anew(pod: PodIdentity) -> str:
    """What to do, a command to paste where one does it; without the API the names are the node's word.

    Deleting the mirror of a static pod leaves its containers as they are, and a pod without a controller does not come back.
    """
    if pod.kind == "static":
        return (
            "on the node, move the manifest of this static pod out of the staticPodPath of the kubelet and, once its containers are gone, "
            "back"
        )
    line = kubectl_line("delete", "pod", pod.name, pod.namespace)
    alone = pod.kind == "api" and pod.owner is None
    return f"{line}  # no controller makes it anew: save its manifest first, and apply that afterwards" if alone else line
