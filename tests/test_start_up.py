"""What must be quick loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import requires

import pytest

HEAVY = ("kubernetes", "jinja2", "rich", "msgspec", "pydantic", "websockets", "socks", "yaml", "urllib3", "asyncio")
ASK = f"import sys; print('LOADED', *sorted(name for name in {HEAVY!r} if name in sys.modules))"


@pytest.mark.parametrize(
    "code",
    [
        "import kubectl_pause.cli",
        "import kubectl_pause.cli.main",
        "from kubectl_pause.cli.main import run; assert run(['version']) == 0",
        "from kubectl_pause.cli.main import run; assert run(['--help']) == 0",
        "from kubectl_pause.cli.main import run; assert run(['pod', '--help']) == 0",
        "from kubectl_pause.cli.main import run; assert run(['pod', '--nosuch']) == 1",
    ],
)
def test_nothing_heavy_is_loaded(code):
    ended = subprocess.run([sys.executable, "-c", f"{code}\n{ASK}"], capture_output=True, text=True, check=True)
    loaded = ended.stdout.splitlines()[-1].split()[1:]
    # typer 0.29 reads every command line with pydantic itself; with a typer that does not need it, none may be loaded
    by_typer = ["pydantic"] if "run(" in code and any(each.startswith("pydantic") for each in requires("typer") or ()) else []
    assert [name for name in loaded if name not in by_typer] == []


def test_the_version_is_the_package_s():
    from kubectl_pause import __version__

    ended = subprocess.run([sys.executable, "-m", "kubectl_pause", "version"], capture_output=True, text=True, check=True)
    assert __version__ in ended.stdout
    assert ended.stderr == ""


def test_ctrl_c_while_anything_is_loaded():
    """Whatever the entry point loads may be what is interrupted, its first line too."""
    interrupted = """
import builtins
real = builtins.__import__
def load(name, names=None, *more):
    if names and names.get("__name__") == "kubectl_pause.__main__" and name != "sys":
        raise KeyboardInterrupt
    return real(name, names, *more)
builtins.__import__ = load
from kubectl_pause.__main__ import start
start()
"""
    ended = subprocess.run([sys.executable, "-c", interrupted], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")
