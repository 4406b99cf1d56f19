"""What a study must not have found, by its `fail_on`: then a start ends with an exit code of its own, after the report.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from butfor.study.study_metrics import metrics_of

EXIT_CODE = 3  # Snakemake's own are 0 and 1, and 2 for a command line that it cannot read
MOST_NAMED = 5


def matches(results: Path, fail_on: Collection[str]) -> dict[str, list[str]]:
    """What was asked for and is there: by word, the claims, arms or deviations that it is true of."""
    return {word: names for word in fail_on if (names := FINDERS[word](results))}


def sentence(by_demand: dict[str, list[str]]) -> str:
    """What was found, in one line."""
    words = [f"{word}: {_few(names, '; ' if word == 'deviation' else ', ')}" for word, names in by_demand.items()]
    return f"fail_on: {'; '.join(words)}. The report is complete; the exit code is {EXIT_CODE}."


def _claims(outcome: str) -> Callable[[Path], list[str]]:
    return lambda results: [r["claim"] for r in _json(results / "claims.json")["claims"] if r["outcome"] == outcome]


def _checks(outcome: str) -> Callable[[Path], list[str]]:
    return lambda results: [row["arm"] for row in _json(results / "checks.json") if row["outcome"] == outcome]


def _verdicts(verdict: str) -> Callable[[Path], list[str]]:
    """Of the metric that decides."""

    def named(results: Path) -> list[str]:
        comparison, rows = _json(results / "comparison.json"), _json(results / "contrasts.json")
        deciding = metrics_of(comparison)[comparison["metric"]].rows(rows)
        return [row["arm"] for row in deciding if row["verdict"] == verdict]

    return named


def _placebos(results: Path) -> list[str]:
    """Those that show something, which they must not."""
    return [row["arm"] for row in _json(results / "comparison.json").get("placebo", []) if row["shows"]]


def _failed(results: Path) -> list[str]:
    return list(dict.fromkeys(row["arm"] for row in _json(results / "comparison.json")["failed"]))


def _deviations(results: Path) -> list[str]:
    return [str(words) for words in _json(results / "claims.json")["deviations"]]


FINDERS: dict[str, Callable[[Path], list[str]]] = {
    "refuted": _claims("refuted"),
    "undecided": _claims("undecided"),
    "failed": _failed,
    "void": _checks("void"),
    "unproven": _checks("unproven"),
    "unverified": _checks("unverified"),
    "deviation": _deviations,
    "placebo": _placebos,
    "no verdict": _verdicts("no verdict"),
    "inconclusive": _verdicts("inconclusive"),
    "hurts": _verdicts("hurts"),
    "helps": _verdicts("helps"),
}


def _few(entries: list[str], between: str) -> str:
    """Names, or sentences without their full stops, a few of many."""
    names, more = [words.rstrip(".") for words in entries], len(entries) - MOST_NAMED
    return between.join(names) if more <= 0 else f"{between.join(names[:MOST_NAMED])} and {more} more"


def _json(path: Path) -> Any:
    return json.loads(path.read_text())
