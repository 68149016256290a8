"""krew's manifest and archives: what krew would refuse is told, and only what was built is in the manifest."""

from __future__ import annotations

import io
import re
import tarfile
from copy import deepcopy
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from release.archive import write_archive
from release.krew_rules import broken_in_archive, broken_in_manifest
from release.manifest import RefusedByKrewError, render, write_manifest
from release.platforms import Platform

TEMPLATE = Path(__file__).resolve().parents[2] / "krew-manifest.yaml"
PLATFORMS = [("linux", "amd64"), ("linux", "arm64"), ("darwin", "amd64"), ("darwin", "arm64"), ("windows", "amd64")]
AT = "https://code.example/team/kubectl-pause-inspect"


def make_archive(into: Path, platform: Platform, version: str = "1.2.3") -> Path:
    folder = into / f"{platform.os}-{platform.arch}"
    (folder / "_internal").mkdir(parents=True)
    (folder / "LICENSE").write_text("Apache")
    (folder / "_internal" / "library.so").write_bytes(b"\x7fELF")
    (folder / platform.program).write_text(f"for {platform.os} {platform.arch}")
    (folder / platform.program).chmod(0o755)
    archive = into / platform.archive(version)
    write_archive(folder, archive, 1_700_000_000)
    return archive


def test_the_manifest_of_all_platforms_is_to_krew_s_rules(tmp_path):
    archives = {pair: make_archive(tmp_path, Platform(*pair)) for pair in PLATFORMS}
    written = write_manifest(TEMPLATE, "1.2.3", AT, tmp_path)
    manifest = yaml.safe_load(written.read_text())
    assert (written.name, manifest["spec"]["version"], manifest["spec"]["homepage"]) == ("pause-inspect.yaml", "v1.2.3", AT)
    assert broken_in_manifest(manifest, written.name) == []
    by_pair = {
        (each["selector"]["matchLabels"]["os"], each["selector"]["matchLabels"]["arch"]): each for each in manifest["spec"]["platforms"]
    }
    assert list(by_pair) == PLATFORMS
    for pair, platform in by_pair.items():
        assert platform["uri"] == f"{AT}/releases/download/v1.2.3/{archives[pair].name}"
        assert platform["sha256"] == sha256(archives[pair].read_bytes()).hexdigest()
        assert platform["bin"] == Platform(*pair).program
    assert "musl" in manifest["spec"]["caveats"]
    assert "$" not in written.read_text()


def test_what_was_not_built_is_left_out(tmp_path):
    make_archive(tmp_path, Platform("linux", "amd64"))
    make_archive(tmp_path, Platform("darwin", "arm64"), version="1.2.2")  # of the last release
    platforms = render(TEMPLATE.read_text(), "1.2.3", AT, tmp_path)["spec"]["platforms"]
    assert [each["selector"]["matchLabels"] for each in platforms] == [{"os": "linux", "arch": "amd64"}]


def test_nothing_is_written_that_krew_would_refuse(tmp_path):
    with pytest.raises(RefusedByKrewError, match="no platform"):
        write_manifest(TEMPLATE, "1.2.3", AT, tmp_path)
    make_archive(tmp_path, Platform("linux", "amd64"), version="1.2")
    with pytest.raises(RefusedByKrewError, match="semantic version"):
        write_manifest(TEMPLATE, "1.2", AT, tmp_path)
    assert not (tmp_path / "pause-inspect.yaml").exists()


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        (("metadata", "name"), "pause inspect", "other signs"),
        (("spec", "version"), "1.2.3", "no `v`"),
        (("spec", "shortDescription"), "x" * 50, "shortDescription"),
        (("spec", "shortDescription"), "two\nlines", "shortDescription"),
        (("spec", "platforms", 0, "sha256"), "ABC", "sha256"),
        (("spec", "platforms", 0, "selector"), {"matchLabels": {"os": "linux", "arch": "s390x"}}, "no platform that krew knows"),
        (("spec", "platforms", 0, "selector"), {"matchLabels": {"os": "linux", "arch": "arm64"}}, "two platforms"),
        (("spec", "platforms", 0, "files"), [], "left out"),
        (("spec", "platforms", 0, "files"), [{"from": "*", "to": "./"}], "clean"),
        (("spec", "platforms", 0, "bin"), "", "have to be set"),
    ],
)
def test_each_rule_of_the_manifest(tmp_path, where, value, told):
    for pair in PLATFORMS:
        make_archive(tmp_path, Platform(*pair))
    manifest = deepcopy(render(TEMPLATE.read_text(), "1.2.3", AT, tmp_path))
    assert broken_in_manifest(manifest, "pause-inspect.yaml") == []
    *path, last = where
    place = manifest
    for key in path:
        place = place[key]
    place[last] = value
    assert any(told in line for line in broken_in_manifest(manifest, "pause-inspect.yaml"))


def test_the_plugin_s_name_is_the_file_s(tmp_path):
    make_archive(tmp_path, Platform("linux", "amd64"))
    (line,) = broken_in_manifest(render(TEMPLATE.read_text(), "1.2.3", AT, tmp_path), "krew-manifest.yaml")
    assert "krew-manifest.yaml" in line


def member(name: str, kind: bytes = tarfile.REGTYPE, mode: int = 0o755) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.mode, made.linkname = kind, mode, "elsewhere" if kind == tarfile.SYMTYPE else ""
    return made


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ([member("LICENSE"), member("kubectl-pause_inspect"), member("link", tarfile.SYMTYPE)], "neither a file nor a directory"),
        ([member("LICENSE"), member("kubectl-pause_inspect"), member("lib/a..b")], "two dots"),
        ([member("LICENSE"), member("kubectl-pause_inspect"), member("/etc/passwd")], "absolute"),
        ([member("kubectl-pause_inspect")], "no LICENSE"),
        ([member("LICENSE"), member("bin/kubectl-pause_inspect")], "is not taken"),
        ([member("LICENSE"), member("kubectl-pause_inspect", mode=0o644)], "cannot be executed"),
    ],
)
def test_each_rule_of_an_archive(tmp_path, members, told):
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for each in members:
            tar.addfile(each, io.BytesIO())
    platform = {"bin": "kubectl-pause_inspect", "files": [{"from": "*", "to": "."}]}
    assert any(told in line for line in broken_in_archive(path, platform))


def test_the_lock_names_no_registry_and_hashes_everything():
    text = (TEMPLATE.parent / "release" / "requirements.lock").read_text()
    assert "://" not in text
    pins = re.findall(r"^[\w.-]+==\S+.*$", text, re.MULTILINE)
    assert len(pins) > 20
    assert all(pin.endswith("\\") for pin in pins)  # a hash follows
