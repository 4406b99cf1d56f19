"""What a report folds away: a section under a line that opens it. Standard library only."""

from __future__ import annotations


def details(section: str) -> str:
    """A section that begins with its heading, as a fold with the heading's words on it; an empty one stays empty."""
    heading, _, body = section.partition("\n\n")
    return fold(heading.lstrip("# "), body) if section else ""


def fold(title: str, body: str) -> str:
    """Text under a line that opens it; markdown inside is read as markdown because of the empty lines."""
    return f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"
