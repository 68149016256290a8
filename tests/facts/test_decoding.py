"""Threads that decode the same shapes for the first time, as the nodes of `--all` do, do not end the process."""

from __future__ import annotations

import subprocess
import sys

AT_ONCE = """
import sys, threading
from kubectl_pause.facts.api import ApiView, Node, NodeList, Pod, PodList
from kubectl_pause.facts.decoding import decode_json
sys.setswitchinterval(1e-6)
kinds = (Pod, PodList, Node, NodeList, Pod, PodList) * 4
start = threading.Barrier(len(kinds))
def decode(kind):
    start.wait()
    decode_json(b'{"metadata": {"name": "x"}, "spec": {"containers": [{"name": "a"}]}, "items": []}', kind)
threads = [threading.Thread(target=decode, args=(kind,)) for kind in kinds]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("done")
"""


def test_the_first_decoding_in_many_threads():
    for _ in range(5):
        ended = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")
