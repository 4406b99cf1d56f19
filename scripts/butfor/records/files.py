"""Files that are written completely or not at all, with checksums that reveal damage. Standard library only."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

SEAL = b', "sha256": "'  # before the checksum at the end of a sealed text
CHECKSUM_SUFFIX = ".sha256"
# Read once, since that sets it: threads that read it at the same time would leave it changed.
_umask = os.umask(0)
os.umask(_umask)


def sealed(text: str) -> str:
    """The text of a JSON object, with the SHA-256 of the text before it as its last value."""
    body = text.strip().removesuffix("}")
    return f'{body}{SEAL.decode()}{_sum(body.encode())}"}}\n'


def is_sealed(content: bytes) -> bool:
    """Whether a sealed text is undamaged."""
    body, _, end = content.rpartition(SEAL)
    return end == f'{_sum(body)}"}}\n'.encode()


def checksum_of(path: Path) -> Path:
    """The file that holds the SHA-256 of another file."""
    return path.with_name(f".{path.name}{CHECKSUM_SUFFIX}")


def copy_of(path: Path) -> Path:
    """The copy from which a small file is restored, where making its dependents anew would cost too much."""
    return path.with_name(f".{path.name}.copy")


def is_undamaged(path: Path) -> bool:
    """Whether a file that has a checksum is there and matches it."""
    return matches_checksum(path, checksum_of(path))


def matches_checksum(path: Path, checksum: Path) -> bool:
    """Whether a file is there and has the SHA-256 that the file `checksum` holds."""
    return path.exists() and checksum.read_text() == _sum(path.read_bytes())


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Write a text file by renaming a complete one into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def remove(path: Path) -> None:
    """Remove a file, if it is there, and the parts of it left by processes that were killed while they wrote it."""
    for part in (path, *path.parent.glob(f".{path.name}.*")):
        part.unlink(missing_ok=True)


def write_noted(path: Path, text: str) -> None:
    """Write a text file with its checksum beside it, for files that others are made from."""
    _write_checksum(path, text)
    write_atomically(path, text)


def write_with_copy(path: Path, text: str) -> None:
    """Write a text file with its checksum and a copy beside it, for files that trainings are made from."""
    _write_checksum(path, text)
    write_atomically(copy_of(path), text)
    write_atomically(path, text)


def _write_checksum(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    checksum_of(path).write_text(_sum(text.encode()))
