"""Why a host makes no namespaces, from what its settings say."""

from __future__ import annotations

import errno

import pytest

from kubectl_pause.demo.obstacles import not_permitted

CASES = [
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
    ("user/max_user_namespaces", "0", "10000"),
    ("user/max_pid_namespaces", "0", "10000"),
]


def settings(root, **values):
    for name, value in values.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")
    return root


@pytest.mark.parametrize(("name", "forbidding", "allowing"), CASES)
def test_the_setting_that_stands_in_the_way_is_named(tmp_path, name, forbidding, allowing):
    found = not_permitted(errno.EPERM, "demo-keeper: Operation not permitted: unshare", settings(tmp_path, **{name: forbidding}))
    dotted = name.replace("/", ".")
    assert found.reason == "NotPermitted"
    assert f"{dotted}={forbidding} stands in the way" in found.message
    assert found.hint == f"run as root, or: sudo sysctl -w {dotted}={allowing}"


def test_settings_that_allow_are_not_blamed(tmp_path):
    allowing = {name: allowed for name, _, allowed in CASES}
    found = not_permitted(errno.EPERM, "demo-keeper: Operation not permitted: unshare", settings(tmp_path, **allowing))
    assert found.reason == "NotPermitted"
    assert "seccomp" in found.message


def test_a_failure_that_is_no_refusal_is_told_as_it_is(tmp_path):
    found = not_permitted(errno.ENOMEM, "pause: Cannot allocate memory: unshare", tmp_path)
    assert (found.reason, found.message) == ("DemoFailed", "the demo's pod could not be made: pause: Cannot allocate memory: unshare")
