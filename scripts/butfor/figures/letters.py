"""Letters that the usual font of figures lacks, such as Korean ones in the names of arms: taken from what other fonts this
machine has, font by font, or else said to be missing, once.

Digits, signs and Latin letters stay those of the usual font in every language.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

import matplotlib
from matplotlib.font_manager import FontEntry, fontManager, get_font

from butfor.languages.phrases import ENGLISH, language, letters_in

USUAL = "DejaVu Sans"
NO_LETTERS = "Last Resort"  # has a box for every letter
SUITED = {  # to a language, of the fonts that have its letters
    "ko": ("Noto Sans CJK KR", "Noto Sans KR", "Pretendard", "Apple SD Gothic Neo", "Malgun Gothic", "NanumGothic"),
}
IN_PACKAGES = {
    "ko": ("koreanize_matplotlib", "fonts/NanumGothic.ttf")
}  # to be read, not imported: that changes all figures
log = logging.getLogger(__name__)


def provide(texts: Iterable[str]) -> None:
    """Have figures draw every letter of the texts, and of the language in use, for which this machine has a font; a line in the
    log names the others."""
    families, lacking = _families({letter for text in texts for letter in text} | letters_in(language()), language())
    matplotlib.rcParams["font.family"] = ["sans-serif", *families]
    if lacking:
        log.warning(
            "no font on this machine has the letters %s: figures show boxes for them. Install one (Noto's have all letters),"
            " delete matplotlib's cache, and draw again with --forcerun figures.",
            " ".join(sorted(lacking)),
        )


def legible(name: str) -> str:
    """The language that figures can be written in, of one that is asked for: English, with a line in the log, where no font of
    this machine has its letters."""
    if has_font(name):
        return name
    log.warning(
        "no font on this machine has all letters of the language %s: figures are in English. Install one, such as Noto Sans CJK"
        " (fonts-noto-cjk)%s, delete matplotlib's cache, and draw again with --forcerun figures.",
        name,
        f" or the package {IN_PACKAGES[name][0]}" if name in IN_PACKAGES else "",
    )
    return ENGLISH


def has_font(name: str) -> bool:
    """Whether fonts of this machine have all letters of a language."""
    return not _families(letters_in(name), name)[1]


def _families(letters: set[str], name: str) -> tuple[list[str], set[str]]:
    """The families beside the usual one that have the letters, those that suit a language first, and what none has."""
    lacking = {letter for letter in letters if ord(letter) > 127}
    families = []
    for font in _fonts(name) if lacking else []:
        known = get_font(font.fname).get_charmap()  # made anew by each call
        if glyphs := {letter for letter in lacking if ord(letter) in known}:
            lacking -= glyphs
            families += [font.name] if font.name != USUAL else []
        if not lacking:
            break
    return families, lacking


def _fonts(name: str) -> list[FontEntry]:
    """The upright fonts of normal weight, one a family: the usual one, then those that suit a language, then others, of which a
    family without serifs comes first."""
    _add_packaged(name)
    fonts = {
        font.name: font
        for font in fontManager.ttflist
        if (font.style, font.weight) == ("normal", 400) and not font.name.startswith(NO_LETTERS)
    }
    order = [USUAL, *SUITED.get(name, ())]
    return sorted(fonts.values(), key=lambda font: (_place(font.name, order), "Sans" not in font.name, font.name))


def _place(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def _add_packaged(name: str) -> None:
    """Have matplotlib know the font of a package for a language, if that is installed."""
    package, file = IN_PACKAGES.get(name, ("", ""))
    spec = find_spec(package) if package else None
    path = Path((spec.submodule_search_locations or [""])[0], file) if spec else None
    if path and path.is_file() and not any(font.fname == str(path) for font in fontManager.ttflist):
        fontManager.addfont(path)
