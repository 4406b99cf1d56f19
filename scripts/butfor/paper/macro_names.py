"""The names of macros: letters alone, as TeX has them, for arms and metrics of any name, the same whatever else the study has."""

from __future__ import annotations

import hashlib
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable

PREFIX = "ab"
DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
SIGNS = {".": "Point", "@": "On", "+": "Plus", "%": "Percent", "&": "And", "#": "Number", "=": "Is"}
MARK = 4  # letters that tell two names apart which read alike


def macro_names(names: Iterable[str]) -> dict[str, str]:
    """A part of a macro's name for each name: `no_dropout` is NoDropout, `l2` LTwo, `init_0.05` InitZeroPointZeroFive. Of names
    that read alike, those that are not words of small letters and digits end with letters of their own."""
    read = {name: spelled(name) for name in names}
    counts = Counter(read.values())
    return {
        name: words if counts[words] == 1 or re.fullmatch(r"[a-z]+(_[a-z]+)*", name) else words + _mark(name)
        for name, words in read.items()
    }


def spelled(name: str) -> str:
    """A name in letters, each word with a capital: digits and signs by their names, Hangul and the like as Unicode reads it."""
    words, starts = [], True
    for letter in unicodedata.normalize("NFC", name):
        if letter in string.ascii_letters:
            words.append(letter.upper() if starts else letter)
            starts = False
            continue
        starts = True
        words.append(_in_letters(letter))
    return "".join(words) or "Nameless"


def _in_letters(letter: str) -> str:
    if letter in string.digits:
        return DIGITS[int(letter)]
    if letter in SIGNS:
        return SIGNS[letter]
    if letter.isspace() or letter in "_-/:()":
        return ""
    plain = unicodedata.normalize("NFKD", letter)[0]
    if plain in string.ascii_letters:
        return plain
    last = unicodedata.name(letter, f"U{ord(letter):x}").split()[-1]
    return "".join(DIGITS[int(c)] if c.isdigit() else c for c in last.capitalize() if c.isascii() and c.isalnum())


def _mark(name: str) -> str:
    digest = hashlib.sha256(name.encode()).digest()
    return "X" + "".join(string.ascii_lowercase[byte % 26] for byte in digest[:MARK])
