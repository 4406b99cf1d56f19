"""The page: the markdown report and its figures as one file of HTML, which holds all that it shows."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from butfor.languages.phrases import speaking
from butfor.pages.figure_colours import FigureColours
from butfor.pages.inline_figures import InlineFigures
from butfor.pages.page_texts import page_texts
from butfor.pages.report_body import Body
from butfor.records.files import write_atomically

HERE = Path(__file__).parent
MOST_ENTRIES = 20  # of contents that show all parts of all sections at once
MOST_BYTES, MARKED_UP = (
    9_500_000,
    3,
)  # of a page, so that it stays below 10 MB, and what a byte of markdown becomes in it


def write_page(report_path: Path | str, page_path: Path | str, language: str = "en") -> None:
    """Write a report's page; what the report links to is looked for beside it."""
    report = Path(report_path)
    write_atomically(Path(page_path), page(report.read_text(encoding="utf-8"), report.parent, language))


def page(markdown: str, folder: Path, language: str = "en") -> str:
    """The page of a report whose links and pictures are relative to a folder, with its own words in the report's language."""
    with speaking(language):
        return _page(markdown, folder, language)


def _page(markdown: str, folder: Path, language: str) -> str:
    figures = InlineFigures(folder, FigureColours(), MOST_BYTES - MARKED_UP * len(markdown.encode()))
    body = Body(markdown, figures)
    script, style = ((HERE / f"page.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("page.html.jinja").render(
        language=language,
        texts=page_texts(),
        title=body.title,
        entries=body.entries,
        is_short=sum(1 + len(entry.parts) for entry in body.entries) <= MOST_ENTRIES,
        body=Markup(body.html),  # noqa: S704 (its parts are escaped where they are made)
        shapes=Markup(figures.shapes),  # noqa: S704
        style=Markup(style + figures.colours.css()),  # noqa: S704
        script=Markup(script),  # noqa: S704
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
