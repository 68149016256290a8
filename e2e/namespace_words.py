"""The words of a sharing matrix, from inodes alone: nothing of kubectl_pause is used here, so that the two can be compared.

A row is eight words in the order of KINDS: `host`, `pod` (the sandbox's), `=NAME` (a container's) or `own`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from e2e.access import Json

KINDS = ("net", "ipc", "uts", "pid", "user", "mnt", "cgroup", "time")
SANDBOX = "(sandbox)"
Rows = dict[str, list[str]]


def written(rows: Mapping[str, str], *, unified: bool) -> Rows:
    """Rows written by hand; `v2` in them means `own` where cgroups are v2 alone, else `host`."""
    told = {"v2": "own" if unified else "host"}
    return {name: [told.get(word, word) for word in row.split()] for name, row in rows.items()}


def real(inodes: Mapping[str, Mapping[str, int]], host: Mapping[str, int], joiners: Collection[str] = ()) -> Rows:
    """What inodes say of a sandbox and its containers, by name. `joiners` are the containers that were made to join another one."""
    return {name: [_word(inodes, host, name, kind, joiners) for kind in KINDS] for name in inodes}


def _word(inodes: Mapping[str, Mapping[str, int]], host: Mapping[str, int], name: str, kind: str, joiners: Collection[str]) -> str:
    inode = inodes[name][kind]
    if inode == host[kind]:
        return "host"
    if inode == inodes[SANDBOX][kind]:
        return "pod"
    others = [other for other in inodes if inodes[other][kind] == inode and other not in {name, *joiners}]
    return f"={others[0]}" if others else "own"


def reported(sandbox: Json, field: str = "sharing") -> Rows:
    """What a report's sandbox says in `field` of each container's namespaces."""
    rows = {SANDBOX: ["host" if sandbox["namespaces"][kind]["host"] else "pod" for kind in KINDS]}
    for container in sandbox["containers"]:
        if container["namespaces"]:
            words = [container["namespaces"][kind][field] for kind in KINDS]
            rows[container["name"]] = [word and word.replace("container:", "=") for word in words]
    return rows
