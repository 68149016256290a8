"""stdout and stderr of all kinds: an encoding without a character, no room, closed, a file that cannot be read; never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.nodes.report_lines import collected_bytes

COMMAND = [sys.executable, "-m", "kubectl_pause"]


@pytest.fixture
def capture(tmp_path: Path) -> str:
    path = tmp_path / "c"
    path.write_bytes(collected_bytes("with-crictl"))
    return str(path)


def ended(words: list[str], *, stdout: int = subprocess.PIPE, **environment: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [*COMMAND, *words], stdout=stdout, stderr=subprocess.PIPE, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, check=False
    )
    assert b"Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "ascii:strict"])
def test_what_an_encoding_does_not_have_is_escaped(tmp_path, encoding):
    code = (
        "from kubectl_pause.cli import terminal\n"
        "terminal.prepare_streams(); terminal.put('Gr\\u00f6\\u00dfe \\u2026 \\u03b1 \\U0001f600\\n'); terminal.warn('\\u2026')"
    )
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    said = done.stdout.decode(encoding.partition(":")[0])
    assert " ~ " in said  # the mark of a cut, as wide as it is
    assert "\\U0001f600" in said
    assert ("Größe" in said) == (encoding == "cp437")
    assert done.stderr == b"warning: ~\n"


def test_views_are_written_in_any_encoding(capture):
    for words in (["node"], ["node", "-o", "wide"], ["pod", "-A"], ["zombies"], ["node", "-o", "json"]):
        done = ended([*words, "--from", capture], PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C", COLUMNS="60")
        assert (done.returncode, done.stderr) == (0, b"")


def test_a_stdout_without_room_is_one_error():
    with Path("/dev/full").open("wb") as full:
        done = ended(["version"], stdout=full.fileno())
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == b"error: the output could not be written: No space left on device"


@pytest.mark.parametrize("words", [["version"], ["--help"], ["node"], ["pod", "-A", "-o", "json"]])
def test_a_stdout_that_is_closed_is_one_error(capture, words):
    taken = [*words, "--from", capture] if words[0] in ("node", "pod") else words
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, *taken], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == b"error: the output could not be written: it is closed"
    assert b"Traceback" not in done.stderr


def test_a_closed_stdout_is_no_matter_where_nothing_is_written_to_it(capture):
    done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "node", "x" * 300], capture_output=True, check=False)
    assert b"output" not in done.stderr


@pytest.mark.parametrize("verb", ["node", "pod", "zombies", "who"])
def test_a_file_that_cannot_be_looked_at_is_named_and_no_output_error(tmp_path, verb):
    words = {"pod": ["-A"], "who": ["1"]}.get(verb, [])
    done = ended([verb, *words, "--from", "x" * 300])
    assert done.returncode == 1
    assert b"File name too long" in done.stderr.splitlines()[0]
    assert b"output" not in done.stderr


def test_a_snapshot_to_an_impossible_name_is_refused_before_anything_is_asked(tmp_path):
    done = ended(["snapshot", "n", "-f", str(tmp_path / ("x" * 300))], KUBECONFIG="/nowhere")
    assert done.returncode == 1
    assert b"is not a file that could be written" in done.stderr or b"no kubeconfig" in done.stderr


def test_a_defect_is_told_in_a_line(tmp_path):
    code = "import sys; from kubectl_pause.cli import main\ndef broken(arguments): raise KeyError('gone')\nmain.run = broken; main.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: this is a defect of kubectl pause-inspect: KeyError: 'gone' (line 2 of <string>)")
