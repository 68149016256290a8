"""Which pods of a dump a command line means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.report import Failure, PodIdentity
from kubectl_pause.select.captured_pods import by_labels, by_name
from kubectl_pause.select.target_names import near_names, parse_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.dump import Dump


def choose_dumped(dump: Dump, names: Sequence[str], selector: str | None, namespace: str | None) -> tuple[list[Pod], list[Failure]]:
    """The pods meant, in the order of the names, and what is not among them. `namespace` None takes pods of any: a dump has no current
    one. Raises PauseInspectError for a name or selector that makes no sense.
    """
    known = [(pod, _identity(pod)) for pod in dump.pods]
    if not names:
        fits = by_labels(selector or "", {pod.metadata.uid: pod.metadata.labels or {} for pod in dump.pods})
        return [pod for pod, identity in known if fits(identity) and namespace in (None, identity.namespace)], []
    chosen: dict[str, Pod] = {}
    failures = []
    for name in names:
        target = parse_target(name)
        wanted = by_name(target.kind, target.name, target.namespace or namespace)
        found = [pod for pod, identity in known if wanted(identity)]
        if not found:
            hint = (
                near_names(target.name, [identity.name for _, identity in known]) or "why --from DUMP -A shows every pod that is not well"
            )
            failures.append(Failure(reason="NotFound", message=f"{name!r} is not in the dump", hint=hint))
        chosen |= {pod.metadata.uid or f"{pod.metadata.namespace}/{pod.metadata.name}": pod for pod in found}
    return list(chosen.values()), failures


def _identity(pod: Pod) -> PodIdentity:
    owner = next((each for each in pod.metadata.owner_references or () if each.controller), None)
    return PodIdentity(
        namespace=pod.metadata.namespace or "default",
        name=pod.metadata.name,
        uid=pod.metadata.uid,
        owner=f"{owner.kind}/{owner.name}" if owner else None,
    )
