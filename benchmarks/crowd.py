"""Runs in a PID namespace of its own: makes a crowd of sleepers, times the collector, lsns and cat among them, and measures memory.

Started by `collector_speed`; prints one JSON object. The crowd ends with this process, which is the namespace's PID 1.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import ROOT, Contender, interleaved, needed

COLLECTOR = ROOT / "kubectl_pause" / "capture" / "on_node" / "collector.sh"


def main() -> None:
    """`crowd.py PROCESSES ROUNDS`."""
    processes, rounds = int(sys.argv[1]), int(sys.argv[2])
    busybox = needed("busybox")
    sleepers = [os.posix_spawn(busybox, ["busybox", "sleep", "86400"], {}) for _ in range(processes - len(_pids()))]
    with tempfile.TemporaryDirectory() as directory:
        image = _image(Path(directory), busybox)
        try:
            answer = Path(directory) / "answer"

            def collector() -> None:
                with answer.open("wb") as stdout:
                    _collector(image, stdout.fileno())

            seconds = interleaved(
                [
                    Contender("collector", collector),
                    Contender("lsns", lambda: _quiet([needed("lsns")])),
                    Contender("cat stat", lambda: _quiet(["sh", "-c", "cat /proc/[0-9]*/stat"])),
                ],
                rounds,
            )
            text = gzip.decompress(answer.read_bytes()).decode(errors="replace")
            seen = sum("/stat:" in line for line in text.splitlines())
            memory = _peak_of_tree(image)
        finally:
            subprocess.run(["umount", image / "proc"], check=True)
    for pid in sleepers:
        os.kill(pid, 9)
    whole = "\n#end " in text and seen >= processes
    print(json.dumps({"seconds": seconds, "seen": seen, "whole": whole, "memory": memory}))


def _pids() -> list[str]:
    return [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208


def _image(directory: Path, busybox: str) -> Path:
    """The inspector pod's image: busybox under all its names, and /proc."""
    image = directory / "image"
    for name in ("bin", "proc", "dev", "tmp"):
        (image / name).mkdir(parents=True)
    (image / "bin" / "busybox").write_bytes(Path(busybox).read_bytes())
    (image / "bin" / "busybox").chmod(0o755)
    for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if applet != "busybox":
            (image / "bin" / applet).symlink_to("busybox")
    subprocess.run(["mount", "-t", "proc", "proc", image / "proc"], check=True)
    (image / "dev" / "null").touch()
    return image


def _start(image: Path, stdout: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [needed("chroot"), str(image), "/bin/sh", "-c", 'eval "$COLLECTOR"'],
        stdout=stdout,
        env={"PATH": "/bin:/usr/bin:/usr/sbin:/sbin", "COLLECTOR": COLLECTOR.read_text(), "USE_CRICTL": "no"},
    )


def _collector(image: Path, stdout: int) -> None:
    code = _start(image, stdout).wait()
    if code != 0:
        raise SystemExit(f"the collector failed with exit code {code}")


def _quiet(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _peak_of_tree(image: Path) -> int:
    """Bytes that the collector's processes held together at the worst moment seen (proportional set size, many looks)."""
    peak = 0
    with Path(os.devnull).open("wb") as nowhere:
        process = _start(image, nowhere.fileno())
        while process.poll() is None:
            peak = max(peak, sum(map(_share, _descendants(process.pid))))
    return peak


def _descendants(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        each = waiting.pop()
        found.append(each)
        try:
            waiting += map(int, Path(f"/proc/{each}/task/{each}/children").read_text().split())
        except OSError:
            continue  # it has ended
    return found


def _share(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0  # it has ended
    return 0


if __name__ == "__main__":
    main()
