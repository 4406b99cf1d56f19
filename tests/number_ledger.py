"""Every number of a text, taken off once something accounts for it, so that what is left is what nothing does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

NUMBER = re.compile(r"(?:< )?(?<![A-Za-z_\d.])[+−-]?(?:\d{1,3}(?: \d{3})+(?!\d)|\d+(?:\.\d+)*)(?:e[+-]?\d+)?")
PLACE = "{}"  # of a number in a sentence
Expected = float | str | None


@dataclass(frozen=True)
class Cell:
    """A table's cell, and where its text begins."""

    text: str
    start: int


class Ledger:
    """A text and what of it is accounted for."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\u00a0", " ")
        self.taken: set[int] = set()

    def left(self) -> list[str]:
        """The numbers that nothing accounts for, each with the words around it."""
        lines = []
        for found in NUMBER.finditer(self.text):
            if found.end() - 1 not in self.taken:
                start, end = max(0, found.start() - 50), found.end() + 30
                lines.append(f"{found[0]}  in  …{self.text[start:end]}…".replace("\n", "⏎"))
        return lines

    def says(self, sentence: str, *expected: Expected, within: str = "", must: bool = True) -> None:
        """The text has the sentence, whose numbers, `{}`, are as expected wherever it stands. within: the heading of the only
        section that is looked at. must: whether it has to stand somewhere."""
        start, end = self.section(within) if within else (0, len(self.text))
        pattern = f"({NUMBER.pattern})".join(map(re.escape, sentence.split(PLACE)))
        found = [one for one in re.finditer(pattern, self.text[start:end]) if not self._is_taken(one, start)]
        assert found or not must, (
            f"expected the sentence “{sentence}” in the report, found none that is not accounted for"
        )
        for one in found:
            for place, value in enumerate(expected, 1):
                agree(one[place], value, sentence)
                self._take(start + one.start(place), start + one.end(place))

    def _is_taken(self, found: re.Match[str], start: int) -> bool:
        return all(start + found.end(place) - 1 in self.taken for place in range(1, found.re.groups + 1))

    def harmless(self, pattern: str) -> None:
        """What a pattern finds states nothing: names, settings, dates."""
        for found in re.finditer(pattern, self.text):
            self._take(*found.span())

    def section(self, heading: str) -> tuple[int, int]:
        """From a heading, or the title of a fold, to the next of the same kind."""
        mark = re.search(
            rf"^(##+ {re.escape(heading)}|<summary>{re.escape(heading)}</summary>)$", self.text, re.MULTILINE
        )
        assert mark, f"expected a section {heading}"
        closing = r"^</details>" if mark[0].startswith("<") else rf"^{mark[0].split()[0]} "
        end = re.search(closing, self.text[mark.end() :], re.MULTILINE)
        return mark.start(), mark.end() + end.start() if end else len(self.text)

    def table(self, head: str) -> Iterator[dict[str, Cell]]:
        """The rows of the table whose first line begins so, by the names of its columns."""
        start = self.text.index(f"\n| {head}") + 1
        names = None
        for line in self.text[start:].split("\n\n")[0].splitlines():
            cells, at = [], start
            for text in line.split(" | "):
                cells.append(Cell(text.strip("| "), at + len(text) - len(text.lstrip("| "))))
                at += len(text) + 3
            if names is None:
                names = [cell.text for cell in cells]
            elif not line.startswith("| ---"):
                assert len(cells) == len(names), line
                yield dict(zip(names, cells, strict=True))
            start += len(line) + 1

    def cell(self, cell: Cell, *expected: Expected) -> None:
        """A cell's numbers are as expected; it has none, and at most a dash, where nothing is."""
        found = list(NUMBER.finditer(cell.text))
        assert len(found) == len(expected), f"expected {len(expected)} numbers, received “{cell.text}”"
        for one, value in zip(found, expected, strict=True):
            agree(one[0], value, cell.text)
            self._take(cell.start + one.start(), cell.start + one.end())

    def take(self, cell: Cell) -> None:
        """A whole cell is accounted for."""
        self._take(cell.start, cell.start + len(cell.text))

    def _take(self, start: int, end: int) -> None:
        self.taken.update(range(start, end))


def agree(shown: str, expected: Expected, where: str) -> None:
    """A number as it is written is the expected one, to its last digit; a whole number, or a text, in every digit."""
    if isinstance(expected, str | int):
        assert shown.replace("−", "-") == f"{expected}", f"expected {expected}, the report says {shown} in “{where}”"
        return
    assert expected is not None, f"expected no number in “{where}”, the report says {shown}"
    if shown.startswith("< "):
        assert 0 <= expected < float(shown[2:]) and re.fullmatch(r"0\.0*1", shown[2:]), (
            f"expected {expected}, the report says {shown} in “{where}”"
        )
        return
    value, decimals = float(shown.replace("−", "-").replace(" ", "")), len(shown.partition(".")[2])
    assert abs(value - expected) <= 0.5001 * 10.0**-decimals, (
        f"expected {expected}, the report says {shown} in “{where}”"
    )
