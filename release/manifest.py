"""krew's manifest, made from its template: a platform whose archive is not there is left out, never guessed."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, Any

import yaml

from release.archive import sha256
from release.krew_rules import Document, broken_in_archive, broken_in_manifest
from release.platforms import PLUGIN

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "https://repository.invalid"
"""Stands for the repository's address in a manifest that is only tried locally: krew then takes the archive from `--archive`."""


class RefusedByKrewError(Exception):
    """What was built breaks krew's rules; the text has one line for each."""


def render(template: str, version: str, repository: str, archives: Path) -> Document:
    """The manifest of what is in the directory `archives`."""
    filled = Template(template).substitute(VERSION=version, REPOSITORY=repository.rstrip("/"))
    manifest: Document = yaml.safe_load(filled)
    platforms = []
    for platform in manifest["spec"]["platforms"]:
        archive = archives / platform["uri"].rpartition("/")[2]
        if archive.is_file():
            platforms.append({key: sha256(archive) if key == "sha256" else value for key, value in platform.items()})
    manifest["spec"]["platforms"] = platforms
    return manifest


def write_manifest(template: Path, version: str, repository: str, archives: Path) -> Path:
    """Write `pause-inspect.yaml` beside the archives. Raises RefusedByKrewError before anything is written."""
    manifest = render(template.read_text(encoding="utf-8"), version, repository, archives)
    written = archives / f"{PLUGIN}.yaml"
    broken = broken_in_manifest(manifest, written.name)
    for platform in manifest["spec"]["platforms"]:
        name = platform["uri"].rpartition("/")[2]
        broken += [f"{name}: {what}" for what in broken_in_archive(archives / name, platform)]
    if broken:
        raise RefusedByKrewError("\n".join(broken))
    written.write_text(yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, width=120), encoding="utf-8")
    return written


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, lists indented: as the manifests of krew's index look."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 (PyYAML's signature)
        return super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
