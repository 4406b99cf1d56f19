"""A duration: a length of training in epochs or optimiser steps, as text: `2 epochs`, `500 steps`."""

from __future__ import annotations

import math
import re
from fractions import Fraction

_WRITTEN = re.compile(r"((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?:\s+(epoch|step)s?)?")

LONGEST = 1e18  # epochs or steps


def canonical(value: object) -> str:
    """The one spelling of a duration: `2 epochs`, `0.5 epochs`, `500 steps`; a bare number means epochs.

    Raises ValueError, also for one beyond all reason.
    """
    written = _WRITTEN.fullmatch(str(value).strip())
    number = float(written[1]) if written else math.inf
    if written is None or number > LONGEST:
        raise ValueError(f"expected a duration, e.g. `2 epochs` or `500 steps`, received `{value}`")
    return f"{int(number) if number.is_integer() else number} {written[2] or 'epoch'}s"


def in_steps(duration: str, steps_per_epoch: int) -> float:
    """A duration as a number of optimiser steps, not always a whole one."""
    number, unit = canonical(duration).split()
    # In floating point, 0.07 epochs of 100 steps would end just after step 7.
    return float(Fraction(number) * (steps_per_epoch if unit == "epochs" else 1))
