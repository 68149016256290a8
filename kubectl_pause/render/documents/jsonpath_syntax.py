"""The syntax of kubectl's JSONPath: a template as parts, a path as steps. What they mean is in jsonpath.py, and why they are ours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from kubectl_pause.errors import PauseInspectError

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
