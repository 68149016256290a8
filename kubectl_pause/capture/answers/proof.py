"""Whether a pod can read its node, as the collector proved it: what a confined one cannot read must not look absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.header import CHECKS, failed_checks

if TYPE_CHECKING:
    from kubectl_pause.facts.capture import Capture


class ProofFailed(PauseInspectError):  # noqa: N818 (the node's refusal)
    """The pod runs and answers, and cannot read what is needed."""


def check_proof(capture: Capture, node: str, pod: str, hint: str) -> None:
    """Raises ProofFailed that names each check which failed. `pod` says which pod it is."""
    if failed := failed_checks(capture.proof):
        what = " and ".join(f"{CHECKS[check]} (check {check})" for check in failed)
        raise ProofFailed("ProofFailed", f"node {node}: {pod} cannot read {what}", hint)
