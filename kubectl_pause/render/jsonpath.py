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
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LONGEST = 10_000
_DEEPEST = 20
"""Ranges and filters inside one another."""
_WORD = re.compile(r"[^\s.,\[\]$@{}]+")
_FIELD = re.compile(r"(?:\\.|[^\s.,\[\]$@{}\\])*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[0-9][0-9.]*")
_SLICE = re.compile(r"(-?[0-9]*)(?:(:)(-?[0-9]*))?(?:(:)(-?[0-9]*))?")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=~]+)(.+)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "'": "'", '"': '"'}
_OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "=~")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path. `kind`: `field`, `every`, `deep`, `index`, `slice`, `union`, `filter`, `text`, `number`, `truth`."""

    kind: str
    at: int
    text: str = ""
    number: float = 0
    bounds: tuple[int | None, int | None, int | None] = (None, None, None)
    paths: tuple[tuple[Step, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a template. `kind`: `text`, `path`, or `range` with the `body` that is repeated."""

    kind: str
    text: str = ""
    path: tuple[Step, ...] = ()
    body: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed expression, with the flag and the text it came from, for errors."""

    flag: str
    source: str
    parts: tuple[Part, ...]


def parse(source: str, flag: str) -> Template:
    """A template as `-o jsonpath=` takes it: text, with expressions in braces. Raises PauseInspectError, which says where."""
    parser = _Parser(source, flag)
    return Template(flag, source, parser.template())


def parse_relaxed(source: str, flag: str) -> Template:
    """One path as `custom-columns` and `--sort-by` take it: the braces and the leading dot may be left out. Raises PauseInspectError."""
    stripped = source.strip()
    inner = stripped[1:-1] if stripped.startswith("{") and stripped.endswith("}") else stripped
    if not re.match(r"[.$@\[]", inner):
        inner = "." + inner
    template = parse("{" + inner + "}", flag)
    if len(template.parts) != 1 or template.parts[0].kind != "path" or inner == ".":
        raise PauseInspectError("WrongUsage", f"{flag}: {source!r} is not one path", "give one path, as .pod.name or {.pod.name}")
    return template


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


# --- parsing ---------------------------------------------------------------------------------------------------------------


class _Parser:
    """Reads a template from left to right; `at` is the place in it."""

    def __init__(self, source: str, flag: str, depth: int = 0) -> None:
        self.source, self.flag, self.at, self._depth = source, flag, 0, depth
        if len(source) > _LONGEST:
            self.fail(f"an expression of {len(source)} characters is too long", f"write at most {_LONGEST}")
        if depth > _DEEPEST:
            self.fail("too deep", f"nest at most {_DEEPEST} filters and ranges")

    def fail(self, what: str, then: str, at: int | None = None) -> NoReturn:
        """Raise, with the place."""
        place = self.at if at is None else at
        near = self.source[place : place + 20]
        where = f"at character {place + 1}, {near!r}" if near else "at its end"
        raise PauseInspectError("WrongUsage", f"{self.flag}: {what} ({where} of {self.source[:200]!r})", then)

    def template(self) -> tuple[Part, ...]:
        """The whole of it."""
        blocks: list[list[Part]] = [[]]
        ranges: list[tuple[int, tuple[Step, ...]]] = []
        while self.at < len(self.source):
            start = self.at
            if self.source[self.at] != "{":
                end = self.source.find("{", self.at)
                self.at = len(self.source) if end < 0 else end
                blocks[-1].append(Part("text", text=self.source[start : self.at]))
                continue
            self.at += 1
            word = self._keyword()
            path = self.path("}")
            self.at += 1
            if word == "range":
                ranges.append((start, path))
                blocks.append([])
                if len(ranges) > _DEEPEST:
                    self.fail("too deep", f"nest at most {_DEEPEST} ranges", start)
            elif word == "end":
                if not ranges or path:
                    self.fail("nothing to end here", "write {range PATH}...{end}", start)
                blocks[-2].append(Part("range", path=ranges.pop()[1], body=tuple(blocks.pop())))
            else:
                blocks[-1].append(Part("path", path=path))
        while ranges:  # kubectl ends them at the end of the template
            blocks[-2].append(Part("range", path=ranges.pop()[1], body=tuple(blocks.pop())))
        return tuple(blocks[0])

    def _keyword(self) -> str:
        """`range`, `end` or "" in front of an expression."""
        blank = re.compile(r"\s*").match(self.source, self.at)
        start = blank.end() if blank else self.at
        match = _WORD.match(self.source, start)
        word = match[0] if match else ""
        if word in ("range", "end"):
            self.at = start + len(word)
            return word
        return ""

    def path(self, until: str) -> tuple[Step, ...]:
        """Steps up to the character `until`, or to the end where that is ""."""
        steps: list[Step] = []
        while True:
            if self.at >= len(self.source):
                if until:
                    self.fail("an expression is not closed", "end it with }")
                return tuple(steps)
            if until and self.source[self.at] == until:
                return tuple(steps)
            steps += self._step(after_deep=bool(steps) and steps[-1].kind == "deep")

    def _step(self, *, after_deep: bool) -> list[Step]:
        start, first = self.at, self.source[self.at]
        if self.source.startswith("[?(", start):
            return [self._filter()]
        if self.source.startswith("..", start):
            return self._deep(after_deep=after_deep)
        if first == "[":
            return self._brackets()
        if first in "\"'":
            return [Step("text", start, text=self._quoted())]
        if first in ". \t@$":
            self.at += 1
            is_field = first == "." and not self.source.startswith("[", self.at)
            return [self._field(start)] if is_field else []
        return [self._literal()]

    def _deep(self, *, after_deep: bool) -> list[Step]:
        start = self.at
        if after_deep:
            self.fail("two .. in a row", "write one")
        self.at += 2
        deep = Step("deep", start)
        return [deep, self._field(start)] if re.match(r"[\w*]", self.source[self.at : self.at + 1]) else [deep]

    def _literal(self) -> Step:
        start = self.at
        number = _NUMBER.match(self.source, start)
        if number:
            self.at = number.end()
            try:
                return Step("number", start, number=float(number[0]) if "." in number[0] else int(number[0]))
            except ValueError:
                self.fail(f"{number[0]!r} is no number", "write it as 12 or 1.5", start)
        word = _WORD.match(self.source, start)
        if word is None:
            self.fail(f"{self.source[start]!r} cannot stand here", "a path is written as .nodes[*].name")
        if word[0] not in ("true", "false"):
            self.fail(f"{word[0]!r} is no word of JSONPath", f"a field begins with a dot: .{word[0]}")
        self.at = word.end()
        return Step("truth", start, number=word[0] == "true")

    def _field(self, start: int) -> Step:
        match = _FIELD.match(self.source, self.at)
        name = match[0] if match else ""
        self.at += len(name)
        if name == "*":
            return Step("every", start)
        return Step("field", start, text=re.sub(r"\\(.)", r"\1", name, flags=re.DOTALL))

    def _quoted(self) -> str:
        start, quote = self.at, self.source[self.at]
        match = re.compile(rf"{quote}((?:\\.|[^{quote}\\\n])*){quote}").match(self.source, start)
        if match is None:
            self.fail(f"a text in {quote} is not closed", f"end it with {quote}", start)
        self.at = match.end()
        return re.sub(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", lambda found: self._unescaped(found, start), match[1])

    def _unescaped(self, found: re.Match[str], start: int) -> str:
        if found[1] or found[2]:
            return chr(int(found[1] or found[2], 16))
        if found[3] not in _ESCAPES:
            self.fail(f"\\{found[3]} is no escape", r"use \n, \t, \\ or a quoted quote", start)
        return _ESCAPES[found[3]]

    def _brackets(self) -> list[Step]:
        start = self.at
        match = re.compile(r"\[((?:'[^'\n]*'|\"[^\"\n]*\"|[^\]'\"\n])*)\]").match(self.source, start)
        if match is None:
            self.fail("a [ is not closed", "end it with ]", start)
        self.at = match.end()
        alternatives = _split_outside_quotes(match[1])
        if len(alternatives) > 1:
            return [Step("union", start, paths=tuple((self._bracket(each.strip(), start),) for each in alternatives))]
        return [self._bracket(match[1], start)]

    def _bracket(self, text: str, start: int) -> Step:
        if text == "*":
            return Step("slice", start)
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
            return Step("field", start, text=text[1:-1].replace("\\", ""))
        match = _SLICE.fullmatch(text)
        if match is None or text == "":
            self.fail(f"[{text}] is no index", "use [0], [-1], [1:3], [*], ['key'] or [?(@.field==\"value\")]", start)
        first, colon, last, second_colon, step = match.groups()
        numbers = [int(each) if each and each != "-" else None for each in (first, last, step)]
        if not colon:
            return Step("index", start, number=numbers[0] or 0)
        if second_colon and numbers[2] is not None and numbers[2] <= 0:
            self.fail("the step of a slice must be more than 0", "use [0:10:2]", start)
        return Step("slice", start, bounds=(numbers[0], numbers[1], numbers[2]))

    def _filter(self) -> Step:
        start = self.at
        match = re.compile(r"\[\?\(((?:\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|[^\"'\n)])*)\)\]").match(self.source, start)
        if match is None:
            self.fail("a filter is not closed", 'write it as [?(@.name=="web")]', start)
        self.at = match.end()
        comparison = _COMPARISON.fullmatch(match[1])
        sides = [comparison[1], comparison[3]] if comparison else [match[1]]
        operator = comparison[2] if comparison else ""
        if comparison and operator not in _OPERATORS:
            self.fail(f"{operator!r} compares nothing", f"use one of {' '.join(_OPERATORS)}", start)
        paths = tuple(_Parser(side, self.flag, self._depth + 1).path("") for side in sides)
        return Step("filter", start, text=operator, paths=paths)


def _split_outside_quotes(text: str) -> list[str]:
    return re.findall(r"(?:'[^']*'|\"[^\"]*\"|[^,'\"])+", text) if "," in text else [text]


# --- evaluation ------------------------------------------------------------------------------------------------------------


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
