"""Writes the HTML pages: one self-contained file each, that loads and runs nothing else.

The page forbids itself everything but its own style sheet and script, by their hashes, in a
Content-Security-Policy: should a hostile value ever get past escaping, it is still inert.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from auditor.files import replace_text
from auditor.paths import templates_folder
from auditor.scorecard import report_view
from auditor.side_by_side import DETAILS, Compared
from auditor.view import COMPARABILITY, LEVELS

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from auditor.result import AuditResult

T = TypeVar("T")

MAX_BYTES = 2_900_000
"""A page that is larger is made again with less detail. Below 3 MB a browser and an e-mail
attachment have no trouble with it."""


def write_report(result: AuditResult, path: Path) -> None:
    """Write the report of one audit, which may hold several collections.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    _write(path, report_page(result))


def report_page(result: AuditResult) -> str:
    """Return the report of one audit."""
    return _page("report.html.j2", lambda limits: report_view(result, limits), LEVELS)


def page(template: str, view: object) -> str:
    """Return a page whose view is small, whatever is in it."""
    return _page(template, lambda _: view, (None,))


def write_comparison(results: Sequence[AuditResult], path: Path) -> None:
    """Write a matrix of collections and categories over several audits.

    It says when scores are not comparable and what differs.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    _write(path, _page("comparison.html.j2", Compared(results).view, DETAILS))


def _write(path: Path, text: str) -> None:
    replace_text(path, text)


def _page(template: str, view: Callable[[T], object], levels: Sequence[T]) -> str:
    """Return the page in the first of the levels of detail that fits; the last always does."""
    environment = _environment()
    made = None
    for level in levels:
        made = _render(environment, template, view(level), limited=level is not levels[-1])
        if made is not None:
            break
    assert made is not None
    return made


def compile_report() -> None:
    """Compile the templates of the report, which the first page would have to wait for."""
    for template in ("report.html.j2", "base.html.j2", "parts.html.j2", "cards.html.j2"):
        _environment().get_template(template)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        # Everything is escaped, whatever a template is called.
        autoescape=True,
        loader=FileSystemLoader(templates_folder()),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["code"] = _code
    environment.globals["comparability"] = COMPARABILITY
    return environment


def _code(text: str) -> Markup:
    """Escape a text, and set what stands between backticks as code."""
    from markupsafe import Markup

    parts = text.split("`")
    if len(parts) % 2 == 0:
        return Markup.escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else Markup.escape(part)
        for number, part in enumerate(parts)
    )


def _render(environment: Environment, template: str, view: object, *, limited: bool) -> str | None:
    """Return the page, or None as soon as it is known to be larger than `MAX_BYTES`."""
    style = _inline(templates_folder() / "report.css")
    script = _inline(templates_folder() / "report.js")
    pieces = environment.get_template(template).generate(
        view=view,
        style=style,
        script=script,
        policy=(
            f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
            "base-uri 'none'; form-action 'none'"
        ),
    )
    page = []
    written = 0
    for piece in pieces:
        written += len(piece.encode())
        if limited and written > MAX_BYTES:
            return None
        page.append(piece)
    return "".join(page)


def _inline(path: Path) -> str:
    # The hash is over exactly what stands between the tags, and a browser reads CRLF as LF.
    return path.read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
