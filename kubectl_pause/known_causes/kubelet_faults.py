"""Faults of single versions of the kubelet that explain a pod: which versions have them, and where they were reported."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

Symptom = Literal["restart-not-due", "sidecar-not-probed", "exec-probe-canceled"]


class KubeletFault(msgspec.Struct, frozen=True):
    """`first` and `last` are minor versions of Kubernetes 1 that have it, both included."""

    symptom: Symptom
    first: int
    last: int
    says: str
    source: str


FAULTS = (
    KubeletFault("restart-not-due", 35, 35, "with sidecars that have startup probes, it waits for these for ever after its own restart",
                 "kubernetes/kubernetes#137885, mended in 1.36 and in later releases of 1.35"),
    KubeletFault("sidecar-not-probed", 29, 34, "it forgets the startup probe of a sidecar that was restarted, and starts nothing after it",
                 "KEP-753; mended in later releases of 1.33 and 1.34"),
    KubeletFault("exec-probe-canceled", 35, 35, "it stops exec probes when the pod's end begins, and leaves Ready as it was",
                 "kubernetes 1.35; mended in 1.36"),
)  # fmt: skip


def known_fault(symptom: Symptom, version: str | None) -> KubeletFault | None:
    """The fault that a kubelet of this version (`v1.35.2`) has, None where none is known to."""
    match = re.match(r"v1\.(\d+)\.", version or "")
    minor = int(match[1]) if match else None
    return next((each for each in FAULTS if each.symptom == symptom and minor is not None and each.first <= minor <= each.last), None)
