"""The awk program that prunes JSON on the node, against a model of its rules: what is named passes unchanged, nothing else does."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.recorded_nodes import NODES, RECORDED, Rules, awk_program, keep_rules, recorded_bytes

if TYPE_CHECKING:
    from pathlib import Path

AWKS = [["busybox", "awk"], *([name] for name in ("mawk", "gawk") if shutil.which(name))]
RULES = "a>b items[]>id items[]>m>x ann>p.* ann>q w []>z deep[]>more[]>k"
KEY = st.sampled_from(["a", "b", "items", "id", "m", "x", "ann", "p.", "p.1", "q", "w", "z", "deep", "more", "k", "", "env", 'e"\\', "p.é"])
TEXT = st.text(max_size=6) | st.sampled_from(['"', "\\", '\\"', '{"a":', "]}", "\n#end", "a" * 3000, "\x00\x01", '\\\\"\\'])
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner, max_size=5), max_leaves=25)
DOCUMENT = st.dictionaries(KEY, VALUE, max_size=6) | st.lists(st.dictionaries(KEY, VALUE, max_size=4), max_size=3)
STYLE = st.sampled_from([dict(indent=2), dict(indent=None, separators=(",", ":")), dict(indent="\t", separators=(",", ":  "))])


def awk(command: list[str], keep: str, data: bytes) -> bytes:
    done = subprocess.run([*command, "-v", f"keep={keep}", awk_program()], input=data, capture_output=True, check=True)
    assert done.stderr == b""
    assert done.stdout.startswith(b" ")
    assert done.stdout.count(b"\n") == 1
    return done.stdout


def documents(data: bytes) -> list[Any]:
    text, found = data.decode().strip(), []
    while text:
        document, end = json.JSONDecoder(parse_float=str, parse_int=str).raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found


@pytest.mark.parametrize("command", AWKS, ids=lambda command: command[0])
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(batch=st.lists(st.tuples(DOCUMENT, STYLE, st.booleans()), min_size=5, max_size=25))
@example(batch=[({"a": None, "deep": [{"more": []}]}, {"indent": 2}, False)] * 5)  # an array below an array's element was skipped
def test_pruner_equals_its_model(command: list[str], batch: list[tuple[Any, dict[str, Any], bool]]) -> None:
    texts = [json.dumps(document, ensure_ascii=ascii_only, **style) for document, style, ascii_only in batch]
    expected = [Rules(RULES).prune(documents(text.encode())[0]) for text in texts]
    assert documents(awk(command, RULES, "\n".join(texts).encode())) == expected


@pytest.mark.parametrize("command", AWKS, ids=lambda command: command[0])
def test_numbers_and_empty_values_stay_as_they_are(command: list[str]) -> None:
    text = b'{"w":{"n":[1755072457123456789012,-0.10E+05,true,null],"o":{ },"l":[ ]},"a":{"b":12345678901234567890,"c":1},"items":[]}'
    kept = b' {"w":{"n":[1755072457123456789012,-0.10E+05,true,null],"o":{},"l":[]},"a":{"b":12345678901234567890},"items":[]}\n'
    assert awk(command, RULES, text) == kept


@pytest.mark.parametrize("command", AWKS, ids=lambda command: command[0])
@pytest.mark.parametrize("text", [b"secret", b'"secret"', b'USAGE: "secret" 5', b"5", b'{"a":1}secret', b"\n#end\n#secret"])
def test_what_is_no_document_does_not_pass(command: list[str], text: bytes) -> None:
    pruned = awk(command, RULES, text)
    assert b"secret" not in pruned
    with pytest.raises(ValueError, match="Expecting"):
        documents(pruned)


@pytest.mark.parametrize("command", AWKS, ids=lambda command: command[0])
def test_a_newline_in_a_string_gives_no_line(command: list[str]) -> None:
    assert awk(command, RULES, b'{"w":"a\n#end uptime=1\nb"') == b' {"w":"a #end uptime=1 b"\n'


@pytest.mark.parametrize("command", AWKS, ids=lambda command: command[0])
def test_long_strings_and_deep_nesting(command: list[str]) -> None:
    long = 'say "x\\y" ' * 100_000
    document = {"env": long, "w": long, "a": {"c": json.loads("[" * 500 + "1" + "]" * 500), "b": json.loads("[" * 500 + "1" + "]" * 500)}}
    (pruned,) = documents(awk(command, RULES, json.dumps(document).encode()))
    assert pruned.keys() == {"w", "a"}
    assert pruned["w"] == long
    assert pruned["a"].keys() == {"b"}


def paths(value: Any, at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    if isinstance(value, dict):
        return {path for key, item in value.items() for path in paths(item, (*at, key))} | {at}
    if isinstance(value, list):
        return {path for item in value for path in paths(item, (*at, "[]"))} | {at}
    return {at}


@pytest.mark.parametrize("command", AWKS, ids=lambda command: command[0])
@pytest.mark.parametrize("node", NODES)
def test_recorded_answers(command: list[str], node: str) -> None:
    for file, keep in (("crictl-inspectp.json", "KEEP_INSPECTP"), ("crictl-pods.json", "KEEP_PODS"), ("crictl-ps.json", "KEEP_PS")):
        data = recorded_bytes(node, file)
        pruned = documents(awk(command, keep_rules(keep), data))
        assert pruned == [Rules(keep_rules(keep)).prune(documents(data)[0])]
        names = {name for path in paths(pruned) for name in path}
        assert not names & {"env", "envs", "args", "process", "mounts", "config", "kubectl.kubernetes.io/last-applied-configuration"}
        assert not [name for name in names if "preStop" in name or name.endswith((".Annotations", ".Labels", ".Volumes"))]


@pytest.mark.parametrize("command", AWKS, ids=lambda command: command[0])
@pytest.mark.parametrize("version", sorted(folder.name for folder in (RECORDED / "crictl-versions").iterdir()))
def test_several_statuses_as_each_crictl_prints_them(command: list[str], version: str) -> None:
    data = recorded_bytes("crictl-versions", version, "inspectp-three.stdout")
    rules = Rules(keep_rules("KEEP_INSPECTP"))
    assert documents(awk(command, keep_rules("KEEP_INSPECTP"), data)) == [rules.prune(document) for document in documents(data)]


@pytest.mark.parametrize("command", AWKS, ids=lambda command: command[0])
def test_bundles_from_files(command: list[str], tmp_path: Path) -> None:
    config = {"process": {"env": ["PASSWORD=secret"]}, "annotations": {"io.kubernetes.cri.container-type": "sandbox", "note": "secret"}}
    config["linux"] = {"namespaces": [{"type": "pid"}], "cgroupsPath": "/x", "seccomp": {"secret": "secret"}}
    names = [character * 64 for character in "abcd"]
    for name in names[:3]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(config) if name != names[2] else json.dumps(config)[:-30])
    (tmp_path / names[0] / "init.pid").write_text("92")
    listed = "".join(f"{tmp_path}/{name}/config.json\n" for name in (*names, "not-an-id"))
    program = [*command, "-v", "mode=files", "-v", f"keep={keep_rules('KEEP_SPEC')}", awk_program()]
    done = subprocess.run(program, input=listed.encode(), capture_output=True, check=True)
    lines = done.stdout.decode().splitlines()
    assert lines[::2] == [f"#bundle id={name} pid={pid}" for name, pid in zip(names, ["92", "-", "-", "-"], strict=True)]
    kept = {"annotations": {"io.kubernetes.cri.container-type": "sandbox"}, "linux": {"namespaces": [{"type": "pid"}], "cgroupsPath": "/x"}}
    assert [json.loads(line) for line in lines[1:4:2]] == [kept, kept]
    assert b"secret" not in done.stdout
    assert lines[7].strip() == ""
