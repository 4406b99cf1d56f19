"""A curve in one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
WIDEST = 60  # characters; a longer curve is thinned


def sparkline(values: Sequence[float], low: float, high: float) -> str:
    """A character per value, from the lowest to the highest bar between `low` and `high`; a dot where there is none."""
    shown = values if len(values) <= WIDEST else [values[len(values) * place // WIDEST] for place in range(WIDEST)]
    step = (high - low) / (len(BARS) - 1) or 1.0
    return "".join(BARS[round((v - low) / step)] if math.isfinite(v) else "·" for v in shown)
