"""Recorded nodes as captures: what the collector would have written on them, made from files taken there by other tools.

Each folder of `recorded/` has crictl's answers, the runtime's bundles and /proc of one node (`kind-containerd-2.2.9` has no bundles).
"""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

from kubectl_pause.facts.capture import FILE_MAGIC, Capture, read_capture

RECORDED = Path(__file__).parent / "recorded"
COLLECTOR = Path(__file__).parent.parent / "kubectl_pause" / "capture" / "on_node" / "collector.sh"
NODES = ("kind-containerd-2.2.9", "containerd-1.6.20", "containerd-1.7.24", "crio-1.34.11", "crio-1.34.11-infra")
STATUS_KEYS = ("State", "Tgid", "PPid", "TracerPid", "Uid", "NSpid", "Threads", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt")
Json = Any


def recorded_bytes(*parts: str) -> bytes:
    """A recorded file, unpacked where it was packed for its size."""
    path = RECORDED.joinpath(*parts)
    packed = path.with_name(path.name + ".gz")
    return gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()


def is_recorded(*parts: str) -> bool:
    path = RECORDED.joinpath(*parts)
    return path.exists() or path.with_name(path.name + ".gz").exists()


@cache
def keep_rules(name: str) -> str:
    """A rule list of the collector (KEEP_PODS, KEEP_PS, KEEP_INSPECTP, KEEP_SPEC), as its own shell code builds it."""
    text = COLLECTOR.read_text()
    setup = text[text.index("set -f") : text.index("# JSON without")]
    made = subprocess.run(["sh", "-c", f'{setup}\nprintf %s "${name}"'], capture_output=True, text=True, check=True)
    return made.stdout


def awk_program() -> str:
    """The collector's pruner."""
    text = COLLECTOR.read_text()
    start = text.index("PRUNE='\n") + len("PRUNE='\n")
    return text[start : text.index("'\n", start)]


class Rules:
    """What the pruner's rules mean, said a second time: segments joined by `>`, `[]` any element, a last `*` any ending."""

    def __init__(self, keep: str) -> None:
        self.exact: set[tuple[str, ...]] = set()
        self.prefixes: set[tuple[str, ...]] = set()
        self.descend: set[tuple[str, ...]] = set()
        for rule in keep.split():
            path = tuple(part for segment in rule.split(">") for part in _segments(segment))
            if rule.endswith("*"):
                self.prefixes.add((*path[:-1], path[-1][:-1]))
            else:
                self.exact.add(path)
            self.descend.update(path[:length] for length in range(1, len(path)))

    def keeps(self, path: tuple[str, ...]) -> bool:
        begins = any(path[:-1] == prefix[:-1] and path[-1].startswith(prefix[-1]) for prefix in self.prefixes)
        return path in self.exact or (path not in self.descend and begins)

    def prune(self, value: Json, path: tuple[str, ...] = ()) -> Json:
        """`value` with only what is kept; Ellipsis for a value that is left out."""
        if path and self.keeps(path):
            return value
        if path and path not in self.descend:
            return ...
        if isinstance(value, dict):
            pruned = {key: self.prune(item, (*path, key)) for key, item in value.items()}
            return {key: item for key, item in pruned.items() if item is not ...}
        if isinstance(value, list):
            return [item for element in value if (item := self.prune(element, (*path, "[]"))) is not ...]
        return ...


def _segments(segment: str) -> list[str]:
    name = segment.removesuffix("[]")
    return ([name] if name else []) + (["[]"] if segment.endswith("[]") else [])


def _pruned(data: bytes, keep: str) -> bytes:
    return b" " + json.dumps(Rules(keep_rules(keep)).prune(json.loads(data)), separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _prefixed(data: bytes) -> bytes:
    return b"".join(b" " + line + b"\n" for line in data.splitlines())


def _bundles(node: str) -> bytes:
    out = b"#section bundles\n"
    for bundle in json.loads(recorded_bytes(node, "bundles.json")) if is_recorded(node, "bundles.json") else []:
        pid = bundle.get("init.pid") or bundle.get("pidfile") or "-"
        config = json.dumps(bundle.get("config.json") or bundle["config"]).encode()
        out += f"#bundle id={bundle['id']} pid={pid}\n".encode() + _pruned(config, "KEEP_SPEC")
    return out


def _archive(node: str) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO((RECORDED / node / "proc.tar.gz").read_bytes())) as archive:
        files = {member.name.removeprefix("./"): archive.extractfile(member) for member in archive if member.isfile()}
        return {name: file.read() for name, file in files.items() if file}


def _mountinfo(files: dict[str, bytes]) -> bytes:
    wanted = (b" - nsfs ", b" - cgroup ", b" - cgroup2 ")
    return b"".join(b" " + line + b"\n" for line in files["mountinfo"].splitlines() if any(word in line for word in wanted))


def _lines(prefix: str, content: bytes) -> bytes:
    return b"".join(prefix.encode() + b":" + line + b"\n" for line in content.removesuffix(b"\n").split(b"\n"))


def _processes(files: dict[str, bytes]) -> bytes:
    proc = {name.removeprefix("proc/"): data for name, data in files.items() if name.startswith("proc/")}
    pids = sorted({name.split("/")[0] for name in proc}, key=int)
    out = [_lines(f"{pid}/{name}", proc[f"{pid}/{name}"]) for name in ("stat", "cgroup") for pid in pids]
    for pid in pids:
        status = [line for line in proc[f"{pid}/status"].split(b"\n") if line.partition(b":")[0].decode() in STATUS_KEYS]
        out.append(_lines(f"{pid}/status", b"\n".join(status)))
    for pid in pids:
        for line in proc[f"{pid}/ns"].decode().splitlines():
            kind, _, link = line.partition(" ")
            if not link.startswith("!") and not kind.endswith("_for_children"):
                out.append(f"'{pid}/ns/{kind}' -> '{link}'\n".encode())
    out += [_lines(f"{pid}/stat2", proc[f"{pid}/stat"]) for pid in pids]
    return b"".join(out)


def _shims(files: dict[str, bytes]) -> bytes:
    """What the collector takes from the arguments of containerd-shim and conmon."""
    found = []
    for name, data in files.items():
        words = data.split(b"\0")
        flag = {b"containerd-shim-runc-v2": b"-id", b"conmon": b"-c"}.get(words[0].rpartition(b"/")[2])
        if name.endswith("/cmdline") and flag in words:
            found.append(name.split("/")[1].encode() + b"/id:" + words[words.index(flag) + 1] + b"\n")
    return b"".join(found)


def recorded_text(node: str, *, crictl: bool = True) -> bytes:
    """The collector's text of that node; without crictl's sections where `crictl` is False."""
    files = _archive(node)
    parts = [
        b"#pause-inspect-collector 1\n",
        b"#node now=1795471244 uptime=9000.00 boot=recorded tasks=200 pid_max=4194304 threads_max=192731 ",
    ]
    parts += [b"kernel=6.18.0\n", b'#section os-release\n PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n']
    if crictl:
        parts.append(b"#crictl path=/usr/local/bin/crictl socket=/run/runtime.sock version=recorded\n")
        for section, keep in (("pods", "KEEP_PODS"), ("ps", "KEEP_PS"), ("inspectp", "KEEP_INSPECTP")):
            parts += [f"#section crictl.{section}\n".encode(), _pruned(recorded_bytes(node, f"crictl-{section}.json"), keep), b"#rc 0\n"]
        parts += [b"#section crictl.version\n", _prefixed(recorded_bytes(node, "crictl-version.txt")), b"#rc 0\n"]
    parts += [_bundles(node), b"#section mountinfo\n", _mountinfo(files), b"#section proc\n", _processes(files)]
    parts += [b"#section shims\n", _shims(files), b"#end uptime=9000.10\n"]
    return b"".join(parts)


@cache
def recorded_capture(node: str, *, crictl: bool = True) -> Capture:
    """The recorded node, packed and read as any capture is, behind the API's view where there was an API server (kind)."""
    return read_capture(_api_view(node) + gzip.compress(recorded_text(node, crictl=crictl), mtime=0), node)


def _api_view(node: str) -> bytes:
    if not is_recorded(node, "api-pods.json"):
        return b""
    pods = json.loads(recorded_bytes(node, "api-pods.json"))["items"]
    view = {"capturedAt": "2026-11-23T20:00:00Z", "nodeName": pods[0]["spec"]["nodeName"], "pods": pods}
    return gzip.compress(FILE_MAGIC + b"\n#api\n " + json.dumps(view).encode() + b"\n", mtime=0)
