"""The page's contents: an entry per section, and below it one per part of it that has a heading or folds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass
class Entry:
    """A place in the page: the id that a link leads to, and its words."""

    id: str
    words: str
    parts: list[Entry] = field(default_factory=list)


class Contents:
    """The entries in their order, with ids that no two of them share."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._ids: set[str] = set()

    def section(self, words: str) -> str:
        """Enter a section; gives its id."""
        self.entries.append(Entry(self._id(words), words))
        return self.entries[-1].id

    def part(self, words: str) -> str:
        """Enter a part of the last section; gives its id."""
        entry = Entry(self._id(words), words)
        (self.entries[-1].parts if self.entries else self.entries).append(entry)
        return entry.id

    def _id(self, words: str) -> str:
        plain = re.sub(r"[^\w]+", "-", words.lower()).strip("-")[:60] or "part"
        name, place = plain, 2
        while name in self._ids:
            name, place = f"{plain}-{place}", place + 1
        self._ids.add(name)
        return name
