"""Which sandbox or container a runtime's shim serves, from the collector's `shims` section: `PID/id:HEX`, `PID/address:PATH`.

The id is what follows `-id` in the arguments of containerd-shim (a sandbox) and `-c` in those of conmon (a container); the address is that
of the containerd of a shim in namespace `k8s.io`, where Kubernetes' containers are. The pid is the kernel's word; name and arguments are
those of any process that calls itself so. Whether it is a shim is judged where this is used.
"""

from __future__ import annotations

import re

from kubectl_pause.facts.lines import lines_of

_ADDRESS = re.compile(rb"([1-9][0-9]{0,11})/address:(/[A-Za-z0-9._/-]{1,199})")
_LINE = re.compile(rb"([1-9][0-9]{0,11})/id:([0-9a-f]{64})")


def parse_shims(content: bytes) -> dict[int, str]:
    """Claimed ids by pid. A pid that claims two has none."""
    return _by_pid(content, _LINE)


def parse_shim_addresses(content: bytes) -> dict[int, str]:
    """The containerd, by its socket's path, of each pid that claims to serve Kubernetes there; likewise."""
    return _by_pid(content, _ADDRESS)


def _by_pid(content: bytes, form: re.Pattern[bytes]) -> dict[int, str]:
    claims: dict[int, set[str]] = {}
    for line in lines_of(content):
        match = form.fullmatch(line)
        if match:
            claims.setdefault(int(match[1]), set()).add(match[2].decode())
    return {pid: next(iter(values)) for pid, values in claims.items() if len(values) == 1}
