"""What a finished study says in five lines. No pandas, so that it comes at once."""

from __future__ import annotations

import json
from pathlib import Path

from butfor.verdict_words import in_words, most_important


def headline(results: Path) -> str:
    """Where the report is, the three most important verdicts, and how to open MLflow."""
    rows = json.loads((results / "contrasts.json").read_text())
    verdicts = [f"  {in_words(row)}" for row in most_important(rows)]
    return "\n".join([f"Report: {results / 'report.md'}", *verdicts, "Runs:   make ui"])
