"""The look that all figures share: their width, the palette, the line that stands for an arm and the mark that stands for a
verdict, and the notes below.

Lengths are in inches at the size a report shows them; colours are seaborn's colour-blind-safe palette. Whatever a colour says, a
dash, a mark or a word says as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogFormatterSciNotation

from butfor.text_width import width, wrapped

WIDTH = 6.0  # a telephone shows it at two thirds of its size, at which its words can be read
ROW = 0.27
LINE = 0.17  # of a legend or a note
POINTS = 72  # of an inch
MOST_PIXELS = 65_000  # of a picture's height: Matplotlib before 3.11 draws none of 2^16
PALETTE = ["#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"]
BLUE, ORANGE = PALETTE[0], PALETTE[1]
DASHES = ("-", (0, (5, 2)), (0, (6, 2, 1, 2)), (0, (1, 1.5)))
FEWEST_DECADES = 0.7
FEW_DECADES = 1.6
LEADING = (
    (0.9, "235"),
    (FEW_DECADES, "25"),
)  # first figures of what is labelled between powers of ten, of so few decades
LOOK: dict[str, Any] = {
    "svg.hashsalt": "butfor",
    "figure.dpi": 160,
    "savefig.dpi": "figure",
    "axes.titlesize": "medium",
    "axes.edgecolor": "0.6",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "0.92",
    "grid.linewidth": 0.8,
    "legend.fontsize": "small",
}
NOTE_LETTERS = 100  # of a line below the panels
LETTER, HANDLE = 0.066, 0.5  # widths of a letter and of what stands before a legend's text
AXIS_LETTER = 0.08  # that of a letter of an axis's label


@dataclass(frozen=True)
class Line:
    """How an arm's line looks."""

    colour: Any
    dash: Any = "-"
    width: float = 1.6
    back: bool = False


BEHIND = Line("0.6", width=1.4, back=True)
ALONE = Line(BLUE)


def apply() -> None:
    """Make the style the one that new figures get, whatever a matplotlibrc of the user's says."""
    import seaborn as sns  # 1 s of what mirrors runs, which needs no more of this file than its colours

    matplotlib.rcdefaults()
    sns.set_theme(style="whitegrid", palette="colorblind", font_scale=0.8)
    matplotlib.rcParams.update(LOOK)  # type: ignore[arg-type]


def sheet(height: float) -> Figure:
    """An empty figure of the common width, which arranges what is put on it; one too high for its pixels has fewer."""
    dots = min(matplotlib.rcParams["figure.dpi"], MOST_PIXELS / height)
    return Figure(figsize=(WIDTH, height), dpi=dots, layout="constrained")


def lines_of(arms: Sequence[str]) -> dict[str, Line]:
    """The reference in black, the others in the palette's colours; which differ in their dashes as well."""
    others = {
        arm: Line(PALETTE[place % len(PALETTE)], DASHES[(place + 1) % len(DASHES)])
        for place, arm in enumerate(arms[1:])
    }
    return {arms[0]: Line("black", width=2.0), **others}


def handle(label: str, line: Line) -> Line2D:
    """A legend's entry for a line."""
    return Line2D([], [], color=line.colour, linestyle=line.dash, linewidth=line.width, label=label)


def dot(label: str, marker: str, **look: Any) -> Line2D:
    """A legend's entry for a marker."""
    return Line2D([], [], marker=marker, label=label, **{"linestyle": "", **look})


def legend(figure: FigureBase, handles: Sequence[Artist], title: str = "") -> None:
    """A legend above the panels, in as many columns as its longest entry leaves room for, with what the panels show above it."""
    rows = legend_rows(handles)
    above = figure.legend(
        handles=list(handles), loc="outside upper center", ncols=-(-len(handles) // max(rows, 1)), frameon=False
    )
    if title:
        above.set_title(title)
        above.get_title().set_fontsize("medium")


def legend_rows(handles: Sequence[Artist]) -> int:
    """How many rows such a legend takes."""
    longest = max((width(str(item.get_label())) for item in handles), default=0)
    columns = max(1, min(len(handles), int(WIDTH / (LETTER * longest + HANDLE))))
    return -(-len(handles) // columns)


def note(figure: FigureBase, words: str, letters: int = NOTE_LETTERS) -> Legend | None:
    """Whole sentences below the panels, so many letters wide."""
    if words:
        lines = "\n".join(note_lines(words, letters))
        below = figure.legend(
            handles=[], title=lines, loc="outside lower left", frameon=False, alignment="left", borderpad=0.1
        )
        below.get_title().set(fontsize="small", color="0.35")
        return below
    return None


def note_lines(words: str, letters: int = NOTE_LETTERS) -> list[str]:
    """The lines that such a note takes."""
    return wrapped(words, letters, break_on_hyphens=False, break_long_words=False)


def logarithmic(axes: Axes) -> None:
    """Make what was drawn logarithmic up the side, unless there is nothing above 0 that could be."""
    if np.isfinite(axes.dataLim.minposy):
        axes.set_yscale("log")
        axes.set_ylim(*decades(*axes.get_ylim()))
        powers = LogFormatterSciNotation()
        powers.set_axis(axes.yaxis)
        axes.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: _between_decades(value, *axes.get_ylim())))
        axes.yaxis.set_major_formatter(
            FuncFormatter(lambda value, at: f"{value:g}" if _few_decades(*axes.get_ylim()) else powers(value, at))
        )
    else:
        axes.set(ylim=(0, 1), yticks=[])


def _between_decades(value: float, low: float, high: float) -> str:
    """The label of a number between the powers of ten, where few of those are in sight."""
    leading = next((figures for most, figures in LEADING if np.log10(high / low) < most), "")
    return f"{value:g}" if f"{value:e}"[0] in leading else ""


def _few_decades(low: float, high: float) -> bool:
    return bool(np.log10(high / low) < FEW_DECADES)


def decades(low: float, high: float) -> tuple[float, float]:
    """Limits of a logarithmic scale, widened until some of its labels lie between them."""
    widening = 10 ** (max(0.0, FEWEST_DECADES - float(np.log10(high) - np.log10(low))) / 2)
    return low / widening, high * widening


def folded(name: str, width: int) -> str:
    """A long name over several lines, broken behind its underscores."""
    lines = [""]
    for part in name.replace("_", "_\n").split("\n"):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def unit_below(label: str, room: float) -> str:
    """An axis's label with its unit, in brackets, in a line of its own where so many inches are too few for both."""
    return label if AXIS_LETTER * width(label) <= room else label.replace(" (", "\n(")


def margin_at(axes: Axes, place: int, margin: float | None) -> None:
    """The margin of one row, where each has another."""
    if margin is not None:
        axes.fill_betweenx([place - 0.5, place + 0.5], -margin, margin, color="0.9", linewidth=0, zorder=0)
