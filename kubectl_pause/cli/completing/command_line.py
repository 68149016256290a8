"""A command line that is being written: its verb, its flags so far, and the word under the cursor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(slots=True)
class Unfinished:
    """`word` is what is to be completed, without `--flag=` before it; `flag` the parameter whose value it is, None for none.

    `verb` is None where there is none yet. `values` are those of flags by parameter, `arguments` what stands beside them, and `parameters`
    the verb's flags by each of their names.
    """

    verb: str | None
    word: str
    flag: str | None = None
    values: dict[str, list[str]] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    after_dashes: bool = False


def unfinished(words: Sequence[str]) -> Unfinished:
    """From the words so far, the last of which is the one under the cursor, perhaps empty."""
    *before, word = words or [""]
    if not before and not word.startswith("-"):
        return Unfinished(None, word)
    from typer.main import get_command

    from kubectl_pause.cli.app import VERBS, app_with, flag_names
    from kubectl_pause.cli.argument_order import VERB_ALIASES, normalise, verb_asked

    before = verb_asked(before) if before and before[0] in VERB_ALIASES else before
    command: Any = get_command(app_with(before[:1] if before and before[0] in VERBS else VERBS))
    valued, switches = flag_names(command)
    ordered = normalise(before, (*VERBS, *VERB_ALIASES), valued, switches)
    verb = VERB_ALIASES.get(ordered[0], ordered[0]) if ordered else None
    if verb not in VERBS:
        flag = _any_parameter(command, before[-1]) if before and before[-1] in valued else None
        unknown = [name for name in ordered[:1] if not name.startswith("-") and name != "help"]
        return Unfinished(None, word, flag=flag, arguments=unknown)
    options = [flag for flag in command.commands[verb].params if flag.param_type_name == "option"]
    parameters = {name: flag for flag in options for name in [*flag.opts, *flag.secondary_opts]}
    line = Unfinished(verb, word, parameters=parameters)
    _take(line, ordered[1:])
    if line.flag is None and not line.after_dashes and word.startswith("--") and "=" in word:
        name, _, line.word = word.partition("=")
        line.flag = parameters[name].name if name in parameters else name
    return line


def _any_parameter(command: Any, name: str) -> str:
    verbs = command.commands.values()
    return next(str(flag.name) for verb in verbs for flag in verb.params if name in flag.opts)


def _take(line: Unfinished, words: Sequence[str]) -> None:
    """Sort the words behind the verb into flags with their values and arguments; a flag that still wants one gets the word."""
    waiting: str | None = None
    for word in words:
        if waiting is not None:
            line.values.setdefault(waiting, []).append(word)
            waiting = None
        elif line.after_dashes or not word.startswith("-") or word == "-":
            line.arguments.append(word)
        elif word == "--":
            line.after_dashes = True
        else:
            name, equals, value = word.partition("=")
            flag = line.parameters.get(name)
            if flag is None:
                continue
            if equals or flag.is_flag:
                line.values.setdefault(flag.name, []).append(value if equals else "true")
            else:
                waiting = str(flag.name)
    line.flag = waiting
