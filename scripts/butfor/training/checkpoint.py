"""A long training's state between two epochs, from which it goes on if it is killed.

What follows from the seed and the figures so far (batch order, early stopping, plateau) is not kept: it is gone through
again. So on a CPU the rest of the training is the same to the bit as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

EVERY = 60.0  # seconds; runs under a minute keep nothing
MOST = 0.02  # of the time, for those whose state takes long to write
Arrays = dict[str, list[npt.NDArray[Any]]]
log = logging.getLogger(__name__)


class Checkpoint:
    """The one file of a run, written over whenever it is `due`.

    A folder that is named by all that decides the run's numbers must hold it, so that no other run takes it up.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_suffix(".part")
        self._next = time.monotonic() + EVERY

    @property
    def due(self) -> bool:
        """Whether enough time has gone by since the last, or since the run's start."""
        return time.monotonic() >= self._next

    def write(self, arrays: Arrays, values: dict[str, Any]) -> None:
        """Keep lists of arrays and plain values, whole or not at all. Where that fails the last ones stay."""
        began = time.monotonic()
        flat: dict[str, Any] = {
            f"{name}.{place}": array for name, listed in arrays.items() for place, array in enumerate(listed)
        }
        text = np.array(json.dumps({**values, "lengths": {name: len(listed) for name, listed in arrays.items()}}))
        try:
            with self._part.open("wb") as stream:
                np.savez(stream, values=text, **flat)
                stream.flush()
                os.fsync(stream.fileno())
            self._part.replace(self._path)
        except OSError as failure:
            log.warning("no checkpoint: %s", failure)
            with contextlib.suppress(OSError):
                self._part.unlink()
        now = time.monotonic()
        self._next = now + max(EVERY, (now - began) / MOST)

    def read(self) -> tuple[Arrays, dict[str, Any]] | None:
        """What was kept; None if there is nothing, or nothing whole."""
        try:
            with np.load(self._path, allow_pickle=False) as kept:
                values = json.loads(str(kept["values"]))
                lengths = values.pop("lengths")
                return {name: [kept[f"{name}.{place}"] for place in range(lengths[name])] for name in lengths}, values
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as failure:
            log.warning("%s cannot be read (%s): the run starts anew", self._path.name, failure)
            return None

    def remove(self) -> None:
        """Forget what was kept."""
        self._path.unlink(missing_ok=True)
        self._part.unlink(missing_ok=True)
