"""`kubectl pause-inspect access`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import terminal
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.flags import CaptureFlags, KubeFlags, with_shared_flags
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.capture.admission.rights import AccessList

FORMATS = ("json", "yaml")


@partial(with_shared_flags, without=("via", "keep", "parallel", "crictl", "fds", "args", "dry_run"))
def access(
    uses: Annotated[
        Optional[list[str]],
        typer.Argument(metavar="[USE...]", help="Roles of docs/rbac: inspector, node, pod, cleanup; without, the first three."),
    ] = None,
    output: Annotated[Optional[str], typer.Option("--output", "-o", metavar="FORMAT", help="json or yaml.")] = None,
    no_headers: Annotated[bool, typer.Option("--no-headers", help="Leave out the column names.")] = False,
    kube: KubeFlags = KubeFlags(),
    capture: CaptureFlags = CaptureFlags(),
) -> int:
    """Check whether you have the permissions each command needs, and print the RBAC that is missing.

    It also checks whether the inspector pod would be admitted. Nothing is created: the server checks the pod without storing it. The exit
    code is 1 if a permission is missing or the inspector pod would be refused.

    \b
    Examples:
      kubectl pause-inspect access
      kubectl pause-inspect access inspector node --as jane --debug-namespace node-debug
    """
    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.capture.admission.rights import USES, USUAL, access_list
    from kubectl_pause.render.documents.outputs import check_form

    check_form(output, FORMATS)
    if unknown := [use for use in uses or () if use not in USES]:
        raise PauseInspectError("WrongUsage", f"{unknown[0]!r} is not a role", f"the roles are: {', '.join(USES)}")
    options = capture.inspector()
    api = connect(kube.connection(options.timeout))
    found = access_list(api, options, kube.namespace or api.namespace, uses or USUAL)
    if all(answer.allowed is None for answer in found.rights):
        message = f"the API server at {api.host} answered none of the questions about what you may do"
        why = f": {found.admission.why}" if found.admission.why else ""
        raise PauseInspectError("NoAnswer", message + why, "try: kubectl auth can-i --list")
    terminal.put(_text(found, output, no_headers=no_headers))
    is_refused = found.admission.admitted is False and "inspector" in (uses or USUAL)
    if is_refused or any(answer.allowed is False for answer in found.rights):
        return ExitCode.ERROR
    return ExitCode.PARTIAL if any(answer.allowed is None for answer in found.rights) else ExitCode.DONE


def _text(found: AccessList, output: str | None, *, no_headers: bool) -> str:
    from kubectl_pause.capture.admission.rights import granting_manifest
    from kubectl_pause.render.access_view import access_view
    from kubectl_pause.render.documents.document import as_json, as_yaml

    if output is not None:
        return {"json": as_json, "yaml": as_yaml}[output](found)
    return access_view(found, granting_manifest(found), width=terminal.width(), headings=not no_headers, colour=terminal.colour())
