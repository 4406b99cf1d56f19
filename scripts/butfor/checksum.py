"""Checksums of the files that others are made from, so that a flipped bit is noticed. Standard library only."""

from __future__ import annotations

import hashlib
from pathlib import Path

LAST = b', "sha256": "'


def sealed(text: str) -> str:
    """The text of a JSON object, with the SHA-256 of all before as its last value."""
    body = text.strip().removesuffix("}")
    return f'{body}{LAST.decode()}{_sum(body.encode())}"}}\n'


def is_sealed(content: bytes) -> bool:
    """Whether a sealed text is as it was written."""
    body, _, end = content.rpartition(LAST)
    return end == f'{_sum(body)}"}}\n'.encode()


def beside(path: Path) -> Path:
    """The file that holds the SHA-256 of another one."""
    return path.with_name(f".{path.name}.sha256")


def copy_of(path: Path) -> Path:
    """The file that a small file is restored from, if what is made from it would be too dear to make anew."""
    return path.with_name(f".{path.name}.copy")


def note(path: Path, text: str) -> None:
    """Write the SHA-256 of a text beside the file that is to hold it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside(path).write_text(_sum(text.encode()))


def is_noted(path: Path) -> bool:
    """Whether a file is as it was written, as far as that was noted."""
    return not beside(path).exists() or is_as_noted(path, path)


def is_as_noted(file: Path, path: Path) -> bool:
    """Whether a file is there and is what was noted of the one at `path`."""
    return file.exists() and beside(path).read_text() == _sum(file.read_bytes())


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
