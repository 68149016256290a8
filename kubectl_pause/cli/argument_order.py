"""Command lines that kubectl accepts and typer does not, written the way typer reads them.

`-n x pod nginx` (flags before the verb), `-o=json`, `--no-headers=true`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

VERB_ALIASES = {"po": "pod", "pods": "pod", "no": "node", "nodes": "node"}
"""kubectl's short names and plurals of what two verbs are called after."""
_TRUE, _FALSE = ("true", "1"), ("false", "0")


def normalise(arguments: Sequence[str], verbs: Collection[str], value_flags: Collection[str], switches: Collection[str]) -> list[str]:
    """The same command line with the verb first, `-x=v` as `-x v`, and switches without a value.

    `value_flags` are the flags that take a value, `switches` those that take none; one of both (`version -v`, `-v 6` elsewhere) takes none
    before a verb. What follows `--` is left alone.
    """
    head, tail = list(arguments), []
    if "--" in head:
        cut = head.index("--")
        head, tail = head[:cut], head[cut:]
    return [*_verb_first(_plain(head, switches, value_flags), verbs, value_flags, switches), *tail]


def verb_asked(words: Sequence[str]) -> list[str]:
    """A command line with the verb first, as the program knows it: kubectl's names for it, `help VERB`, `--version`."""
    if not words:
        return ["--help"]
    first, rest = words[0], list(words[1:])
    if first == "help":
        return [*verb_asked(rest)[:1], "--help"] if rest else ["--help"]
    if first == "--version":
        return ["version", *rest]
    return [VERB_ALIASES.get(first, first), *rest]


def _plain(arguments: list[str], switches: Collection[str], value_flags: Collection[str]) -> list[str]:
    plain: list[str] = []
    for argument in arguments:
        flag, equals, value = argument.partition("=")
        is_switch = flag in switches and flag not in value_flags
        if equals and is_switch and value.lower() in _TRUE:
            plain.append(flag)
        elif equals and is_switch and value.lower() in _FALSE:
            negative = f"--no-{flag.removeprefix('--')}"
            plain += [negative] if negative in switches else []
        elif equals and len(flag) == 2 and flag[0] == "-" and flag[1] != "-":  # noqa: PLR2004 (-x)
            plain += [flag, value]
        else:
            plain.append(argument)
    return plain


def _verb_first(arguments: list[str], verbs: Collection[str], value_flags: Collection[str], switches: Collection[str]) -> list[str]:
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        if argument in verbs or not argument.startswith("-"):  # a word that is no verb too: that is what has to be told
            return [argument, *arguments[:position], *arguments[position + 1 :]]
        following = arguments[position + 1 : position + 2]
        takes_next = argument in value_flags and not (argument in switches and following and following[0] in verbs)
        position += 2 if takes_next else 1
    return arguments
