"""From a report to one HTML page that needs nothing else: no script, no other file, nothing from a network.

Whatever a value holds, it is text: the template writes every expression through `visible` and then escapes it, without being asked to.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from kubectl_pause.render.page.chapters import chapters
from kubectl_pause.render.plain_text import visible

if TYPE_CHECKING:
    from kubectl_pause.report import Report

_LONGEST = 1000
"""Characters of one text, as in the tables below which findings stand; a name of a Kubernetes object has 253 at most."""


def report_page(report: Report, *, named: bool) -> str:
    """The page. `named`: the pods of the report were asked for by name, and each is shown whole."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    page = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return page.get_template("page.html").render(page=chapters(report, named=named))


def _template(name: str) -> str:
    return resources.files("kubectl_pause.render.page").joinpath(name).read_text(encoding="utf-8")


def _harmless(value: object) -> object:
    """What an expression of the template gives, before it is escaped; what the template's own macros wrote is left as it is."""
    from markupsafe import Markup

    return value if isinstance(value, Markup) else visible(str(value), _LONGEST)
