"""The user's own programs: none is waited for beyond its deadline, whatever it does."""

from __future__ import annotations

import os
import signal

import pytest

from kubectl_pause.access.credentials import child_process


@pytest.mark.filterwarnings("ignore:.*Popen.__del__:pytest.PytestUnraisableExceptionWarning")  # it is left running, which is what is tested
def test_a_program_that_may_not_be_ended_is_not_waited_for(monkeypatch):
    """As one that sudo runs for another user."""
    groups = []

    def refused(group: int, _number: int) -> None:
        groups.append(group)
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patched:
        patched.setattr(os, "killpg", refused)
        end = child_process.run_child(["sleep", "20"], os.environ, 0.2)
    [group] = groups
    assert os.waitpid(group, os.WNOHANG) == (0, 0), "it was waited for"
    os.killpg(group, signal.SIGKILL)
    os.waitpid(group, 0)
    assert (end.code, end.stdout) == (None, b"")
