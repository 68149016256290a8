"""Which kubeconfig files there are, what they say together, and which cluster, user and namespace the flags select.

Merging follows `kubectl config` (client-go `ClientConfigLoadingRules`): files of `KUBECONFIG` in order, the first to name
a context, cluster, user or current-context wins, missing files are skipped, relative paths belong to the file they stand
in. (`kubernetes.config` lets the last current-context win and knows neither `--cluster` nor `--user`.) Long, since files,
entries and selection follow one rule after the other.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubectl_pause.errors import PauseInspectError, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubectl_pause.access.connection_flags import ConnectionFlags

DEFAULT_FILE = "~/.kube/config"
_PATH_KEYS = {
    "cluster": ("certificate-authority",),
    "user": ("client-certificate", "client-key", "tokenFile"),
    "context": (),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One named context, cluster or user: its fields, and the file that holds it (None when flags alone made it)."""

    name: str
    fields: dict[str, Any]
    path: Path | None


@dataclass(slots=True)
class Kubeconfig:
    """What all files say together. `searched` holds every path looked at, found or not."""

    searched: tuple[Path, ...] = ()
    found: tuple[Path, ...] = ()
    current_context: str | None = None
    contexts: dict[str, Entry] = field(default_factory=dict)
    clusters: dict[str, Entry] = field(default_factory=dict)
    users: dict[str, Entry] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether the files say nothing that a run could use: then they count as none, as for kubectl in a pod."""
        return not (self.current_context or self.contexts or self.clusters or self.users)


@dataclass(frozen=True, slots=True)
class Selection:
    """The cluster, user and namespace that a run talks to; flags are already applied to the fields."""

    context: str | None
    cluster: Entry
    user: Entry
    namespace: str


def search_paths(flag: str | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """`--kubeconfig`, else the files of KUBECONFIG, else ~/.kube/config."""
    if flag:
        return (home_expanded(flag),)
    listed = [home_expanded(part) for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    return tuple(listed) or (home_expanded(DEFAULT_FILE),)


def home_expanded(path: str) -> Path:
    """`~` and `~user` as the shell writes them; a user that does not exist leaves the text as it is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def read_kubeconfig(paths: Sequence[Path], *, must_exist: bool = False) -> Kubeconfig:
    """Merge the files that exist. Raises PauseInspectError for an unreadable or malformed one, or a missing `--kubeconfig`."""
    merged = Kubeconfig(searched=tuple(paths))
    for path in paths:
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            if must_exist:
                raise PauseInspectError(
                    "KubeconfigNotFound", f"the kubeconfig file {path} does not exist", "correct --kubeconfig"
                ) from None
            continue
        except OSError as error:
            raise PauseInspectError(
                "KubeconfigUnreadable",
                f"cannot read the kubeconfig file {path}: {error.strerror}",
                "check its permissions",
            ) from None
        merged.found += (path,)
        _merge_document(merged, _parse(raw, path), path)
    return merged


def select(config: Kubeconfig, flags: ConnectionFlags) -> Selection:
    """Apply `--context`, `--cluster`, `--user`, `--namespace` and the flags that override single fields."""
    context_name = flags.context or config.current_context
    context: dict[str, Any] = {}
    if context_name is not None:
        if context_name not in config.contexts and not (flags.context is None and (flags.server or flags.cluster)):
            raise _unknown("context", context_name, config.contexts, config)
        if context_name in config.contexts:
            context = config.contexts[context_name].fields
    elif not (flags.server or flags.cluster):
        names = ", ".join(sorted(config.contexts)[:5]) or "none"
        raise PauseInspectError(
            "NoContext",
            f"no current-context is set in {_files(config)}",
            f"give --context, one of: {names}",
        )
    cluster = _named("cluster", flags.cluster or context.get("cluster"), config.clusters, config)
    user = _named("user", flags.user or context.get("user"), config.users, config)
    namespace = flags.namespace or context.get("namespace") or "default"
    cluster = Entry(cluster.name, with_cluster_flags(cluster.fields, flags), cluster.path)
    if not cluster.fields.get("server"):
        raise PauseInspectError(
            "InvalidKubeconfig",
            f'cluster "{cluster.name}" has no server in {_files(config)}',
            "set clusters[].cluster.server or give --server",
        )
    return Selection(context_name, cluster, Entry(user.name, with_user_flags(user.fields, flags), user.path), str(namespace))


def with_cluster_flags(fields: Mapping[str, Any], flags: ConnectionFlags) -> dict[str, Any]:
    """The cluster's fields with the flags that override them."""
    merged = dict(fields)
    if flags.server:
        merged["server"] = flags.server
        merged.pop("tls-server-name", None)  # it belonged to the other server (kubectl does the same)
    if flags.tls_server_name:
        merged["tls-server-name"] = flags.tls_server_name
    if flags.certificate_authority or flags.insecure_skip_tls_verify:  # either takes the place of all that the file says of trust
        for key in ("certificate-authority", "certificate-authority-data"):
            merged.pop(key, None)
        merged["insecure-skip-tls-verify"] = flags.insecure_skip_tls_verify
    if flags.certificate_authority:
        merged["certificate-authority"] = str(Path(flags.certificate_authority).expanduser().absolute())
    return merged


def with_user_flags(fields: Mapping[str, Any], flags: ConnectionFlags) -> dict[str, Any]:
    """The user's fields with the flags that override them. Raises PauseInspectError for an extra that is not `key=value`."""
    merged = dict(fields)
    if flags.token:
        for key in ("exec", "auth-provider", "tokenFile", "username", "password"):
            merged.pop(key, None)
        merged["token"] = flags.token
    for key, file in (("client-certificate", flags.client_certificate), ("client-key", flags.client_key)):
        if file:
            merged.pop(f"{key}-data", None)
            merged[key] = str(Path(file).expanduser().absolute())
    if flags.as_user:
        merged["as"] = flags.as_user
    if flags.as_uid:
        merged["as-uid"] = flags.as_uid
    if flags.as_group:
        merged["as-groups"] = list(flags.as_group)
    if flags.as_user_extra:
        merged["as-user-extra"] = _extras(flags.as_user_extra)
    return merged


def _extras(pairs: Sequence[str]) -> dict[str, list[str]]:
    extras: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise PauseInspectError("WrongUsage", f"--as-user-extra: {pair!r} is not KEY=VALUE", "write it as reason=audit")
        extras.setdefault(key, []).append(value)
    return extras


def _parse(raw: bytes, path: Path) -> dict[str, Any]:
    import yaml

    try:
        document = yaml.load(raw, Loader=_as_written())  # noqa: S506 (a safe loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise PauseInspectError(
            "InvalidKubeconfig", f"the kubeconfig file {line} is not YAML: {error.problem}", "correct that line"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        what = str(error).splitlines()[0]
        raise PauseInspectError("InvalidKubeconfig", f"the kubeconfig file {path} is not YAML: {what}") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise PauseInspectError("InvalidKubeconfig", f"the kubeconfig file {path} holds no mapping at its top", "is it a kubeconfig?")
    return document


def _as_written() -> Any:
    """A safe YAML loader that leaves words alone: `namespace: n` is the text n, as for kubectl, and 0123 stays 0123.

    Numbers are numbers below `extension` only: there alone they reach somebody else (a credential plugin) with their types.
    """
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class TextLoader(base):  # type: ignore[misc]
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (the base class declares it so)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 (the base class declares it so)
            for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
                if key.value == "extension":
                    _tag_numbers(value)
            return super().construct_mapping(node, deep)

    for tag, pattern, first in (("null", r"^(?:~|null|Null|NULL|)$", ("~", "n", "N", "")), ("merge", r"^<<$", ("<",))):
        TextLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))
    TextLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
    return TextLoader


_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,18}(?:\.[0-9]{1,18}(?:[eE][-+][0-9]{1,3})?|[eE][-+][0-9]{1,3})")


def _tag_numbers(root: Any) -> None:
    import yaml

    waiting, visited = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in visited:  # an alias may point upwards
            continue
        visited.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            if not node.style and node.tag == "tag:yaml.org,2002:str":
                kind = "int" if _WHOLE.fullmatch(node.value) else "float" if _DECIMAL.fullmatch(node.value) else "str"
                node.tag = f"tag:yaml.org,2002:{kind}"
        elif isinstance(node, yaml.MappingNode):
            waiting += [value for _, value in node.value]
        else:
            waiting += node.value


def _merge_document(merged: Kubeconfig, document: Mapping[str, Any], path: Path) -> None:
    if merged.current_context is None and document.get("current-context"):
        merged.current_context = str(document["current-context"])
    for kind, into in (("context", merged.contexts), ("cluster", merged.clusters), ("user", merged.users)):
        entries = document.get(f"{kind}s") or []
        if not isinstance(entries, list):
            raise PauseInspectError("InvalidKubeconfig", f"{path}: {kind}s is not a list", "is it a kubeconfig?")
        for number, entry in enumerate(entries):
            if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                raise PauseInspectError("InvalidKubeconfig", f"{path}: {kind}s[{number}] has no name", "give it one")
            fields = entry.get(kind) or {}
            if not isinstance(fields, dict):
                raise PauseInspectError("InvalidKubeconfig", f'{path}: {kind} "{entry["name"]}" is not a mapping')
            into.setdefault(entry["name"], Entry(entry["name"], _absolute(fields, kind, path), path))


def _absolute(fields: Mapping[str, Any], kind: str, path: Path) -> dict[str, Any]:
    folder = path.absolute().parent
    resolved = dict(fields)
    for key in _PATH_KEYS[kind]:
        if isinstance(resolved.get(key), str) and resolved[key]:
            resolved[key] = str(folder / resolved[key])
    plugin = resolved.get("exec")
    # A bare command is looked up on PATH; one with a separator belongs to the file's folder (client-go ResolveLocalPaths).
    if isinstance(plugin, dict) and isinstance(plugin.get("command"), str) and os.sep in plugin["command"]:
        resolved["exec"] = {**plugin, "command": str(folder / plugin["command"])}
    return resolved


def _named(kind: str, name: object, entries: Mapping[str, Entry], config: Kubeconfig) -> Entry:
    if not name:
        return Entry("", {}, None)
    if str(name) not in entries:
        raise _unknown(kind, str(name), entries, config)
    return entries[str(name)]


def _unknown(kind: str, name: str, entries: Mapping[str, Entry], config: Kubeconfig) -> PauseInspectError:
    import difflib

    near = difflib.get_close_matches(name, entries, n=3, cutoff=0.5)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif entries:
        hint = f"there are: {', '.join(sorted(entries)[:8])}"
    else:
        hint = f"the files hold no {kind} at all; see kubectl config view"
    reasons: dict[str, Reason] = {"context": "ContextNotFound", "cluster": "ClusterNotFound", "user": "UserNotFound"}
    return PauseInspectError(reasons[kind], f'{kind} "{name}" does not exist in {_files(config)}', hint)


def _files(config: Kubeconfig) -> str:
    return ", ".join(str(path) for path in config.found or config.searched) or "any kubeconfig file"
