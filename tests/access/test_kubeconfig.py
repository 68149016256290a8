"""kubeconfig: merging, flags, plugins; each mistake ends in one clear error."""

from __future__ import annotations

import json
import os
import sys

import pytest

from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.access.proxies import choose_proxy
from kubectl_pause.errors import PauseInspectError

from .conftest import write_kubeconfig
from .fake_api_server import make_certificates, status

API_VERSION = "client.authentication.k8s.io/v1"


def refused(**flags):
    with pytest.raises(PauseInspectError) as caught:
        connect(ConnectionFlags(**flags))
    return caught.value


def plugin(tmp_path, code, **fields):
    script = tmp_path / "plugin.py"
    script.write_text(code, encoding="utf-8")
    return {"exec": {"apiVersion": API_VERSION, "command": sys.executable, "args": [str(script)], **fields}}


def test_files_are_merged_as_kubectl_does_and_the_first_wins(tmp_path, monkeypatch):
    one = write_kubeconfig(tmp_path / "one", "http://one.example:1", name="one")
    two = write_kubeconfig(tmp_path / "two", "http://two.example:2", name="two")
    again = write_kubeconfig(tmp_path / "again", "http://wrong.example:3", name="two")
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, (tmp_path / "missing", one, two, again))))
    api = connect(ConnectionFlags())
    assert (api.host, api.namespace, api.context) == ("one.example:1", "ns-one", "one")
    api = connect(ConnectionFlags(context="two"))
    assert (api.host, api.namespace, api.context) == ("two.example:2", "ns-two", "two")
    api = connect(ConnectionFlags(cluster="two", namespace="mine"))
    assert (api.host, api.namespace, api.context) == ("two.example:2", "mine", "one")


def test_flags_override_server_user_and_token(tls_server, tmp_path):
    path = write_kubeconfig(tmp_path / "c", "https://nowhere.example", user={"exec": {"command": "/no/such"}})
    there = {"server": tls_server.url, "insecure_skip_tls_verify": True}
    connect(ConnectionFlags(kubeconfig=str(path), token="given", **there)).get("/x")
    assert tls_server.headers(0, "Authorization") == ["Bearer given"]
    connect(ConnectionFlags(**there)).get("/x")
    assert tls_server.headers(1, "Authorization") == []


def test_a_token_file_beside_the_kubeconfig_is_read_without_its_newline(tls_server, api_of, tmp_path):
    (tmp_path / "token").write_text("abc\n", encoding="utf-8")
    api_of(tls_server, user={"tokenFile": "token"}).get("/x")
    assert tls_server.headers(0, "Authorization") == ["Bearer abc"]


def test_a_token_file_wins_over_a_token_and_is_read_again(tls_server, api_of, tmp_path, monkeypatch):
    (tmp_path / "token").write_text("first", encoding="utf-8")
    api = api_of(tls_server, user={"tokenFile": "token", "token": "given"})
    api.get("/x")
    (tmp_path / "token").write_text("second", encoding="utf-8")
    api.get("/x")
    monkeypatch.setattr("kubectl_pause.access.credentials.authorization.TOKEN_FILE_SECONDS", 0.0)
    api.get("/x")
    (tmp_path / "token").unlink()
    api.get("/x")
    api_of(tls_server, user={"tokenFile": "token", "token": "given"}).get("/x")
    sent = [tls_server.headers(number, "Authorization")[0] for number in range(5)]
    assert sent == ["Bearer first", "Bearer first", "Bearer second", "Bearer second", "Bearer given"]


def test_unknown_names_name_the_near_ones_and_the_file(tmp_path):
    path = write_kubeconfig(tmp_path / "c", "http://x.example", name="production")
    for kind in ("context", "cluster", "user"):
        error = refused(kubeconfig=str(path), **{kind: "prodution"})
        assert error.message == f'{kind} "prodution" does not exist in {path}'
        assert "production" in error.hint


def test_no_kubeconfig_tells_where_it_was_looked_for(tmp_path, monkeypatch):
    error = refused()
    assert str(tmp_path / ".kube" / "config") in error.message
    assert "--kubeconfig" in error.hint
    monkeypatch.setenv("KUBECONFIG", "/no/a:/no/b")
    assert "/no/a, /no/b" in refused().message
    assert "/no/c" in refused(kubeconfig="/no/c").message


def test_in_cluster_without_a_service_account_says_so_and_prints_nothing(monkeypatch, capsys):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert refused().reason == "InClusterFailed"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("text", ["", "# nothing\n", "apiVersion: v1\nkind: Config\nclusters: []\nusers:\n", "{}"])
def test_an_empty_kubeconfig_is_none(monkeypatch, tmp_path, text):
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(text)
    assert refused().message.endswith("config, which is empty)")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert refused().reason == "InClusterFailed"
    service_account = tmp_path / "account"
    service_account.mkdir()
    (service_account / "token").write_text("of-the-pod")
    make_certificates(tmp_path, "kubernetes")[0].rename(service_account / "ca.crt")
    monkeypatch.setattr("kubectl_pause.access.kubeconfig.SERVICE_ACCOUNT", service_account)
    api = connect(ConnectionFlags())
    assert api.connection.server == "https://10.0.0.1:443"
    assert (api.connection.authorization() or "").split() in (["bearer", "of-the-pod"], ["Bearer", "of-the-pod"])


def test_broken_yaml_is_told_with_its_line(tmp_path):
    path = tmp_path / "c"
    path.write_text("apiVersion: v1\nclusters:\n- name: [x\nusers: y\n", encoding="utf-8")
    error = refused(kubeconfig=str(path))
    assert f"{path}, line 4" in error.message
    for text in ("[]", "just words", "contexts: 1", "users: [{user: {}}]", "current-context: a\ncontexts: [{name: a, context: 7}]"):
        path.write_text(text, encoding="utf-8")
        assert refused(kubeconfig=str(path)).reason == "InvalidKubeconfig"


def test_a_namespace_called_n_is_not_a_boolean(tmp_path):
    path = tmp_path / "c"
    path.write_text(
        "current-context: y\ncontexts: [{name: y, context: {cluster: y, namespace: n}}]\n"
        "clusters: [{name: y, cluster: {server: 'http://h.example'}}]\nusers: null\n",
        encoding="utf-8",
    )
    assert connect(ConnectionFlags(kubeconfig=str(path))).namespace == "n"


def test_a_missing_certificate_names_its_file(tmp_path):
    path = write_kubeconfig(tmp_path / "c", "https://x.example", cluster={"certificate-authority": "gone.crt"})
    assert str(tmp_path / "gone.crt") in refused(kubeconfig=str(path)).message


def test_a_plugin_gives_the_token_and_is_asked_again_when_it_is_refused(tls_server, api_of, tmp_path):
    count = tmp_path / "count"
    code = (
        "import json,os,pathlib\n"
        f"p=pathlib.Path({str(count)!r}); n=len(p.read_text()) if p.exists() else 0; p.write_text('x'*(n+1))\n"
        "assert json.loads(os.environ['KUBERNETES_EXEC_INFO'])['kind']=='ExecCredential' and os.environ['MODE']=='m'\n"
        f"print(json.dumps({{'apiVersion':{API_VERSION!r},'kind':'ExecCredential','status':{{'token':'t%d'%n}}}}))\n"
    )

    async def only_the_second(request):
        from aiohttp import web

        good = request.headers.get("Authorization") == "Bearer t1"
        return web.json_response({}) if good else status(401, "Unauthorized", "Unauthorized")

    tls_server.rest = only_the_second
    assert api_of(tls_server, user=plugin(tmp_path, code, env=[{"name": "MODE", "value": "m"}])).get("/x") == b"{}"
    assert [tls_server.headers(number, "Authorization") for number in (0, 1)] == [["Bearer t0"], ["Bearer t1"]]


@pytest.mark.parametrize(
    ("code", "words"),
    [("import sys; sys.exit('no login\\nhere')", "exit code 1: no login here"), ("print('x')", "did not print JSON"),
     ("print('[]')", "no ExecCredential"),
     (f"print('{json.dumps({'apiVersion': API_VERSION, 'status': {}})}')", "neither a token"),
     ("print('{\"apiVersion\": \"v0\", \"status\": {\"token\": \"t\"}}')", "answered with v0")],
)  # fmt: skip
def test_a_failing_plugin_ends_the_run_with_its_own_words(tls_server, api_of, tmp_path, code, words):
    with pytest.raises(PauseInspectError) as caught:
        api_of(tls_server, user=plugin(tmp_path, code))
    assert caught.value.reason == "CredentialPluginFailed"
    assert sys.executable in caught.value.message
    assert words in caught.value.message
    assert tls_server.requests == []


def test_a_missing_and_a_hanging_plugin_are_named(tls_server, api_of, tmp_path, monkeypatch):
    with pytest.raises(PauseInspectError) as caught:
        api_of(tls_server, user={"exec": {"apiVersion": API_VERSION, "command": "no-such-plugin", "installHint": "get it"}})
    assert (caught.value.message, caught.value.hint) == ("the credential plugin no-such-plugin is not installed", "get it")
    monkeypatch.setattr("kubectl_pause.access.credentials.credential_plugin.MINIMUM_SECONDS", 0.3)
    hanging = plugin(tmp_path, "import subprocess; subprocess.run(['sleep', '60'])")
    with pytest.raises(PauseInspectError, match=r"did not answer within 0\.3 s"):
        api_of(tls_server, user=hanging, request_timeout=0.3)


def test_impersonation_without_a_user_and_unsafe_values_are_refused(tmp_path):
    path = str(write_kubeconfig(tmp_path / "c", "http://x.example"))
    assert refused(kubeconfig=path, as_group=("g",)).reason == "InvalidImpersonation"
    assert refused(kubeconfig=path, as_user="a\r\nX: y").reason == "InvalidHeader"


def test_auth_providers_that_kubectl_dropped_are_refused_by_name(tmp_path):
    path = write_kubeconfig(tmp_path / "c", "https://x.example", user={"auth-provider": {"name": "gcp"}})
    assert '"gcp"' in refused(kubeconfig=str(path)).message


@pytest.mark.parametrize(
    ("server", "cluster_proxy", "environ", "expected"),
    [("https://a.example", None, {}, None),
     ("https://a.example", None, {"HTTPS_PROXY": "p:1"}, "http://p:1"),
     ("https://a.example", None, {"HTTP_PROXY": "p:1"}, None),
     ("https://a.example", None, {"https_proxy": "http://p:1", "no_proxy": ".example"}, None),
     ("https://a.example", None, {"https_proxy": "http://p:1", "no_proxy": "b.example"}, "http://p:1"),
     ("https://10.1.2.3:6443", None, {"https_proxy": "http://p:1", "NO_PROXY": "x, 10.0.0.0/8"}, None),
     ("https://127.0.0.1", None, {"https_proxy": "http://p:1"}, None),
     ("https://127.0.0.1", "http://q:2", {"no_proxy": "*"}, "http://q:2")],
)  # fmt: skip
def test_the_proxy_is_the_one_client_go_would_take(server, cluster_proxy, environ, expected):
    assert choose_proxy(server, cluster_proxy, environ) == expected
