"""krew's own rules, so that a manifest or an archive it would refuse is not released.

From krew's sources: `internal/index/validation/validate.go`, `cmd/validate-krew-manifest/main.go` (platforms, licence),
`internal/download/downloader.go` (members of archives), `internal/installation/move.go` (`files`).
"""

from __future__ import annotations

import posixpath
import re
import tarfile
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KNOWN_PLATFORMS = frozenset(
    [("windows", "386"), ("windows", "amd64"), ("windows", "arm64"), ("darwin", "386"), ("darwin", "amd64"), ("darwin", "arm64")]
    + [("linux", arch) for arch in ("386", "amd64", "arm", "arm64", "ppc64le")]
)
LONGEST_SHORT_DESCRIPTION = 50
"""`kubectl krew search` cuts there; krew's guide asks for less."""
_API_VERSION = "krew.googlecontainertools.github.com/v1alpha2"
_SEMVER = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_LICENSES = {"license", "license.txt", "license.md", "licenses", "licenses.txt", "licenses.md", "copying", "copying.txt"}

Document = dict[str, Any]


def broken_in_manifest(manifest: Document, file_name: str) -> list[str]:
    """What krew or its index would say against the manifest; `file_name` is the one under which it is handed in."""
    return list(_manifest(manifest, file_name))


def _manifest(manifest: Document, file_name: str) -> Iterator[str]:
    spec, name = manifest["spec"], manifest["metadata"]["name"]
    if manifest["apiVersion"] != _API_VERSION or manifest["kind"] != "Plugin":
        yield f"apiVersion {manifest['apiVersion']} or kind {manifest['kind']} is not krew's"
    if not re.fullmatch(r"[\w-]+", name):
        yield f"the name {name!r} holds other signs than letters, digits, _ and -"
    if file_name != f"{name}.yaml":
        yield f"the file is named {file_name}, so the plugin should be too, not {name}"
    if not _SEMVER.fullmatch(spec["version"]):
        yield f"version {spec['version']!r} is no `v` and semantic version"
    short = spec.get("shortDescription", "")
    if not short or "\n" in short or len(short) >= LONGEST_SHORT_DESCRIPTION:
        yield f"shortDescription is empty, of several lines, or not below {LONGEST_SHORT_DESCRIPTION} characters"
    if not spec.get("platforms"):
        yield "no platform"
    taken: set[tuple[str, str]] = set()
    for platform in spec.get("platforms") or ():
        yield from _platform(platform, taken)


def _platform(platform: Document, taken: set[tuple[str, str]]) -> Iterator[str]:
    labels = platform.get("selector", {}).get("matchLabels") or {}
    pair = (labels.get("os", ""), labels.get("arch", ""))
    if labels.keys() != {"os", "arch"} or pair not in KNOWN_PLATFORMS:
        yield f"selector {labels} chooses no platform that krew knows"
    if pair in taken:
        yield f"two platforms are chosen on {pair}"
    taken.add(pair)
    if not platform.get("uri") or not platform.get("bin"):
        yield f"{pair}: uri and bin have to be set"
    if not re.fullmatch(r"[a-f0-9]{64}", platform.get("sha256", "")):
        yield f"{pair}: sha256 {platform.get('sha256')!r} is none"
    if "files" in platform and not platform["files"]:
        yield f"{pair}: files has to be left out or to say something"
    for each in platform.get("files") or ():
        if not each.get("from") or not each.get("to") or each["to"] != posixpath.normpath(each["to"]):
            yield f"{pair}: files: {each} needs a clean `from` and `to`"


def broken_in_archive(archive: Path, platform: Document) -> list[str]:
    """What krew would say while unpacking the archive for a platform of the manifest, and against what it takes from it."""
    with tarfile.open(archive, "r:gz") as tar:
        members = tar.getmembers()
    return list(_archive(members, platform))


def _archive(members: list[tarfile.TarInfo], platform: Document) -> Iterator[str]:
    for member in members:
        if not (member.isreg() or member.isdir()):
            yield f"{member.name} is neither a file nor a directory: krew cannot unpack it"
        if ".." in member.name or member.name.startswith(("/", "\\")):
            yield f"{member.name}: a path with two dots or an absolute one"
    at_top = {PurePosixPath(member.name).parts[0] for member in members}
    taken: set[str] = set()
    for each in platform.get("files") or [{"from": "*", "to": "."}]:
        matching = {name for name in at_top if fnmatchcase(name, each["from"])}
        if not matching:
            yield f"no file matches {each['from']!r}"
        taken |= matching
    files = {member.name: member for member in members if member.isreg() and PurePosixPath(member.name).parts[0] in taken}
    if not any(PurePosixPath(name).name.lower() in _LICENSES for name in files):
        yield "no LICENSE is taken from the archive"
    if platform["bin"] not in files:
        yield f"bin {platform['bin']} is not taken from the archive"
    elif not files[platform["bin"]].mode & 0o100:
        yield f"bin {platform['bin']} cannot be executed"
