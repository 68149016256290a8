"""`-o`: its forms, and those that are made of the document alone. It is parsed before anything is asked of a cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.render.columns import Column, table
from kubectl_pause.render.documents.jsonpath import as_json_lists, as_text, find, printed
from kubectl_pause.render.documents.jsonpath_syntax import Template, parse, parse_relaxed
from kubectl_pause.render.listing import in_order
from kubectl_pause.render.plain_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    import msgspec

    from kubectl_pause.render.row_kinds import RowKind
    from kubectl_pause.report import Report

Form = Literal["table", "wide", "tree", "network", "json", "yaml", "name", "jsonpath", "jsonpath-as-json", "custom-columns", "owners"]

FORMS = ("custom-columns", "json", "jsonpath", "jsonpath-as-json", "name", "network", "owners", "tree", "wide", "yaml")
OF_SOME = ("network", "owners", "tree", "wide")
"""Forms that not every row has."""
_NONE = "<none>"


@dataclass(frozen=True, slots=True)
class Output:
    """A parsed `-o`. `template` is that of the two kinds of jsonpath, `columns` the headings and paths of custom columns."""

    form: Form
    template: Template | None = None
    columns: tuple[tuple[str, Template], ...] = ()

    @property
    def is_table(self) -> bool:
        """Whether people are meant to read it, with headings and in the order of `--sort-by`."""
        return self.form in ("table", "wide", "network")

    @property
    def is_view(self) -> bool:
        """Whether people are meant to read it: a table or a tree."""
        return self.is_table or self.form == "tree"


def parse_output(text: str | None, kind: RowKind[Any] | None = None) -> Output:
    """What `-o` says; None is a table. Which forms there are beside those of every document, `kind` says; without it all.


    Raises PauseInspectError for a form that does not exist, and for an expression that is none.
    """
    if text is None:
        return Output("table")
    form, _, expression = text.partition("=")
    if form in ("go-template", "go-template-file", "template", "templatefile"):
        raise _usage(
            f"-o {form} is not supported",
            "use -o jsonpath='{range .nodes[*]}{.name}{\"\\n\"}{end}', or -o json with a tool of your own",
        )
    if form in ("jsonpath-file", "custom-columns-file"):
        short = form.removesuffix("-file")
        raise _usage(f"-o {form} is not supported", f'let the shell read the file: -o {short}="$(cat FILE)"')
    if form in ("jsonpath", "jsonpath-as-json"):
        if not expression:
            raise _usage(f"-o {form} has no expression", f"write it behind an equals sign: -o {form}='{{.nodes[*].name}}'")
        return Output(cast("Form", form), template=parse(expression, f"-o {form}"))
    if form == "custom-columns":
        return Output("custom-columns", columns=_parse_columns(expression))
    forms = [name for name in FORMS if kind is None or name in kind.forms or name not in OF_SOME]
    check_form(text, forms)
    return Output(cast("Form", form))


def check_form(text: str | None, forms: Sequence[str]) -> None:
    """Raises PauseInspectError for what `-o` says, where that is none of these."""
    if text is not None and text not in forms:
        raise _usage(f"unable to match a printer suitable for the output format {text!r}", f"allowed formats are: {', '.join(forms)}")


def as_output(output: Output, kind: RowKind[Any], document: msgspec.Struct, *, headings: bool = True, sort_by: str | None = None) -> str:
    """The document in any form but a table or a tree. Raises PauseInspectError for a path that does not fit it."""
    from kubectl_pause.render.documents.document import as_json, as_yaml

    if output.template:
        import msgspec

        shown = as_text if output.form == "jsonpath" else as_json_lists
        return shown(output.template, msgspec.to_builtins(document))
    if output.form in ("json", "yaml"):
        return {"json": as_json, "yaml": as_yaml}[output.form](document)
    if output.form == "owners":
        from kubectl_pause.render.zombies.owners_view import owner_messages

        return owner_messages(cast("Report", document))
    rows = in_order(kind.columns, kind.rows(document), sort_by, kind.document)
    if output.form == "name":
        names = dict.fromkeys(filter(None, map(kind.name, rows)))
        return "".join(visible(name) + "\n" for name in names)
    cells: list[list[str]] = []
    for row in rows:
        seen = kind.document(row)
        cells.append([_joined(find(path, seen)) for _, path in output.columns])
    lines = table([Column(heading) for heading, _ in output.columns], cast("Any", cells), headings=headings)
    return "".join(line + "\n" for line in lines)


def _joined(values: list[object]) -> str:
    return ",".join(printed(value) for value in values if value is not None) or _NONE


def _parse_columns(spec: str) -> tuple[tuple[str, Template], ...]:
    if not spec:
        raise _usage("-o custom-columns names no columns", "write -o custom-columns=POD:.pod.name,STATE:.state; --help-columns lists paths")
    columns = []
    for column in re.findall(r"(?:\[[^\]]*\]|[^,\[])+|(?<=,)(?=,|$)|^(?=,)|\[", spec):
        heading, colon, path = column.partition(":")
        if not (heading and colon and path):
            raise _usage(f"-o custom-columns: {column!r} is not HEADING:PATH", "write POD:.pod.name; --help-columns lists paths")
        columns.append((heading, parse_relaxed(path, "-o custom-columns")))
    return tuple(columns)


def _usage(message: str, hint: str) -> PauseInspectError:
    return PauseInspectError("WrongUsage", message, hint)
