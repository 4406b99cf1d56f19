"""What the last report said of each arm: kept in the register, because Snakemake deletes a report before it is made anew."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict

from butfor.study.metrics import METRICS
from butfor.verdicts.register import Register, present
from butfor.verdicts.rows import SAME, ContrastRow

DEFINITE: Final = ("helps", "hurts", SAME)  # what nothing but a change takes back


class Reading(TypedDict):
    """An arm's verdict, with what the arm asked (see study/study_protocol.py; None where the register did not hold it yet),
    and the unit and decimals of a metric of the study's own."""

    asks: str | None
    metric: str
    verdict: str
    effect: float | None
    unit: NotRequired[str]
    decimals: NotRequired[int]


class Reported(TypedDict):
    """A report: when its verdicts were reached and after how many runs, the fingerprint of the data, and every arm's
    reading."""

    time: str
    runs: int
    data: str
    verdicts: dict[str, Reading]


def last_report(results: Path, register: Register, data: str) -> Reported | None:
    """What the report in a results folder says; None where there is none, or one that is older than its verdicts.

    Its runs are those that it was made from: by now there may be more, or fewer."""
    rows, report = results / "contrasts.json", results / "report.md"
    try:
        if report.stat().st_mtime_ns < rows.stat().st_mtime_ns:
            return None
        comparison = json.loads((results / "comparison.json").read_text())
        on_metric = [row for row in json.loads(rows.read_text()) if row["metric"] == comparison["metric"]]
        return reported(on_metric, register, comparison["runs"], data, rows)
    except (OSError, ValueError, KeyError):
        return None


def reported(rows: list[ContrastRow], register: Register, runs: int, data: str, path: Path) -> Reported:
    """The reading of contrasts on the metric that verdicts are asked of; path: of the file that holds them."""
    arms: dict[str, Any] = present(register["arms"])
    readings: dict[str, Reading] = {
        row["arm"]: {
            "asks": arms.get(row["arm"], {}).get("asks"),
            "metric": row["metric"],
            "verdict": row["verdict"],
            "effect": row["effect"],
            **({} if row["metric"] in METRICS else {"unit": row["unit"], "decimals": row["decimals"]}),  # type: ignore[typeddict-item]
        }
        for row in rows
    }
    reached = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return {"time": reached.strftime("%Y-%m-%dT%H:%M:%SZ"), "runs": runs, "data": data, "verdicts": readings}
