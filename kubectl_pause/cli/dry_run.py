"""`--dry-run=client|server`: the objects that a run would create, printed as YAML; none is created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_pause.cli import terminal
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.inspector_pod import InspectorOptions

WAYS = ("client", "server")


class DryRunDone(Exception):  # noqa: N818 (no error: the user's wish)
    """The objects were printed: there is nothing to read and no report."""


def check(way: str | None) -> None:
    """Raises PauseInspectError for a way that does not exist."""
    if way is not None and way not in WAYS:
        raise PauseInspectError("WrongUsage", f"--dry-run: {way!r} is not a value of it", "--dry-run=client or --dry-run=server")


def dry_run(api: Api, nodes: Sequence[str], options: InspectorOptions, way: str) -> None:
    """Print the Job and the pod for each node: as this program makes them, or as the server would store them after all its checks.

    Raises PauseInspectError for what the server would refuse, and DryRunDone at the end.
    """
    from kubectl_pause.capture.admission.rehearsal import objects_of, rehearse

    check(way)
    for node in nodes:
        objects = rehearse(api, node, options) if way == "server" else objects_of(node, options)
        for each in objects:
            terminal.put("---\n" + _as_yaml(each))
    raise DryRunDone


def _as_yaml(document: dict[str, object]) -> str:
    """As kubectl prints objects; a text of several lines as one block, so that the collector can be read."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Blocks for texts of several lines."""

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return str(yaml.dump(document, Dumper=Dumper, sort_keys=False, default_flow_style=False, allow_unicode=False, width=1 << 20))
