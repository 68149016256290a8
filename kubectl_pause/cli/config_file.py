"""Defaults of the user's own: `kubectl-pause-inspect/config.yaml` in `$XDG_CONFIG_HOME` (`~/.config`).

    image: registry.example.com/tools/busybox:1.36
    imagePullPolicy: IfNotPresent
    imagePullSecrets: [registry]
    debugNamespace: node-debug
    profile: sysadmin
    selinuxType: spc_t
    ignoreFindings: [namespace/outlived]

A flag goes before an environment variable, that before this file, and this before the program's own default.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the file says; None and () where it says nothing."""

    image: str | None = None
    image_pull_policy: str | None = None
    image_pull_secrets: tuple[str, ...] = ()
    debug_namespace: str | None = None
    profile: str | None = None
    selinux_type: str | None = None
    ignored_findings: tuple[str, ...] = ()
    """Codes that `check` leaves out."""


_SEVERAL = ("imagePullSecrets", "ignoreFindings")
_KEYS = {
    "image": "image", "imagePullPolicy": "image_pull_policy", "imagePullSecrets": "image_pull_secrets", "debugNamespace": "debug_namespace",
    "profile": "profile", "selinuxType": "selinux_type", "ignoreFindings": "ignored_findings",
}  # fmt: skip


def path() -> Path | None:
    """Where the file is looked for; None for a user without a home directory, as an arbitrary uid in a container may be."""
    home = os.environ.get("XDG_CONFIG_HOME")
    try:
        folder = Path(home) if home else Path.home() / ".config"
    except RuntimeError:
        return None
    return folder / "kubectl-pause-inspect" / "config.yaml"


def read_defaults() -> Defaults:
    """What the file says; nothing where there is none. Raises PauseInspectError for one that cannot be read or understood."""
    file = path()
    if file is None:
        return Defaults()
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return Defaults()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise PauseInspectError("BadConfig", f"{file}: {why}", "repair or remove the file") from None
    import yaml

    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _bad(file, f"not YAML: {' '.join(str(error).split())}") from None
    if document is None:
        return Defaults()
    if not isinstance(document, dict):
        raise _bad(file, "not a list of settings")
    values: dict[str, str | tuple[str, ...]] = {}
    for key, value in document.items():
        if key not in _KEYS:
            raise _bad(file, f"unknown setting {key!r}")
        several = key in _SEVERAL
        if not (isinstance(value, list) and all(isinstance(each, str) for each in value) if several else isinstance(value, str)):
            raise _bad(file, f"{key}: {'a list of names' if several else 'a text'} is needed")
        values[_KEYS[key]] = tuple(value) if several else value
    return Defaults(**values)  # type: ignore[arg-type] # each was looked at above


Word = TypeVar("Word", bound=str)


def one_of(words: Sequence[Word], flag: str, given: str | None) -> Word:
    """The word that was given, or the first. Raises PauseInspectError for any other."""
    for word in words:
        if given in (None, word):
            return word
    raise PauseInspectError("WrongUsage", f"{flag}: {given!r} is not accepted", f"it is one of {', '.join(words)}")


def _bad(file: Path, what: str) -> PauseInspectError:
    return PauseInspectError("BadConfig", f"{file}: {what}", f"settings are: {', '.join(_KEYS)}")
