"""Sort keys: what a table's cells are sorted by, as numbers where a column holds numbers.

A number is written as the report writes it: with −, a unit, ± and what follows, or `< 0.001`, which lies below 0.001. A cell that
says nothing (–) has no key and stays last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBER = re.compile(r"([<>≤≥]?)\s*\[?\s*([+\-−]?)(\d[\d,  ]*(?:\.\d+)?|\.\d+)((?:e|×10)?[+\-−]?\d+)?")
NOTHING = {"", "–", "—", "-", "n/a"}
BESIDE = 1e-9  # how far `< 0.001` lies from 0.001, as a share of it


def sort_keys(cells: Sequence[str]) -> list[str]:
    """A column's keys, as text; all empty or numbers, else the cells' own words."""
    words = [cell.strip() for cell in cells]
    numbers = [None if word in NOTHING else number(word) for word in words]
    if all(key is not None or word in NOTHING for key, word in zip(numbers, words, strict=True)):
        return ["" if key is None else repr(key) for key in numbers]
    return ["" if word in NOTHING else word for word in words]


def number(words: str) -> float | None:
    """The number that words begin with; None if they begin with something else."""
    match = NUMBER.match(words)
    if match is None or re.match(r"[A-Za-z_]", words[match.end() :]):
        return None
    side, sign, digits, power = match.groups()
    exponent = (power or "").replace("−", "-").removeprefix("×10")
    value = float(re.sub(r"[,  ]", "", digits) + (exponent if exponent.startswith("e") else ""))
    value *= -1 if sign in "-−" and sign else 1
    return value * {"<": 1 - BESIDE, ">": 1 + BESIDE}.get(side, 1)
