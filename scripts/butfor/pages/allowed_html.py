"""Allowed HTML: parts that fold, and marks in a line. Anything else in a report's markdown is shown as it is written."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

MARKS = "br|sub|sup|kbd|code|b|strong|em|i"
TAG = re.compile(rf"<!--.*?-->|</?(?:details|summary|{MARKS})(?: open(?:=\"\")?)?\s*/?>", re.DOTALL)
SUMMARY = re.compile(r"<details( open)?(?:=\"\")?>\s*<summary>(.*?)</summary>", re.DOTALL)


def only_allowed(text: str) -> str:
    """The text with the tags that may be there, all else escaped, and without comments."""
    parts, at = [], 0
    for tag in TAG.finditer(text):
        parts += [_escaped(text[at : tag.start()]), "" if tag[0].startswith("<!--") else tag[0]]
        at = tag.end()
    return "".join([*parts, _escaped(text[at:])])


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")  # entities stay what they are


def depth_after(text: str, depth: int) -> int:
    """How many folds are open after a text, if there were `depth` before it."""
    return depth + len(re.findall(r"<details\b", text)) - text.count("</details>")


def with_ids(text: str, enter: Callable[[str], str]) -> str:
    """The allowed text, in which every fold has the id that entering its summary gives."""

    def named(match: re.Match[str]) -> str:
        words = html.unescape(re.sub(r"<[^>]+>", "", match[2])).strip()
        return f'<details id="{enter(words)}"{match[1] or ""}><summary>{match[2].strip()}</summary>'

    return SUMMARY.sub(named, only_allowed(text))
