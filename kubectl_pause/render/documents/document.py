"""A report, or another document of ours, as JSON and YAML: the same document, field for field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterator


def as_json(report: msgspec.Struct) -> str:
    """Indented JSON with a newline at its end. Everything outside ASCII and every control character is escaped."""
    return "".join(json_pieces(report))


_NO_NODES = '\n  "nodes": []'


def json_pieces(report: msgspec.Struct) -> Iterator[str]:
    """The same piece by piece, one for each node: of a thousand nodes the whole text and what it is made of take half a gigabyte."""
    nodes = getattr(report, "nodes", None)
    if not isinstance(nodes, list) or not nodes:
        yield _indented(report) + "\n"
        return
    # a string has no raw line break in it: what stands so far left is the report's own field
    before, _, after = _indented(replace(report, nodes=[])).partition(_NO_NODES)
    yield before + _NO_NODES.removesuffix("]")
    for number, node in enumerate(nodes):
        yield ("," if number else "") + "\n    " + _indented(node).replace("\n", "\n    ")
    yield "\n  ]" + after + "\n"


def _indented(part: msgspec.Struct) -> str:
    import json

    # DEL is the one control character that JSON allows raw
    return json.dumps(msgspec.to_builtins(part), indent=2, ensure_ascii=True).replace("\x7f", "\\u007f")


def as_yaml(report: msgspec.Struct) -> str:
    """YAML 1.1 as kubectl prints it: block style, keys in the report's order; control characters are escaped."""
    import yaml

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    def dump(document: object) -> str:
        return str(yaml.dump(document, Dumper=dumper, sort_keys=False, default_flow_style=False, allow_unicode=False))

    document = msgspec.to_builtins(report)
    try:
        return dump(document)
    except UnicodeEncodeError:
        return dump(_without_lone_surrogates(document))


def _without_lone_surrogates(document: object) -> object:
    """JSON can carry half a surrogate pair (`\\ud800`), and a runtime may send one; YAML has no way to write it."""
    import json

    text = json.dumps(document, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
