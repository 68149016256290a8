"""Writes docs/rbac/own-namespace/parameters.yaml from the program itself: `make docs`. A test holds the file to it."""

from __future__ import annotations

import textwrap
from pathlib import Path

from kubectl_pause.capture.inspector_pod import DEFAULT_IMAGE, in_environment, starting

TARGET = Path(__file__).parent.parent / "docs" / "rbac" / "own-namespace" / "parameters.yaml"
HEAD = """# What policy.yaml allows: made by `make docs`. Apply it again with each version of kubectl pause-inspect.
# `image` is yours to choose. Whoever may write this ConfigMap decides what runs on the nodes.
apiVersion: v1
kind: ConfigMap
metadata:
  name: pause-inspect
  namespace: pause-inspect
data:
"""


def parameters() -> str:
    """The whole file."""
    values = {
        "commandByExec": starting("exec"),
        "commandByLog": starting("log"),
        "collector": in_environment("collector.sh"),
        "watcher": in_environment("watcher.sh"),
    }
    return HEAD + f"  image: {DEFAULT_IMAGE}\n" + "".join(map(_entry, values.items()))


def _entry(item: tuple[str, str]) -> str:
    """A literal block, with its last newline or without one."""
    key, text = item
    return f"  {key}: {'|' if text.endswith(chr(10)) else '|-'}\n" + textwrap.indent(text.rstrip("\n") + "\n", "    ")


if __name__ == "__main__":
    TARGET.write_text(parameters(), encoding="utf-8")
