"""For all tests without a cluster."""

from tests.default_signals import pytest_configure
from tests.listed_skips import pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_terminal_summary"]
