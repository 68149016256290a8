"""`kubectl pause-inspect version`."""

from __future__ import annotations

import platform

from kubectl_pause import __version__
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.terminal import put


def version() -> int:
    """Print the version of this program.

    \b
    Examples:
      kubectl pause-inspect version
    """
    put(f"kubectl-pause-inspect {__version__} (Python {platform.python_version()})\n")
    return ExitCode.DONE
