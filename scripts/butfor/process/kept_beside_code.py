"""What starts in all folders keep beside the library's bytecode, made once. All of it can be deleted at any time."""

from __future__ import annotations

import os
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[1]


def kept_beside_code(name: str) -> Path | None:
    """The place of a kept file; None where nothing can be written there."""
    folder = LIBRARY / "__pycache__"
    return folder / name if os.access(folder if folder.is_dir() else LIBRARY, os.W_OK) else None
