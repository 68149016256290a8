"""`--profile`: what the inspector pod may do on its node, and that nothing gets more unasked."""

from __future__ import annotations

import gzip

import pytest
import yaml

from kubectl_pause.capture.admission.profile import CAPABILITIES, needs_annotation
from kubectl_pause.facts.api import Node, NodeInfo, NodeStatus
from tests.cli.fake_cluster import NODE, answer, collector_answer

ANNOTATION = "container.apparmor.security.beta.kubernetes.io/collector"


def context(cluster):
    """The security context of the only pod that was created."""
    [pod] = cluster.created
    [container] = pod["spec"]["containers"]
    return container["securityContext"]


def test_unasked_the_pod_has_three_capabilities_and_nothing_more(cluster, command):
    assert command("node").code == 0
    assert context(cluster) == {
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], "add": ["SYS_PTRACE", "SYS_CHROOT", "DAC_READ_SEARCH"]},
        "readOnlyRootFilesystem": True,
        "runAsUser": 0,
        "seccompProfile": {"type": "Unconfined"},
        "appArmorProfile": {"type": "Unconfined"},
    }
    assert "annotations" not in cluster.created[0]["metadata"]


@pytest.mark.parametrize("profile", ["general", "auto"])
def test_auto_begins_as_general(cluster, command, profile):
    assert command("node", "--profile", profile).code == 0
    assert context(cluster)["capabilities"] == {"drop": ["ALL"], "add": list(CAPABILITIES)}


def test_sysadmin_is_privileged(cluster, command):
    assert command("node", "--profile", "sysadmin").code == 0
    assert context(cluster) == {"privileged": True, "readOnlyRootFilesystem": True, "runAsUser": 0}


@pytest.mark.parametrize("profile", ["general", "sysadmin"])
def test_a_selinux_type(cluster, command, profile):
    assert command("node", "--profile", profile, "--selinux-type", "spc_t").code == 0
    assert context(cluster)["seLinuxOptions"] == {"type": "spc_t"}


@pytest.mark.usefixtures("cluster")
def test_the_file_of_defaults_and_the_flag_before_it(command, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "kubectl-pause-inspect" / "config.yaml"
    file.parent.mkdir()
    file.write_text("profile: sysadmin\nselinuxType: spc_t\n")
    rows = [line.split() for line in command("version", "-v").out.splitlines()]
    assert ["profile", "sysadmin", f"({file})"] in rows
    assert ["selinuxType", "spc_t", f"({file})"] in rows
    for words, privileged in (((), True), (("--profile", "general"), False)):
        [_, pod] = yaml.safe_load_all(command("node", "--dry-run=client", *words).out)
        [container] = pod["spec"]["containers"]
        assert (container["securityContext"]["privileged"], container["securityContext"]["seLinuxOptions"]) == (
            privileged,
            {"type": "spc_t"},
        )


def test_a_profile_that_does_not_exist(cluster, command):
    [(said, then)] = command("node", "--profile", "netadmin").errors
    assert (said, then) == ("--profile: 'netadmin' is not accepted", "it is one of general, sysadmin, auto")
    assert cluster.created == []


@pytest.mark.parametrize(
    ("version", "old"),
    [
        ("v1.29.14", True),
        ("v1.30.0", False),
        ("v1.9.1-gke.1", True),
        ("v1.36.3+k3s1", False),
        ("", False),
        (None, False),
        ("v2.1.0", False),
    ],
)
def test_only_a_node_that_is_known_to_be_old_needs_the_annotation(version, old):
    assert needs_annotation(Node(status=NodeStatus(node_info=NodeInfo(kubelet_version=version)))) is old
    assert needs_annotation(None) is False


@pytest.mark.parametrize(("profile", "annotations"), [("general", {ANNOTATION: "unconfined"}), ("sysadmin", None)])
def test_an_old_node_s_pod_names_apparmor_by_annotation_too(cluster, command, profile, annotations):
    cluster.nodes[0]["status"]["nodeInfo"]["kubeletVersion"] = "v1.28.9"
    assert command("node", "--profile", profile).code == 0
    assert cluster.created[0]["metadata"].get("annotations") == annotations


def proving(**checks: str) -> bytes:
    """The recorded node's answer with these checks in its first lines."""
    first, rest = gzip.decompress(collector_answer()).split(b"\n", 1)
    proof = "#proof " + " ".join(f"{check}={said}" for check, said in checks.items())
    return gzip.compress(first + b"\n" + proof.encode() + b"\n" + rest)


CONFINED = proving(ns="no", root="yes", fd="no", chroot="yes")


@pytest.fixture
def confining(cluster):
    """A node that lets only a privileged pod read it."""

    async def by_rights(socket, request):
        privileged = cluster.created[-1]["spec"]["containers"][0]["securityContext"]["privileged"]
        await answer(proving(ns="yes", root="yes", fd="yes", chroot="yes") if privileged else CONFINED)(socket, request)

    cluster.server.on_exec = by_rights
    return cluster


def test_a_node_that_confines_the_pod_is_told_with_each_check_that_failed(confining, command):
    ended = command("node")
    [(said, then)] = ended.errors
    assert (ended.code, len(confining.created), confining.left) == (1, 1, [])
    assert "cannot read the namespaces of PID 1 (check ns) and the descriptors of other users' processes (check fd)" in said
    assert "--profile sysadmin" in then


def test_sysadmin_reads_it(confining, command):
    assert (command("node", "--profile", "sysadmin").code, len(confining.created)) == (0, 1)


def test_auto_tries_again_privileged_and_says_so(confining, command):
    ended = command("node", "--profile", "auto")
    assert (ended.code, ended.errors) == (0, [])
    assert [pod["spec"]["containers"][0]["securityContext"]["privileged"] for pod in confining.created] == [False, True]
    [warning] = ended.err.splitlines()
    assert "(check ns)" in warning
    assert "a privileged pod is tried (--profile auto)" in warning
    assert confining.left == []


def test_what_was_to_be_kept_and_cannot_read_is_not_kept(confining, command):
    assert command("node", "--keep", "5m").code == 1
    assert confining.left == []


def test_a_privileged_pod_that_cannot_read_all_says_it_in_the_report_as_before(cluster, command):
    cluster.server.on_exec = answer(CONFINED)
    assert command("node", "--profile", "sysadmin").code == 0


def test_a_snapshot_of_what_could_not_be_read_is_not_saved(confining, command, tmp_path):
    assert command("snapshot", NODE, "-f", str(tmp_path / "node.capture")).code == 1
    assert list(tmp_path.glob("*.capture")) == []
    assert len(confining.created) == 1
