"""Whose inspector pods a report leaves out: our own run's and those of runs beside it, never a pod that has but something of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from kubectl_pause.capture.inspector_pod import InspectorOptions, manifest, new_name
from kubectl_pause.facts.api import ApiView, Pod
from kubectl_pause.inspect_node import inspect_capture
from tests.nodes.report_lines import kind_with_api
from tests.nodes.written_nodes import INIT, Written, pod_path, written_node

if TYPE_CHECKING:
    from kubectl_pause.report import NodeReport

OWN, OTHER = "nginx", "shared"
"""Two pods of one namespace of a recorded node: one is taken for our own run's, the other is made to look like another run's."""


def made(**changes: object) -> Pod:
    """The pod of a run, as the API server would have it, with some of it changed."""
    run = new_name()
    pod = msgspec.convert(manifest(run, "node", InspectorOptions(namespace="default")), Pod)
    metadata = {key: changes[key] for key in ("name", "namespace", "labels") if key in changes}
    spec = {key: changes[key] for key in ("host_pid", "host_network") if key in changes}
    replaced = msgspec.structs.replace
    return replaced(pod, metadata=replaced(pod.metadata, **metadata), spec=replaced(pod.spec, **spec))


def names_in(report: NodeReport) -> list[str]:
    return [each.pod.uid for each in report.sandboxes] + [each.pod.uid for each in report.pods_without_sandbox]


def beside(other: Pod, *, own_known: bool = True) -> tuple[list[str], str]:
    """Uids in the report of the node where the pod OTHER is `other`, and that pod's uid."""
    capture = kind_with_api()
    assert capture.api is not None
    view = msgspec.json.decode(capture.api, type=ApiView)
    uids = {pod.metadata.name: pod.metadata.uid for pod in view.pods}
    disguised = msgspec.structs.replace(other, metadata=msgspec.structs.replace(other.metadata, uid=uids[OTHER]))
    pods = [disguised if pod.metadata.name == OTHER else pod for pod in view.pods]
    changed = msgspec.structs.replace(view, pods=pods, inspector_uid=uids[OWN] if own_known else None)
    report = inspect_capture(replace(capture, api=msgspec.json.encode(changed)), "-")
    assert (uids[OWN] in names_in(report)) is not own_known
    return names_in(report), uids[OTHER]


def test_a_pod_of_another_run_is_left_out() -> None:
    shown, other = beside(made())
    assert other not in shown
    assert len(shown) > 5


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": None},
        {"labels": {"app.kubernetes.io/managed-by": "kubectl-pause-inspect"}},
        {"labels": {"app.kubernetes.io/managed-by": "kubectl-pause-inspect", "pause-inspect/run": "0123456789"}},
        {"name": "pause-inspect-0123456789"},
        {"name": "web-0"},
        {"namespace": "shop"},
        {"host_pid": None},
        {"host_network": False},
    ],
)
def test_a_pod_that_has_but_something_of_one_is_shown(changes: dict[str, object]) -> None:
    shown, other = beside(made(**changes))
    assert other in shown


def test_without_a_pod_of_our_own_nobody_s_is_left_out() -> None:
    shown, other = beside(made(), own_known=False)
    assert other in shown


RUN = "0123456789"
OF_A_RUN = {"app.kubernetes.io/managed-by": "kubectl-pause-inspect", "pause-inspect/run": RUN}


@pytest.mark.parametrize("api", [None, {}], ids=["without the API", "unknown to the API"])
@pytest.mark.parametrize(
    ("namespace", "name", "labels", "is_shown"),
    [
        ("kube-system", f"pause-inspect-{RUN}", OF_A_RUN, False),
        ("evil", f"pause-inspect-{RUN}", OF_A_RUN, True),
        ("evil", f"pause-inspect-{RUN}", {}, True),
        ("kube-system", f"pause-inspect-{RUN}", {}, True),
        ("kube-system", f"pause-inspect-{RUN}", {**OF_A_RUN, "pause-inspect/run": "aaaaaaaaaa"}, True),
        ("kube-system", "innocent", OF_A_RUN, True),
    ],
)
def test_a_sandbox_that_the_api_does_not_know(namespace, name, labels, is_shown, api) -> None:
    """A force-deleted pod whose end hangs, or one made by hand on the node, may have any name."""
    pod = {"metadata": {"name": name, "uid": "x", "namespace": namespace}, "labels": labels}
    miner = Written(31, 1, "miner", (1,), 8, pod_path("x", "a"))
    capture = written_node(INIT, miner, sandbox=pod, api=api)
    assert (name in [sandbox.pod.name for sandbox in inspect_capture(capture, "-").sandboxes]) is is_shown
