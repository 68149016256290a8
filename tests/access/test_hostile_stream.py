"""Whatever a node's stream sends, memory stays bounded: measured in a process of its own, where nothing else is counted."""

from __future__ import annotations

import asyncio
import gzip
import os
import struct
import subprocess
import sys

import pytest

from .fake_api_server import SUCCESS

MIB = 1 << 20
GENTLE, WHOLE = 100, 1024
MEGABYTES = int(os.environ.get("HOSTILE_MEGABYTES", GENTLE))
"""How much a hostile node sends: a tenth of a gigabyte here, a whole one in `make nightly`."""
MOST_MEMORY_MIB = 300

CLIENT = """
import re, sys
from kubectl_pause.access.exec_stream import exec_in_pod
from kubectl_pause.access.connection_flags import ConnectionFlags
from kubectl_pause.access.kubeconfig import connect
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.capture import read_capture
try:
    api = connect(ConnectionFlags(kubeconfig=sys.argv[1], request_timeout=5.0))
    result = exec_in_pod(api, "default", "inspector", "main", ["x"], deadline_seconds=float(sys.argv[2]))
    read_capture(result.stdout, "node")
    print("whole")
except PauseInspectError as error:
    print(error.reason)
# not ru_maxrss, in which Linux counts the process that started this one too
print(int(re.search("VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())[1]) // 1024)
"""


def header(opcode, length, *, final=True):
    return bytes([opcode | (0x80 if final else 0), 127]) + struct.pack("!Q", length)


async def write(request, data):
    request.transport.write(data)
    await asyncio.sleep(0)
    while request.transport is not None and request.transport.get_write_buffer_size() > 4 * MIB:  # noqa: ASYNC110 - a transport tells of its buffer to nobody
        await asyncio.sleep(0.005)


async def one_frame_without_end(_socket, request):
    await write(request, header(2, 1 << 62))
    for _ in range(MEGABYTES):
        await write(request, b"\x01" * MIB)


async def one_message_of_many_fragments(_socket, request):
    for number in range(MEGABYTES * 4):
        await write(request, header(2 if number == 0 else 0, MIB // 4, final=False) + b"\x01" * (MIB // 4))


async def a_flood_on(channel, socket):
    for _ in range(MEGABYTES):
        await socket.send_bytes(channel + b"x" * (MIB - 1))


async def endless_output(socket, _request):
    await a_flood_on(b"\x01", socket)


async def endless_errors(socket, _request):
    await a_flood_on(b"\x02", socket)


async def endless_status(socket, _request):
    await a_flood_on(b"\x03", socket)


async def a_flood_of_pings(_socket, request):
    for _ in range(MEGABYTES):
        await write(request, (b"\x89\x7d" + b"x" * 125) * 400)


async def a_bomb(socket, _request):
    zeros = gzip.compress(b"#pause-inspect-collector 1\n" + b" " * (MEGABYTES * MIB), 9)
    for start in range(0, len(zeros), 1 << 15):
        await socket.send_bytes(b"\x01" + zeros[start : start + (1 << 15)])
    await socket.send_bytes(SUCCESS)
    await socket.close()


@pytest.mark.parametrize(
    ("hostile", "reasons"),
    [
        (one_frame_without_end, {"StreamBroken"}),
        (one_message_of_many_fragments, {"StreamBroken"}),
        (endless_output, {"OutputTooLarge"}),
        (endless_errors, {"StreamBroken", "ExecTimedOut"}),
        (endless_status, {"StreamBroken"}),
        (a_flood_of_pings, {"StreamBroken", "ExecTimedOut"}),
        (a_bomb, {"CaptureTruncated", "CaptureTooLarge"}),
    ],
)
def test_a_hostile_stream_costs_bounded_memory(server, api_of, tmp_path, hostile, reasons):
    async def ended(socket, request):
        await hostile(socket, request)
        if request.transport is not None:
            request.transport.close()

    server.on_exec = ended
    api_of(server)
    run = [sys.executable, "-c", CLIENT, str(tmp_path / "config"), str(5 + MEGABYTES / 5)]
    said = subprocess.run(run, capture_output=True, text=True, check=True, timeout=300).stdout.split()
    assert said[0] in reasons
    assert int(said[1]) < MOST_MEMORY_MIB
    print(f"{hostile.__name__}: {MEGABYTES} MiB sent, {said[1]} MiB at most, {said[0]}")
