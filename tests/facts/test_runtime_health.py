"""What a runtime says of its network, and the collector of its files: any bytes give an answer, and only what fits is taken."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.facts.capture import Section
from kubectl_pause.facts.runtime.health import FileSystem, Lease, runtime_health
from tests.nodes.written_nodes import written_node

INFO = {
    "status": {"conditions": [{"type": "RuntimeReady", "status": True}, {"type": "NetworkReady", "status": False, "message": "no"}]},
    "cniconfig": {"PluginDirs": ["/opt/cni/bin"], "PluginConfDir": "/etc/cni/net.d"},
    "lastCNILoadStatus": "no network config found in /etc/cni/net.d",
}


def health(**sections: str | bytes):
    contents = {name.replace("_", "-").replace("crictl-", "crictl."): text for name, text in sections.items()}
    made = {name: Section(text if isinstance(text, bytes) else text.encode()) for name, text in contents.items()}
    capture = written_node()
    return runtime_health(type(capture)(header={}, sections=made, bundles=(), crictl=None))


def test_no_section_is_no_answer():
    assert health(crictl_info=json.dumps(INFO)) is None


def test_the_first_configuration_where_the_runtime_looks():
    first = json.dumps({"plugins": [{"type": "ptp", "ipam": {"type": "host-local"}}, {"type": "portmap"}]})
    cni = f'/var/elsewhere\n{{"type":"macvlan"}}\n/etc/cni/net.d\n?\n{first}\n{{"type":"bridge"}}'
    found = health(crictl_info=json.dumps(INFO), cni=cni, cni_programs="/opt/cni/bin\nptp\nportmap\n/usr/lib/cni\nbridge\n")
    assert (found.network_ready, found.network_words, found.configurations) == (False, "no", 2)
    assert found.plugin_types == ("ptp", "host-local", "portmap")
    assert found.programs == {"ptp", "portmap"}


def test_programs_are_unknown_where_a_folder_was_not_looked_at():
    elsewhere = {**INFO, "cniconfig": {"PluginDirs": ["/opt/cni/bin", "/data/cni"], "PluginConfDir": "/data/net.d"}}
    found = health(crictl_info=json.dumps(elsewhere), cni='/etc/cni/net.d\n{"type":"ptp"}', cni_programs="/opt/cni/bin\nptp")
    assert (found.programs, found.configurations, found.plugin_types) == (None, None, ())


def test_file_systems():
    found = health(cni="", filesystems=" /run 100 0 50 7\n /var/lib 1 2 3\n /x a b c d\n")
    assert found.file_systems == (FileSystem("/run", 100, 0, 50, 7),)


def test_leases_and_the_network_in_use():
    one, other = "ab" * 32, "cd" * 32
    lines = [" /run/x", " 900 ./kind/10.0.0.5", f" ./kind/10.0.0.5:{one}", " 901 ./podman/10.88.0.2", f" ./podman/10.88.0.2:{other}"]
    lines += [" 902 ./kind/fd00::5", f" ./kind/fd00::5:{other}", f" ./kind/10.0.0.9:{one}", " 903 ./kind/10.0.0.8"]
    found = health(crictl_info=json.dumps(INFO), cni='/etc/cni/net.d\n{"name":"kind","type":"ptp"}', leases="\n".join(lines))
    assert found.network == "kind"
    assert found.leases == (
        Lease("/run/x/kind/10.0.0.5", "kind", "10.0.0.5", one, 900),
        Lease("/run/x/podman/10.88.0.2", "podman", "10.88.0.2", other, 901),
        Lease("/run/x/kind/fd00::5", "kind", "fd00::5", other, 902),
    )


NAMES = ("crictl_info", "cni", "cni_programs", "cni_cache", "leases", "filesystems")


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, st.binary())))
def test_any_bytes(sections):
    assert health(**sections) is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(JSON, JSON, JSON, JSON)
def test_json_of_any_shape(status, cniconfig, load, configuration):
    info = json.dumps({"status": status, "cniconfig": cniconfig, "lastCNILoadStatus": load})
    assert health(crictl_info=info, cni=f"/etc/cni/net.d\n{json.dumps(configuration)}") is not None
