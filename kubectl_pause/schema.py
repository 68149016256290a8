"""The JSON Schema of what is printed, made of the very types that are printed: `schema` shows it, docs/*.schema.json publish it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from kubectl_pause.difference_report import Difference
from kubectl_pause.report import Report
from kubectl_pause.watch_report import WatchLine

DRAFT = "https://json-schema.org/draft/2020-12/schema"
DOCUMENTS: dict[str, Any] = {"report": Report, "watch": WatchLine, "diff": Difference}
"""By the word that `schema` takes: `watch` is one line of `zombies --watch`."""


def schema_of(document: str) -> dict[str, Any]:
    """The schema of one of DOCUMENTS. Every field is required, since one that could not be filled is null and never absent."""
    made = msgspec.json.schema(DOCUMENTS[document])
    for definition in made["$defs"].values():
        _describe(definition)
    return {"$schema": DRAFT, "title": f"kubectl pause-inspect: {document}", **made}


def as_text(document: str) -> str:
    """The schema as it is published, with a newline at its end."""
    import json

    return json.dumps(schema_of(document), indent=2, ensure_ascii=True) + "\n"


def _describe(definition: dict[str, Any]) -> None:
    """Sentences of the type's docstring go to the fields that they name, too, and fields are called there as they are printed."""
    fields = definition["properties"]
    definition["required"] = list(fields)
    text = " ".join(definition.get("description", "").split())
    text = re.sub(r"`([a-z0-9_]+)`", lambda name: f"`{printed}`" if (printed := _camel(name[1])) in fields else name[0], text)
    if text:
        definition["description"] = text
    sentences = re.split(r"(?<=\.) (?=[A-Z`])", text)
    for name, field in fields.items():
        field.pop("default", None)  # a default is for reading; what is printed has every field
        about = " ".join(sentence for sentence in sentences if f"`{name}`" in sentence)
        if about:
            field["description"] = about


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
