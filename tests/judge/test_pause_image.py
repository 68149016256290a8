"""The pause image on the node: there, pinned, or not, by crictl's list of images; of a list that says less, nothing."""

from __future__ import annotations

import json

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


def test_no_word_of_images_is_no_finding():
    assert not [each for each in inspect_capture(written_node(), "-").findings if each.code.startswith("image/")]
