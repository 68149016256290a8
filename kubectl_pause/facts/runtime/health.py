"""What a node's runtime needs to make a sandbox: its own word on its network (`crictl info`), CNI configurations, and room on disk.

`lastCNILoadStatus` is containerd's; other runtimes have conditions alone. Sections of a collector that was not asked to look are missing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from kubectl_pause.facts.record import Record
from kubectl_pause.facts.runtime.cri import UnreadableAnswer, documents_of, mapping_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubectl_pause.facts.capture import Capture

_NUMBERS = 4
_DIGITS = 20


class FileSystem(Record, frozen=True):
    """Room at one path: blocks and inodes, and how many of each are free."""

    path: str
    blocks: int
    free_blocks: int
    inodes: int
    free_inodes: int


class Lease(Record, frozen=True):
    """An address that host-local has given away: `sandbox` is the id that it was for, `made_at` in seconds since the epoch."""

    path: str
    network: str
    address: str
    sandbox: str
    made_at: int


class RuntimeHealth(Record, frozen=True):
    """`network_ready` is None where the runtime did not say. `configurations` is how many files there are where it looks for them, None
    where that is not known; `network` is the name of the first, which is the one in use, "" where there is none; `plugin_types` are those
    of it, and of the plugins that these call.

    `programs` are the names of what is installed where the runtime looks for it, None where not all of these places were looked at.
    `empty_results` are names of files of the CNI cache that are empty. `leases` are those of host-local for any network: one that is not
    `network` may be an engine's.
    """

    network_ready: bool | None
    network_words: str
    cni_load: str
    configurations: int | None
    network: str
    plugin_types: tuple[str, ...]
    programs: frozenset[str] | None
    empty_results: tuple[str, ...]
    leases: tuple[Lease, ...]
    file_systems: tuple[FileSystem, ...]


def runtime_health(capture: Capture) -> RuntimeHealth | None:
    """None where the collector did not look."""
    if "cni" not in capture.sections:
        return None
    info = _first_document(capture.content("crictl.info"))
    places = mapping_of(info.get("cniconfig"))
    network = _condition(info, "NetworkReady")
    configurations = _by_folder(capture.content("cni")).get(text_of(places.get("PluginConfDir")))
    documents = [document for line in configurations or () if (document := _document(line))]
    installed = _by_folder(capture.content("cni-programs"))
    folders = [text_of(folder) for folder in dirs] if isinstance(dirs := places.get("PluginDirs"), list) else []
    status = network.get("status")
    return RuntimeHealth(
        network_ready=status if isinstance(status, bool) else None,
        network_words=text_of(network.get("message")),
        cni_load=text_of(info.get("lastCNILoadStatus")),
        configurations=None if configurations is None else len(documents),
        network=text_of(documents[0].get("name")) if documents else "",
        plugin_types=tuple(dict.fromkeys(_types(documents[0]))) if documents else (),
        programs=frozenset().union(*(installed[each] for each in folders)) if folders and installed.keys() >= set(folders) else None,
        empty_results=tuple(_lines(capture.content("cni-cache"))),
        leases=tuple(_leases(capture.content("leases"))),
        file_systems=tuple(_file_systems(capture.content("filesystems"))),
    )


def _condition(info: Mapping[str, Any], kind: str) -> dict[str, Any]:
    conditions = mapping_of(info.get("status")).get("conditions")
    every = [mapping_of(each) for each in conditions] if isinstance(conditions, list) else []
    return next((condition for condition in every if condition.get("type") == kind), {})


def _by_folder(content: bytes) -> dict[str, list[str]]:
    """Lines behind the folder that they are of: a line that begins with a slash."""
    folders: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in _lines(content):
        if line.startswith("/"):
            lines = folders.setdefault(line, [])
        else:
            lines.append(line)
    return folders


def _types(configuration: Mapping[str, Any]) -> Iterator[str]:
    """Of its plugins, and of the plugins that these call for addresses."""
    plugins = configuration.get("plugins")
    for plugin in (configuration, *(plugins if isinstance(plugins, list) else ())):
        for holder in (mapping_of(plugin), mapping_of(mapping_of(plugin).get("ipam"))):
            if kind := text_of(holder.get("type")):
                yield kind


def _first_document(content: bytes) -> dict[str, Any]:
    try:
        return mapping_of(next(iter(documents_of(content)), None))
    except UnreadableAnswer:
        return {}


def _document(line: str) -> dict[str, Any] | None:
    """A file as it was pruned, None for one that is no JSON object: a runtime passes it over, too."""
    try:
        return mapping_of(json.loads(line)) or None
    except (ValueError, RecursionError):
        return None


def _lines(content: bytes) -> Iterator[str]:
    return (line.strip() for line in content.decode("utf-8", "backslashreplace").split("\n") if line.strip())


_MADE = re.compile(r"(\d{1,12}) \./([^/ ]+/[^/ ]+)")
_FOR = re.compile(r"\./([^/ ]+/[^/ :]+(?::[^/ :]*)*):([0-9a-f]{64})")


def _leases(content: bytes) -> Iterator[Lease]:
    """Those whose file names a sandbox; of each the file's time and its first line are told apart."""
    for folder, lines in _by_folder(content).items():
        made = {match[2]: int(match[1]) for line in lines if (match := _MADE.fullmatch(line))}
        for line in lines:
            if (match := _FOR.fullmatch(line)) and match[1] in made:
                network, _, address = match[1].partition("/")
                yield Lease(f"{folder}/{match[1]}", network, address, match[2], made[match[1]])


def _file_systems(content: bytes) -> Iterator[FileSystem]:
    for line in _lines(content):
        path, *numbers = line.split(" ")
        if len(numbers) == _NUMBERS and all(number.isascii() and number.isdigit() and len(number) <= _DIGITS for number in numbers):
            yield FileSystem(path, *map(int, numbers))
