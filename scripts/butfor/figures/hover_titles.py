"""Hover titles: the words that a browser shows beside a point or a line under the pointer, as `<title>` in a figure's SVG.

An artist bears its words in its gid, which is the one thing of an artist's that Matplotlib writes into an SVG as it is. Pictures
of other kinds show none of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

from matplotlib.artist import Artist
from matplotlib.figure import Figure

from butfor.languages.phrases import ENGLISH, language, phrase, stored
from butfor.records.files import write_atomically
from butfor.verdicts.numbers import effect_of, interval_of

MARK, BETWEEN = "title:", "␞"
SVG, LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"


def of_seed(arm: str, seed: object, value: float, unit: str = "") -> str:
    """What is said of a run's point: its arm, its seed and its value."""
    return phrase("{arm}, seed {seed}: {value}", arm=arm, seed=seed, value=f"{number(value)} {unit}".strip())


def of_effect(row: Mapping[str, Any], unit: str) -> str:
    """What is said of an ablation's point: its effect with its interval, and its verdict."""
    return f"{row['arm']}: {effect_of(row)} {unit} {interval_of(row)}, {stored(row['verdict'])}"


def number(value: float) -> str:
    """A value with four figures, as the report writes minus."""
    return f"{value:.4g}".replace("-", "−")


def name(artist: Artist, words: Sequence[str]) -> None:
    """Give an artist its title; one per point or line, in their order, if it draws several."""
    if words:
        artist.set_gid(MARK + BETWEEN.join(word.replace(BETWEEN, " ") for word in words))


def save_svg(figure: Figure, path: Path) -> None:
    """Save a figure as SVG with the titles of its artists."""
    drawn = StringIO()
    spoken = {} if language() == ENGLISH else {"Language": language()}
    figure.savefig(drawn, format="svg", metadata={"Date": None, **spoken})
    write_atomically(path, titled(drawn.getvalue()))


def titled(drawn: str) -> str:
    """The SVG with titles in place of the gids that hold them."""
    if f'id="{MARK}' not in drawn:
        return drawn
    Tree.register_namespace("", SVG)
    Tree.register_namespace("xlink", LINK)
    root = Tree.fromstring(drawn)  # noqa: S314 (Matplotlib has just written it)
    for group in root.iter(f"{{{SVG}}}g"):
        if group.get("id", "").startswith(MARK):
            words = group.attrib.pop("id").removeprefix(MARK).split(BETWEEN)
            group.set("class", "titled")
            _entitle(group, words)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Tree.tostring(root, encoding="unicode")


def _entitle(group: Tree.Element, words: list[str]) -> None:
    """A title for the group, or for each of its points or lines. Where they are not as many as the words (Matplotlib leaves
    out what is not finite), there is none: a wrong one would be worse."""
    if len(words) == 1:
        group.insert(0, _title(words[0]))
        return
    defined = {id(shape) for defs in group.iter(f"{{{SVG}}}defs") for shape in defs.iter()}
    shapes = list(group.iter(f"{{{SVG}}}use")) or [
        path for path in group.iter(f"{{{SVG}}}path") if id(path) not in defined
    ]
    if len(shapes) == len(words):
        for shape, word in zip(shapes, words, strict=True):
            shape.append(_title(word))


def _title(word: str) -> Tree.Element:
    title = Tree.Element(f"{{{SVG}}}title")
    title.text = word
    return title
