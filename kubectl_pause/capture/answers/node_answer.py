"""A node's capture as it came back: the collector's own bytes, and what the API says of the node beside them."""

from __future__ import annotations

import gzip
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from kubectl_pause import __version__
from kubectl_pause.access.exec_protocol import StreamBroken
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.api import ApiView, for_capture, node_for_capture
from kubectl_pause.facts.capture import FILE_MAGIC, Capture
from kubectl_pause.facts.pod_trail import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.access.exec_stream import ExecResult
    from kubectl_pause.facts.api import Node, Pod


@dataclass(frozen=True, slots=True)
class NodeCapture:
    """One node's capture, the API's view in it, and the collector's own bytes."""

    capture: Capture
    answer: bytes

    def file(self) -> bytes:
        """A capture file."""
        return gzip.compress(FILE_MAGIC + b"\n#api\n " + (self.capture.api or b"") + b"\n", compresslevel=1) + self.answer


def is_answer(result: ExecResult) -> bool:
    """Whether the collector gave a whole capture, or its word on a tool that the image lacks, which reading it tells as an error."""
    return (result.stdout.startswith(b"\x1f\x8b") and result.exit_code == 0) or result.stdout.startswith(b"#missing")


def without_answer(result: ExecResult, who: str, hint: str) -> PauseInspectError:
    """Why there is no answer, where `who` has ended without one.

    Exit code 0 says nothing of a command: where a kubelet goes away, the API server finds no status at the end of its stream and takes
    that for success (client-go, `tools/remotecommand/errorstream.go`). So that is a StreamBroken, which may be tried again.
    """
    said = result.last_words or "no further word"
    if result.exit_code == 0:
        what = f"{who} ended with exit code 0 and without an answer, as when the kubelet goes away meanwhile: {said}"
        return StreamBroken(what, f"try again; if it happens each time, {hint}")
    return PauseInspectError("CollectorFailed", f"{who} ended with exit code {result.exit_code}: {said}", hint)


def with_api_view(  # noqa: PLR0913 (what the API says of a node)
    collected: NodeCapture, name: str, node: Node | None, pods: Sequence[Pod], *, inspector_uid: str | None, started: float
) -> NodeCapture:
    """The capture with what the API says of the node; `started` is when the run began, by the monotonic clock."""
    view = ApiView(
        captured_at=written(datetime.now(UTC)),
        node_name=name,
        node=node_for_capture(node) if node else None,
        pods=[for_capture(pod) for pod in pods],
        inspector_uid=inspector_uid,
        seconds=round(time.monotonic() - started, 3),
        tool_version=__version__,
    )
    return replace(collected, capture=replace(collected.capture, api=msgspec.json.encode(view)))
