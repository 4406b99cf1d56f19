"""Too few pairs: an ablation of which more than a fifth of the planned pairs of runs lack one of the two is not judged. Standard
library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_MISSING = 0.2  # share of pairs without both records above which no verdict is given


def too_few_pairs(missing: int, planned: int) -> bool:
    """Whether so many missing pairs of those planned forbid a verdict."""
    return missing > MOST_MISSING * planned


def is_unjudged(row: Mapping[str, Any]) -> bool:
    """Whether a row of contrasts.json has no verdict for lack of pairs."""
    return row["verdict"] == "inconclusive" and too_few_pairs(row.get("missing", 0), row.get("planned", 0))


def pairs_missing(missing: int, planned: int) -> str:
    """The remark on such an ablation, where nothing is known of its arms."""
    return f"{missing} of {planned} {'pair is' if planned == 1 else 'pairs are'} missing"


def pairs_missing_of(missing: int, planned: int, own: int, of_reference: int) -> str:
    """The remark with how many runs there are of the ablation and of its reference, where there are any."""
    if not own and not of_reference:
        return pairs_missing(missing, planned)
    return f"{pairs_missing(missing, planned)}: it has {_runs(own)}, its reference {_runs(of_reference)}"


def _runs(number: int) -> str:
    return "no run" if not number else "1 run" if number == 1 else f"{number} runs"
