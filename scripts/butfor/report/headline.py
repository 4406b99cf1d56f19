"""A finished study in a few lines. No pandas, so that they come at once."""

from __future__ import annotations

import json
from pathlib import Path

from butfor.checks.outcomes import CheckOutcome, CheckRow
from butfor.study.metrics import METRICS
from butfor.verdicts.words import in_words, most_important

REFUSED: dict[CheckOutcome, str] = {"void": "Void, nothing changed", "failed": "Not proven, no verdict"}


def headline(results: Path) -> str:
    """Where the report is, arms without a verdict, the three most important verdicts, and how to open MLflow."""
    rows = json.loads((results / "contrasts.json").read_text())
    metric = METRICS[json.loads((results / "comparison.json").read_text())["metric"]]
    verdicts = [f"  {in_words(row)}" for row in most_important(rows, metric)]
    return "\n".join([f"Report: {results / 'report.md'}", *refused(results), *verdicts, "Runs:   make ui"])


def refused(results: Path) -> list[str]:
    """The arms whose manipulation check says that they show nothing, a line per kind."""
    path = results / "checks.json"
    checks: list[CheckRow] = json.loads(path.read_text()) if path.is_file() else []
    named = {kind: [row["arm"] for row in checks if row["outcome"] == kind] for kind in REFUSED}
    return [f"{words}: {', '.join(named[kind])}" for kind, words in REFUSED.items() if named[kind]]
