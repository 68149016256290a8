"""Each section of a capture is parsed exactly once for a report, whatever is judged by it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.facts.capture import Capture, Section
from kubectl_pause.inspect_node import inspect_capture
from tests.judge.test_zombies import recorded
from tests.nodes.report_lines import collected

if TYPE_CHECKING:
    from collections.abc import Callable


class CountedSections(dict[str, Section]):
    """Sections of a capture that note how often each is taken."""

    def __init__(self, sections: dict[str, Section]) -> None:
        super().__init__(sections)
        self.taken: Counter[str] = Counter()

    def get(self, name: str, default: Section | None = None) -> Section | None:  # type: ignore[override] # what a capture calls
        self.taken[name] += 1
        return super().get(name, default)

    def __getitem__(self, name: str) -> Section:
        self.taken[name] += 1
        return super().__getitem__(name)


@pytest.mark.parametrize(
    "capture",
    [lambda: collected("with-crictl"), lambda: collected("without-crictl"), lambda: recorded("zoo")],
    ids=["crictl", "files", "two looks"],
)
def test_every_section_once(capture: Callable[[], Capture]) -> None:
    whole = capture()
    counted = CountedSections(dict(whole.sections))
    inspect_capture(replace(whole, sections=counted), "-", prove=True)
    assert {name: times for name, times in counted.taken.items() if times != 1} == {}
    assert counted.keys() - counted.taken.keys() == {"bundles"}, "of which the capture's reader made Capture.bundles"
