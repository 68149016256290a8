"""SIGINT as a terminal gives it, in a run that a shell started in the background: there it is ignored, and so by all that is started."""

import signal


def pytest_configure() -> None:
    """A handler is back to the default in a program that is executed; what is ignored stays ignored (execve(2))."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
