"""The report's body: its markdown as HTML, in sections with ids, with tables to sort and figures in the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from butfor.languages.phrases import phrase
from butfor.pages import allowed_html
from butfor.pages.contents import Contents, Entry
from butfor.pages.inline_figures import InlineFigures
from butfor.pages.sort_keys import sort_keys

FEWEST_SORTED, LONG = 2, 30  # rows of a table that can be sorted, and of one that scrolls in its frame
WORDS, SENTENCE = 18, 36  # letters in a cell, above which its column is one of words, and one of sentences


class Body:
    """The report as HTML, its title, and the entries of its contents."""

    def __init__(self, markdown: str, figures: InlineFigures) -> None:
        self._figures, self._contents = figures, Contents()
        self._parser = MarkdownIt("commonmark", {"html": True}).enable("table")
        self._parser.add_render_rule("html_inline", _html)
        self._parser.add_render_rule("code_inline", _code)
        self._parser.add_render_rule("image", lambda _, tokens, place, *more: _image(figures, tokens[place]))
        self.title = ""
        figures.weigh(_pictures(self._parser.parse(markdown)))
        self.html = self._parser.renderer.render(list(self._arranged(markdown)), self._parser.options, {})

    @property
    def entries(self) -> list[Entry]:
        """The contents."""
        return self._contents.entries

    def _arranged(self, markdown: str) -> Iterator[Token]:
        """The markdown's tokens with sections around them, and with tables, figures and folds made the page's own."""
        tokens, depth, section = self._parser.parse(markdown), 0, False
        place = 0
        while place < len(tokens):
            token = tokens[place]
            if token.type == "heading_open":
                inline = tokens[place + 1]
                if token.tag == "h1":
                    self.title = self.title or _plain(inline)
                elif token.tag == "h2" and not depth:
                    yield _raw("</section>\n<section>\n" if section else "<section>\n")
                    section = True
                    token.attrSet("id", self._contents.section(_plain(inline)))
                else:
                    token.attrSet("id", self._contents.part(_plain(inline)))
                yield token
            elif token.type == "html_block":
                depth = allowed_html.depth_after(token.content, depth)
                yield _raw(allowed_html.with_ids(token.content, self._contents.part))
            elif token.type == "table_open":
                end = _end(tokens, place, "table_close")
                yield from self._table(tokens[place : end + 1])
                place = end
            elif picture := _picture(tokens, place):
                place += 2
                caption = _caption(tokens, place + 1)
                place += 3 if caption else 0
                words = self._parser.renderer.render([caption], self._parser.options, {}) if caption else ""
                yield _raw(self._figures.figure(str(picture.attrGet("src")), picture.content, words))
            else:
                yield token
            place += 1
        if section:
            yield _raw("</section>\n")

    def _table(self, tokens: list[Token]) -> Iterator[Token]:
        """A table in a frame of its own that scrolls, with a button in each head and a key in each cell."""
        cells = [at for at, token in enumerate(tokens) if token.type == "td_open"]
        columns = sum(token.type == "th_open" for token in tokens)
        is_sorted = columns > 0 and len(cells) >= FEWEST_SORTED * columns
        for column in range(columns):
            own = cells[column::columns]
            words = [_plain(tokens[at + 1]) for at in own]
            for at, key in zip(own, sort_keys(words), strict=True):
                tokens[at].attrSet("data-key", key)
                if (longest := max(map(len, words))) > WORDS:
                    tokens[at].attrSet("class", "prose" if longest > SENTENCE else "words")
        label = phrase("Table: {title}", title=self.entries[-1].words if self.entries else self.title)
        kind = "table long" if len(cells) > LONG * columns else "table"
        yield _raw(f'<div class="{kind}" role="region" tabindex="0" aria-label="{escape(label)}">')
        for token in tokens:
            if token.type == "th_open":
                token.attrSet("scope", "col")
            if token.type == "th_close" and is_sorted:
                yield _raw("</button>")
            yield token
            if token.type == "th_open" and is_sorted:
                yield _raw('<button type="button" class="sort">')
        yield _raw("</div>")


def _pictures(tokens: Sequence[Token]) -> list[str]:
    """The files of the pictures that stand alone."""
    pictures = [_picture(tokens, place) for place in range(len(tokens))]
    return [str(picture.attrGet("src")) for picture in pictures if picture]


def _picture(tokens: Sequence[Token], place: int) -> Token | None:
    """The picture that a paragraph holds and nothing else, if one begins here."""
    if tokens[place].type != "paragraph_open":
        return None
    children = tokens[place + 1].children or []
    return children[0] if len(children) == 1 and children[0].type == "image" else None


def _caption(tokens: Sequence[Token], place: int) -> Token | None:
    """What a paragraph that is nothing but emphasis says, if one begins here."""
    if place + 1 >= len(tokens) or tokens[place].type != "paragraph_open":
        return None
    inline = tokens[place + 1]
    kinds = [child.type for child in inline.children or []]
    if len(kinds) < 3 or kinds[0] != "em_open" or kinds[-1] != "em_close" or kinds.count("em_open") != 1:
        return None
    inline.children = (inline.children or [])[1:-1]
    return inline


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [] if child.type in ("text", "code_inline"))


def _end(tokens: Sequence[Token], place: int, kind: str) -> int:
    return next(at for at in range(place, len(tokens)) if tokens[at].type == kind)


def _raw(text: str) -> Token:
    return Token("html_block", "", 0, content=text)


def _html(_: Any, tokens: Sequence[Token], place: int, *__: Any) -> str:
    return allowed_html.only_allowed(tokens[place].content)


def _code(_: Any, tokens: Sequence[Token], place: int, *__: Any) -> str:
    """A name, which may go on in another line after an underscore."""
    return f"<code>{escape(tokens[place].content).replace('_', '_<wbr>')}</code>"


def _image(figures: InlineFigures, token: Token) -> str:
    """A picture in a line of words."""
    return figures.image(str(token.attrGet("src")), token.content)
