"""Draws docs/pictures from the program itself: `make docs`. A test holds the files to it.

The run is a real one, in a terminal of WIDTH columns, of two captures that were taken on a real node.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
import termios
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "pictures"
RECORDED = ROOT / "tests" / "recorded" / "reaping"
WORDS = ("zombies", "zombies/no-init", "--from", "earlier.capture", "--from", "later.capture")
WIDTH, HEIGHT = 100, 60
LIMIT = 60

Colour = tuple[int, int, int]


def _theme(paper: Colour, ink: Colour, red: Colour, green: Colour, yellow: Colour) -> TerminalTheme:
    """The program uses three colours of a terminal's eight; the others are drawn as ink, so that none is unreadable."""
    return TerminalTheme(paper, ink, [ink, red, green, yellow, ink, ink, ink, ink])


THEMES = {
    "light": _theme((255, 255, 255), (31, 35, 40), (164, 14, 38), (17, 99, 41), (125, 78, 0)),
    "dark": _theme((13, 17, 23), (230, 237, 243), (255, 123, 114), (126, 231, 135), (242, 204, 96)),
}
FRAMES = {"light": "#d0d7de", "dark": "#30363d"}

# Of what export_svg fills in, the window with its title and the clipping are left out; the font is the reader's own.
FORMAT = """<svg viewBox="0 0 {{width}} {{height}}" width="{{width}}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>{title}</title>
<style>
.{{unique_id}}-matrix {{{{
font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: {{char_height}}px }}}}
{{styles}}
</style>
<rect x="0.5" y="0.5" width="{width}" height="{height}" rx="8" fill="{paper}" stroke="{frame}"/>
<g class="{{unique_id}}-matrix" transform="translate(16, 12)">
{{matrix}}
</g>
</svg>
"""
CELL_WIDTH, CELL_HEIGHT = 12.2, 24.4
"""Of export_svg."""


def pictures() -> dict[str, str]:
    """Name of each file, and what is in it."""
    command, output = " ".join(("kubectl pause-inspect", *WORDS)), printed()
    return {f"zombies-{scheme}.svg": _drawn(command, output, scheme) for scheme in THEMES}


def printed() -> str:
    """What the program writes to a terminal, escapes among it. Raises CalledProcessError."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (HEIGHT, WIDTH))
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.defpath, "HOME": home, "TERM": "xterm", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "kubectl_pause", *WORDS]
        with subprocess.Popen(command, cwd=RECORDED, env=environment, stdin=subprocess.DEVNULL, stdout=follower) as process:
            os.close(follower)
            data = bytearray()
            with suppress(OSError):  # how Linux says that nobody writes any more
                while part := os.read(leader, 1 << 16):
                    data += part
            os.close(leader)
            if process.wait(LIMIT):
                raise subprocess.CalledProcessError(process.returncode, command)
    return data.decode().replace("\r\n", "\n")


def _drawn(command: str, output: str, scheme: str) -> str:
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="standard", legacy_windows=False)
    text = Text.assemble(("$ " + command, "bold"), "\n", Text.from_ansi(output.rstrip("\n")))
    console.print(text, no_wrap=True, overflow="ignore", crop=False, highlight=False)
    lines = text.plain.count("\n") + 1
    theme = THEMES[scheme]
    width, height = WIDTH * CELL_WIDTH + 32, lines * CELL_HEIGHT + 28
    frame = {"title": command, "width": f"{width:g}", "height": f"{height:g}", "paper": theme.background_color.hex, "frame": FRAMES[scheme]}
    form = FORMAT.format(**frame).replace("{width}", f"{width + 1:g}").replace("{height}", f"{height + 1:g}")
    drawn = console.export_svg(theme=theme, code_format=form, unique_id="t")
    return re.sub(r"<text [^>]*>\n</text>", "\n", re.sub(r' clip-path="[^"]*"', "", drawn))


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    for name, drawing in pictures().items():
        (TARGET / name).write_text(drawing, encoding="utf-8")
