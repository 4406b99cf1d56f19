"""The report on what has been trained so far: every stage after training, from the records that exist."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from butfor.checks.manipulation import check
from butfor.figures.draw import draw
from butfor.process.failure_note import read_notes
from butfor.records.results_folder import results_of
from butfor.report.report import Sources, write_report
from butfor.study.summary import DescribedStudy
from butfor.verdicts.claim_outcomes import assess
from butfor.verdicts.comparison import compare


def write_partial_report(
    study: DescribedStudy,
    claims: dict[str, Any],
    folders: Sequence[str],
    decisions: Sequence[str],
    data: str,
    register_path: str,
    report_path: str,
) -> None:
    """Check, compare, draw, assess and report, into the folder of the report; runs that are missing count as missing."""
    report, results = Path(report_path), results_of(Path(register_path))
    files = {name: report.with_name(f"{name}.json") for name in ("checks", "contrasts", "comparison", "claims")}
    check(study, folders, files["checks"])
    compare(study, folders, files["checks"], files["contrasts"], tables=report.with_name("tables"))
    draw(study, folders, files["contrasts"], figures=report.with_name("figures"))
    assess(study, claims, folders, files["contrasts"], decisions, register_path, files["claims"])
    write_report(study, Sources(folders, **files, decisions=decisions, data=data, notes=read_notes(results)), report)
