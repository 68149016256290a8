"""`report` on a cluster and from captures: which pods are on the page, where it is written, and bad input."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from tests.cli.fake_cluster import NODE
from tests.recorded_nodes import RECORDED

TWO_LOOKS = [word for name in ("earlier", "later") for word in ("--from", str(RECORDED / "reaping" / f"{name}.capture"))]
VM = ["--from", str(RECORDED / "vm-cgroup-v2" / "steady-1.capture")]


def headings(page: str) -> list[str]:
    """Of the chapter on pods."""
    chapter = page[page.index('id="pods-title"') : page.index('id="zombies-title"')]
    return [re.sub("<[^>]+>", "", heading) for heading in re.findall("<h3>(.*?)</h3>", chapter)]


def test_a_pod_of_a_cluster_is_shown_whole_and_nothing_else(cluster, command, tmp_path):
    file = tmp_path / "page.html"
    ended = command("report", "rec-nginx", "-n", "default", "-f", str(file))
    assert (ended.code, ended.out, ended.err) == (0, "", f"wrote {file}: {file.stat().st_size} bytes\n")
    page = file.read_text(encoding="utf-8")
    assert headings(page) == ["default/rec-nginx"]
    assert "<h1>Pod default/rec-nginx</h1>" in page
    assert "Other pods" not in page


def test_a_node_is_a_table_of_all_that_nothing_was_found_of(cluster, command, tmp_path):
    for number, words in enumerate(([], ["--node", NODE], ["--all"])):
        file = tmp_path / f"{number}.html"
        assert command("report", *words, "-f", str(file)).code == 0
        page = file.read_text(encoding="utf-8")
        assert f"<h1>Node {NODE}</h1>" in page
        assert ">Pods</caption>" in page
        assert headings(page) == []


def test_two_looks_of_captures_are_compared(command):
    ended = command("report", *TWO_LOOKS, "-f", "-")
    assert (ended.code, ended.err) == (0, "")
    assert "<td>two, " in ended.out
    assert "lab/frozen" in headings(command("report", *VM, "--node", "vm-node", "-f", "-").out)


def test_what_is_named_in_a_capture_and_what_hangs_on_it(command):
    page = command("report", *VM, "lab/frozen", "-f", "-").out
    assert headings(page) == ["lab/frozen"]
    assert re.search(r"<li>pause, pid \d+, holds net ipc uts pid", page)
    assert "of the node itself" not in page


def test_what_failed_is_on_the_page_and_on_stderr(command, tmp_path):
    ended = command("report", *VM, "lab/frozen", "no-such", "-f", str(tmp_path / "page.html"))
    assert ended.code == 4
    [(what, _)] = ended.errors
    assert what.startswith("'no-such' not found in")
    assert "&#39;no-such&#39; not found in" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_pods_are_selected_by_labels_and_namespace(cluster, command):
    page = command("report", "-n", "default", "-l", "app=rec-nginx", "-f", "-", "--sample", "0").out
    assert headings(page) == ["default/rec-nginx"]
    of_namespace = headings(command("report", "-n", "default", "-f", "-", "--sample", "0").out)
    assert "default/rec-nginx" in of_namespace
    assert all(each.startswith("default/") for each in of_namespace)
    assert set(of_namespace) < set(headings(command("report", "-A", "-f", "-", "--sample", "0").out))
    assert set(headings(command("report", *VM, "-n", "lab", "-f", "-").out)) > {"lab/frozen"}


def test_an_older_page_is_replaced_and_the_line_says_so(command, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("older")
    ended = command("report", *VM, "-f", str(page))
    assert (ended.code, ended.err) == (0, f"replaced {page}: {page.stat().st_size} bytes\n")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("verb", [["report", *VM], ["snapshot", NODE]])
@pytest.mark.parametrize("flag", [["-o"], ["--output"], ["-f", "/nowhere", "-o"]])
def test_a_file_given_as_the_format_is_refused_with_the_new_spelling(cluster, command, verb, flag):
    ended = command(*verb, *flag, "page.html")
    assert (ended.code, ended.out) == (1, "")
    hint = f"give the file with -f: kubectl pause-inspect {verb[0]} ... -f page.html"
    assert ended.errors == [(f"-o is a format, and {verb[0]} has only one", hint)]
    assert cluster.created == []


def test_where_nothing_was_read_an_older_page_stays(command, tmp_path):
    (tmp_path / "page.html").write_text("older")
    assert command("report", *VM, "no-such", "-f", str(tmp_path / "page.html")).code == 1
    assert (tmp_path / "page.html").read_text() == "older"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["web", "--all"], "pods and --all cannot be used together"),
        (["web", "--node", "a"], "pods and --node cannot be used together"),
        (["--all", "--node", "a"], "--node and --all cannot be used together"),
        (["-l", "a=b", "--all"], "pods and --all cannot be used together"),
        (["web", "-A"], "names and -A cannot be used together"),
        ([*VM, "--local"], "--from and --local cannot be used together"),
        ([*VM, "--all"], "--from and --all cannot be used together"),
        ([*VM, "--sample", "2s"], "--sample has no effect here: --from reads saved captures, and asks no cluster or node"),
        (["--all", "-n", "shop"], "--namespace has no effect here: the page is of whole nodes"),
        (["web", "--sample", "1h"], "--sample: 1h is too long"),
        ([*VM, "--node", "other"], "no capture of node 'other'"),
    ],
)
def test_bad_input_is_one_clear_error(cluster, command, tmp_path, words, what):
    ended = command("report", *words, "-f", str(tmp_path / "page.html"))
    assert (ended.code, [message for message, _ in ended.errors]) == (1, [what])
    assert not (tmp_path / "page.html").exists()
    assert cluster.created == []


@pytest.mark.parametrize("words", [["-f", "/no/such/place.html"], ["-f", "."], ["-f", ""]])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_asked(cluster, command, words):
    ended = command("report", "--all", *words)
    assert ended.code == 1
    assert "is not a file that could be written" in ended.err
    assert cluster.created == []


def test_the_template_is_part_of_the_package():
    files = resources.files("kubectl_pause.render.page")
    assert all(files.joinpath(name).is_file() for name in ("page.html", "parts.html", "page.css"))
