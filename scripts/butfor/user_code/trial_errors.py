"""What a process that only tries a user's code tells the start that waits for it."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator

from butfor.user_code.location import OwnCodeError


@contextlib.contextmanager
def errors_reported(when: str = "") -> Iterator[None]:
    """A context whose OwnCodeError is written to standard output for the process that has started this one (see
    workflow/tried_functions), and nothing where there is none, whatever the user's code prints. when: how it was tried."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except OwnCodeError as error:
        print("".join(getattr(error, "__notes__", [])), file=sys.stderr, end="")
        print(json.dumps({"message": " ".join(filter(None, (str(error), when))), "written": error.written}))
