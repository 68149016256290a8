"""A proxy's password is in no message, wherever the proxy is named and however odd its URL is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_pause.access.proxies import choose_proxy, redact_url
from kubectl_pause.cli.main import run
from kubectl_pause.errors import PauseInspectError

from .conftest import write_kubeconfig

ODD = ["", "/", "?", "#", "@", ":", "://", "//", "\\", "%", " ", "http://", "[", "\u202e"]
PROXIES = [
    f"{scheme}bob:{odd}hunter2{again}@127.0.0.1:1" for scheme in ("", "http://", "//", "socks5://", "x://") for odd in ODD for again in ODD
]


def test_what_is_shown_of_a_url() -> None:
    assert redact_url("http://joe:pw@proxy:3128/path?token=x#y") == "http://proxy:3128/path"
    assert redact_url("bob:hunter2@proxy:3128") == "proxy:3128"
    assert redact_url("HTTPS://bob:pa/hunter2@proxy:3128") == "https://proxy:3128"
    assert redact_url("https://api.example:6443") == "https://api.example:6443"


@given(st.sampled_from(["", "http://", "HTTP://", "socks5h://", "bob://"]), st.text(), st.text())
def test_no_part_of_a_password_is_shown(scheme: str, front: str, back: str) -> None:
    assert "hunter2" not in redact_url(f"{scheme}bob:{front}hunter2{back}@proxy:3128")


@pytest.mark.parametrize("variable", [None, "HTTPS_PROXY", "https_proxy"])
def test_a_proxy_is_used_or_refused_without_its_password(variable: str | None) -> None:
    said = []
    for proxy in PROXIES:
        try:
            choose_proxy("https://api.example", None if variable else proxy, {variable: proxy} if variable else {})
        except PauseInspectError as error:
            said.append(str(error))
    assert said
    assert not [text for text in said if "hunter2" in text or "bob" in text]


@pytest.mark.parametrize("proxy", PROXIES[::7])
@pytest.mark.parametrize("variable", [False, True])
def test_a_run_prints_no_password_at_any_level(tmp_path, monkeypatch, capsys, proxy, variable):
    if variable:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
    config = write_kubeconfig(tmp_path / "c", "https://api.example:6443", cluster=None if variable else {"proxy-url": proxy})
    assert run(["node", "--all", "--kubeconfig", str(config), "-v", "9", "--request-timeout", "1s"]) == 1
    assert "hunter2" not in "".join(capsys.readouterr())
