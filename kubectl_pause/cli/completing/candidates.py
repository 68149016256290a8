"""What the word under the cursor may become: verbs, flags, fixed words, and names from the kubeconfig and the live API.

Whatever fails or takes too long is silent: a completion that is not there is better than one that disturbs the line.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from kubectl_pause.cli.completing.command_line import Unfinished, unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kubectl_pause.access.rest import Api

FILES, NO_SPACE, NO_FILES = 0, 2, 4
"""cobra's ShellCompDirective: files where nothing else fits, no blank behind the word, no files."""
ASKING_SECONDS = 0.3
"""As long as the cluster may take, credentials and all."""
_HARMLESS = re.compile(r"[A-Za-z0-9._:/@-]{1,300}")
"""What names of the cluster and of a kubeconfig may hold to be put into a command line."""
Candidate = tuple[str, str]
"""A word and what it means, "" for what needs no explanation."""

_WORDS: dict[str, tuple[str, ...]] = {
    "dry_run": ("client", "server"),
    "fail_on": ("info", "warning", "critical"),
    "image_pull_policy": ("IfNotPresent", "Always", "Never"),
    "transport": ("auto", "exec", "log"),
    "profile": ("general", "sysadmin", "auto"),
}
_OUTPUTS = {"access": ("json", "yaml"), "explain": ("json",)}
_OF_FILES = {"captured", "kubeconfig", "kuberc", "certificate_authority", "client_certificate", "client_key"}
_OF_KUBECONFIG = {"context": "contexts", "cluster": "clusters", "user": "users"}


def answer(words: Sequence[str]) -> str:
    """What kubectl and our shell scripts read: a candidate a line, its meaning behind a tab, and a directive at the end."""
    with _silent():
        try:
            candidates, directive = complete(unfinished(words))
        except Exception:  # noqa: BLE001 (whatever it is, the user is writing a line)
            candidates, directive = [], NO_FILES
    lines = [f"{word}\t{meaning}" if meaning else word for word, meaning in candidates]
    return "".join(f"{line}\n" for line in [*lines, f":{directive}"])


def complete(line: Unfinished) -> tuple[list[Candidate], int]:
    """Candidates that begin with the word, and the directive. Raises whatever asking a cluster raises."""
    if line.flag is not None:
        found, directive = _values(line, line.flag)
    elif line.verb is None:
        found, directive = _verbs(line), NO_FILES
    elif line.word.startswith("-") and not line.after_dashes:
        found, directive = _flags(line), NO_FILES
    else:
        found, directive = _arguments(line)
    return [candidate for candidate in found if candidate[0].startswith(line.word)], directive


def _verbs(line: Unfinished) -> list[Candidate]:
    from kubectl_pause.cli.app import VERBS

    if line.arguments:
        return []
    if line.word.startswith("-"):
        return [("--help", "Show what there is."), ("--version", "Show the version.")]
    return [(verb, "") for verb in (*VERBS, "help")]


def _flags(line: Unfinished) -> list[Candidate]:
    """Long names with the first sentence of their help; one that stands already and may not be repeated is left out."""
    from kubectl_pause.cli.flags import CONNECTION

    found = []
    for flag in dict.fromkeys(line.parameters.values()):
        if (flag.name in line.values and not flag.multiple) or (flag.hidden and flag.rich_help_panel != CONNECTION):
            continue
        names = [name for name in (*flag.opts, *flag.secondary_opts) if name.startswith("--")]
        meaning = " ".join(re.split(r"(?<=[.;:]) ", flag.help or "")[:1]).rstrip(".;:")
        found += [(name, meaning) for name in names]
    return [*found, ("--help", "Show what the verb does")]


def _values(line: Unfinished, flag: str) -> tuple[list[Candidate], int]:  # noqa: PLR0911 (one for each kind of thing)
    if flag in _OF_FILES or flag == "file":
        return [], FILES
    if flag == "output" and line.verb is not None:
        return _outputs(line.verb)
    if flag == "sort_by" and line.verb is not None:
        from kubectl_pause.render.row_kinds import BY_VERB

        return _plain(column.heading for column in BY_VERB[line.verb].columns), NO_FILES
    if flag == "ignored":
        return _codes(), NO_FILES
    if flag in _WORDS:
        return _plain(_WORDS[flag]), NO_FILES
    if flag in _OF_KUBECONFIG:
        return _plain(_of_kubeconfig(line, _OF_KUBECONFIG[flag])), NO_FILES
    from kubectl_pause.select import known_names

    if flag in ("namespace", "debug_namespace"):
        return _plain(_asked(line, known_names.namespaces)), NO_FILES
    if flag == "nodes":
        return _plain(_asked(line, known_names.nodes)), NO_FILES
    return [], NO_FILES


def _outputs(verb: str) -> tuple[list[Candidate], int]:
    if verb in _OUTPUTS:
        return _plain(_OUTPUTS[verb]), NO_FILES
    from kubectl_pause.render.documents.outputs import FORMS, OF_SOME
    from kubectl_pause.render.row_kinds import BY_VERB

    kind = BY_VERB[verb]
    forms = [form for form in FORMS if form in kind.forms or form not in OF_SOME]
    with_expression = ("jsonpath", "jsonpath-as-json", "custom-columns")
    return _plain(f"{form}=" if form in with_expression else form for form in forms), NO_FILES | NO_SPACE


def _arguments(line: Unfinished) -> tuple[list[Candidate], int]:  # noqa: PLR0911 (one for each kind of thing)
    verb = line.verb
    if verb == "diff":
        return [], FILES
    if verb == "explain":
        return ([] if line.arguments else _codes()), NO_FILES
    if verb == "schema" and not line.arguments:
        from kubectl_pause.schema import DOCUMENTS

        return _plain(DOCUMENTS), NO_FILES
    if verb == "completion" and not line.arguments:
        from kubectl_pause.cli.completing.shell_scripts import SCRIPTS

        return _plain(SCRIPTS), NO_FILES
    if verb == "access":
        from kubectl_pause.capture.admission.rights import USES

        return _plain(use for use in USES if use not in line.arguments), NO_FILES
    if "captured" in line.values or "local" in line.values:
        return [], NO_FILES
    takes_nodes = verb in ("zombies", "who", "report") and line.word.startswith("node/")
    if verb in ("pod", "zombies", "who", "why", "report") and not takes_nodes:
        return _pods(line)
    from kubectl_pause.select import known_names

    if takes_nodes or verb in ("node", "check") or (verb == "snapshot" and not line.arguments):
        front = "node/" if line.word.startswith("node/") else ""
        names = _asked(line, known_names.nodes)
        return _plain(front + name for name in names if front + name not in line.arguments), NO_FILES
    return [], NO_FILES


def _codes() -> list[Candidate]:
    from kubectl_pause.finding_codes.table import CODES

    return [(row.code, row.meaning) for row in CODES.values()]


def _pods(line: Unfinished) -> tuple[list[Candidate], int]:
    """`NAME`, `TYPE/NAME`, `POD/CONTAINER`, `NAMESPACE/POD`, `NAMESPACE/POD/CONTAINER`: as far as slashes stand there already."""
    from kubectl_pause.access.rest import ApiError
    from kubectl_pause.select import known_names
    from kubectl_pause.select.target_names import ALIASES

    *parts, _ = line.word.split("/")
    front = "".join(f"{part}/" for part in parts)

    def names(api: Api) -> list[str]:
        if not parts:
            return known_names.pods(api, api.namespace)
        if len(parts) > 1:
            return known_names.containers(api, parts[0], parts[1])
        if parts[0] in ALIASES:
            return known_names.workloads(api, api.namespace, parts[0])
        try:
            return known_names.containers(api, api.namespace, parts[0])
        except ApiError:
            return known_names.pods(api, parts[0])

    found = [front + name for name in _asked(line, names)]
    return _plain(name for name in found if name not in line.arguments), NO_FILES


def _asked(line: Unfinished, names: Callable[[Api], list[str]]) -> list[str]:
    """Names from the cluster that the flags on the line choose. Raises TimeoutError where it takes too long."""
    import urllib3  # noqa: F401 (loading it is not waiting for the cluster)

    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.cli.flags import KubeFlags

    given: dict[str, Any] = {}
    for flag in fields(KubeFlags):
        values = line.values.get(flag.name)
        if values:
            given[flag.name] = (
                True if flag.default is False else values if flag.name.startswith(("as_group", "as_user_extra")) else values[-1]
            )
    given.pop("verbosity", None)
    with _at_most(ASKING_SECONDS):
        return names(connect(KubeFlags(**given).connection(ASKING_SECONDS)))


def _of_kubeconfig(line: Unfinished, kind: str) -> list[str]:
    from kubectl_pause.access.kubeconfig_files import read_kubeconfig, search_paths

    path = line.values.get("kubeconfig", [""])[-1] or None
    return list(getattr(read_kubeconfig(search_paths(path, os.environ), must_exist=bool(path)), kind))


def _plain(words: Any) -> list[Candidate]:
    return [(word, "") for word in words if _HARMLESS.fullmatch(word.rstrip("="))]


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """End the block by TimeoutError, whatever it waits for. Where there is no such alarm (Windows) each request ends by itself."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def too_late(_number: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, too_late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _silent() -> Iterator[None]:
    """Nothing of the block reaches the terminal by stderr, and nothing in it, as a credential plugin might, asks the user anything."""
    before = sys.stdin, sys.stderr
    with open(os.devnull, "r+", encoding="utf-8") as nowhere:  # noqa: PTH123
        sys.stdin = sys.stderr = nowhere
        try:
            yield
        finally:
            sys.stdin, sys.stderr = before
