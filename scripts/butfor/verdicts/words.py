"""Verdicts in words: which contrasts matter most, each in one line, and what follows a look. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from butfor.plain_text import counted
from butfor.study.metrics import Metric
from butfor.verdicts.numbers import duration, effect_of, interval_of
from butfor.verdicts.rows import REFUSED, ContrastRow, Decision


def most_important(rows: list[ContrastRow], metric: Metric, count: int = 3) -> list[ContrastRow]:
    """The decided contrasts on a metric with the largest effects, total failures first, and what helps most in any case;
    then the others."""
    on_metric = metric.rows(rows)
    decided = [row for row in on_metric if row["verdict"] in ("helps", "hurts")]
    others = [row for row in on_metric if row not in decided and row["verdict"] not in REFUSED]
    decided.sort(key=lambda row: (row["pairs"] > 0, -abs(row["effect"] or 0.0)))
    others.sort(key=lambda row: (row["verdict"] == "inconclusive", -abs(row["effect"] or 0.0)))
    first = (decided + others)[:count]
    best = next((row for row in decided if row["verdict"] == "helps"), None)
    return first if best is None or best in first else [*first[:-1], best]


def unlisted(rows: list[ContrastRow], metric: Metric) -> list[str]:
    """A line on how many decided contrasts are not among the most important; none if all are."""
    decided = [row for row in metric.rows(rows) if row["verdict"] in ("helps", "hurts")]
    more = sum(row not in most_important(rows, metric) for row in decided)
    return [f"and {more} more that {'help or hurt' if more > 1 else 'helps or hurts'}"] if more else []


def in_words(row: ContrastRow) -> str:
    """A contrast in one line: what was changed, what it did, by how much."""
    if not row["pairs"]:
        return f"{row['arm']}: {with_remark(row)}"
    interval = f" {interval_of(row)}" if row["low"] is not None else ""
    return f"{row['arm']}: {with_remark(row)}, {effect_of(row)} {row['unit']}{interval} against {row['reference']}"


def with_remark(row: Mapping[str, Any], mark: str = "") -> str:
    """A row's verdict with the remark on it, if there is one; the verdict between marks such as `**`."""
    return f"{mark}{row['verdict']}{mark}" + (f" ({row['remark']})" if row["remark"] else "")


def decision_in_words(decision: Decision) -> str:
    """What follows a look in one line."""
    text = (
        f"After {counted(decision['seen'], 'seed')} {decision['settled']} of"
        f" {counted(decision['ablations'], 'ablation')} {'is' if decision['ablations'] == 1 else 'are'} settled."
    )
    if decision["stopped"]:
        return f"{text} No look at {decision['following']}: {decision['stopped']}."
    if not decision["next"]:
        return text
    arms = decision["next"]
    return (
        f"{text} The look at {decision['following']} trains {counted(decision['runs'], 'run')} of"
        f" {counted(len(arms), 'arm')},"
        f" about {duration(decision['hours'])} of one device, starts not counted: {', '.join(arms)}."
    )


def listed(words: Sequence[str]) -> str:
    """Words in a row, the last after an `and`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def seeds_in_words(seeds: Sequence[int]) -> str:
    """Seeds as `seed 3`, `seeds 0 to 4` or `seeds 1, 3`."""
    several = len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[-1] + 1))
    words = f"{seeds[0]} to {seeds[-1]}" if several else ", ".join(map(str, seeds))
    return f"seed {words}" if len(seeds) == 1 else f"seeds {words}"
