"""As the first process of a container the program hears of SIGTERM from its first moment on, not only once it has something to undo."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

START = """
import os, sys, time, types
os.getpid = lambda: PID
stub = types.ModuleType("kubectl_pause.cli.main")
def main():
    print("loaded", flush=True)
    time.sleep(60)
stub.main = main
sys.modules["kubectl_pause.cli.main"] = stub
from kubectl_pause.__main__ import start
start()
"""


@pytest.mark.parametrize(("pid", "code"), [(1, 143), (4711, -signal.SIGTERM)])
def test_sigterm_while_the_program_is_loaded(pid, code):
    """Any other process is ended by it as the kernel does."""
    with subprocess.Popen([sys.executable, "-c", START.replace("PID", str(pid), 1)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"loaded\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == code
