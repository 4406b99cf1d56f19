"""The encoding of names and texts: UTF-8, whatever the locale. Standard library only.

Python takes the encoding of files and of their names from the locale where that is neither C nor POSIX, and where
PYTHONUTF8 forbids it to do otherwise.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from butfor.errors import StudyError

UTF8_MODE = "PYTHONUTF8"


class EncodingError(StudyError):
    """A path that this Python would look for, or write, under another name than its jobs do."""


def announce_utf8() -> None:
    """Let all processes that this one starts from now on read and write UTF-8, a user's own code too."""
    os.environ[UTF8_MODE] = "1"


def refuse_other_names(paths: Iterable[Path | str], encoding: str | None = None) -> None:
    """Raise EncodingError if this process encodes names in another way than UTF-8, and one of the paths would show it.

    encoding: that of names, by default this process's.
    """
    encoding = encoding or sys.getfilesystemencoding()
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        return
    for path in map(str, paths):
        if not path.isascii():
            shown = (
                os.fsencode(path).decode("utf-8", "replace") if any("\udc80" <= c <= "\udcff" for c in path) else path
            )
            raise EncodingError(
                f"{shown}: expected Python to write names in UTF-8, received {encoding} from the locale. Begin the command"
                f" with {UTF8_MODE}=1, or set LC_ALL=C.UTF-8."
            )
