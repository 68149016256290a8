"""Completion: words, names of a live API, what disturbs nothing, and the scripts of shells and for kubectl."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web

from kubectl_pause.cli.app import VERBS
from kubectl_pause.cli.completing import candidates
from kubectl_pause.cli.completing.candidates import answer
from kubectl_pause.cli.completing.shell_scripts import KUBECTL_CALLS, MARK, SCRIPTS
from tests.access.conftest import write_kubeconfig
from tests.cli.fake_cluster import NODE

PLUGIN = "kubectl-pause_inspect"


def words(*line: str) -> list[str]:
    """Candidates without their meanings, and the directive."""
    *candidates, directive = answer(line).splitlines()
    return [candidate.partition("\t")[0] for candidate in candidates] + [directive]


@pytest.fixture
def shop(cluster, monkeypatch):
    """A cluster with names, and more time to ask for them than a person would wait: what is asked is tested here, not this machine."""
    monkeypatch.setattr(candidates, "ASKING_SECONDS", 20)
    spec = {"initContainers": [{"name": "setup"}], "containers": [{"name": "web"}], "ephemeralContainers": [{"name": "dbg"}]}
    cluster.pods = [
        {"metadata": {"name": "web-0", "namespace": "shop"}, "spec": spec},
        {"metadata": {"name": "db-0", "namespace": "shop"}, "spec": spec},
        {"metadata": {"name": "here", "namespace": "ns-test"}, "spec": spec},
    ]
    cluster.workloads = {("deployments", "front"): {}, ("jobs", "once"): {}}
    return cluster


def test_verbs_with_and_without_flags_before_them():
    assert words("") == [*VERBS, "help", ":4"]
    assert words("s") == ["snapshot", "schema", ":4"]
    assert words("-n", "shop", "sn") == ["snapshot", ":4"]
    assert words() == words("")


@pytest.mark.parametrize(
    ("line", "expected"),
    [(["pod", ""], ["here"]), (["po", "-n", "shop", ""], ["web-0", "db-0"]), (["-n", "shop", "pod", "w"], ["web-0"]),
     (["pod", "--namespace=shop", "w"], ["web-0"]), (["pod", "-nshop", "x"], []), (["zombies", "h"], ["here"]), (["who", "h"], ["here"]),
     (["pod", "-n", "shop", "web-0", ""], ["db-0"]),
     (["pod", "here/"], ["here/setup", "here/web", "here/dbg"]), (["pod", "shop/w"], ["shop/web-0"]),
     (["pod", "shop/web-0/d"], ["shop/web-0/dbg"]), (["pod", "deploy/"], ["deploy/front"]), (["pod", "job/o"], ["job/once"]),
     (["pod", "po/h"], ["po/here"]),
     (["node", ""], [NODE]), (["no", "node/"], [f"node/{NODE}"]),
     (["zombies", "node/"], [f"node/{NODE}"]), (["snapshot", ""], [NODE]), (["snapshot", NODE, ""], []),
     (["why", "h"], ["here"]), (["why", "deploy/"], ["deploy/front"]), (["check", ""], [NODE]), (["check", NODE, ""], []),
     (["report", "w"], []), (["report", "h"], ["here"]), (["report", "--node", ""], [NODE]),
     (["who", "x", "--node", ""], [NODE]), (["who", "--node="], [NODE]),
     (["pod", "-n", ""], ["default", "kube-system", "shop"]), (["pod", "--namespace=s"], ["shop"]), (["-n", "k"], ["kube-system"]),
     (["node", "--debug-namespace", "d"], ["default"]), (["pod", "--", "h"], ["here"])],
)  # fmt: skip
def test_names_of_the_cluster(shop, line, expected):
    assert words(*line) == [*expected, ":4"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [(["pod", "-o", "j"], ["json", "jsonpath=", "jsonpath-as-json=", ":6"]), (["node", "-o", "t"], ["tree", ":6"]),
     (["zombies", "-o", "t"], [":6"]), (["cleanup", "-o", "w"], [":6"]), (["access", "-o", ""], ["json", "yaml", ":4"]),
     (["node", "--sort-by", "P"], ["POD", "PID", "PAUSE-IMAGE", ":4"]), (["node", "--dry-run", ""], ["client", "server", ":4"]),
     (["check", "--fail-on", "w"], ["warning", ":4"]), (["pod", "--transport", "l"], ["log", ":4"]),
     (["schema", ""], ["report", "watch", "diff", ":4"]), (["completion", "z"], ["zsh", ":4"]),
     (["access", "inspector", "n"], ["node", ":4"]),
     (["explain", "pids/"], ["pids/almost-full", "pids/full", "pids/runtime-full", ":4"]),
     (["explain", "pids/full", ""], [":4"]), (["explain", "-o", ""], ["json", ":4"]),
     (["check", "--ignore", "kubelet/si"], ["kubelet/silent", ":4"]),
     (["diff", "a", ""], [":0"]), (["pod", "--from", ""], [":0"]), (["snapshot", "-f", "x"], [":0"]), (["report", "-f", ""], [":0"]),
     (["pod", "--from", "x", ""], [":4"]),
     (["pod", "--kubeconfig", ""], [":0"]), (["pod", "--context", ""], ["test", ":4"]), (["nosuch", ""], [":4"]),
     (["help", "sn"], ["snapshot", ":4"])],
)  # fmt: skip
def test_fixed_words_and_files(cluster, line, expected):
    assert words(*line) == expected


def test_flags_with_their_meaning_each_once():
    assert words("pod", "--na") == ["--namespace", ":4"]
    assert "--context" in words("node", "--")
    assert "--context" not in words("local", "--")
    assert words("pod", "--namespace", "x", "--names") == [":4"]
    assert words("pod", "--from", "x", "--fr") == ["--from", ":4"]
    assert "--namespace\tNamespace of the pods\n" in answer(["pod", "--na"])


def test_a_cluster_that_does_not_answer_costs_no_more_than_the_limit(shop, monkeypatch):
    """The server answers no sooner than the test, which waits for the answer, lets it."""
    monkeypatch.setattr(candidates, "ASKING_SECONDS", 3)
    waiting, over = [], asyncio.Event()

    async def never(request):
        waiting.append(request)
        await over.wait()
        return web.json_response({})

    shop.server.rest = never
    assert words("pod", "") == [":4"]
    assert waiting
    assert not over.is_set()


@pytest.mark.parametrize("given", [web.Response(status=403, text="{}"), web.Response(text="not json"), web.json_response({"items": 7})])
def test_any_failure_is_silent(shop, capsys, given):
    async def refused(_request):
        return web.Response(body=given.body, status=given.status)

    shop.server.rest = refused
    assert words("pod", "") == [":4"]
    assert words("pod", "a/b/") == [":4"]
    assert capsys.readouterr().err == ""


def test_without_a_kubeconfig_and_with_a_broken_one_it_is_silent(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    assert words("pod", "") == [":4"]
    (tmp_path / "broken").write_text("{")
    assert words("pod", "--kubeconfig", str(tmp_path / "broken"), "") == [":4"]
    assert words("pod", "--kubeconfig", str(tmp_path / "broken"), "--context", "") == [":4"]
    assert capsys.readouterr().err == ""


def test_a_credential_plugin_is_not_let_ask_the_user(shop, tmp_path, monkeypatch):
    class Terminal:
        def isatty(self):
            return True

        def fileno(self):
            return 0

    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
    plugin.chmod(0o755)
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "interactiveMode": "Always"}}
    write_kubeconfig(tmp_path / "config", "https://127.0.0.1:1", user=user)
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert words("pod", "") == [":4"]
    assert not (tmp_path / "ran").exists()


def test_names_that_a_shell_could_misunderstand_are_left_out(shop):
    names = ["ok", "a b", "$(reboot)", "x;y", "\x1b[2J", "a\tb", "a\n:0"]
    shop.pods = [{"metadata": {"name": name, "namespace": "ns-test"}, "spec": {}} for name in names]
    assert answer(["pod", ""]) == "ok\n:4\n"


def test_the_plugin_and_kubectl_s_executable_print_it_and_end_well():
    def output(*command: str) -> str:
        ended = subprocess.run([sys.executable, "-c", *command], capture_output=True, text=True, check=True)
        assert ended.stderr == ""
        return ended.stdout

    assert output("from kubectl_pause.__main__ import complete; complete()", "sc") == "schema\n:4\n"
    assert output("from kubectl_pause.__main__ import start; start()", "__complete", "sc") == "schema\n:4\n"


def test_verbs_are_listed_without_loading_what_builds_flags():
    code = "import sys; from kubectl_pause.cli.completing.command_line import unfinished; unfinished(['p']); print('typer' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize("shell", SCRIPTS)
def test_each_shell_has_its_script(command, shell):
    ended = command("completion", shell)
    assert (ended.code, ended.out) == (0, SCRIPTS[shell])
    assert f"{PLUGIN} __complete" in ended.out


@pytest.mark.parametrize("words", [[], ["tcsh"], ["bash", "--install"]])
def test_what_makes_no_sense_is_refused(command, words):
    ended = command("completion", *words)
    assert (ended.code, ended.out, len(ended.errors)) == (1, "", 1)


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of the PATH that holds the plugin."""
    directory = tmp_path / "bin it"
    directory.mkdir()
    plugin = directory / PLUGIN
    plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kubectl_pause "$@"\n')
    plugin.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    return directory


def bash(line: str) -> list[str]:
    """What bash would offer for the line, its cursor at its end."""
    script = f'{SCRIPTS["bash"]}\nCOMP_LINE=$1 COMP_POINT=${{#1}}\n_kubectl_pause_inspect\nprintf "%s\\n" "${{COMPREPLY[@]}}"'
    ended = subprocess.run(["bash", "-c", script, "bash", line], capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    return ended.stdout.split()


def test_bash_offers_what_is_answered(on_path):
    assert bash(f"{PLUGIN} sc") == ["schema"]
    assert bash(f"{PLUGIN} schema ") == ["report", "watch", "diff"]
    assert bash(f"{PLUGIN} node --dry-run=c") == ["client"]
    assert bash(f"{PLUGIN} node --dry-run s") == ["server"]
    assert bash(f"{PLUGIN} diff ") == []
    assert bash(f"{PLUGIN} nosuch-") == []


def test_install_writes_what_kubectl_calls_beside_the_plugin(command, on_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["pytest"])
    ended = command("completion", "--install")
    target = on_path / KUBECTL_CALLS
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(str(target))
    assert subprocess.run([KUBECTL_CALLS, "schema", "w"], capture_output=True, text=True, check=True).stdout == "watch\n:4\n"
    assert MARK in target.read_text()
    assert command("completion", "--install").code == 0  # again, after an update


def test_install_leaves_what_others_have_put_there(command, on_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["pytest"])
    (on_path / KUBECTL_CALLS).write_text("#!/bin/sh\n# another's\n")
    assert command("completion", "--install").code == 0
    assert (on_path / KUBECTL_CALLS).read_text() == "#!/bin/sh\n# another's\n"


def test_install_follows_no_link_and_says_where_the_plugin_is_missing(command, on_path, tmp_path, monkeypatch):
    store = tmp_path / "store"
    store.mkdir()
    (on_path / PLUGIN).rename(store / PLUGIN)
    (on_path / PLUGIN).symlink_to(store / PLUGIN)
    monkeypatch.setattr(sys, "argv", [str(on_path / PLUGIN)])
    assert command("completion", "--install").code == 0
    assert (on_path / KUBECTL_CALLS).exists()
    assert not (store / KUBECTL_CALLS).exists()
    monkeypatch.setattr(sys, "argv", ["pytest"])
    monkeypatch.setenv("PATH", "/nowhere")
    [(what, _)] = command("completion", "--install").errors
    assert what == f"{PLUGIN} is not on the PATH"
