"""Flags that would do nothing in a call: each is an error that says why, so that nobody believes it was heeded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.select.target_names import split_nodes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

_NO_CLUSTER_FROM = "--from reads saved captures, and asks no cluster or node"
_NO_CLUSTER_LOCAL = "--local reads this host, and asks no cluster"
_USED_LOCALLY = {"timeout", "crictl"}
_OF_THE_POD = (
    "image",
    "image_pull_policy",
    "image_pull_secret",
    "debug_namespace",
    "profile",
    "selinux_type",
    "dry_run",
    "keep",
    "transport",
)
_USED_INSIDE = {"timeout", "parallel"}
_TABLES = ("", "wide", "network")


@dataclass(frozen=True, slots=True)
class FlagGroups:
    """Parameters that say which cluster is asked and as whom, and those of the inspector pods on its nodes."""

    of_cluster: Sequence[str]
    of_nodes: Sequence[str]


def refuse_idle(verb: str, given: Mapping[str, str], values: Mapping[str, Any], groups: FlagGroups) -> None:
    """`given` are the flags of the command line, by parameter, as they are written; `values` are those of all parameters.

    Raises PauseInspectError for the first that has no effect.
    """
    for parameter, why in _reasons(verb, given, values, groups):
        if parameter in given:
            raise PauseInspectError("WrongUsage", f"{given[parameter]} has no effect here: {why}", f"leave out {given[parameter]}")


def _reasons(verb: str, given: Collection[str], values: Mapping[str, Any], groups: FlagGroups) -> Iterator[tuple[str, str]]:
    """Each parameter that would have no effect, and why."""
    form = str(values.get("output") or "").partition("=")[0]
    yield from _places(verb, given, groups)
    if "via" not in given:  # whose namespace it is, too
        yield from _namespaces(verb, given, values)
    yield from _rows(verb, form, watched=bool(values.get("watch")), named=bool(values.get("names")))
    if form == "owners" or (verb == "node" and form in (*_TABLES, "name")):
        yield "args", "what is printed has no arguments in it; -o json has them"
    yield from _ways(values, groups)
    if values.get("watch"):
        yield "args", "--watch prints no arguments"
        yield "sample", "--watch looks every --interval"
        yield "max_failures", "--watch begins on all nodes at once"
    if verb == "zombies" and not values.get("watch"):
        yield "tracefs", "it is for --watch"
        yield "trace_buffer", "it is for --watch"
        yield "interval", "it is for --watch"


def _ways(values: Mapping[str, Any], groups: FlagGroups) -> Iterator[tuple[str, str]]:
    """Flags of an inspector pod where none is made."""
    if values.get("inside"):
        for parameter in groups.of_nodes:
            if parameter not in _USED_INSIDE:
                yield parameter, "--inside makes no inspector pod"
    if values.get("via"):
        for parameter in _OF_THE_POD:
            yield parameter, "--via makes no pod"
    if values.get("watch"):
        yield "via", "--watch needs a pod of its own"
        yield "keep", "--watch needs a pod of its own"
        yield "transport", "--watch is by exec"
    if values.get("keep"):
        yield "transport", "a pod that is kept is asked by exec"


def _places(verb: str, given: Collection[str], groups: FlagGroups) -> Iterator[tuple[str, str]]:
    """Flags for a cluster where none is asked."""
    if "captured" in given:
        for parameter in (*groups.of_cluster, *groups.of_nodes, "sample"):
            yield parameter, _NO_CLUSTER_FROM
    elif "local" in given and verb != "local":
        for parameter in (*groups.of_cluster, *groups.of_nodes):
            if parameter not in _USED_LOCALLY:
                yield parameter, _NO_CLUSTER_LOCAL


def _namespaces(verb: str, given: Collection[str], values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if verb in ("node", "snapshot", "check"):
        yield "namespace", "a node has the sandboxes of all namespaces"
    if "all_namespaces" in given:
        yield "namespace", "-A is all of them"
    whole = {"nodes", "every", "local"}.intersection(given) or split_nodes(values.get("names") or ())[1]
    if verb == "zombies" and whole:
        yield "namespace", "all zombies of a node are shown"
    if verb == "report" and whole:
        yield "namespace", "the page is of whole nodes"


def _rows(verb: str, form: str, *, watched: bool, named: bool) -> Iterator[tuple[str, str]]:
    """What is for rows and headings, where there are none."""
    in_blocks = verb == "pod" or (verb == "local" and named)
    if form not in (*_TABLES, "custom-columns"):
        yield "no_headers", f"-o {form} has no headings"
    if form not in (*_TABLES, "custom-columns", "name"):
        yield "sort_by", "-o tree shows what stands on what" if form == "tree" else f"-o {form} prints the report as it is"
    if form in (*_TABLES, "name"):
        yield "processes", "they are shown by -o tree, json, yaml, jsonpath and custom-columns"
    if form == "tree":
        yield "processes", "-o tree shows them anyhow"
    if watched:
        yield "no_headers", "--watch has no rows that stay"
        yield "sort_by", "--watch has no rows that stay"
    if in_blocks and form in _TABLES:
        yield "sort_by", "pods are shown one below the other, in the order of their names; -o custom-columns has rows"
    if verb == "zombies" and form == "":
        yield "sort_by", "zombies are listed one by one only with -o wide, name or custom-columns"
    if verb == "who" and form == "":
        yield "no_headers", "answers have headings only with -o wide or custom-columns"
