"""The same files make the same archive, and none of its members is a link."""

from __future__ import annotations

import os
import tarfile

from release.archive import write_archive
from release.glibc import elf_files, needed_versions

READELF = """
Version definition section '.gnu.version_d' contains 2 entries:
  0x001c: Rev: 1  Flags: none  Index: 2  Cnt: 1  Name: GLIBC_2.99

Version needs section '.gnu.version_r' contains 2 entries:
 Addr: 0x0000000000001000  Offset: 0x001000  Link: 4 (.dynstr)
  000000: Version: 1  File: libc.so.6  Cnt: 3
  0x0010:   Name: GLIBC_2.2.5  Flags: none  Version: 4
  0x0020:   Name: GLIBC_2.14  Flags: none  Version: 3
  0x0030:   Name: GLIBC_PRIVATE  Flags: none  Version: 2
"""


def fill(folder, names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (folder / "program").chmod(0o700)
    (folder / "link").symlink_to("b/one")
    os.link(folder / "b/one", folder / "second-name")


def test_the_same_files_make_the_same_archive(tmp_path):
    names = ["b/one", "b/two", "a", "program"]
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    fill(tmp_path / "first", names)
    fill(tmp_path / "second", reversed(names))
    os.utime(tmp_path / "second" / "a", (1, 1))
    (tmp_path / "second" / "a").chmod(0o600)
    digests = {write_archive(tmp_path / each, tmp_path / f"{each}.tar.gz", 1_700_000_000) for each in ("first", "second")}
    assert len(digests) == 1


def test_links_become_files_and_modes_are_two(tmp_path):
    (tmp_path / "folder").mkdir()
    fill(tmp_path / "folder", ["b/one", "program"])
    write_archive(tmp_path / "folder", tmp_path / "a.tar.gz", 1_700_000_000)
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        members = {each.name: each for each in tar}
        assert list(members) == ["b", "b/one", "link", "program", "second-name"]
        assert all(each.isreg() or each.isdir() for each in members.values())
        contents = [tar.extractfile(name) for name in ("b/one", "link", "second-name")]
        assert [each.read() for each in contents if each] == [b"b/one"] * 3
        assert (members["program"].mode, members["b/one"].mode) == (0o755, 0o644)
        assert {(each.uid, each.gid, each.uname, each.mtime) for each in members.values()} == {(0, 0, "", 1_700_000_000)}


def test_glibc_is_read_from_what_a_file_needs_not_from_what_it_offers(tmp_path):
    assert needed_versions(READELF) == {(2, 2, 5), (2, 14)}
    assert max(needed_versions(READELF)) == (2, 14)  # as numbers, not as text
    (tmp_path / "a").write_bytes(b"\x7fELF and more")
    (tmp_path / "b.so").write_bytes(b"no ELF")
    assert [path.name for path in elf_files(tmp_path)] == ["a"]
