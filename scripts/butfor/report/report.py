"""The study's report in markdown: its sections in their order. It computes nothing; only `write_report` touches files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from butfor.checks.outcomes import CheckRow
from butfor.plain_text import plain
from butfor.records.files import write_atomically
from butfor.records.record import Record
from butfor.records.tables import records_in
from butfor.report.arm_section import arm_section
from butfor.report.check_section import check_section
from butfor.report.claim_section import claim_section
from butfor.report.cost_section import cost_section
from butfor.report.deviation_section import deviation_section
from butfor.report.failure_section import failure_section
from butfor.report.family_section import family_section
from butfor.report.importance_section import importance_section
from butfor.report.interaction_section import interaction_section
from butfor.report.look_section import look_section
from butfor.report.method_section import method_section
from butfor.report.opening_section import baseline_section, opening_section
from butfor.report.partial_section import partial_section
from butfor.report.provenance_section import provenance_section
from butfor.report.refused_section import refused_section
from butfor.report.tuned_section import tuned_section
from butfor.report.verdict_section import verdict_section
from butfor.study.summary import DescribedStudy, families
from butfor.verdicts.next_look import planned_runs
from butfor.verdicts.rows import Assessment, Comparison, ContrastRow, Decision


@dataclass(frozen=True)
class Sources:
    """The files that a report is made from.

    folders: of the records. notes: of jobs that ended without records (see failure_note). checks, contrasts, comparison,
    claims: what was judged. decisions: what followed each look. data: where they came from.
    """

    folders: Sequence[Path | str]
    checks: Path | str
    contrasts: Path | str
    comparison: Path | str
    claims: Path | str
    decisions: Sequence[Path | str]
    data: Path | str
    notes: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class Evidence:
    """What those files hold. source: where the data came from, in words. warning: what a reader must know of them first."""

    records: list[Record]
    checks: list[CheckRow]
    contrasts: list[ContrastRow]
    comparison: Comparison
    claims: Assessment
    decisions: list[Decision]
    source: str
    warning: str = ""
    notes: Sequence[dict[str, Any]] = ()


def write_report(study: DescribedStudy, sources: Sources, report_path: Path | str) -> None:
    """Write the report of a study; figures lie in `figures/` beside it."""
    evidence = Evidence(
        records=records_in(sources.folders),
        checks=_json(sources.checks),
        contrasts=_json(sources.contrasts),
        comparison=_json(sources.comparison),
        claims=_json(sources.claims),
        decisions=[_json(path) for path in sources.decisions],
        source=_json(sources.data)["source"],
        warning=_json(sources.data).get("warning", ""),
        notes=sources.notes,
    )
    write_atomically(Path(report_path), report(study, evidence))


def report(study: DescribedStudy, evidence: Evidence) -> str:
    """The whole report: its sections in their order, those left out that have nothing to say."""
    records, rows, comparison = evidence.records, evidence.contrasts, evidence.comparison
    study = {**study, "removed": comparison.get("removed", {})}
    planned = planned_runs(study, evidence.decisions)
    partial = partial_section(study, records, planned, evidence.notes)
    if not records:
        return _joined(f"# {study['study']}", plain(study["question"]), partial)
    stopped = next((decision["stopped"] for decision in evidence.decisions if decision["stopped"]), "")
    return _joined(
        f"# {study['study']}",
        baseline_section(comparison),
        opening_section(study, records),
        f"> {evidence.warning}" if evidence.warning else "",
        partial,
        refused_section(evidence.checks),
        verdict_section(study, rows, stopped, partial=bool(partial)),
        deviation_section(evidence.claims),
        arm_section(study, comparison["arms"]),
        claim_section(study, evidence.claims),
        importance_section(study, rows, comparison["importance"]),
        interaction_section(study, rows, comparison["interactions"]),
        *(family_section(study, family, rows) for family in families(study)),
        tuned_section(study, rows, comparison["tuned"]),
        look_section(study, rows, evidence.decisions),
        failure_section(records, comparison["failed"], planned),
        check_section(evidence.checks),
        method_section(study, rows),
        cost_section(records),
        provenance_section(study, records, evidence.source),
    )


def _joined(*sections: str) -> str:
    return "\n\n".join(filter(None, sections)) + "\n"


def _json(path: Path | str) -> Any:
    return json.loads(Path(path).read_text())
