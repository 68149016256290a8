"""The Kubernetes releases that the tests run on. `KUBERNETES=1.35` chooses one; without it the newest is used."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from e2e.clusters.settings import NODE_IMAGE_SOURCES
from e2e.clusters.steps import StepFailedError

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "KUBERNETES"


@dataclass(frozen=True, slots=True)
class KubernetesRelease:
    """One minor version, such as "1.36". Its patch version stands in the go.mod of `module`.

    `etcd` and `pause` are the tags that this version's kubeadm asks for (`cmd/kubeadm/app/constants/constants.go`), whatever the
    programs' own versions are; `node_image` is the default image of the kind release that was made for it.
    """

    minor: str
    etcd: str
    pause: str
    node_image: str

    @property
    def module(self) -> Path:
        """The directory of the Go module that pins its programs."""
        return NODE_IMAGE_SOURCES / "modules" / f"kubernetes-{self.minor}"

    @property
    def etcd_image(self) -> str:
        """Such as registry.k8s.io/etcd:3.6.8-0."""
        return f"registry.k8s.io/etcd:{self.etcd}"

    @property
    def pause_image(self) -> str:
        """Such as registry.k8s.io/pause:3.10.2."""
        return f"registry.k8s.io/pause:{self.pause}"


_KIND = "docker.io/kindest/node"
RELEASES = (
    KubernetesRelease(
        "1.36", "3.6.8-0", "3.10.2", f"{_KIND}:v1.36.1@sha256:3489c7674813ba5d8b1a9977baea8a6e553784dab7b84759d1014dbd78f7ebd5"
    ),
    KubernetesRelease(
        "1.35", "3.6.6-0", "3.10.1", f"{_KIND}:v1.35.0@sha256:452d707d4862f52530247495d180205e029056831160e22870e37e3f6c1ac31f"
    ),
    KubernetesRelease(
        "1.34", "3.6.5-0", "3.10.1", f"{_KIND}:v1.34.0@sha256:7416a61b42b1662ca6ca89f02028ac133a309a2a30ba309614e8ec94d976dc5a"
    ),
)
"""The newest first."""


def chosen_release() -> KubernetesRelease:
    """The release that KUBERNETES names, else the newest. Raises StepFailedError for one that is not listed."""
    wanted = os.environ.get(VARIABLE) or RELEASES[0].minor
    for release in RELEASES:
        if release.minor == wanted.removeprefix("v"):
            return release
    listed = ", ".join(release.minor for release in RELEASES)
    raise StepFailedError(f"{VARIABLE}={wanted} is not one of {listed}; choose one of them, or add it to clusters/kubernetes_releases.py")
