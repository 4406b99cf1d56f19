"""Which of the learning rates that were tried is an arm's best."""

from __future__ import annotations

from typing import Any

LESS_IS_BETTER = ("loss", "mae")  # of what runs record
Rows = list[dict[str, Any]]


def chosen(rows: Rows, metric: str, higher_is_better: bool | None = None) -> dict[str, Any]:
    """The rate with the fewest failed runs, then with the best mean validation figure; of equals the first.

    rows: see rate_search.search. metric: the study's, whose validation counterpart decides, or the loss where a search does
    not measure that one. higher_is_better: the direction of a metric that a study asks for. Returns `rate`, whether it is at
    an `edge` of those tried, and the `seconds` of the whole search.
    """
    figure = metric.replace("test/", "validation/")
    if fallen_back := bool(rows) and figure not in rows[0]:
        figure = "validation/loss"
    less = figure.endswith(LESS_IS_BETTER) if higher_is_better is None or fallen_back else not higher_is_better
    rates = list(dict.fromkeys(row["rate"] for row in rows))

    def worth(rate: float) -> tuple[int, float]:
        values = [row[figure] for row in rows if row["rate"] == rate]
        finished = [value for value in values if value is not None]
        mean = sum(finished) / len(finished) if finished else 0.0
        return len(finished), -mean if less else mean

    best = max(rates, key=worth)
    return {"rate": best, "edge": best in (min(rates), max(rates)), "seconds": sum(row["seconds"] for row in rows)}
