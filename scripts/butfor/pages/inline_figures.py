"""Inline figures: the report's pictures as parts of the page, drawings (SVG) where there is one, as long as the page stays small.

A drawing larger than MOST_OF_ONE is shown as the picture (PNG) that the markdown names. Where all together would take more than
the page has room for, the largest drawings become pictures where those are smaller, then what comes last in the report a link.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import unquote

from butfor.languages.phrases import phrase
from butfor.pages.drawing import SharedShapes, drawn, read_drawing
from butfor.pages.figure_colours import FigureColours

MOST_OF_ONE = (
    600_000  # bytes of a drawing's file: 5 000 points with their titles, more than an eye or a pointer can tell apart
)
LINK = "link"
TYPES = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}


class InlineFigures:
    """The figures of a report that lies in a folder."""

    def __init__(self, folder: Path, colours: FigureColours, most_bytes: int) -> None:
        self.colours = colours
        self._folder, self._most_bytes, self._shapes = folder, most_bytes, SharedShapes()
        self._as: dict[str, str] = {}  # by source: .svg, .png or LINK

    @property
    def shapes(self) -> str:
        """What the drawings refer to."""
        return self._shapes.html

    def weigh(self, sources: Sequence[str]) -> None:
        """Decide how each picture is shown, so that all together stay within the page's room."""
        self._as = {source: self._best(source) for source in sources}
        largest = sorted(self._as, key=lambda source: self._bytes(source, self._as[source]), reverse=True)
        for less, order in ((".png", largest), (LINK, list(self._as)[::-1])):
            for source in order:
                if sum(self._bytes(source, self._as[source]) for source in sources) <= self._most_bytes:
                    return
                if self._is_there(source, less) and self._bytes(source, less) < self._bytes(source, self._as[source]):
                    self._as[source] = less

    def figure(self, source: str, words: str, caption: str) -> str:
        """A picture with its caption, which is HTML."""
        kind = self._as.get(source, LINK)
        if kind == ".svg":
            shown = drawn(read_drawing(self._file(source, ".svg"), self.colours, self._shapes), words)
        else:
            shown = self.image(source, words)
        note = self._note(source, kind)
        below = f"<figcaption>{' '.join(filter(None, [caption, note]))}</figcaption>" if caption or note else ""
        frame = f'<div class="drawing" tabindex="0" role="group" aria-label="{escape(words)}">'
        return f"<figure>{frame}{shown}</div>{below}</figure>\n"

    def image(self, source: str, words: str) -> str:
        """A picture as it is, in the page; a link to it where it is not to be shown."""
        file = self._file(source, Path(source).suffix)
        kind = TYPES.get(file.suffix.lower())
        if "://" in source or kind is None or not file.is_file() or self._as.get(source) == LINK:
            return _link(source, words or source)
        content = base64.b64encode(file.read_bytes()).decode()
        return f'<img alt="{escape(words)}" src="data:{kind};base64,{content}">'

    def _note(self, source: str, kind: str) -> str:
        if kind == LINK and not self._file(source, Path(source).suffix).is_file():
            return phrase("The file {link} is not there.", link=escape(source))
        if kind == LINK:
            link = _link(source, source)
            return phrase("Not in this page, which would be too large with it: see {link}.", link=link)
        if kind == ".png" and self._is_there(source, ".svg"):
            return phrase("Shown as a picture: as a drawing it would be too large for this page.")
        return ""

    def _best(self, source: str) -> str:
        for kind in (".svg", Path(source).suffix):
            file = self._file(source, kind)
            if "://" not in source and file.is_file() and (kind != ".svg" or file.stat().st_size <= MOST_OF_ONE):
                return kind
        return LINK

    def _is_there(self, source: str, kind: str) -> bool:
        return kind == LINK or self._file(source, kind).is_file()

    def _file(self, source: str, kind: str) -> Path:
        return (self._folder / unquote(source)).with_suffix(kind)

    def _bytes(self, source: str, kind: str) -> int:
        size = 0 if kind == LINK else self._file(source, kind).stat().st_size
        return size * 3 // 4 if kind == ".svg" else size * 4 // 3  # a drawing loses a quarter on its way into the page


def _link(source: str, words: str) -> str:
    return f'<a href="{escape(source)}">{escape(words)}</a>'
