"""How far the differences between an ablation and its reference spread from seed to seed, as far as records tell."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, stdev
from typing import Any, Literal

from butfor.outlook.known_runs import folders_beside
from butfor.records.record import Record
from butfor.records.results_folder import MANIFEST, data_file
from butfor.study.summary import Study
from butfor.verdicts.paired_values import differences

ASSUMED = {"test/accuracy": 0.35}  # points: of two runs that share nothing, each with the 0.25 that papers report
# The share of test examples that two such runs answer otherwise, if they do so by themselves: of 10 000 examples, the difference
# of the two accuracies then spreads by sqrt(share / examples), the 0.35 points of above.
UNLIKE = 0.1225
FEWEST = 3  # differences by which a spread is told


@dataclass(frozen=True)
class Spread:
    """sd: the standard deviation of paired differences, in the metric's unit. source: what tells it: this study's records, those
    of an earlier study in `folder`, nothing (assumed, for so many test `examples`), or that it is unknown, and 1 stands
    for it."""

    sd: float
    source: Literal["records", "earlier", "assumed", "unknown"]
    ablations: int = 0
    folder: str = ""
    examples: int = 0


def usual_spread(study: Study, records: list[Record], results: Path, data: str, test: int | None) -> Spread:
    """The usual spread: the middle one of the ablations', by records of this study or else of one on the same data. test: how
    many test examples there are, if that is known: by fewer, a share is told less closely."""
    metric = study["verdict"]["metric"]
    own = [stdev(d) for d in differences(study, records).values() if len(d) >= FEWEST]
    if own and (usual := median(own)):
        return Spread(usual, "records", len(own))
    for folder in folders_beside(results):
        judged = _judged(folder, metric, data)
        if judged and (usual := median(judged)):
            return Spread(usual, "earlier", len(judged), str(folder))
    if metric in ASSUMED and test:
        return Spread(max(ASSUMED[metric], 100 * math.sqrt(UNLIKE / test)), "assumed", examples=test)
    return Spread(1.0, "unknown")


def _judged(folder: Path, metric: str, data: str) -> list[float]:
    """The spreads that an earlier study on the data of that name has judged its ablations by."""
    about, rows = _json(data_file(folder, MANIFEST, "")), _json(folder / "contrasts.json")
    if not isinstance(about, dict) or about.get("name") != data or not isinstance(rows, list):
        return []
    return list(_spreads(rows, metric))


def _spreads(rows: list[Any], metric: str) -> Iterable[float]:
    for row in rows:
        if row.get("metric") == metric and (row.get("pairs") or 0) >= FEWEST and row.get("sd"):
            yield float(row["sd"])


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
