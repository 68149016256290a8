"""`kubectl pause-inspect completion`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from kubectl_pause.cli.completing.shell_scripts import KUBECTL_CALLS, MARK, SCRIPTS, for_kubectl
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.terminal import put
from kubectl_pause.errors import PauseInspectError

_PLUGIN = "kubectl-pause_inspect"


def completion(
    shell: Annotated[Optional[str], typer.Argument(metavar="[SHELL]", help="bash, zsh or fish: print its completion script.")] = None,
    install: Annotated[bool, typer.Option("--install", help=f"Write {KUBECTL_CALLS}, which kubectl runs, next to this plugin.")] = False,
) -> int:
    """Set up shell completion of verbs, flags, namespaces, pods, nodes and containers.

    kubectl completes a plugin with a second executable, which pip, pipx and uv install too. krew installs one executable alone, so
    --install writes the second. With a shell's name, it prints the script that completes the bare command `kubectl-pause_inspect`.

    \b
    Examples:
      kubectl pause-inspect completion --install
      kubectl pause-inspect completion bash
    """
    if install == (shell is not None):
        raise PauseInspectError("WrongUsage", "either a shell or --install", f"give one of {', '.join(SCRIPTS)}, or --install")
    if shell is not None:
        if shell not in SCRIPTS:
            raise PauseInspectError("WrongUsage", f"no completion for {shell!r}", f"it is one of {', '.join(SCRIPTS)}")
        put(SCRIPTS[shell])
        return ExitCode.DONE
    target = _install()
    put(f"{target} is there: kubectl completes `kubectl pause-inspect` by it\n")
    return ExitCode.DONE


def _install() -> Path:
    """Raises PauseInspectError where the plugin is not found, or its directory may not be written to."""
    if os.name == "nt":
        raise PauseInspectError("NotSupported", "--install writes a script for sh", f"put a {KUBECTL_CALLS}.bat of your own on the PATH")
    plugin = _plugin()
    target = plugin.with_name(KUBECTL_CALLS)
    try:
        if target.exists() and MARK not in target.read_text(encoding="utf-8", errors="replace"):
            return target  # pip's own: it does the same
        target.write_text(for_kubectl(str(plugin)), encoding="utf-8")
        target.chmod(0o755)
    except OSError as error:
        hint = f"run it as who may write to {target.parent}"
        raise PauseInspectError("CannotWrite", f"{target}: {error.strerror}", hint) from None
    return target


def _plugin() -> Path:
    """Where this program is: as it was called, else on the PATH. A link (krew's) stays one, since what it leads to changes."""
    called = Path(sys.argv[0])
    if called.name == _PLUGIN and called.is_file():
        return called.absolute()
    on_path = shutil.which(_PLUGIN)
    if on_path is None:
        raise PauseInspectError("NotFound", f"{_PLUGIN} is not on the PATH", "install the plugin first; kubectl plugin list shows it")
    return Path(on_path).absolute()
