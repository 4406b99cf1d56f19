"""The report on what has been trained so far: every stage after training, from the records that exist."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from butfor.checks.manipulation import check
from butfor.figures.draw import draw
from butfor.metrics.measuring import measure
from butfor.process.failure_note import read_notes
from butfor.records import kept_predictions
from butfor.records.record import read, write
from butfor.records.results_folder import results_of
from butfor.report.report import Sources, write_report
from butfor.study.summary import DescribedStudy
from butfor.verdicts.claim_outcomes import assess
from butfor.verdicts.comparison import compare
from butfor.verdicts.example_errors import Grouped


def write_partial_report(
    study: DescribedStudy,
    claims: dict[str, Any],
    folders: Sequence[str],
    finished: Sequence[str],
    decisions: Sequence[str],
    data: str | Sequence[str],
    measuring: dict[str, Any],
    measured: Sequence[str],
    arrays: Sequence[str],
    manifests: Sequence[str],
    register_path: str,
    report_path: str,
    grouped: Grouped | None = None,
) -> None:
    """Check, compare, draw, assess and report, into the folder of the report; runs that are missing count as missing.

    folders: of the records of jobs that have ended. finished: the records of seeds whose job goes on. measuring: see
    Targets.measuring. measured: the files of what was measured already.
    grouped: as of compare.
    """
    report, results = Path(report_path), results_of(Path(register_path))
    folders = [*folders, *_kept(study, finished, report.with_name("seeds"), measuring["predictions"])]
    files = {name: report.with_name(f"{name}.json") for name in ("checks", "contrasts", "comparison", "claims")}
    check(study, folders, files["checks"])
    measures = []
    if measuring["metrics"]:
        measures = [report.with_name("measures.json")]
        measure(measuring, folders, arrays, manifests, measures[0], known=measured)
    tables = report.with_name("tables")
    compare(
        study,
        folders,
        files["checks"],
        files["contrasts"],
        tables,
        register_path=register_path,
        measured=measures,
        grouped=grouped,
    )
    draw(study, folders, files["contrasts"], figures=report.with_name("figures"), measured=measures)
    assess(
        study, claims, folders, files["contrasts"], decisions, register_path, files["claims"], measures, grouped=grouped
    )
    sources = Sources(
        folders,
        checks=files["checks"],
        contrasts=files["contrasts"],
        comparison=files["comparison"],
        claims=files["claims"],
        decisions=decisions,
        data=data,
        notes=read_notes(results),
        measured=measures,
    )
    write_report(study, sources, report)


def _kept(study: DescribedStudy, finished: Sequence[str], kept: Path, parts: Sequence[str] = ()) -> list[str]:
    """The folders, a new one per arm in the folder `kept`, with copies of those records that were made by the study's
    recipes, and have predictions on those parts of the data that it needs: a job that ends meanwhile moves its own."""
    shutil.rmtree(kept, ignore_errors=True)
    recipes = {arm["name"]: arm["recipe"] for arm in study["arms"]}
    folders = []
    for path in map(Path, finished):
        with contextlib.suppress(FileNotFoundError):
            record = read(path)
            if record.recipe == recipes.get(record.arm) and kept_predictions.holds(path, parts):
                write(kept / record.arm / path.name, record)
                with contextlib.suppress(FileNotFoundError):
                    shutil.copy2(kept_predictions.beside(path), kept / record.arm)
                folders.append(str(kept / record.arm))
    return list(dict.fromkeys(folders))
