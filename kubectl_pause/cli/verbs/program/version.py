"""`kubectl pause-inspect version`."""

from __future__ import annotations

import os
import platform
from typing import Annotated

import typer

from kubectl_pause import __version__
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.terminal import put


def version(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also show the defaults of the inspector pod, and where each comes from.")
    ] = False,
) -> int:
    """Print the version of this program.

    \b
    Examples:
      kubectl pause-inspect version
      kubectl pause-inspect version -v
    """
    put(f"kubectl-pause-inspect {__version__} (Python {platform.python_version()})\n" + (_defaults() if verbose else ""))
    return ExitCode.DONE


def _defaults() -> str:
    """One line for each default: what a run without flags uses. Raises PauseInspectError for a file that cannot be understood."""
    from kubectl_pause.capture.admission.profile import PROFILES
    from kubectl_pause.capture.inspector_pod import DEFAULT_IMAGE, DEFAULT_NAMESPACE, PULL_POLICIES
    from kubectl_pause.cli.config_file import path, read_defaults
    from kubectl_pause.render.plain_text import visible

    of_file, file = read_defaults(), path()
    rows = (
        ("image", "PAUSE_INSPECT_IMAGE", of_file.image, DEFAULT_IMAGE),
        ("imagePullPolicy", "", of_file.image_pull_policy, PULL_POLICIES[0]),
        ("imagePullSecrets", "", ", ".join(of_file.image_pull_secrets), "none"),
        ("debugNamespace", "PAUSE_INSPECT_NAMESPACE", of_file.debug_namespace, DEFAULT_NAMESPACE),
        ("profile", "", of_file.profile, PROFILES[0]),
        ("selinuxType", "", of_file.selinux_type, "the node's default"),
    )
    lines = []
    for setting, variable, in_file, built_in in rows:
        if variable and os.environ.get(variable):
            value, source = os.environ[variable], variable
        elif in_file:
            value, source = in_file, str(file)
        else:
            value, source = built_in, "built in"
        lines.append(f"{setting:17} {visible(value)}  ({visible(source)})\n")
    return "".join(lines)
