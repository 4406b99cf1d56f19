"""A table in LaTeX, by pandas' Styler: booktabs' rules, siunitx's columns, a caption above, and a size of letters at which it is
no wider than the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from butfor.paper.latex_text import escaped

LONGEST = 40  # rows on one page; a table of more goes on over several
SIZES = (("small", 9.0), ("footnotesize", 8.0), ("scriptsize", 7.0), ("tiny", 5.5))
LETTER = 0.455  # of the letters' size, the width of one, on average
GAP = 4.0  # points on both sides of a column
NOTHING = "{--}"
POINTS = 72.27  # to an inch


@dataclass(frozen=True)
class Column:
    """A column: what stands above it and above its group, in LaTeX, how it is aligned, and whether its numbers are aligned at the
    decimal point."""

    group: str
    head: str
    align: str = "l"

    @property
    def is_number(self) -> bool:
        """Whether siunitx sets it, to which everything but numbers is text between braces."""
        return self.align.startswith("S")

    def heading(self) -> tuple[str, str]:
        """Both lines above it."""
        return self.group, f"{{{self.head}}}" if self.is_number else self.head


@dataclass
class Table:
    """A table of a paper.

    name: of its file and label. cells: a row of LaTeX per row, with what is to stand above a row (`\\midrule`) in `before` by the
    row's number. bold: the cells that are bold, by row and column.
    """

    name: str
    caption: str
    columns: Sequence[Column]
    cells: list[list[str]] = field(default_factory=list)
    before: dict[int, str] = field(default_factory=dict)
    bold: set[tuple[int, int]] = field(default_factory=set)

    def add(self, cells: Sequence[str], bold: Sequence[int] = (), before: str = "") -> None:
        """A further row; bold: its bold cells. before: what stands above it."""
        if before:
            self.before[len(self.cells)] = before
        self.bold |= {(len(self.cells), place) for place in bold}
        self.cells.append(list(cells))

    def family(self, title: str) -> None:
        """A row that names those below it."""
        rule = r"\midrule" if len(self.cells) == 1 else r"\addlinespace"
        self.add([rf"\emph{{{escaped(title)}}}", *[""] * (len(self.columns) - 1)], before=rule)


def in_latex(table: Table, width: float, wide: bool = False) -> str:
    """The whole float; of many rows, a table that goes on over several pages. width: of the text in inches. wide: whether it
    stands over both columns of a page."""
    size = _size(table, width)
    if len(table.cells) > LONGEST and wide:
        return "".join(in_latex(part, width, wide) for part in _parts(table))
    if len(table.cells) > LONGEST:
        styled = _styled(table).to_latex(
            environment="longtable", caption=table.caption, label=f"tab:{table.name}", **_options(table)
        )
        set_as = f"\\{size}\\setlength{{\\tabcolsep}}{{{GAP:g}pt}}\\setlength{{\\LTcapwidth}}{{\\linewidth}}"
        return f"{{{set_as}\n{_ruled(styled, table)}}}\n"
    tabular, star = _ruled(_styled(table).to_latex(**_options(table)), table), "*" * wide
    return (
        f"\\begin{{table{star}}}[tbp]\n\\centering\n\\caption{{{table.caption}}}\n\\label{{tab:{table.name}}}\n"
        f"\\vskip 0.5\\baselineskip\n\\{size}\\setlength{{\\tabcolsep}}{{{GAP:g}pt}}\n{tabular}\\end{{table{star}}}\n"
    )


def _parts(table: Table) -> list[Table]:
    """Tables of few rows each, where one cannot go on over several pages."""
    parts = []
    for start in range(0, len(table.cells), LONGEST):
        rows = range(start, min(start + LONGEST, len(table.cells)))
        name, caption = (
            (table.name, table.caption)
            if not start
            else (f"{table.name}_{start}", f"Table~\\ref{{tab:{table.name}}}, continued.")
        )
        before = {place - start: table.before[place] for place in rows if place in table.before and place > start}
        bold = {(place - start, column) for place, column in table.bold if place in rows}
        parts.append(Table(name, caption, table.columns, [table.cells[place] for place in rows], before, bold))
    return parts


def _options(table: Table) -> dict[str, Any]:
    return {"column_format": "".join(column.align for column in table.columns), "hrules": True, "multicol_align": "c"}


def _styled(table: Table) -> pd.io.formats.style.Styler:
    cells = [list(row) for row in table.cells]
    for place, rule in table.before.items():
        cells[place][0] = f"{rule} {cells[place][0]}"
    heads = [column.heading() for column in table.columns]
    grouped = any(group for group, _ in heads)
    columns = pd.MultiIndex.from_tuples(heads) if grouped else pd.Index([head for _, head in heads])
    frame = pd.DataFrame(cells, columns=columns)
    marks = pd.DataFrame("", index=frame.index, columns=frame.columns)
    for row, column in table.bold:
        marks.iloc[row, column] = "bfseries:"
    return frame.style.hide(axis="index").apply(lambda _: marks, axis=None)


def _ruled(latex: str, table: Table) -> str:
    """With a rule under what stands above several columns."""
    rules, place, groups = [], 1, [column.group for column in table.columns]
    while place <= len(groups):
        end = place
        while end < len(groups) and groups[end] == groups[place - 1]:
            end += 1
        if groups[place - 1]:
            rules.append(rf"\cmidrule(lr){{{place}-{end}}}")
        place = end + 1
    if not rules:
        return latex
    return re.sub(r"(\\toprule\n.*\\\\\n)", lambda match: f"{match[1]}{''.join(rules)}\n", latex)


def _size(table: Table, width: float) -> str:
    """The largest letters at which the table is no wider than the text."""
    letters = [
        max([_letters(column.head), *(_letters(row[place]) for row in table.cells if any(row[1:]))])
        for place, column in enumerate(table.columns)
    ]
    fixed = 0.0
    for place, column in enumerate(table.columns):
        if match := re.search(r"p\{([\d.]+)in\}", column.align):  # its lines are broken
            letters[place], fixed = 0, fixed + float(match[1]) * POINTS
    for group in {column.group for column in table.columns}:  # a heading that is wider than the columns below it
        own = [place for place, column in enumerate(table.columns) if column.group == group]
        lacking = _letters(group) - sum(letters[place] for place in own) - 2 * (len(own) - 1)
        letters[own[-1]] += max(0, lacking)
    for name, points in SIZES:
        if fixed + sum(letters) * LETTER * points + 2 * GAP * (len(letters) - 1) <= width * POINTS:
            return name
    return SIZES[-1][0]


def _letters(latex: str) -> int:
    """How many letters a cell shows, about."""
    shown = re.sub(r"\\(?:text\w*|emph|multicolumn\{\d\}\{\w\})\{", "", latex)
    shown = re.sub(r"\\[a-zA-Z]+|\\(?=[^a-zA-Z])", "~", shown)
    shown = re.sub(r"\((\d+)\)", r"~~~\1", shown)
    return len(re.sub(r"[{}$]", "", shown))
