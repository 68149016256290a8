"""kubectl's JSONPath: `{.items[*].x}`, `{range .x[*]}{.y}{"\\n"}{end}`, filters, `..`, slices, unions.

An evaluator of our own, because kubectl's dialect is none that a library of the package index speaks: it is a template (text beside
expressions, `range` and `end`, quoted text with escapes), `$` and `@` may be left out, a union is of paths, and a key that is missing is
no error. The answers are those of kubectl, recorded in tests/render/kubectl_jsonpath.json. What differs, on purpose:

- The end of a slice may lie beyond the list's, an empty list among several does not end the search, and a filter that asks for an index
  that is not there is false; kubectl gives up on the first and the last, and on the second forgets the lists that follow.
- Values of different types are unequal, and 7 equals 7.0; kubectl gives up.
- `=~` compares with a regular expression, and ["key"] is ['key'].
- What `.*` and `..` find comes in the document's order; kubectl's has none.
- Control characters of values are escaped; in JSON everything outside ASCII is too.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubectl_pause.render.documents.jsonpath_syntax import Part, Step, Template


def find(template: Template, document: object) -> list[Any]:
    """What a template of one path finds. Raises PauseInspectError where the path does not fit the document."""
    return _walk(template, template.parts[0].path, [document])


def as_text(template: Template, document: object) -> str:
    """As kubectl prints it: what each expression finds, parted by blanks; maps and lists as JSON. Raises PauseInspectError."""
    return "".join(" ".join(map(printed, values)) for values in _results(template, template.parts, document))


def as_json_lists(template: Template, document: object) -> str:
    """As `-o jsonpath-as-json=`: a JSON list of what each expression finds. Raises PauseInspectError."""
    return "".join(json.dumps(values, indent=4) + "\n" for values in _results(template, template.parts, document)).replace(
        "\x7f", "\\u007f"
    )


class _Literal(str):
    """A text of the template itself, which the user wrote."""

    __slots__ = ()


def printed(value: object) -> str:
    """A value as kubectl writes it, but that control characters are escaped: a node sent it, and a terminal may show it."""
    from kubectl_pause.render.plain_text import visible

    if isinstance(value, _Literal):
        return value
    if isinstance(value, str):
        return visible(value, len(value) + 1)
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=True).replace("\x7f", "\\u007f")
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) and value.is_integer() and abs(value) < _EXPONENT else str(value)


_EXPONENT = 1e6


def _results(template: Template, parts: Sequence[Part], document: object) -> list[list[Any]]:
    results: list[list[Any]] = []
    for part in parts:
        if part.kind == "text":
            results.append([_Literal(part.text)])
        elif part.kind == "path":
            results.append(_walk(template, part.path, [document]))
        else:
            for value in _walk(template, part.path, [document]):
                results += _results(template, part.body, value)
    return results


def _walk(template: Template, path: Sequence[Step], values: list[Any]) -> list[Any]:
    for step in path:
        values = _step(template, step, values)
    return values


def _step(template: Template, step: Step, values: list[Any]) -> list[Any]:
    if step.kind == "text":
        return [_Literal(step.text)]
    if step.kind in ("number", "truth"):
        return [bool(step.number) if step.kind == "truth" else step.number for _ in values]
    if step.kind == "field":
        return [value[step.text] for value in values if isinstance(value, dict) and step.text in value]
    if step.kind == "union":
        return [inner for path in step.paths for inner in _walk(template, path, values)]
    into: dict[str, Callable[[Any], list[Any]]] = {
        "every": _inside,
        "deep": _deep,
        "slice": partial(_cut, template, step),
        "index": partial(_at, template, step),
        "filter": partial(_filtered, template, step),
    }
    return [inner for value in values for inner in into[step.kind](value)]


def _cut(template: Template, step: Step, value: object) -> list[Any]:
    if value is not None and not isinstance(value, list):
        _unfit(template, step, f"{_kind_of(value)} is no list that could be cut")
    return value[slice(*step.bounds)] if value else []


def _at(template: Template, step: Step, value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        _unfit(template, step, f"{_kind_of(value)} is no list that has an index")
    if not -len(value) <= step.number < len(value):
        raise _OutOfBoundsError(template, step, f"there is no index {step.number} in a list of {len(value)}")
    return [value[int(step.number)]]


def _filtered(template: Template, step: Step, value: object) -> list[Any]:
    if value is not None and not isinstance(value, list):
        _unfit(template, step, f"{_kind_of(value)} is no list that could be filtered")
    return [item for item in value or () if _passes(template, step, item)]


def _inside(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _deep(value: object) -> list[Any]:
    """The value and all that is in it, for what can have something in it."""
    found: list[Any] = []
    waiting = [value]
    while waiting:
        now = waiting.pop()
        inside = _inside(now)
        if inside:
            found.append(now)
            waiting += reversed(inside)
    return found


def _passes(template: Template, step: Step, item: object) -> bool:
    try:
        left, *others = (_walk(template, path, [item]) for path in step.paths)
    except _OutOfBoundsError:
        return False
    if not step.text:
        return bool(left)
    [right] = others
    if len(left) > 1 or len(right) > 1:
        _unfit(template, step, "a filter compares one value with one, and here are more")
    if not left or not right:
        return False
    return _compared(template, step, left[0], right[0])


def _compared(template: Template, step: Step, left: Any, right: Any) -> bool:
    operator = step.text
    if operator == "=~":
        try:
            return isinstance(left, str) and isinstance(right, str) and re.search(right, left) is not None
        except re.error as error:
            _unfit(template, step, f"{right!r} is no regular expression: {error}")
    alike = _sort(left) == _sort(right)
    if operator in ("==", "!="):
        return bool(alike and left == right) == (operator == "==")
    if not alike or _sort(left) not in ("number", "text"):
        return False
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])


def _sort(value: object) -> str:
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, int | float) else "text" if isinstance(value, str) else _kind_of(value)


def _kind_of(value: object) -> str:
    return {dict: "a map", list: "a list", str: "a text", bool: "a truth", type(None): "null"}.get(type(value), "a number")


class _UnfitError(PauseInspectError):
    def __init__(self, template: Template, step: Step, what: str) -> None:
        where = f"at character {step.at + 1} of {template.source[:200]!r}"
        super().__init__("WrongUsage", f"{template.flag}: {what} ({where})", "-o json shows the document that the path goes into")


class _OutOfBoundsError(_UnfitError):
    """An index that is not there: within a filter it is no error."""


def _unfit(template: Template, step: Step, what: str) -> NoReturn:
    raise _UnfitError(template, step, what)
