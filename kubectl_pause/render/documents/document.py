"""A report, or another document of ours, as JSON and YAML: the same document, field for field."""

from __future__ import annotations

from typing import Any

import msgspec


def as_json(report: msgspec.Struct) -> str:
    """Indented JSON with a newline at its end. Everything outside ASCII and every control character is escaped."""
    import json

    # DEL is the one control character that JSON allows raw
    return json.dumps(msgspec.to_builtins(report), indent=2, ensure_ascii=True).replace("\x7f", "\\u007f") + "\n"


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
