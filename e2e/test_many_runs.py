"""Many runs at the same time against one node: each has the whole answer and no pod of another in it, and nothing of any is left.

MANY_RUNS=40 for more than the dozen of an ordinary run.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from e2e.watched_objects import objects_of_ours, wait_until_empty

if TYPE_CHECKING:
    import pytest

    from e2e.access import Cluster

SPACE = "pause-inspect-many"
RUNS = int(os.environ.get("MANY_RUNS", "12"))
LIMIT = 300
REQUEST = "120s"
"""Of one request. Forty clients and their server on one small machine keep some waiting for longer than the 10 s of an ordinary run,
which then ends with `i/o timeout, no answer within 10 s`, and says that --request-timeout allows more."""
CONTROLLERS = 15


def static_sandboxes(stdout: str) -> list[str]:
    """Ids of the sandboxes of the node's own pods, which no other test touches."""
    (node,) = json.loads(stdout)["nodes"]
    return sorted(sandbox["id"] for sandbox in node["sandboxes"] if sandbox["pod"]["namespace"] == "kube-system")


def pods_of_runs(stdout: str) -> list[str]:
    """Pods in the namespace that is the runs' alone, as a report shows them."""
    (node,) = json.loads(stdout)["nodes"]
    shown = node["sandboxes"] + node["podsWithoutSandbox"]
    return [each["pod"]["name"] for each in shown if each["pod"]["namespace"] == SPACE]


def test_everybody_s_answer_is_whole(place: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("node", place.node, "--debug-namespace", SPACE, "-o", "json", "--timeout", "240s", "--request-timeout", REQUEST)
    alone = place.plugin(*words)
    assert (alone.code, alone.stderr) == (0, "")
    expected = static_sandboxes(alone.stdout)
    assert expected
    started = time.monotonic()
    runs = [place.start(*words) for _ in range(RUNS)]
    ended = [(*run.communicate(timeout=LIMIT), run.returncode) for run in runs]
    with capsys.disabled():
        print(f"\n{RUNS} runs at once: all ended after {time.monotonic() - started:.1f} s, exit codes {sorted({end[2] for end in ended})}")
        print("\n".join(sorted({stderr[:300] for _, stderr, _ in ended if stderr})))
    for stdout, stderr, code in ended:
        assert (code, stderr) == (0, "")
        assert static_sandboxes(stdout) == expected
        assert pods_of_runs(stdout) == []
    wait_until_empty(place, SPACE, CONTROLLERS)
    assert objects_of_ours(place, SPACE) == []
