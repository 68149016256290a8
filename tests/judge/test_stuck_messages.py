"""Words of kubelets, runtimes and network plugins, as real nodes gave them, and what each proves."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.finding_codes.table import CODES
from kubectl_pause.judge.stuck.frames import ERRNOS, parse_aggregate, parse_message
from kubectl_pause.judge.stuck.recognise import Circumstances, judge_text
from kubectl_pause.known_causes.all import ALL
from kubectl_pause.known_causes.containers import CONTAINERS
from kubectl_pause.known_causes.images import IMAGES
from kubectl_pause.known_causes.networks import NETWORKS
from kubectl_pause.known_causes.sandboxes import PAUSE_IMAGE, SANDBOXES
from kubectl_pause.known_causes.volumes import UNMOUNT, VOLUMES
from tests.recorded_nodes import RECORDED

SAID = [json.loads(line) for line in (RECORDED / "stuck" / "messages.jsonl").read_text().splitlines()]
"""`text` as it stands in an event or condition, the `code` that it proves, and what must be `said` of it."""
OF_SANDBOXES = (*PAUSE_IMAGE, *NETWORKS, *UNMOUNT, *SANDBOXES)
AROUND = Circumstances(namespace="shop", pod="web", node="worker", container="app", image="web:1")


def judged(text: str, causes=OF_SANDBOXES, **around: bool):
    around = {"is_teardown": "KillPodSandbox" in text or "killing pod" in text, **around}
    return judge_text(
        text, causes, Circumstances(namespace="shop", pod="web", node="worker", container="app", image="web:1", **around), "shop/web", []
    )


@pytest.mark.parametrize("row", SAID, ids=[row["code"] for row in SAID])
def test_known_words(row):
    finding = judged(row["text"])
    assert finding is not None
    assert finding.code == row["code"]
    assert row["said"] in f"{finding.message} {finding.remedy}"


@pytest.mark.parametrize("text", ["", "Back-off restarting failed container", "the node was low on resource: memory", "is busy"])
def test_other_words_prove_nothing(text):
    assert judged(text) is None


@given(st.text(), st.sampled_from([row["text"] for row in SAID]), st.text())
def test_any_words_are_taken(before, known, after):
    """Hostile words around known ones: an answer or none, with a step, and no name left to fill in."""
    for causes in (OF_SANDBOXES, IMAGES, CONTAINERS, VOLUMES):
        finding = judged(before + known + after, causes)
        assert finding is None or finding.remedy


def test_a_name_in_a_remedy_is_quoted():
    finding = judged('failed to get sandbox image "x;reboot": no')
    assert finding is not None
    assert finding.remedy is not None
    assert "crictl pull 'x;reboot'" in finding.remedy


def test_braces_in_a_message_are_no_names():
    finding = judged('plugin type="x{namespace}{0}" failed (add): {what} went wrong: {')
    assert finding is not None
    assert "{namespace}{0}" in finding.message


class TestFrames:
    def test_the_outermost_program_stands_first(self):
        text = (
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "
            '"1f": open /x: permission denied'
        )
        assert parse_message(text).frames == (
            "Failed to create pod sandbox", 'failed to setup network for sandbox "1f"', "open /x", "permission denied",
        )  # fmt: skip
        assert parse_message(text).codes == ("Unknown",)

    def test_a_quoted_error_is_taken_apart_and_a_quoted_name_is_not(self):
        inner = 'rpc error: code = Unknown desc = plugin type=\\"calico\\" failed (delete): no'
        message = parse_message(f'error killing pod: failed to "KillPodSandbox" for "u" with KillPodSandboxError: "{inner}"')
        assert message.frames[-2:] == ('plugin type="calico" failed (delete)', "no")

    @pytest.mark.parametrize(
        ("text", "operation", "path"),
        [
            ("a: open /run/flannel/subnet.env: no such file or directory", "open /run/flannel/subnet.env", "/run/flannel/subnet.env"),
            ("dial unix /run/x.sock: connect: connection refused: unknown", "dial unix /run/x.sock", "/run/x.sock"),
            ('Get "https://10.0.0.1:443/a": dial tcp 10.0.0.1:443: i/o timeout', "dial tcp 10.0.0.1:443", "10.0.0.1:443"),
            (
                "mkdir /sys/fs/cgroup/cpu,cpuacct/x: no space left on device",
                "mkdir /sys/fs/cgroup/cpu,cpuacct/x",
                "/sys/fs/cgroup/cpu,cpuacct/x",
            ),
            ('exec: "/a b": permission denied', '"/a b"', "/a"),
            ("nothing of the kind", "", ""),
        ],
    )
    def test_an_errno_belongs_to_the_operation_before_it(self, text, operation, path):
        message = parse_message(text)
        assert (message.operation, message.path) == (operation, path)
        assert (message.errno is None) == (operation == "")

    def test_a_message_as_long_as_an_event_may_be_is_cut(self):
        assert parse_message("x" * 1024).is_cut
        assert not parse_message("x" * 1000).is_cut

    def test_combined_events(self):
        message = parse_message("(combined from similar events): Failed: no")
        assert message.is_combined
        assert message.frames == ("Failed", "no")

    def test_a_list_of_errors(self):
        text = "[container runtime is down, PLEG is not healthy: pleg was last seen active 4m2.7s ago; threshold is 3m0s]"
        assert [each.frames[0] for each in parse_aggregate(text)] == ["container runtime is down", "PLEG is not healthy"]
        assert len(parse_aggregate("container runtime is down,PLEG is not healthy: pleg was last seen")) == 2
        assert len(parse_aggregate("network is not ready: a, b")) == 1

    @given(st.text(alphabet='ab:"\\ {}\n[],', max_size=200))
    def test_any_text_has_frames(self, text):
        message = parse_message(text)
        assert all(frame == frame.strip(" ,") and "\n" not in frame for frame in message.frames)
        assert sum(map(len, message.frames)) <= 2 * len(text)
        assert parse_aggregate(text) is not None

    @given(st.lists(st.from_regex(r"[a-z]{1,9}( [a-z/]{1,9})?", fullmatch=True), min_size=1, max_size=6), st.sampled_from(ERRNOS))
    def test_frames_that_are_joined_come_apart(self, frames, errno):
        message = parse_message(": ".join([*frames, errno]))
        assert message.frames == (*frames, errno)
        assert message.errno == errno


class TestRows:
    @pytest.mark.parametrize("row", ALL, ids=lambda row: f"{row[1].code}:{row[1].says[:30]}")
    def test_a_row_can_be_read(self, row):
        _, cause = row
        assert cause.code in CODES
        assert not cause.says.endswith(".")
        assert cause.says[0].islower() or cause.says.startswith(("SELinux", "AppArmor"))
        assert cause.heals_itself in ("yes", "no") or cause.heals_itself.startswith("when: ")
        for part in (cause.frame, cause.outer, cause.path):
            re.compile(part)
        assert set(cause.errno.split("|")) <= {"", *ERRNOS, "no such device"}
        for name in re.finditer(r"(?<!\{)\{\w+\}", cause.step):  # a quotation mark before a name would end where that of the name begins
            assert not any(cause.step[: name.start()].count(mark) % 2 for mark in "'\"`")
        assert "describe pod" not in cause.step.partition("#")[0] or ";" in cause.step


ALIKE = [json.loads(line) for line in (RECORDED / "stuck" / "alike.jsonl").read_text().splitlines()]
"""Messages that share words and differ in their cause: of what they are is part of it."""
TABLES = {"image": IMAGES, "sandbox": OF_SANDBOXES, "container": CONTAINERS, "volume": VOLUMES}


@pytest.mark.parametrize("row", ALIKE, ids=[f"{row['code']}-{number}" for number, row in enumerate(ALIKE)])
def test_words_that_are_alike(row):
    """True here, alike there."""
    finding = judged(row["text"], TABLES[row["of"]])
    assert finding is not None
    assert finding.code == row["code"]
