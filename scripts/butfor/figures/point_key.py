"""The names of the points of several panels, and the key to the numbers that stand for those of which a name has no room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from butfor.figures import style
from butfor.figures.point_names import PointName, PointNames, Spot
from butfor.languages.phrases import phrase, plural

MOST_NUMBERS = 24  # of a key, which takes a line for two to six
LETTERS, LINE = 90, 0.17  # of a line below the panels, and its inches
UNBROKEN = "\u00a0"  # a space at which no line ends


class NamedPanel(NamedTuple):
    """The names of a panel's points by arm, those first that are to have room before others, all its points, and the corners of
    a line among them."""

    axes: Axes
    names: Mapping[str, PointName]
    points: Sequence[Spot]
    line: Sequence[Spot]


class PointKey(NamedTuple):
    """What numbers stand for, and the words of points that have neither a name nor a number."""

    numbered: dict[int, str]
    without: list[str]

    def __str__(self) -> str:
        parts = [f"{number} {words}".replace(" ", UNBROKEN) for number, words in self.numbered.items()]
        sentences = [phrase("Numbers: {key}.", key="; ".join(parts))] if parts else []
        if self.without:
            one = "There was no room for {n} more name: the tables have it."
            many = "There was no room for {n} more names: the tables have them."
            sentences.append(plural(one, many, len(self.without)))
        return " ".join(sentences)


def name_points(panels: Sequence[NamedPanel], size: float | str = "small") -> PointKey:
    """Write the names, and numbers where there is no room for one; an arm has the same number in all panels. These have their
    places in the figure and their limits. size: of the letters."""
    writers = [PointNames(panel.axes, panel.points, panel.line) for panel in panels]
    lacking = [
        {arm for arm, name in panel.names.items() if not writer.write(name, size)}
        for panel, writer in zip(panels, writers, strict=True)
    ]
    arms = dict.fromkeys(arm for panel, own in zip(panels, lacking, strict=True) for arm in panel.names if arm in own)
    numbers = {arm: number for number, arm in enumerate(list(arms)[:MOST_NUMBERS], start=1)}
    numbered, without = dict[int, str](), list[str]()
    for panel, writer, own in zip(panels, writers, lacking, strict=True):
        for arm, name in ((arm, name) for arm, name in panel.names.items() if arm in own):
            number = numbers.get(arm)
            if number and writer.write(name._replace(words=str(number)), size, is_number=True):
                numbered[number] = name.words
            elif name.words not in without:
                without.append(name.words)
    return PointKey(dict(sorted(numbered.items())), without)


def explain(figure: Figure, key: PointKey, words: str = "", letters: int = LETTERS) -> None:
    """Say below the panels what is to be said, and what their numbers stand for, in lines of so many letters. The figure grows by
    that, so that the panels keep their size, and the names in them their room."""
    tall = figure.axes[0].bbox.height
    below = style.note(figure, " ".join(filter(None, [words, str(key)])), letters)
    if below is not None:
        lines = below.get_title().get_text().count("\n") + 1
        figure.set_figheight(figure.get_figheight() + LINE * lines)
        figure.draw_without_rendering()
        figure.set_figheight(figure.get_figheight() + (tall - figure.axes[0].bbox.height) / figure.dpi)
