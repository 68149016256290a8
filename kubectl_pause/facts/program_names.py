"""Names of the programs in the command of an exec probe or a hook: what a capture keeps of it, since its arguments may be secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHELLS = ("sh", "bash", "dash", "ash", "zsh", "ksh")
_NAME = re.compile(r"[A-Za-z0-9._/][A-Za-z0-9._/-]{0,254}")
_PARAMETER = r"""\$\{[^{}"'`$\\]*\}"""
_QUOTED = rf"""'[^']*'|"(?:[^"\\$`]|\\.|\$(?![({{])|{_PARAMETER})*"|\$'(?:[^'\\]|\\.)*'"""
_WORD = rf"""(?:{_QUOTED}|{_PARAMETER}|\$(?![({{'"])|\\.|[^\s;&|()<>'"\\`$])+"""
_TOKEN = re.compile(
    rf"""(?P<nothing>(?:[^\S\n]|\\\r?\n)+|\#(?:\\\r?\n|[^\n])*|\d*(?:&>>?|>>|>\||<>|[<>]&?)(?:[^\S\n]|\\\r?\n)*{_WORD})
    |(?P<separator>&&|\|\||\|&|;(?!;)|[&|\n])|(?P<opening>\$?\()|(?P<closing>\))|(?P<word>{_WORD})""",
    re.DOTALL | re.VERBOSE,
)
_BEFORE_A_COMMAND = frozenset(("exec", "if", "then", "else", "elif", "do", "while", "until", "!", "time", "{"))
_NO_PROGRAMS = frozenset(("fi", "done", "for", "select", "}"))
_NOT_READ = frozenset(("case", "esac", "function", "[["))


def program_names(command: Sequence[str]) -> list[str]:
    """Names of the programs of a command: its first word's, and where that is a shell, those of the text behind `-c`.

    A word with anything but letters, digits, `.`, `_`, `-` and `/` is left out: it may be an assignment or hold a secret.
    """
    if not command or not (first := _name(command[0])):
        return []
    names = [first]
    if first in _SHELLS and len(command) > 2 and command[1].startswith("-") and command[1].endswith("c"):  # noqa: PLR2004 (sh -c SCRIPT)
        names += filter(None, map(_name, _first_words(command[2])))
    return list(dict.fromkeys(names))


def _name(word: str) -> str:
    """The file name of a program, "" where the word is no plain path."""
    name = word.rpartition("/")[2]
    return name if _NAME.fullmatch(word) and not name.startswith("-") else ""


def _first_words(script: str) -> Iterator[str]:
    """The words of a shell script that stand where a command begins. It is read as far as it is understood and no further."""
    position, open_parentheses, begins = 0, 0, True
    while token := _TOKEN.match(script, position):
        position = token.end()
        word = token["word"]
        if token["separator"]:
            begins = True
        elif token["opening"]:
            if (token["opening"] == "(" and not begins) or script.startswith("(", position):  # a function, an array, arithmetic
                return
            open_parentheses += 1
            begins = True
        elif token["closing"]:
            if not open_parentheses:
                return
            open_parentheses -= 1
            begins = False
        elif word and begins:
            if word in _NOT_READ:
                return
            begins = word in _BEFORE_A_COMMAND
            if not begins and word not in _NO_PROGRAMS and not script.startswith("$(", position):
                yield word
