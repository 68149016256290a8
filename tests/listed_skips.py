"""The only skips that a run may have. Any other fails it: what is not tested must not look tested."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

LISTED = {
    r"needs Linux$": "the client runs elsewhere too, the node's side does not",
    r"needs root\b": "ordinary users run the tests too; CI is root",
    r"these tests run as an ordinary user already$": "the same tests ran as that user",
    r"NOT TESTED as an ordinary user: ": "where this Python lies in root's own home, nobody else may run it",
    r"NOT TESTED: this kernel lets this user make no namespaces$": "a setting of the kernel (user.max_user_namespaces, AppArmor)",
    r"this host's PID namespace is not the kernel's first$": "tracefs tells pids of that one alone; CI hosts are often in another",
    r"NOT TESTED in a browser: no (Chromium|npm that could fetch axe-core)$": "large, and of use for the page alone; CI has them",
    r"NOT COMPARED with kubectl: none is on PATH$": "the table of what it sends is held all the same",
    r"E2E_KUBECONFIG gives one cluster": "a cluster of the user's own is tested alone",
    r"\[given\] NO USER NAMESPACE WAS TESTED: ": "a cluster of the user's own may have none; ours must",
}
"""Reason, as a pattern at its beginning, and why that may be so."""


def unlisted(reasons: list[str]) -> list[str]:
    """Those reasons that stand in no row of LISTED."""
    return [reason for reason in reasons if not any(re.match(pattern, reason) for pattern in LISTED)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was skipped and may not be."""
    bad = unlisted(_reasons(terminalreporter))
    if bad:
        terminalreporter.section("skips that stand in no list (tests/listed_skips.py)", red=True)
        for reason in sorted(set(bad)):
            terminalreporter.line(f"{bad.count(reason)} x {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run for them, in the process that has heard of all tests."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and unlisted(_reasons(reporter)) and session.exitstatus == 0:
        session.exitstatus = 1


def _reasons(reporter: pytest.TerminalReporter) -> list[str]:
    texts = [str(report.longrepr[2]) for report in reporter.stats.get("skipped", ()) if isinstance(report.longrepr, tuple)]
    return [text.removeprefix("Skipped: ") for text in texts]
