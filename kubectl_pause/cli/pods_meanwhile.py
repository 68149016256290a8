"""Pods that come and go while others are watched, named by their node: the API is asked every few seconds who is there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from kubectl_pause.access.objects import list_pods
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.join.inspectors import is_of_a_run
from kubectl_pause.watch_report import WatchPods

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kubectl_pause.access.rest import Api
    from kubectl_pause.facts.api import Pod

EVERY_SECONDS = 3.0
"""Between two questions: a pod that is there for less may not be named."""


def pods_of_nodes(api: Api, nodes: Iterable[str]) -> list[Pod]:
    """All pods of some nodes. Raises PauseInspectError."""
    return [pod for node in nodes for pod in list_pods(api, None, {"fieldSelector": f"spec.nodeName={node}"})]


class PodsMeanwhile:
    """Asks `pods_now` over and over in a thread of its own, and hands a line for each node where something changed to `tell`.

    Use as a context manager. `trouble` is why it stopped asking, None while it did not.
    """

    def __init__(
        self, pods_now: Callable[[], Iterable[Pod]], tell: Callable[[WatchPods], None], now: Callable[[], str], every: float = EVERY_SECONDS
    ) -> None:
        self.trouble: PauseInspectError | None = None
        self._pods_now, self._tell, self._now, self._every = pods_now, tell, now, every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="pods-meanwhile", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()  # not joined: a question on its way is bounded by its own time-out, and nobody reads its answer

    def join(self, seconds: float) -> None:
        """Wait until it asks no more, for some seconds at most."""
        self._thread.join(seconds)

    def _ask(self) -> None:
        try:
            before = _by_uid(self._pods_now())
            while not self._ended.wait(self._every):
                after = _by_uid(self._pods_now())
                for line in changes(before, after, self._now()):
                    self._tell(line)
                before = after
        except PauseInspectError as error:
            self.trouble = error


def _by_uid(pods: Iterable[Pod]) -> dict[str, tuple[str, str]]:
    """Node and name of pods that have a node, by uid. Inspectors come and go with every run, this one's too."""
    return {
        pod.metadata.uid: (pod.spec.node_name, f"{pod.metadata.namespace}/{pod.metadata.name}")
        for pod in pods
        if pod.spec.node_name and not is_of_a_run(pod)
    }


def changes(before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]], time: str) -> list[WatchPods]:
    """A line for each node to which pods came or from which they went; each pod is its node and name by its uid."""
    came, went = [after[uid] for uid in after.keys() - before.keys()], [before[uid] for uid in before.keys() - after.keys()]
    return [
        WatchPods(
            node=node,
            time=time,
            came=sorted(name for place, name in came if place == node),
            went=sorted(name for place, name in went if place == node),
        )
        for node in sorted({place for place, _ in [*came, *went]})
    ]
