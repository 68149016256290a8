"""Which credential plugins the kuberc lets run: `credentialPluginPolicy` and `credentialPluginAllowlist` (KEP-3104), as for kubectl.

A kubeconfig can make any program run. What cannot be understood forbids, since a policy that is not read would be no policy.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubectl_pause.access.kubeconfig_files import home_expanded
from kubectl_pause.access.one_line import one_line
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_FILE = "~/.kube/kuberc"


def check_allowed(command: str, flag: str | None, environ: Mapping[str, str]) -> None:
    """Raises PauseInspectError where the kuberc forbids to run `command`; `flag` is `--kuberc`."""
    named = flag or environ.get("KUBERC")
    if environ.get("KUBERC") == "off" or environ.get("KUBECTL_KUBERC", "").lower() in ("false", "0", "f"):
        return
    path = home_expanded(named or DEFAULT_FILE)
    preferences = _read(path, must_exist=bool(named))
    policy, listed = preferences.get("credentialPluginPolicy"), preferences.get("credentialPluginAllowlist")
    if policy == "AllowAll" or (policy in (None, "") and not listed):
        return
    if policy == "DenyAll":
        raise _forbidden(command, "is not allowed by credentialPluginPolicy DenyAll", path)
    if policy != "Allowlist":
        raise _unusable(path, f"credentialPluginPolicy {one_line(str(policy))!r} is not AllowAll, DenyAll or Allowlist")
    if not isinstance(listed, list) or not listed:
        raise _unusable(path, "credentialPluginPolicy Allowlist needs a credentialPluginAllowlist")
    if not any(_matches(_entry(each, path), command) for each in listed):
        raise _forbidden(command, "is not in credentialPluginAllowlist, which credentialPluginPolicy Allowlist asks for,", path)


def _entry(entry: Any, path: Path) -> str:
    """The command of an entry; kubectl 1.35 called it `name`."""
    command = (entry.get("command") or entry.get("name")) if isinstance(entry, dict) else None
    if not isinstance(command, str):
        raise _unusable(path, "an entry of credentialPluginAllowlist has no command")
    return command


def _matches(entry: str, command: str) -> bool:
    """A bare name is that of the program, wherever it is; a path is the program's own."""
    if os.sep not in entry:
        return Path(command).name == entry
    return os.path.normpath(shutil.which(command) or command) == os.path.normpath(entry)


def _read(path: Path, *, must_exist: bool) -> dict[str, Any]:
    import yaml

    try:
        documents = list(yaml.safe_load_all(path.read_bytes()))
    except FileNotFoundError:
        if must_exist:
            raise _unusable(path, "it does not exist") from None
        return {}
    except OSError as error:
        raise _unusable(path, error.strerror or type(error).__name__) from None
    except (yaml.YAMLError, ValueError):
        raise _unusable(path, "it is not YAML") from None
    first: object = next((each for each in documents if each is not None), {})
    if not isinstance(first, dict):
        raise _unusable(path, "it holds no mapping at its top")
    return first


def _forbidden(command: str, what: str, path: Path) -> PauseInspectError:
    hint = "allow it there, or run with KUBERC=off, if you trust this kubeconfig"
    return PauseInspectError("CredentialPluginNotAllowed", f"the credential plugin {one_line(command)} {what} of {path}", hint)


def _unusable(path: Path, what: str) -> PauseInspectError:
    return PauseInspectError(
        "CredentialPluginNotAllowed",
        f"the kuberc file {path} does not say which credential plugins may run: {what}",
        "correct it, or run with KUBERC=off",
    )
