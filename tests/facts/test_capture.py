"""A capture is whole or refused: cut, damaged, foreign, of another version; and no content forges a part of it."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_pause.facts.capture import Capture, CaptureError, parse_capture, read_capture
from kubectl_pause.facts.header import CHECKS, failed_checks
from kubectl_pause.redaction.capture import redacted_text
from tests.recorded_nodes import NODES, recorded_capture, recorded_text

SMALL = (
    b'#pause-inspect-collector 1\n#node uptime=1.5 boot=b\n#section os-release\n PRETTY_NAME="x"\n#crictl path=/c socket=/s\n'
    b"#section crictl.pods\n \n !level=fatal msg=no\n#rc 1\n#section bundles\n#bundle id=ab pid=7\n {}\n#bundle id=cd pid=-\n {}\n"
    b"#section proc\n1/stat:1 (a) S 0\n#end uptime=2\n"
)
ENDS = st.sampled_from([b"\n", b"\n#end uptime=1", b"\n#section proc", b"\n9/stat:9 (", b"\n#bundle id=ff pid=1", b"#rc 0", b"#end"])


def reason(data: bytes) -> str:
    with pytest.raises(CaptureError) as refused:
        read_capture(data, "node one")
    assert "node one" in refused.value.message
    return refused.value.reason


def test_parts_of_a_capture() -> None:
    capture = read_capture(gzip.compress(SMALL), "x")
    assert capture.header == {"uptime": "1.5", "boot": "b"}
    assert capture.end == {"uptime": "2"}
    assert capture.crictl == {"path": "/c", "socket": "/s"}
    assert capture.content("os-release") == b'PRETTY_NAME="x"\n'
    assert capture.content("proc") == b"1/stat:1 (a) S 0\n"
    pods = capture.sections["crictl.pods"]
    assert (pods.exit_code, pods.errors, pods.content.strip()) == (1, ("level=fatal msg=no",), b"")
    assert [(bundle.container_id, bundle.pid) for bundle in capture.bundles] == [("ab", 7), ("cd", None)]


@given(st.dictionaries(st.sampled_from(sorted(CHECKS)), st.sampled_from(["yes", "no"])))
def test_the_proof_of_a_capture(proof: dict[str, str]) -> None:
    """It says which checks failed, also under pseudonyms, and changes nothing else of what is parsed."""
    line = b"#proof " + " ".join(f"{check}={said}" for check, said in proof.items()).encode() + b"\n"
    first, rest = SMALL.split(b"\n", 1)
    text = first + b"\n" + line + rest
    proved = parse_capture(text, "x")
    assert dict(proved.proof) == proof == dict(parse_capture(redacted_text(text), "x").proof)
    assert replace(proved, proof={}) == parse_capture(SMALL, "x")
    assert failed_checks(proved.proof) == [check for check in CHECKS if proof.get(check) == "no"]


@pytest.mark.parametrize("node", NODES)
def test_captures_without_a_proof_have_no_failed_check(node: str) -> None:
    assert failed_checks(recorded_capture(node).proof) == []


@pytest.mark.parametrize("node", NODES)
def test_recorded_nodes_are_whole(node: str) -> None:
    with_crictl, without = recorded_capture(node), recorded_capture(node, crictl=False)
    assert [with_crictl.sections[f"crictl.{name}"].exit_code for name in ("pods", "ps", "inspectp", "version")] == [0] * 4
    assert without.crictl is None
    assert not [name for name in without.sections if name.startswith("crictl")]
    assert with_crictl.content("proc") == without.content("proc")


def test_cut_at_every_byte() -> None:
    packed = gzip.compress(SMALL)
    for length in range(len(packed)):
        assert reason(packed[:length]) in {"CaptureEmpty", "NotACapture", "CaptureTruncated", "CaptureDamaged"}


def test_api_view_and_collector_cut_at_every_byte() -> None:
    packed = gzip.compress(b'#pause-inspect-capture 1\n#api\n {"nodeName":"n"}\n') + gzip.compress(SMALL)
    assert read_capture(packed, "x").api == b'{"nodeName":"n"}\n'
    for length in range(len(packed)):
        assert reason(packed[:length])


def test_text_cut_at_every_byte() -> None:
    for length in range(SMALL.rindex(b"#end") + len(b"#end")):
        with pytest.raises(CaptureError):
            parse_capture(SMALL[:length], "x")


def test_one_wrong_bit_anywhere() -> None:
    packed = gzip.compress(SMALL, mtime=0)
    whole = read_capture(packed, "x")
    for position in range(len(packed)):
        for bit in range(8):
            damaged = bytearray(packed)
            damaged[position] ^= 1 << bit
            try:
                assert read_capture(bytes(damaged), "x") == whole
            except CaptureError:
                continue


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "CaptureEmpty"),
        (b"#missing awk\n", "ImageLacksTool"),
        (b"sh: not found", "NotACapture"),
        (gzip.compress(b"hello"), "NotACapture"),
        (gzip.compress(b""), "NotACapture"),
        (gzip.compress(b"#pause-inspect-collector 2\n#end\n"), "CaptureVersion"),
        (gzip.compress(b"#pause-inspect-capture 0\n"), "CaptureVersion"),
        (gzip.compress(b"#pause-inspect-capture 1\n") + gzip.compress(b"#pause-inspect-collector 2\n#end\n"), "CaptureVersion"),
        (gzip.compress(SMALL) + gzip.compress(SMALL), "CaptureDamaged"),
        (gzip.compress(SMALL) + b"tail", "CaptureDamaged"),
        (gzip.compress(b"#pause-inspect-capture 1\n#api\n {}\n"), "CaptureTruncated"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused(data: bytes, expected: str) -> None:
    assert reason(data) == expected


def test_an_answer_given_twice_counts_once() -> None:
    twice = SMALL.replace(b"#section bundles\n", b"#section x\n a\n#section crictl.pods\n {}\n#rc 0\n#section bundles\n")
    capture = parse_capture(twice, "x")
    assert (capture.sections["crictl.pods"].content, capture.sections["crictl.pods"].exit_code) == (b"{}\n", 0)
    assert capture.sections["x"].exit_code is None


@given(st.binary(max_size=300))
@example(b"#bundle id=a pid=\xc2\xb2\n#rc " + b"9" * 5000)
@example(b"#rc 1\n#node =\n#section \xff\n#api\n#crictl")
def test_arbitrary_bytes(junk: bytes) -> None:
    for data in (junk, gzip.compress(junk), gzip.compress(SMALL)[:40] + junk):
        with pytest.raises(CaptureError):
            read_capture(data, "x")
    begun = b"#pause-inspect-collector 1\n" + junk
    for text in (begun, begun + b"\n#end uptime=1\n"):
        try:
            assert isinstance(parse_capture(text, "x"), Capture)
        except CaptureError:
            continue


@given(st.lists(st.binary(max_size=20) | ENDS, max_size=8).map(b"".join))
def test_no_content_forges_a_record(hostile: bytes) -> None:
    """Content stands behind a blank on each line, as `sed 's/^/ /'` and the pruner put it there."""
    quoted = b"".join(b" " + line + b"\n" for line in hostile.split(b"\n"))
    capture = parse_capture(SMALL.replace(b' PRETTY_NAME="x"\n', quoted), "x")
    plain = parse_capture(SMALL, "x")
    assert capture.content("os-release") == hostile + b"\n"
    assert capture.bundles == plain.bundles
    assert capture.end == plain.end
    assert capture.sections.keys() == plain.sections.keys()


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubectl_pause.facts.capture.MAX_CAPTURE_BYTES", 100_000)
    packer = zlib.compressobj(wbits=31)
    assert reason(packer.compress(bytes(1_000_000)) + packer.flush()) == "CaptureTooLarge"


def test_recorded_node_cut_between_lines() -> None:
    text = recorded_text("containerd-1.6.20")
    with pytest.raises(CaptureError, match="end mark"):
        parse_capture(text[: text.rindex(b"#end")], "x")
