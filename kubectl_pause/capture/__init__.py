"""From a node to a capture, which is bytes: the inspector pod and its life, the collector, this host."""

from functools import cache
from pathlib import Path


@cache
def script(file: str) -> str:
    """The text of a script in `on_node`. Not by importlib.resources: that loads zipfile and tempfile for a file that lies here."""
    return Path(__file__).with_name("on_node").joinpath(file).read_text(encoding="utf-8")
