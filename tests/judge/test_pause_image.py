"""The pause image on the node: there, pinned, or not, by crictl's list of images; of a list that says less, nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kubectl_pause.inspect_node import inspect_capture
from tests.nodes.written_nodes import identifier, written_node

PAUSE = "registry.k8s.io/pause:3.10.1"
ID = "sha256:" + "ab" * 32
OTHER = {"id": "sha256:" + "cd" * 32, "repoTags": ["docker.io/library/nginx:1.22"], "repoDigests": [], "pinned": False}


def findings(images: object, image: str = PAUSE) -> list[tuple[str, str, str]]:
    told = {"status": {"id": identifier("a"), "state": "SANDBOX_READY"}, "info": {"image": image}}
    answer = images if isinstance(images, str) else json.dumps({"images": images})
    capture = written_node(sections={"crictl.inspectp": " " + json.dumps(told), "crictl.images": " " + answer})
    return [
        (each.code, each.severity, each.confidence) for each in inspect_capture(capture, "-").findings if each.code.startswith("image/")
    ]


def pause(**more: object) -> dict[str, object]:
    return {"id": ID, "repoTags": [PAUSE], "repoDigests": [], **more}


UNPINNED = [("image/pause-unpinned", "info", "certain")]


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([OTHER, pause(pinned=True)], []),
        ([OTHER, pause(pinned=False)], UNPINNED),
        ([OTHER, pause()], []),
        ([OTHER], [("image/pause-missing", "warning", "likely")]),
        ([], []),
        ("{", []),
        ('{"images": 7}', []),
        ([7, {"id": 7, "repoTags": 7, "pinned": "no"}, pause(pinned=True)], []),
    ],
    ids=["pinned", "unpinned", "not said", "gone", "no image at all", "no JSON", "no list", "nonsense beside it"],
)
def test_the_image_of_the_newest_sandbox(images, expected):
    assert findings(images) == expected


def test_an_image_that_is_named_by_its_id():
    assert findings([pause(pinned=False)], ID) == UNPINNED


def test_sandboxes_that_were_made_with_another_image_than_the_newest():
    told = [
        {"status": {"id": identifier(each), "state": "SANDBOX_READY"}, "info": {"image": image}}
        for each, image in (("a", PAUSE), ("b", "pause:3.6"))
    ]
    listed = [
        {"id": identifier(each), "metadata": {"name": each, "uid": each, "namespace": "x"}, "state": "SANDBOX_READY", "createdAt": when}
        for each, when in (("a", "9"), ("b", "8"))
    ]
    sections = {
        "crictl.inspectp": "\n".join(" " + json.dumps(each) for each in told),
        "crictl.images": " " + json.dumps({"images": [pause(pinned=True)]}),
    }
    capture = written_node(sections=sections)
    pods = replace(capture.sections["crictl.pods"], content=json.dumps({"items": listed}).encode())
    capture = replace(capture, sections={**capture.sections, "crictl.pods": pods})
    [finding] = [each for each in inspect_capture(capture, "-").findings if each.code.startswith("image/")]
    listed_once = json.dumps({"images": [pause(pinned=True, repoTags=[PAUSE, "pause:3.6"])]}).encode()
    images = replace(capture.sections["crictl.images"], content=listed_once)
    assert not inspect_capture(replace(capture, sections={**capture.sections, "crictl.images": images}), "-").findings, (
        "one image, two names"
    )
    assert (finding.code, finding.severity, finding.evidence) == ("image/pause-skew", "info", ["1 with pause:3.6 (crictl inspectp)"])


def test_no_word_of_images_is_no_finding():
    assert not [each for each in inspect_capture(written_node(), "-").findings if each.code.startswith("image/")]
