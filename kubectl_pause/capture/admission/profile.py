"""What the inspector pod may do on its node, by `--profile`.

`general` has three capabilities and no privilege, `sysadmin` is privileged. `auto` is `general` first, and `sysadmin` where `general`
cannot read the node.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from kubectl_pause.facts.api import Node

Profile = Literal["general", "sysadmin", "auto"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
CAPABILITIES = ("SYS_PTRACE", "SYS_CHROOT", "DAC_READ_SEARCH")
"""Links of other users' processes (namespaces, root, descriptors); crictl in the node's root; directories that only their owner reads."""
_UNCONFINED = {"type": "Unconfined"}
_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/{container}"
_VERSION = re.compile(r"v?1\.(\d{1,4})\.")
_FIRST_WITH_THE_FIELD = 30


def security_context(profile: Profile, selinux_type: str | None) -> dict[str, object]:
    """`securityContext` of the collector's container."""
    selinux = {"seLinuxOptions": {"type": selinux_type}} if selinux_type else {}
    if profile == "sysadmin":
        return {"privileged": True, "readOnlyRootFilesystem": True, "runAsUser": 0, **selinux}
    return {
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], "add": list(CAPABILITIES)},
        "readOnlyRootFilesystem": True,
        "runAsUser": 0,
        # For chroot, by which crictl and journalctl are run: profiles of some runtimes and nodes forbid it. containerd 2.2 does not: `node`
        # reads the same there under RuntimeDefault.
        "seccompProfile": _UNCONFINED,
        # The runtimes' own profile denies ptrace of processes that are not under it, so also PID/ns, PID/root and PID/fd.
        "appArmorProfile": _UNCONFINED,
        **selinux,
    }


def apparmor_annotations(profile: Profile, container: str, *, by_annotation: bool) -> dict[str, str]:
    """AppArmor for API servers that do not know the field; a privileged container is under no profile."""
    wanted = by_annotation and profile != "sysadmin"
    return {_APPARMOR_ANNOTATION.format(container=container): "unconfined"} if wanted else {}


def needs_annotation(node: Node | None) -> bool:
    """Whether the node's kubelet is older than 1.30, so that the API server may be, too. False where the version is not known."""
    found = _VERSION.match(node.status.node_info.kubelet_version or "") if node else None
    return found is not None and int(found[1]) < _FIRST_WITH_THE_FIELD
