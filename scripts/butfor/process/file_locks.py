"""Locks on whole files, as every file system has them, or none.

A network file system may have locks of bytes alone, which stand for those of files: there, a file has to be open for reading
to be shared, and for writing to be had alone. Standard library only.
"""

from __future__ import annotations

import errno
import fcntl
import tempfile
from pathlib import Path
from typing import TextIO

ALONE, SHARED, AT_ONCE = fcntl.LOCK_EX, fcntl.LOCK_SH, fcntl.LOCK_NB
HELD = (errno.EAGAIN, errno.EACCES)  # another holds it
NONE = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EIO)  # the file system has no locks


def open_lock(path: Path) -> TextIO:
    """A lock file, opened so that it can be locked everywhere; made if it is not there, and what it holds is kept."""
    return path.open("a+", encoding="utf-8")


def has_locks_of_bytes(folder: Path) -> bool:
    """Whether files in a folder have locks of bytes, without which SQLite opens no database."""
    with tempfile.TemporaryFile(dir=folder, prefix=".butfor-") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno not in NONE
    return True


def lock(file: TextIO, how: int) -> bool:
    """Lock an open file, ALONE or SHARED, until it is closed; with AT_ONCE, raise BlockingIOError if another holds it. Returns
    whether it is locked: false where the file system has no locks.
    """
    try:
        fcntl.flock(file, how)
    except OSError as error:
        if error.errno in HELD:
            raise BlockingIOError(*error.args) from None
        if error.errno in NONE:
            return False
        raise
    return True
