"""Why a container ended: by its state's reason, its last words, what the kubelet said of killing it, and its exit code, in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.judge.stuck.frames import parse_message
from kubectl_pause.judge.stuck.reason import circumstances
from kubectl_pause.judge.stuck.recognise import Recognised, recognise, take
from kubectl_pause.known_causes import ends
from kubectl_pause.known_causes.containers import HOOK_KILLED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.facts.api import StateDetail
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.known_causes.cause import Cause

KILLED, TOLD_TO_STOP, FAILED_START = 137, (130, 143), 128
"""128 + SIGKILL; 128 + SIGINT and SIGTERM; what containerd gives a container that was never started."""
_KILL_SECONDS = 120.0
"""Between the kubelet's word of killing a container and its end lies at most its grace, 30 s where nothing else is said."""
_BY_REASON = {"OOMKilled": ends.OUT_OF_MEMORY, "seccomp killed": ends.SECCOMP, "Unknown": ends.NODE_LOST}
_BY_KILLING = (("failed liveness probe", ends.LIVENESS), ("failed startup probe", ends.STARTUP), ("FailedPostStartHook", ends.HOOK))


def end_cause(trail: PodTrail, name: str, ended: StateDetail, *, loops: bool) -> Recognised | None:
    """What ended container `name`; None for exit code 0 that is meant. `loops`: it is started again and again."""
    message, around = parse_message(ended.message or ""), circumstances(trail, container=name)
    by_words = recognise(message, ends.LAST_WORDS, around)
    if by_words and ended.reason not in _BY_REASON:
        return by_words
    cause = _by_reason(ended) or _killing(trail, name, ended) or _by_code(ended.exit_code or 0, loops=loops, deleted=around.is_deleted)
    return take(cause, around) if cause else None


def _by_reason(ended: StateDetail) -> Cause | None:
    if ended.reason == "OOMKilled" and not ended.exit_code:
        return ends.CHILD_OUT_OF_MEMORY
    return _BY_REASON.get(ended.reason or "")


def _by_code(code: int, *, loops: bool, deleted: bool) -> Cause | None:
    if deleted:
        return ends.IGNORED if code == KILLED else ends.STOPPED
    if code == 0:
        return ends.FINISHED if loops else None
    if code in TOLD_TO_STOP:
        return ends.STOPPED
    return ends.KILLED if code == KILLED else ends.BY_CODE.get(code, ends.FAILED)


def describe_end(ended: StateDetail) -> str:
    """`ended with exit code 137 (OOMKilled)`."""
    reason = f" ({ended.reason})" if ended.reason not in (None, "Error", "Completed") else ""
    return f"ended with exit code {ended.exit_code}{reason}"


def _killing(trail: PodTrail, name: str, ended: StateDetail) -> Cause | None:
    """Why the kubelet killed the container, by the event nearest before its end; None where it was not killed."""
    if ended.exit_code not in (KILLED, *TOLD_TO_STOP):
        return None
    finished = moment_of(ended.finished_at)
    for event in trail.events or ():
        words = event.message or ""
        if event.reason not in ("Killing", "FailedPostStartHook"):
            continue
        if event.reason == "Killing" and not _is_about(words, name):
            continue
        at = event.last_seen
        if finished and at and not -_KILL_SECONDS <= (finished - at).total_seconds() <= _KILL_SECONDS:
            continue
        if event.reason == "FailedPostStartHook" and words.rstrip().endswith('message: ""') and "exited with 137" in words:
            return HOOK_KILLED
        known = next((cause for text, cause in _BY_KILLING if text in f"{event.reason} {words}"), None)
        if known:
            return known
    return None


def _is_about(words: str, name: str) -> bool:
    """`Container NAME failed liveness probe, will be restarted`; the event of a hook has no name."""
    parts: Sequence[str] = words.split()
    return len(parts) < 2 or parts[0] != "Container" or parts[1] == name  # noqa: PLR2004 (the second word)
