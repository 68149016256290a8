"""`kubectl pause-inspect version`."""

from __future__ import annotations

import platform

from kubectl_pause import __version__
from kubectl_pause.cli.exit_codes import ExitCode


def version() -> int:
    """Print the version of this program."""
    print(f"kubectl-pause-inspect {__version__} (Python {platform.python_version()})")
    return ExitCode.DONE
