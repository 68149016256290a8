"""Why this host lets nobody make namespaces, as far as it tells."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from kubectl_pause.errors import PauseInspectError

_SYSCTLS = (
    ("kernel/unprivileged_userns_clone", "0", "1"),  # Debian and Arch
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),  # Ubuntu 23.10 and later
    ("user/max_user_namespaces", "0", "10000"),  # RHEL 7; namespaces(7)
    *((f"user/max_{kind}_namespaces", "0", "10000") for kind in ("pid", "net", "ipc", "uts", "mnt")),
)
"""Below /proc/sys: the setting, the value that forbids, a value that allows."""

_REFUSALS = (errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EINVAL, errno.ENOSYS)


def not_permitted(number: int, what: str, settings: Path = Path("/proc/sys")) -> PauseInspectError:
    """The error for a process of the pod that failed with this errno; `what` is its name and the call."""
    if number not in _REFUSALS:
        return PauseInspectError("DemoFailed", f"the demo's pod could not be made: {what}", "run the demo again")
    message = f"this host does not let you make namespaces: {what}"
    standing = [(name, allowing) for name, forbidding, allowing in _SYSCTLS if _value(settings / name) == forbidding]
    if standing:
        said = ", ".join(f"{name.replace('/', '.')}={_value(settings / name)}" for name, _ in standing)
        doing = " ".join(f"{name.replace('/', '.')}={allowing}" for name, allowing in standing)
        return PauseInspectError("NotPermitted", f"{message}; {said} stands in the way", f"run as root, or: sudo sysctl -w {doing}")
    asked = "kernel.unprivileged_userns_clone, user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns allow it"
    who = "root without CAP_SYS_ADMIN" if os.geteuid() == 0 else "an ordinary user"
    reason = f"{message}, as {who}; {asked}, so a container's seccomp filter or a security module does not"
    return PauseInspectError("NotPermitted", reason, "run it as root on the host itself, not in a container")


def _value(setting: Path) -> str | None:
    try:
        return setting.read_text().strip()
    except OSError:
        return None
