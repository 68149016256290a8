"""The source that a command line means.

A verb chooses a source once, has each node judged (`Source.reports`), and finishes. A further source is a subclass of `Source` in a file
here, and a branch of `choose_source`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.cli.sources.source import Nodes, Pods

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.capture.inspector_pod import Health
    from kubectl_pause.cli.flags import CaptureFlags, KubeFlags
    from kubectl_pause.cli.sources.source import Source


def choose_source(
    scope: Pods | Nodes, kube: KubeFlags, flags: CaptureFlags,
    *, files: Sequence[str] | None = None, local: bool = False, inside: bool = False, sample: float = 0.0, health: Health = "no",
) -> Source:  # fmt: skip
    """The source that the flags mean: `files` are those of --from. Raises PauseInspectError where the cluster's kubeconfig is bad."""
    if files:
        from kubectl_pause.cli.sources.captures import Captures

        return Captures(files, scope)
    timeout = flags.inspector().timeout
    if local:
        from kubectl_pause.cli.sources.this_host import ThisHost

        return ThisHost(timeout, use_crictl=flags.crictl, sample=sample)
    from kubectl_pause.access.kubeconfig import connect

    api = connect(kube.connection(timeout))
    if inside and isinstance(scope, Pods):
        from kubectl_pause.cli.sources.inside_pods import InsidePods

        return InsidePods(api, scope, sample, timeout, flags.parallel)
    from kubectl_pause.cli.sources.cluster import Cluster

    return Cluster(api, scope, flags, sample, health)
