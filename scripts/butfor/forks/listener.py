"""The socket by which clients ask a server of forks."""

from __future__ import annotations

import socket
from pathlib import Path

WAITING = 128  # clients at most, while a server imports


def listening(folder: Path, name: str) -> socket.socket:
    """The socket of a server of this name. Clients that ask before there is a process behind it wait for that. Raises OSError."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(folder / name))
        listener.listen(WAITING)
    except OSError:
        listener.close()
        raise
    return listener
