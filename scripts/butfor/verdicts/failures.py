"""The runs that left no usable model, arm by arm."""

from __future__ import annotations

from butfor.records.record import Record, Status
from butfor.study.placebo import study_seed
from butfor.study.study_metrics import ELSEWHERE
from butfor.study.summary import Study
from butfor.verdicts.rows import FailedRuns

ENDINGS: dict[Status, str] = {
    "commonest_class": "no better than the commonest class",
    "at_chance": "nothing learnt",
    "diverged": "diverged",
}
NO_VALUE = "no value"  # of a run made elsewhere, of which nobody says how it ended


def failed_runs(study: Study, records: list[Record]) -> list[FailedRuns]:
    """A row for the runs of an arm and a look that ended alike, in the order of the records."""
    verdict = study["verdict"]
    looks = {seed: look["name"] for look in study["looks"] for seed in look["seeds"]}
    first = min(looks)
    rows: dict[tuple[str, str, Status], FailedRuns] = {}
    for record in records:
        if record.failed(verdict["must_learn"], verdict["metric"]):
            arm, look, ending = record.arm, looks[study_seed(record.seed, first)], record.status
            row: FailedRuns = {
                "arm": arm,
                "look": look,
                "ending": NO_VALUE if study.get("task") == ELSEWHERE else ENDINGS[ending],
                "seeds": [],
                "reason": record.reason,
            }
            rows.setdefault((arm, look, ending), row)["seeds"].append(record.seed)
    return list(rows.values())
