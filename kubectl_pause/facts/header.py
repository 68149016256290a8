"""What the collector says first: the moment, the boot, the kernel, and the node's own counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.numbers import COUNT_DIGITS, PID_DIGITS, TIME_DIGITS, seconds, whole_number
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping


class Header(Record, frozen=True):
    """Each None, or "", where the collector did not say it, or said no number."""

    now: int | None
    """Seconds since the epoch, by the node's clock."""
    uptime: float | None
    """Seconds since the node started, when the reading began."""
    boot: str
    """The kernel's boot id: another one after each start."""
    kernel: str
    """`uname -r`."""
    machine: str
    """`uname -m`."""
    collector: int | None
    """The collector's own pid."""
    reader: int | None
    """The pid of the program that read this host; None for a node of a cluster."""
    tasks: int | None
    """Tasks of the whole node."""
    pid_max: int | None
    """kernel.pid_max."""
    threads_max: int | None
    """kernel.threads-max."""


CHECKS = {
    "ns": "the namespaces of PID 1",
    "root": "the root of PID 1 or of other processes",
    "fd": "the descriptors of other users' processes",
    "chroot": "the node's own programs (chroot)",
}
"""What the collector proves that it can read, before all else."""


def failed_checks(proof: Mapping[str, str]) -> list[str]:
    """The names of the checks that failed, in the order of CHECKS: [] where all did well, and where the capture has none."""
    return [check for check in CHECKS if proof.get(check) == "no"]


def parse_header(fields: Mapping[str, str]) -> Header:
    """From the `key=value` words of the collector's first line."""

    def count(key: str, digits: int = COUNT_DIGITS) -> int | None:
        return whole_number(fields.get(key, ""), digits)

    return Header(
        now=count("now", TIME_DIGITS),
        uptime=seconds(fields.get("uptime", "")),
        boot=fields.get("boot", ""),
        kernel=fields.get("kernel", ""),
        machine=fields.get("machine", ""),
        collector=count("self", PID_DIGITS),
        reader=count("reader", PID_DIGITS),
        tasks=count("tasks"),
        pid_max=count("pid_max"),
        threads_max=count("threads_max"),
    )
