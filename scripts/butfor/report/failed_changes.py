"""Changes of which every run failed and that no verdict settles yet: in the answer of a study they are named as that, since what
they lack is a model and not only seeds. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from butfor.languages.phrases import phrase
from butfor.missing_pairs import is_unjudged
from butfor.verdicts.words import listed


def failed_throughout(row: Mapping[str, Any]) -> bool:
    """Whether every run of an undecided row's ablation that is there failed; of one that is not judged yet, others may not."""
    failed, runs = row.get("failed_ablation") or 0, (row.get("planned") or 0) - (row.get("missing") or 0)
    return row["verdict"] == "inconclusive" and not is_unjudged(row) and failed == runs > 0


def failed_changes(names: Sequence[str], numbers: str, most: int) -> list[str]:
    """A sentence on such changes. numbers: how many runs of the first and of its reference failed. most: how many are named."""
    if len(names) == 1:
        return [
            phrase(
                "All runs of {change} failed ({numbers}), which decides nothing yet.", change=names[0], numbers=numbers
            )
        ]
    shown = [*names[:most], *([phrase("{n} more", n=len(names) - most)] if len(names) > most else [])]
    if not names:
        return []
    return [
        phrase(
            "All runs of {n} changes failed, which decides nothing yet: {changes}.", n=len(names), changes=listed(shown)
        )
    ]
