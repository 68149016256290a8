"""For all tests without a cluster."""

from hypothesis import HealthCheck, settings

from tests.default_signals import pytest_configure
from tests.listed_skips import pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_terminal_summary"]

# A slow moment of the machine is no failure: no deadline for an example, none for making one.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
