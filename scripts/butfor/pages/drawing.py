"""A drawing: one of the report's SVG files as a part of the page, small, in the page's colours, and with shapes that all share.

Matplotlib writes every letter's outline into every file, six decimals of a thousandth of a point, and ids that two files share.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as Tree

from butfor.pages.figure_colours import FigureColours

SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
LONG = re.compile(r"(\d+\.\d\d)\d+")
PLACES = ("d", "x", "y", "width", "height", "points")
FIRST_TAG = re.compile(r"^<\w+")
SPOKEN = 12  # of its titles, in what is said of a drawing to those who do not see it


class SharedShapes:
    """The shapes that drawings refer to, each once, whichever drawings it is in."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def named(self, shape: Tree.Element) -> str:
        """The page's id of a shape."""
        attributes = {key: value for key, value in shape.attrib.items() if key != "id"}
        text = _text(Tree.Element(shape.tag, attributes) if not len(shape) else _without_id(shape))
        return self._names.setdefault(text, f"s{len(self._names)}")

    @property
    def html(self) -> str:
        """All of them, to be put into the page once."""
        shapes = (FIRST_TAG.sub(rf'\g<0> id="{name}"', text) for text, name in self._names.items())
        return f'<svg class="shapes" width="0" height="0" aria-hidden="true"><defs>{"".join(shapes)}</defs></svg>'


def _without_id(shape: Tree.Element) -> Tree.Element:
    copy = Tree.fromstring(Tree.tostring(shape))  # noqa: S314 (a part of a file of butfor's)
    copy.attrib.pop("id", None)
    return copy


def read_drawing(path: Path, colours: FigureColours, shapes: SharedShapes) -> Tree.Element:
    """The drawing, without what only a file needs."""
    Tree.register_namespace("", SVG.strip("{}"))
    root = Tree.parse(path).getroot()  # noqa: S314 (a file of butfor's)
    for element in root.iter():
        for key in PLACES:
            if key in element.attrib:
                element.set(key, LONG.sub(r"\1", element.attrib[key].replace("\n", "")))
        if "style" in element.attrib:
            element.set("style", colours.named(element.attrib["style"]))
    _share(root, shapes)
    return root


def _share(root: Tree.Element, shapes: SharedShapes) -> None:
    """Put the drawing's own shapes among the shared ones, and take out what nothing refers to."""
    names: dict[str, str] = {}
    for defs in list(root.iter(f"{SVG}defs")):
        for shape in defs:
            if "id" in shape.attrib:
                names[shape.attrib["id"]] = shapes.named(shape)
    for parent in list(root.iter()):
        for child in [c for c in parent if c.tag in (f"{SVG}defs", f"{SVG}metadata", f"{SVG}style")]:
            parent.remove(child)
    for element in root.iter():
        element.attrib.pop("id", None)
        if target := element.attrib.pop(LINK, ""):
            element.set("href", f"#{names.get(target[1:], target[1:])}")
        if clip := element.attrib.get("clip-path", ""):
            element.set("clip-path", f"url(#{names.get(clip[5:-1], clip[5:-1])})")


def spoken(root: Tree.Element, words: str) -> str:
    """What a drawing shows, in words: its own, and those of the things in it that are named as a whole."""
    named = [group.find(f"{SVG}title") for group in root.iter(f"{SVG}g")]
    titles = list(dict.fromkeys(title.text for title in named if title is not None and title.text))
    more = ["…"] if len(titles) > SPOKEN else []
    return ". ".join(filter(None, [words, "; ".join([*titles[:SPOKEN], *more])]))


def drawn(root: Tree.Element, words: str) -> str:
    """The drawing as a part of HTML."""
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("aria-label", spoken(root, words))
    return _text(root)


def _text(element: Tree.Element) -> str:
    text = Tree.tostring(element, encoding="unicode").replace(' xmlns="http://www.w3.org/2000/svg"', "")
    return re.sub(r">\s+<", "><", text).strip()
