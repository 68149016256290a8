"""What a code means, as text for a terminal and as JSON."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from kubectl_pause.render.columns import Column, labelled, table

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kubectl_pause.finding_codes.finding_code import FindingCode


def explained(row: FindingCode, width: int | None) -> str:
    """The code, then a paragraph for each thing that is known of it."""
    parts = {
        "Severity": row.severity, "Means": row.meaning, "Proof": row.evidence,
        "Alike": row.alike, "To do": row.remedy, "Source": row.source,
    }  # fmt: skip
    lines = [row.code]
    for label, text in parts.items():
        first, *cases = re.split(r"(?<=\.) (?=Where )", text)  # what to do in one case and in another: a paragraph each
        lines += ["", *labelled(label, first, width)] if first else []
        lines += [line for case in cases for line in labelled("", case, width)]
    return "".join(line + "\n" for line in lines)


def list_of_codes(rows: Collection[FindingCode], width: int | None) -> str:
    """A line for each; where a terminal is too narrow for the longest, the code and below it what it means."""
    lines = table([Column("CODE"), Column("MEANS")], [[row.code, row.meaning] for row in rows])
    if width and max(map(len, lines)) > width:
        lines = [line for row in rows for line in (row.code, *labelled("", row.meaning, width))]
    return "".join(line + "\n" for line in lines)


def codes_as_json(rows: FindingCode | Sequence[FindingCode]) -> str:
    """An object for one, a list for several."""
    import json

    return json.dumps(rows, default=asdict, indent=2) + "\n"
