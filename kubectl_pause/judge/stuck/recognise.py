"""Which cause of a table a message proves, and the finding that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.record import Record
from kubectl_pause.judge.stuck.frames import Message, parse_message
from kubectl_pause.pasting import ON_THE_NODE, as_word
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from kubectl_pause.known_causes.cause import Cause

LASTING_TIMES, LASTING_SECONDS = 20, 600
"""From so many sightings, or so long a time on, what heals by itself within a minute has not."""
ON_WINDOWS = "see the logs of the kubelet and of containerd on that Windows node, at the time of the event"
_LONGEST_REST = 300
"""Characters of another program's own words that a sentence repeats: the whole stands in the evidence."""


class Circumstances(Record, frozen=True):
    """What stands around a message, and what a step may name. Unknown names are empty."""

    namespace: str = ""
    pod: str = ""
    node: str = ""
    container: str = ""
    image: str = ""
    is_lasting: bool = False
    is_deleted: bool = False
    is_teardown: bool = False
    is_crio: bool = False
    is_windows: bool = False
    is_old_kubelet: bool = False

    def meet(self, condition: str) -> bool:
        """Whether a row's `only` holds."""
        return not condition or {
            "lasting": self.is_lasting,
            "deleted": self.is_deleted,
            "teardown": self.is_teardown,
            "crio": self.is_crio,
            "old-kubelet": self.is_old_kubelet,
        }.get(condition, False)


class Recognised(Record, frozen=True):
    """A cause with the names that its sentences take from the message, and what stands around it."""

    cause: Cause
    names: dict[str, str]
    around: Circumstances

    def finding(self, subject: str, evidence: list[str], *, confidence: str | None = None) -> Finding:
        """The finding; `confidence` where it is less than the row's own."""
        cause = self.cause
        return Finding(
            code=cause.code,
            severity="info" if cause.at_fault == "none" else "critical",
            subject=subject,
            message=_filled(cause.says, self.names).rstrip(": "),
            evidence=evidence,
            confidence=confidence or cause.sure,  # type: ignore[arg-type]
            remedy=ON_WINDOWS if self.around.is_windows and ON_THE_NODE in cause.step else _step(cause.step, self.names),
            at_fault=cause.at_fault,
            scope=cause.scope,
            heals_itself=cause.heals_itself,
        )


def recognise(message: Message, causes: Iterable[Cause], around: Circumstances) -> Recognised | None:
    """The first row that the message proves; None where it proves none."""
    for cause in causes:
        if around.meet(cause.only) and (names := _names(message, cause)) is not None:
            of_message = {"rest": message.innermost, "path": message.path, "operation": message.operation, "errno": message.errno or ""}
            return Recognised(cause, {**_known(around), **of_message, **names}, around)
    return None


def take(cause: Cause, around: Circumstances) -> Recognised:
    """A row that something else than a message proves."""
    return Recognised(cause, _known(around), around)


def judge_text(text: str, causes: Iterable[Cause], around: Circumstances, subject: str, evidence: list[str]) -> Finding | None:
    """What a text proves about `subject`; None for one that is not known. One that was cut proves nothing for certain."""
    message = parse_message(text)
    found = recognise(message, causes, around)
    if found is None:
        return None
    unsure = "likely" if message.is_cut and found.cause.sure == "certain" and not found.cause.errno else None
    return found.finding(subject, evidence, confidence=unsure)


def _known(around: Circumstances) -> dict[str, str]:
    return {name: getattr(around, name) for name in ("namespace", "pod", "node", "container", "image")}


def _names(message: Message, cause: Cause) -> dict[str, str] | None:
    """The groups of the patterns where all that the row asks for is there, else None."""
    names: dict[str, str] = {}
    if cause.errno and message.errno not in cause.errno.split("|"):
        return None
    if cause.path:
        match = cause.pattern("path").match(message.path)
        if match is None:
            return None
        names |= _groups(match)
    place = len(message.frames)
    if cause.frame:
        pattern = cause.pattern("frame")
        lowest = place - 2 if cause.last else -1
        found = next(((at, match) for at in range(place - 1, lowest, -1) if (match := pattern.match(message.frames[at]))), None)
        if found is None:
            return None
        place = found[0]
        names |= _groups(found[1])
    if cause.outer:
        pattern = cause.pattern("outer")
        before = next((match for frame in reversed(message.frames[:place]) if (match := pattern.match(frame))), None)
        if before is None:
            return None
        names |= _groups(before)
    return names


def _groups(match: re.Match[str]) -> dict[str, str]:
    """Named groups that took part. A pattern with two places for one name calls the second `name_` (a group's name may stand once)."""
    return {name.rstrip("_"): text for name, text in match.groupdict().items() if text is not None}


class _Names(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def _filled(sentence: str, names: dict[str, str]) -> str:
    return " ".join(sentence.format_map(_Names({name: _short(text) for name, text in names.items()})).split())


def _step(step: str, names: dict[str, str]) -> str:
    """Names of others are quoted for the shell that a step may be pasted into; one that is not known stands as the word to replace."""
    quoted = {name: as_word(text) for name, text in names.items() if text}
    return step.format_map(_Placeholders(quoted))


class _Placeholders(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return name.upper()


def _short(text: str) -> str:
    """The end of a text is where its cause stands."""
    return text if len(text) <= _LONGEST_REST else "..." + text[-_LONGEST_REST:]
