"""`zombies --watch` against a fake cluster: one JSON object a line, what cannot be watched, and the ends that a watch can come to."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import zlib

import pytest

from kubectl_pause.cli.terminal import ReaderLeft
from tests.access.fake_api_server import SUCCESS, cut_after, exit_status, frames
from tests.cli.fake_cluster import NODE, answer
from tests.recorded_nodes import recorded_bytes

SHARED = 70599
"""The pause of pod zombies/shared of the recorded node."""
HEAD = b"#watch 1 tracefs\n"
CALM = f"r {SHARED} 0 0 0 0\nc {SHARED} %d S 0 5\nt 100.00 0\n"
BUSY = f"r {SHARED} 115 8 108 1\nt 101.00 0\n".encode()
END = b"#end removed\n"
WATCH = ("zombies", "shared", "-n", "zombies", "--watch")


@pytest.fixture
def watched(cluster):
    """Makes the cluster that of the recorded node; calling it sets what its watcher says, and gives the list of commands that are run."""
    unpacker = zlib.decompressobj(wbits=31)
    recorded = recorded_bytes("reaping", "later.capture")
    cluster.pods = json.loads(unpacker.decompress(recorded).split(b"\n#api\n ")[1])["pods"]
    cluster.namespaces = ["zombies", "speed"]
    collector = answer(unpacker.unused_data)

    def say(watcher) -> list[list[str]]:
        async def either(socket, request):
            command = request.query.getall("command")
            commands.append(command)
            await (watcher if "WATCHER" in command[2] else collector)(socket, request)

        commands: list[list[str]] = []
        cluster.server.on_exec = either
        return commands

    return say


def calm() -> bytes:
    """The first look, with the start time that the capture tells."""
    stat = zlib.decompress(zlib_part(), wbits=31).split(b"\n%d/stat:" % SHARED)[1].split(b"\n")[0]
    return HEAD + (CALM % int(stat.rpartition(b") ")[2].split()[19])).encode()


def zlib_part() -> bytes:
    """The collector's own answer in the recorded capture."""
    unpacker = zlib.decompressobj(wbits=31)
    unpacker.decompress(recorded_bytes("reaping", "later.capture"))
    return unpacker.unused_data


def test_one_json_object_a_line(watched, command, cluster):
    commands = watched(answer(calm() + BUSY + END))
    ended = command(*WATCH, "--for", "30s", "--interval", "0.5s")
    assert (ended.code, ended.err) == (0, "")
    start, tick, end = map(json.loads, ended.out.splitlines())
    assert [each["kind"] for each in (start, tick, end)] == ["start", "tick", "end"]
    assert (start["node"], start["source"], start["pauses"][0]["adopts"]) == (NODE, "tracefs", True)
    assert (tick["pauses"][0]["reaped"], tick["pauses"][0]["forged"], tick["exact"]) == (107, 1, True)
    assert (end["complete"], end["pauses"][0]["reaped"]) == (True, 107)
    assert commands[-1][3:] == ["watch", "30", "50", str(SHARED), "128", "yes"]
    (made,) = cluster.created
    assert made["spec"]["activeDeadlineSeconds"] == 60 + 30 + 30
    assert "WATCHER" in {each["name"] for each in made["spec"]["containers"][0]["env"]}


def test_without_a_time_it_is_an_hour(watched, command, cluster):
    commands = watched(answer(calm() + END))
    assert command(*WATCH).code == 0
    assert commands[-1][4] == "3600"
    assert cluster.created[0]["spec"]["activeDeadlineSeconds"] == 3600 + 60 + 30


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (["--for", "0s"], "--for: 0s is too short to watch"),
        (["--for", "2h"], "--for: 2h is too long to watch"),
        (["--for", "soon"], "--for: 'soon' is not a duration"),
        (["--interval", "0s"], "--interval: 0s is too short between two samples"),
        (["--interval", "1h"], "--interval: 1h is too long between two samples"),
        (["--from", "x"], "--watch and --from cannot be used together"),
        (["-o", "yaml"], "--watch cannot print yaml"),
    ],
)
def test_bad_input_is_one_clear_error(cluster, command, flags, what):
    ended = command(*WATCH, *flags)
    assert (ended.code, ended.out, [each for each, _ in ended.errors]) == (1, "", [what])
    assert cluster.created == []


@pytest.mark.parametrize(
    ("flag", "words"), [("--sample", [*WATCH, "--sample", "2s"]), ("--interval", ["zombies", "-A", "--interval", "2s"])]
)
def test_a_time_between_looks_of_the_other_kind_has_no_effect_and_says_so(cluster, command, flag, words):
    ended = command(*words)
    assert (ended.code, cluster.created) == (1, [])
    assert ended.errors[0][0].startswith(f"{flag} has no effect here")


def test_more_bad_input(cluster, command):
    ended = command("zombies", "--local", "--watch")
    assert [each for each, _ in ended.errors] == ["--watch and --local cannot be used together"]
    ended = command("zombies", "--for", "3s")
    assert [each for each, _ in ended.errors] == ["--for has no effect without --watch"]
    assert cluster.created == []


def test_pods_that_are_not_there(watched, command, cluster):
    watched(answer(calm() + END))
    ended = command("zombies", "no-such", "-n", "zombies", "--watch")
    assert (ended.code, ended.out, len(ended.errors), cluster.created) == (1, "", 1, [])
    ended = command("zombies", "shared", "no-such", "-n", "zombies", "--watch", "--for", "1s")
    assert (ended.code, len(ended.errors), len(ended.out.splitlines())) == (4, 1, 2)


def test_pods_without_a_pause_are_told(watched, command):
    watched(answer(calm() + END))
    ended = command("zombies", "node-debugger-pause-inspect-e2e-control-plane-4mr4n", "-n", "pause-inspect-bench", "--watch")
    assert ended.code == 1
    assert ended.errors


@pytest.mark.parametrize(
    ("watcher", "says"),
    [
        (cut_after(b"\x01" + HEAD), "was cut before the command's status"),
        (answer(HEAD, end=exit_status(3)), f"node {NODE}: the watcher ended with exit code 3: no further word"),
    ],
    ids=["the stream is cut", "the watcher fails"],
)
def test_a_watch_that_is_cut_is_an_error_and_its_last_line_says_so(watched, command, monkeypatch, watcher, says):
    monkeypatch.setattr("kubectl_pause.capture.node_watch._RENUNCIATION_SECONDS", 0.0)
    watched(watcher)
    ended = command(*WATCH)
    (what, _), *_ = ended.errors
    assert (ended.code, says in what) == (1, True)
    end = json.loads(ended.out.splitlines()[-1])
    assert (end["kind"], end["complete"], end["why"]) == ("end", False, what)


async def until_a_line(socket, _request):
    """A watcher that goes on until it is asked to end."""
    await socket.send_bytes(b"\x01" + calm() + BUSY)
    async for _ in frames(socket):
        break
    await socket.send_bytes(b"\x01" + END)
    await socket.send_bytes(SUCCESS)
    await socket.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_watch_with_its_numbers(watched, cluster, number, code):
    watched(until_a_line)
    # a shell starts a background job with SIGINT ignored, and the tests may be one
    listening = ["env", "--default-signal=INT", sys.executable, "-m", "kubectl_pause", *WATCH]
    process = subprocess.Popen(listening, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    end = json.loads(out.splitlines()[-1])
    assert (process.returncode, end["complete"], end["pauses"][0]["reaped"]) == (code, True, 107)
    assert err == f"error: interrupted by {signal.Signals(number).name}; the inspector pods are deleted\n"
    assert len(cluster.created) == 1


def test_the_pods_are_deleted_when_the_reader_leaves(watched, command, cluster, monkeypatch):
    watched(until_a_line)

    def gone(_text):
        raise ReaderLeft

    monkeypatch.setattr("kubectl_pause.cli.watching.put", gone)
    with pytest.raises(ReaderLeft):
        command(*WATCH)
    assert len(cluster.created) == 1
    assert cluster.left == []


def test_a_pod_that_ends_ends_the_watch(watched, command):
    async def last(socket, request):
        await socket.send_bytes(b"\x01" + calm() + b"g %d\nt 101.00 0\n" % SHARED)
        await until_a_line(socket, request)

    watched(last)
    ended = command(*WATCH)
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out.splitlines()[-1])["pauses"][0]["gone"] is True


def test_several_nodes_are_watched_at_once(watched, command, cluster):
    together = asyncio.Barrier(2)

    async def both(socket, request):
        await asyncio.wait_for(together.wait(), 20)
        await answer(HEAD + b"t 5.00 0\n" + END)(socket, request)

    watched(both)
    other = json.loads(json.dumps(cluster.nodes[0]).replace(NODE, "worker"))
    cluster.nodes.append(other)
    ended = command("zombies", "--all", "--watch", "--for", "1s")
    assert ended.code == 0
    assert {json.loads(line)["node"] for line in ended.out.splitlines()} == {NODE, "worker"}


def test_in_a_terminal_the_table_is_drawn_over(watched, command, monkeypatch):
    watched(answer(calm() + BUSY + END))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")
    ended = command(*WATCH, "--for", "2s")
    assert (ended.code, ended.err) == (0, "")
    last = ended.out.rpartition("\x1b[J")[2].splitlines()
    assert last[0] == f"Node      {NODE}  watched for 1s, by tracefs: every reap is counted"
    assert [line.split()[:6] for line in last[1:]] == [
        ["NAMESPACE", "POD", "PID", "REAPED", "LAST", "FORGED"],
        ["zombies", "shared", str(SHARED), "107", "+107", "1"],
    ]
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in command(*WATCH, "--for", "2s").out


def test_an_instance_that_could_not_be_removed_is_told(watched, command):
    watched(answer(calm() + b"#end left\n"))
    ended = command(*WATCH, "--for", "1s")
    assert (ended.code, ended.err) == (
        0,
        f"warning: node {NODE}: the trace instance could not be removed; the next watch of that node tries again\n",
    )


@pytest.mark.parametrize("profile", ["general", "sysadmin"])
@pytest.mark.parametrize("why", ["absent", "refused", "untranslated", "off"])
def test_without_tracefs_a_privileged_pod_is_named_where_it_may_help(watched, command, why, profile):
    watched(answer(calm().replace(HEAD, f"#watch 1 counters {why}\n".encode()) + b"#end none\n"))
    ended = command(*WATCH, "--profile", profile)
    assert (ended.code, json.loads(ended.out.splitlines()[0])["source"]) == (0, "counters")
    helps = profile == "general" and why in ("absent", "refused")
    assert ended.err == (
        f"warning: node {NODE}: watched without tracefs; a privileged pod may mount it: --profile sysadmin\n" if helps else ""
    )
