"""What a user's model was built to be, as the job that built it has left it; or why it could not be built."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

from butfor.user_code.location import OwnCodeError


def failure(built: Path) -> str | None:
    """Why the model could not be built that a file of `built` is about; None where it could."""
    with contextlib.suppress(ValueError, FileNotFoundError):
        written = json.loads(built.read_text())
        return str(written["why"]) if isinstance(written, dict) else None
    return None


def refuse_unbuilt(built: Iterable[Path | str]) -> None:
    """End a training whose model could not be built, by the files of `built` about it; a built-in model has none. Raises
    OwnCodeError."""
    for path in built:
        if why := failure(Path(path)):
            raise OwnCodeError(why)
