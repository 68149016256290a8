"""Command lines as kubectl reads them, and nothing changed in one that typer reads already."""

from __future__ import annotations

from typing import Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_pause.cli.app import VERBS, app_with
from kubectl_pause.cli.argument_order import normalise
from kubectl_pause.errors import PauseInspectError

GROUP: Any = typer.main.get_command(app_with(VERBS))
OPTIONS = [each for verb in GROUP.commands.values() for each in verb.params if each.param_type_name == "option"]
WRONG_USAGE: Any = next(each for each in typer.BadParameter.__mro__ if each.__name__ == "ClickException")
SWITCHES = {name for each in OPTIONS if each.is_flag for name in [*each.opts, *each.secondary_opts]} | {"-h", "--help"}
VALUED = {name for each in OPTIONS if not each.is_flag for name in each.opts}


def ordered(*words: str) -> list[str]:
    return normalise(words, VERBS, VALUED, SWITCHES)


@pytest.mark.parametrize(
    ("words", "same_as"),
    [
        ("-n x pod nginx", "pod -n x nginx"),
        ("--namespace=x pod nginx", "pod --namespace=x nginx"),
        ("pod nginx -o=json", "pod nginx -o json"),
        ("pod nginx --no-headers=true", "pod nginx --no-headers"),
        ("pod nginx --no-headers=false", "pod nginx"),
        ("-A pod -l=a=b", "pod -A -l a=b"),
        ("-n pod pod pod", "pod -n pod pod"),
        ("--context node node x", "node --context node x"),
        ("pod -- -n=x", "pod -- -n=x"),
        ("--help", "--help"),
        ("nosuch pod", "nosuch pod"),
        ("", ""),
    ],
)
def test_what_kubectl_accepts_is_rewritten_to_what_typer_reads(words, same_as):
    assert ordered(*words.split()) == same_as.split()


def meaning(words: list[str]) -> tuple[str, dict[str, object]] | str:
    """Verb and values as typer reads them, or "" where it does not."""
    verb = words[0]
    command = GROUP.commands[verb]
    try:
        return verb, command.make_context(verb, list(words[1:]), resilient_parsing=False).params
    except (WRONG_USAGE, PauseInspectError):
        return ""


NAMES = st.from_regex(r"[a-z0-9=/.]([a-z0-9=/.-]{0,8})", fullmatch=True) | st.sampled_from(sorted(VERBS))
WORDS = st.one_of(
    NAMES.map(lambda name: [name]),
    st.sampled_from(sorted(SWITCHES - {"-h", "--help", "--help-columns"})).map(lambda flag: [flag]),
    st.tuples(st.sampled_from(sorted(VALUED)), NAMES).map(list),
    st.tuples(st.sampled_from(sorted(name for name in VALUED if name.startswith("--"))), NAMES).map("=".join).map(lambda word: [word]),
)


@settings(max_examples=300)
@given(st.sampled_from(["pod", "node", "snapshot"]), st.lists(WORDS, max_size=6), st.booleans())
def test_a_command_line_that_typer_reads_keeps_its_meaning(verb, words, dashes):
    line = [verb, *(word for each in words for word in each)] + (["--", "-x=y"] if dashes else [])
    before = meaning(line)
    if before:
        assert meaning(ordered(*line)) == before
