"""Which test examples a run got right, as a record holds it: a bit each, in base64."""

from __future__ import annotations

import base64

import numpy as np
import numpy.typing as npt


def packed_answers(right: npt.NDArray[np.bool_]) -> str:
    """Right or wrong `(examples,)` as text, with the number of examples before a colon."""
    return f"{len(right)}:{base64.b64encode(np.packbits(right).tobytes()).decode()}"


def unpacked_answers(text: str) -> npt.NDArray[np.bool_]:
    """What was packed."""
    count, _, bits = text.partition(":")
    whole = np.unpackbits(np.frombuffer(base64.b64decode(bits), np.uint8), count=int(count))
    return whole.astype(bool)
