"""Lines for people to paste into a shell: the one place that quotes the words of others for it."""

import shlex

ON_THE_NODE = "on the node: "
"""How a line begins that is to be run there: a command follows, never a sentence."""


def command_line(*words: str) -> str:
    """The words as one command of a POSIX shell: a name made of shell stays one word, and runs nothing.

    Control characters stay inside the quotes; each view escapes them when it prints the line.
    """
    return shlex.join(words)


def as_word(name: str) -> str:
    """A name of others within a sentence: one word where the sentence is pasted by mistake, control characters as escapes.

    The sentence itself has no quotation mark before it: that would end where the name's begins.
    """
    return shlex.quote("".join(each if each.isprintable() else ascii(each)[1:-1] for each in name))


def kubectl_line(verb: str, kind: str, name: str, namespace: str | None = None) -> str:
    """`kubectl VERB KIND [-n NAMESPACE] NAME`; a name that begins like a flag (`--all`) is none to kubectl."""
    where = [] if namespace is None else ["-n", namespace]
    return command_line("kubectl", verb, kind, *where, *(["--"] if name.startswith("-") else []), name)
