"""What a paper is made from: the same frames as the report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from butfor.paper.row_labels import Parts, row_labels
from butfor.records.record import Record
from butfor.records.results_folder import records_of
from butfor.records.tables import records_in
from butfor.study.metrics import Metric
from butfor.study.study_metrics import beside, judged_by
from butfor.study.summary import DescribedStudy
from butfor.verdicts.as_recorded import as_recorded
from butfor.verdicts.decision import Decision
from butfor.verdicts.rows import ArmRow, Assessment, Comparison, ContrastRow
from butfor.verdicts.shown_intervals import with_shown_intervals

Paths = Sequence[Path | str]


@dataclass(frozen=True)
class PaperSources:
    """The files. folders: of the records. decisions: what followed each look. tuned: folders of records at tuned rates."""

    folders: Paths
    contrasts: Path | str
    comparison: Path | str
    claims: Path | str
    decisions: Paths = ()
    measured: Paths = ()


@dataclass(frozen=True)
class PaperEvidence:
    """What they hold. parts: the recipe keys that can be taken out. digest: of all records, by which numbers are found again."""

    study: DescribedStudy
    records: list[Record]
    contrasts: list[ContrastRow]
    comparison: Comparison
    claims: Assessment
    decisions: list[Decision]
    parts: Parts
    digest: str

    @property
    def metric(self) -> Metric:
        """The metric that decides."""
        return judged_by(self.study)

    @property
    def metrics(self) -> list[Metric]:
        """That metric, and those beside it."""
        return [self.metric, *beside(self.study)]

    @property
    def labels(self) -> dict[str, str]:
        """What each arm is called, by its name without the data set."""
        return row_labels(self.study, self.parts)

    @property
    def arms(self) -> dict[str, ArmRow]:
        """What every arm reaches."""
        return {row["arm"]: row for row in self.comparison["arms"]}

    @property
    def data_sets(self) -> list[str]:
        """The data sets, where there are several."""
        across = self.comparison["across"]
        return across["data_sets"] if across else []

    @property
    def settling(self) -> list[ContrastRow]:
        """The contrasts on the metric that decides."""
        return self.metric.rows(self.contrasts)

    def origin(self) -> str:
        """The study, when its last run ended, the revision and the records, in a line."""
        ended = max((float(record.timing.get("ended", 0)) for record in self.records), default=0.0)
        day = datetime.fromtimestamp(ended, UTC).strftime("%Y-%m-%d")
        revisions = sorted({str(record.machine.get("revision", "unknown")) for record in self.records})
        return (
            f"study {self.study['study']}; {len(self.records)} runs, the last on {day}; butfor {', '.join(revisions)};"
            f" records {self.digest}"
        )


def gathered(study: DescribedStudy, sources: PaperSources, parts: Parts) -> PaperEvidence:
    """Read the files."""
    records = records_in(sources.folders, sources.measured)
    comparison: Comparison = _json(sources.comparison)
    asked: DescribedStudy = {**study, "removed": comparison.get("removed", {})}
    described = as_recorded(asked, records)
    return PaperEvidence(
        study=described,
        records=records,
        contrasts=with_shown_intervals(_json(sources.contrasts)),
        comparison=comparison,
        claims=_json(sources.claims),
        decisions=[_json(path) for path in sources.decisions],
        parts=parts,
        digest=_digest(sources.folders),
    )


def _digest(folders: Paths) -> str:
    """Of the records, whatever folder they lie in."""
    files = sorted(path for folder in folders for path in records_of(Path(folder)))
    digests = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
    return "sha256:" + hashlib.sha256("".join(digests).encode()).hexdigest()[:16]


def _json(path: Path | str) -> Any:
    return json.loads(Path(path).read_text())
