"""The inspector pod as the user wants it: by flags, by the environment, by a file; and printed instead of created."""

from __future__ import annotations

import pytest
import yaml

from kubectl_pause.capture.node_images import likely
from tests.access.fake_api_server import internal_error, status
from tests.cli.fake_cluster import NODE, answer

NOT_UP = internal_error('container not found ("collector")')


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Writes the file."""
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    folder = tmp_path / ".config" / "kubectl-pause-inspect"
    folder.mkdir(parents=True)
    return (folder / "config.yaml").write_text


def spec(cluster):
    """What was created: its namespace, image, policy and secrets."""
    [pod] = cluster.created
    [container] = pod["spec"]["containers"]
    secrets = [each["name"] for each in pod["spec"].get("imagePullSecrets", [])]
    return pod["metadata"]["namespace"], container["image"], container["imagePullPolicy"], secrets


def test_without_a_word(cluster, command):
    assert command("node").code == 0
    assert spec(cluster) == ("kube-system", "docker.io/library/busybox:1.36", "IfNotPresent", [])


def test_a_user_without_a_home_directory_has_no_file(cluster, command, monkeypatch):
    """An arbitrary uid, as OpenShift gives to containers."""

    def unknown(_uid: int) -> None:
        raise KeyError

    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    ended = command("node")
    assert (ended.code, ended.errors) == (0, [])


def test_flags(cluster, command):
    words = ("--image", "tools:1", "--image-pull-policy", "Always", "--image-pull-secret", "a", "--image-pull-secret=b")
    assert command("node", "--debug-namespace", "shop", *words).code == 0
    assert spec(cluster) == ("shop", "tools:1", "Always", ["a", "b"])


def test_a_flag_goes_before_the_environment_and_that_before_the_file(cluster, command, config, monkeypatch):
    config("image: of-the-file:1\nimagePullSecrets: [registry]\ndebugNamespace: shop\n")
    monkeypatch.setenv("PAUSE_INSPECT_IMAGE", "of-the-environment:1")
    assert command("node", "--debug-namespace", "default").code == 0
    assert spec(cluster) == ("default", "of-the-environment:1", "IfNotPresent", ["registry"])


def test_version_shows_each_default_and_where_it_comes_from(command, config, monkeypatch, tmp_path):
    config("image: of-the-file:1\nimagePullSecrets: [one, two]\n")
    monkeypatch.setenv("PAUSE_INSPECT_NAMESPACE", "of-the-\x1benvironment")
    ended = command("version", "-v")
    file = tmp_path / ".config" / "kubectl-pause-inspect" / "config.yaml"
    assert (ended.code, ended.err) == (0, "")
    assert [line.split(maxsplit=1) for line in ended.out.splitlines()[1:]] == [
        ["image", f"of-the-file:1  ({file})"],
        ["imagePullPolicy", "IfNotPresent  (built in)"],
        ["imagePullSecrets", f"one, two  ({file})"],
        ["debugNamespace", "of-the-\\x1benvironment  (PAUSE_INSPECT_NAMESPACE)"],
        ["profile", "general  (built in)"],
        ["selinuxType", "the node's default  (built in)"],
    ]
    assert len(command("version").out.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("image: [a]", "image: a text is needed"),
        ("imagePullSecrets: a", "imagePullSecrets: a list of names is needed"),
        ("img: a", "unknown setting 'img'"),
        ("- image", "not a list of settings"),
        ("image: {", "not YAML"),
    ],
)
def test_a_file_that_is_not_understood(cluster, command, config, text, what):
    config(text)
    ended = command("node")
    [(said, then)] = ended.errors
    assert ended.code == 1
    assert "config.yaml: " + what in said
    assert "image, imagePullPolicy, imagePullSecrets, debugNamespace" in then
    assert cluster.created == []


def test_a_policy_that_does_not_exist(cluster, command):
    [(said, then)] = command("node", "--image-pull-policy", "Sometimes").errors
    assert (said, then) == ("--image-pull-policy: 'Sometimes' is not accepted", "it is one of IfNotPresent, Always, Never")


def test_an_image_that_cannot_be_had_names_those_that_are_there(cluster, command):
    waiting = {"reason": "ErrImageNeverPull", "message": "Container image is not present with pull policy of Never"}
    cluster.born = {"phase": "Pending", "containerStatuses": [{"name": "collector", "state": {"waiting": waiting}}]}
    cluster.nodes[0]["status"]["images"] = [
        {"names": ["registry.k8s.io/etcd:3"]}, {"names": ["docker.io/library/nginx@sha256:0", "docker.io/library/nginx:1.22"]},
    ]  # fmt: skip
    cluster.server.on_exec = answer(b"", end=NOT_UP)
    [(said, then)] = command("node").errors
    assert "cannot get the image 'docker.io/library/busybox:1.36': ErrImageNeverPull" in said
    assert then.endswith("may serve: docker.io/library/nginx:1.22")


def test_which_images_may_hold_a_shell():
    held = [["a/nginx@sha256:0", "a/nginx:1"], ["b/redis:1"], ["c/etcd:1"], ["busybox@sha256:1"], [], ["x/debian-base:2"]]
    assert likely(held) == ["busybox@sha256:1", "x/debian-base:2", "a/nginx:1"]
    assert likely([["x/anode:1"], ["x/pause:3.10"]]) == []


def test_a_dry_run_of_the_client_prints_what_would_be_created(cluster, command):
    ended = command("node", "--dry-run=client", "--image", "tools:1")
    assert (ended.code, ended.err) == (0, "")
    job, pod = yaml.safe_load_all(ended.out)
    assert (job["kind"], pod["kind"], pod["spec"]["nodeName"]) == ("Job", "Pod", NODE)
    assert pod["spec"]["containers"][0]["image"] == "tools:1"
    assert pod["spec"]["containers"][0]["env"][0]["value"].startswith("#!/bin/sh\n")
    assert (cluster.created, cluster.jobs) == ([], [])


def test_a_dry_run_of_the_server_stores_nothing_and_tells_a_refusal(cluster, command):
    asked = []

    def stored(request):
        asked.append((request.path, request.query.get("dryRun")))
        return status(403, "Forbidden", 'pods "x" is forbidden: violates PodSecurity "baseline:latest": privileged')

    rest = cluster.rest

    async def watched(request):
        if request.method == "POST" and request.path.endswith("/pods"):
            return stored(request)
        return await rest(request)

    assert command("node", "--dry-run=server").code == 0
    assert all("dryRun=All" in path for method, path, _ in cluster.server.requests if method == "POST")
    cluster.created.clear()
    cluster.jobs.clear()
    cluster.server.rest = watched
    ended = command("node", "--dry-run=server")
    cluster.jobs.clear()
    [(said, then)] = ended.errors
    assert (ended.code, ended.out) == (1, "")
    assert "violates PodSecurity" in said
    assert "--debug-namespace" in then
    assert asked == [("/api/v1/namespaces/kube-system/pods", "All")]


@pytest.mark.parametrize("words", [("--dry-run", "maybe"), ("no-such-node", "--dry-run=client")])
def test_a_dry_run_that_is_asked_wrongly(cluster, command, words):
    ended = command("node", *words)
    assert (ended.code, ended.out, len(ended.errors)) == (1, "", 1)
    assert cluster.created == []
