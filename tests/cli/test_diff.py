"""`diff` of two captures: each kind of difference, what is none, its exit codes, and captures that cannot be compared."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from kubectl_pause.compare_reports import WITHOUT_API, WITHOUT_CRICTL, changes_between, not_comparable
from kubectl_pause.difference_report import Change
from kubectl_pause.facts.capture import read_capture
from kubectl_pause.inspect_node import inspect_capture
from kubectl_pause.render.difference_view import difference_view
from kubectl_pause.report import NodeReport, Sandbox
from tests.nodes.report_lines import sandbox_of
from tests.recorded_nodes import RECORDED
from tests.test_schema import wrong

EARLIER, LATER = (str(RECORDED / "reaping" / f"{name}.capture") for name in ("earlier", "later"))
VM = RECORDED / "vm-cgroup-v2"
STEADY, WITHOUT = str(VM / "steady-1.capture"), str(VM / "steady-no-crictl.capture")
OTHER_MOMENT = str(VM / "zombie-in-deleted-cgroup.capture")


def node() -> NodeReport:
    return inspect_capture(read_capture(Path(STEADY).read_bytes(), "c"), "c")


def with_sandbox(report: NodeReport, new: Sandbox) -> NodeReport:
    return replace(report, sandboxes=[new if sandbox.id == new.id else sandbox for sandbox in report.sandboxes])


def told(changes: list[Change]) -> list[str]:
    rows = []
    for change in changes:
        facts = " ".join(f"{field.field}:{field.before}>{field.after}" for field in change.fields)
        rows.append(f"{change.change} {change.kind} {change.pod}/{change.container} {facts}")
    return rows


def rewritten(source: str, target: Path, old: bytes, new: bytes) -> str:
    """The capture with other words in it, member by member."""
    data, members = Path(source).read_bytes(), []
    while data:
        unpacker = zlib.decompressobj(wbits=31)
        members.append(gzip.compress(unpacker.decompress(data).replace(old, new)))
        data = unpacker.unused_data
    target.write_bytes(b"".join(members))
    return str(target)


def test_the_same_capture_is_the_same(command):
    ended = command("diff", EARLIER, EARLIER)
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_zombies_that_came_meanwhile(command):
    ended = command("diff", EARLIER, LATER, "--no-headers")
    assert (ended.code, ended.err) == (1, "")
    assert [" ".join(row.split()) for row in ended.out.splitlines()] == [
        "changed zombies zombies/no-init 16244cc9b2386 app zombies 181 -> 183, new 2"
    ]


def test_a_sandbox_that_was_replaced_came_and_went(command):
    ended = command("diff", OTHER_MOMENT, STEADY, "-o", "json")
    document = json.loads(ended.out)
    assert wrong("diff", document) == []
    rows = [(row["change"], row["kind"], row["pod"], row["sandbox"][:6]) for row in document["changes"]]
    assert rows == [("came", "sandbox", "limited", "707356"), ("went", "sandbox", "limited", "fa96b5")]
    assert (ended.code, document["sameNode"], document["sameBoot"]) == (1, True, True)
    assert command("diff", OTHER_MOMENT, STEADY, "-o", "name").out == "pod/limited\n"


def test_what_changes_in_a_sandbox_that_stays():
    before = node()
    old = sandbox_of(before, "zombies")
    container = replace(old.containers[0], id="f" * 64, pid=99, restarts=(old.containers[0].restarts or 0) + 1)
    new = replace(old, state="notready", attempt=7, pid=98, containers=[container, *old.containers[1:]], zombies=[], zombie_groups=[])
    rows = told(changes_between(before, with_sandbox(before, new)))
    main = old.containers[0]
    verdict = old.zombie_groups[0].verdict
    assert rows == [
        f"changed sandbox zombies/None state:ready>notready attempt:{old.attempt}>7",
        f"changed pause zombies/None pid:{old.pid}>98",
        f"changed container zombies/{main.name} id:{main.id}>{'f' * 64} pid:{main.pid}>99 restarts:{main.restarts}>{container.restarts}",
        f"went zombies zombies/{main.name} parent:tail (pid 2385)>None zombies:3>None verdict:{verdict}>None",
    ]


def test_a_pause_that_went_and_one_that_came():
    before = node()
    old = sandbox_of(before, "plain")
    after = with_sandbox(before, replace(old, pid=None, holder="none", holder_command=None))
    assert told(changes_between(before, after)) == [f"went pause plain/None pid:{old.pid}>None command:pause>None"]
    assert told(changes_between(after, before)) == [f"came pause plain/None pid:None>{old.pid} command:None>pause"]


def test_a_container_that_went_and_one_that_ended():
    before = node()
    old = sandbox_of(before, "plain")
    web = next(container for container in old.containers if container.name == "web")
    others = [container for container in old.containers if container.name != "web"]
    gone = told(changes_between(before, with_sandbox(before, replace(old, containers=others))))
    assert gone == [f"went container plain/web state:running>None id:{web.id}>None pid:{web.pid}>None restarts:0>None"]
    ended = replace(old, containers=[replace(web, state="exited", pid=None), *others])
    assert told(changes_between(before, with_sandbox(before, ended))) == [
        f"changed container plain/web state:running>exited pid:{web.pid}>None"
    ]


def test_other_zombies_of_the_same_number_are_a_change():
    before = node()
    old = sandbox_of(before, "zombies")
    assert old.zombies
    others = [replace(old.zombies[0], pid=99999), *old.zombies[1:]]
    assert told(changes_between(before, with_sandbox(before, replace(old, zombies=others)))) == [
        f"changed zombies zombies/{old.zombies[0].container} new:None>1"
    ]


def test_zombies_of_the_node_itself_are_no_pod_s():
    before = node()
    zombie = replace((sandbox_of(before, "zombies").zombies or [])[0], container=None)
    rows = changes_between(replace(before, host_zombies=[]), replace(before, host_zombies=[zombie]))
    assert told(rows) == ["came zombies None/None parent:None>tail (pid 2385) zombies:None>1"]


def test_what_is_unknown_is_no_change(command):
    before = node()
    old = sandbox_of(before, "plain")
    containers = [replace(container, restarts=None) for container in old.containers]
    after = with_sandbox(before, replace(old, attempt=None, state=None, containers=containers))
    assert changes_between(before, after) == changes_between(after, before) == []
    ended = command("diff", STEADY, WITHOUT)
    assert (ended.code, ended.out, ended.err) == (0, "", f"warning: {WITHOUT_CRICTL}\n")


def test_without_the_api_containers_that_only_it_knows_are_no_change():
    before = node()
    old = sandbox_of(before, "plain")
    waiting = replace(old.containers[0], name="later", id=None, pid=None, state="waiting")
    after = with_sandbox(before, replace(old, containers=[*old.containers, waiting]))
    assert [change.change for change in changes_between(before, after)] == ["came"]
    deaf = replace(before, sources=replace(before.sources, api=False))
    assert changes_between(deaf, after) == changes_between(after, deaf) == []
    assert not_comparable(deaf, after) == [WITHOUT_API]


def test_captures_of_two_nodes_are_refused_and_compared_when_asked(command):
    ended = command("diff", STEADY, LATER)
    [(what, then)] = ended.errors
    assert (ended.code, ended.out) == (2, "")
    assert what.startswith("these are captures of different nodes: ")
    assert "vm-node" in what
    assert "--any-node" in then
    assert json.loads(command("diff", STEADY, LATER, "--any-node", "-o", "json").out)["sameNode"] is False


def test_another_boot_is_said(command, tmp_path):
    booted = rewritten(STEADY, tmp_path / "booted", b"boot=17b6d89e", b"boot=00000000")
    ended = command("diff", STEADY, booted, "-o", "json")
    document = json.loads(ended.out)
    assert (document["sameNode"], document["sameBoot"], document["changes"]) == (True, False, [])
    assert document["before"]["boot"].startswith("17b6d89e")
    assert "started anew" in ended.err


def test_a_capture_that_does_not_tell_its_node_is_said(command):
    ended = command("diff", str(RECORDED / "reaping" / "zoo.capture"), LATER)
    assert ended.code == 1
    assert "does not tell its node" in ended.err


def test_sandboxes_that_are_unknown_did_not_go(command, tmp_path):
    unread = rewritten(WITHOUT, tmp_path / "unread", b"\n#bundle id=", b"\n bundle id=")
    ended = command("diff", STEADY, unread)
    [(what, _)] = ended.errors
    assert (ended.code, ended.out) == (2, "")
    assert what == f"{unread}: nothing of the container runtime could be read there, so its sandboxes are unknown"


@pytest.mark.parametrize(
    "words",
    [["a", "b"], [EARLIER], [EARLIER, LATER, "-o", "nosuch"], [EARLIER, LATER, "--no-such-flag"], ["-", "-"], [__file__, LATER],
     [EARLIER, LATER, "--sort-by", "NOSUCH"], [EARLIER, LATER, "-o", "json", "--no-headers"]],
)  # fmt: skip
def test_trouble_is_neither_same_nor_different(command, words):
    ended = command("diff", *words)
    assert (ended.code, ended.out) == (2, "")
    assert len(ended.errors) == 1


def test_flags_in_front_keep_the_exit_code(command):
    assert command("-o", "json", "diff", EARLIER, LATER).code == 1
    assert command("-o", "nosuch", "diff", EARLIER, LATER).code == 2
    assert command("node", "--from", "a").code == 1


def test_a_full_disk_is_trouble_too():
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "kubectl_pause", "diff", EARLIER, LATER], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: the output could not be written")


def test_names_from_a_node_do_no_harm(command):
    before = node()
    old = sandbox_of(before, "plain")
    evil = replace(old, id="e" * 64, pod=replace(old.pod, name="a\x1b[31m\nb"), holder_command="\u202ex")
    difference = changes_between(before, replace(before, sandboxes=[*before.sandboxes, evil]))
    from kubectl_pause.difference_report import Difference, Moment

    whole = Difference(tool_version="1", before=Moment(source="a"), after=Moment(source="b"), changes=difference)
    text = difference_view(whole, width=None, headings=False, colour=False)
    assert len(text.splitlines()) == 1
    assert "\\x1b[31m\\x0ab" in text
    assert "\\u202ex" in text


def test_the_help_says_the_exit_codes(command):
    assert "0 nothing changed, 1 something changed, 2 the captures could not be compared" in " ".join(command("diff", "--help").out.split())
