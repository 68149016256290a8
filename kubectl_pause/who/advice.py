"""What to ask next, in the way in which `who` itself was asked: a cluster, saved captures or this host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.pasting import command_line

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEW = 3


@dataclass(frozen=True, slots=True)
class Way:
    """Where was looked: `files` are captures, `local` is this host; with neither a cluster."""

    files: Sequence[str] = ()
    local: bool = False

    def pod(self, namespace: str, name: str) -> str:
        """The command that shows one pod."""
        if self.local:
            return _plugin("local", f"{namespace}/{name}")
        return _plugin("pod", "-n", namespace, *self._from, *(["--"] if name.startswith("-") else []), name)

    def sandboxes_of(self, node: str) -> str:
        """The command that lists the sandboxes of a node."""
        return self.all_sandboxes() if self.local or self.files else _plugin("node", node)

    def all_sandboxes(self) -> str:
        """The command that lists every sandbox of where was looked."""
        if self.local:
            return _plugin("local")
        return _plugin("node", *(self._from or ["--all"]))

    @property
    def _from(self) -> list[str]:
        return [word for file in self.files for word in ("--from", file)]


ON_CLUSTER = Way()


def _plugin(*words: str) -> str:
    return command_line("kubectl", "pause-inspect", *words)


def node_address_evidence(pods: Sequence[str]) -> list[str]:
    """That an address is the node's, and which pods have it with the node: those with hostNetwork."""
    some = ", ".join(pods[:_FEW]) + (f" and {len(pods) - _FEW} more" if len(pods) > _FEW else "")
    shared = [f"pods with hostNetwork use the node's network, and so its address: {some}"] if pods else []
    return ["the node's own address: it is no one pod's", *shared]
