"""Names, annotations, files and answers that would have led us astray: each test is a bug that was there."""

from __future__ import annotations

import gzip
import os
import threading

import msgspec
import pytest

from kubectl_pause.access.objects import segment
from kubectl_pause.cli.argument_order import normalise
from kubectl_pause.cli.main import run
from kubectl_pause.cli.output_file import writable, write
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.api import ApiView, Pod, for_capture
from kubectl_pause.facts.capture import CaptureError, read_capture
from kubectl_pause.inspect_node import inspect_capture
from tests.nodes.report_lines import collected


def capture_with(pods=None, *, header=None):
    whole = collected("with-crictl")
    assert whole.api is not None
    view = msgspec.json.decode(whole.api, type=ApiView)
    api = msgspec.json.encode(msgspec.structs.replace(view, pods=view.pods if pods is None else pods(view.pods)))
    return type(whole)(header or whole.header, whole.sections, whole.bundles, whole.crictl, api, whole.end)


def test_a_name_cannot_change_the_path_of_a_request():
    assert segment("victim?") == "victim%3F"
    assert segment("a/../b") == "a%2F..%2Fb"
    for name in ("", ".", ".."):
        with pytest.raises(PauseInspectError, match="no name"):
            segment(name)


def test_a_pod_cannot_claim_a_static_pod_s_sandbox_by_an_annotation():
    def forged(pods):
        annotations = next(pod.metadata.annotations for pod in pods if pod.metadata.name.startswith("etcd-"))
        thief = next(pod for pod in pods if pod.metadata.name == "rec-nginx")
        stolen = msgspec.structs.replace(thief.metadata, annotations=annotations)
        return [*pods, msgspec.structs.replace(thief, metadata=stolen)]

    def shown(capture):
        return [(sandbox.id, sandbox.pod.name, sandbox.pod.phase) for sandbox in inspect_capture(capture, "-").sandboxes]

    assert shown(capture_with(forged)) == shown(capture_with())


def test_what_a_container_wrote_or_was_told_to_run_is_in_no_capture():
    states = {"state": {"terminated": {"reason": "Error", "message": "password=hunter2"}, "waiting": {"message": "exec: hunter2"}}}
    pod = msgspec.convert({"status": {"containerStatuses": [{"name": "app", **states}], "initContainerStatuses": [states]}}, Pod)
    kept = msgspec.json.encode(for_capture(pod))
    assert b"hunter2" not in kept
    assert b"Error" in kept


def test_a_flood_of_empty_parts_is_refused_at_the_third():
    part = gzip.compress(b"", mtime=0)
    with pytest.raises(CaptureError, match="more than 2 parts"):
        read_capture(part * 100_000, "flood")


def test_a_number_too_long_to_read_is_unknown():
    report = inspect_capture(capture_with(header={**collected("with-crictl").header, "tasks": "9" * 5000}), "-")
    assert report.pids.current is None
    assert report.pids.max is not None


def test_a_pod_named_like_our_own_is_shown_where_it_is_not_ours():
    def renamed(pods):
        changed = [msgspec.structs.replace(pod.metadata, name=pod.metadata.name.replace("rec-nginx", ours)) for pod in pods]
        return [msgspec.structs.replace(pod, metadata=metadata) for pod, metadata in zip(pods, changed, strict=True)]

    ours = "pause-inspect-0123456789"
    whole = capture_with(renamed)
    sections = dict(whole.sections)
    content = sections["crictl.pods"].content.replace(b'"rec-nginx"', b'"pause-inspect-0123456789"')
    sections["crictl.pods"] = type(sections["crictl.pods"])(content, 0)
    altered = type(whole)(whole.header, sections, (), whole.crictl, whole.api)
    names = [sandbox.pod.name for sandbox in inspect_capture(altered, "-").sandboxes]
    assert "pause-inspect-0123456789" in names


def test_a_switch_said_to_be_false_is_off():
    assert normalise(["node", "--crictl=false"], ["node"], [], {"--crictl", "--no-crictl"}) == ["node", "--no-crictl"]
    assert normalise(["node", "--all=false"], ["node"], [], {"--all"}) == ["node"]


def test_names_and_a_selector_are_refused_for_files_too(capsys):
    assert run(["pod", "nginx", "-l", "app=none", "--from", "nowhere"]) == 1
    assert "cannot be used together" in capsys.readouterr().err


def test_without_arguments_the_help_is_shown(capsys):
    assert run([]) == 0
    assert "snapshot" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["99999999999999h", "9" * 400, "25h"])
def test_a_time_limit_beyond_reason_is_wrong_usage(text, capsys):
    assert run(["node", "--request-timeout", text]) == 1
    assert capsys.readouterr().err.startswith("error: --request-timeout")


def test_a_snapshot_goes_into_a_pipe_and_through_a_link_and_replaces_neither(tmp_path):
    pipe, link, target = tmp_path / "pipe", tmp_path / "link", tmp_path / "target"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write(writable(str(pipe)), b"whole")
    reader.join(10)
    assert read == [b"whole"]
    assert pipe.is_fifo()
    target.write_bytes(b"old")
    link.symlink_to(target)
    write(writable(str(link)), b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    with pytest.raises(PauseInspectError, match="not a file"):
        writable(str(tmp_path))
