"""The study's report in markdown: its sections in their order. It computes nothing; only `write_report` touches files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from butfor.checks.outcomes import CheckRow
from butfor.figures.pictured_families import are_pictured_together
from butfor.figures.shown_language import figures_warning
from butfor.languages.phrases import ENGLISH, language_of, phrase, speaking, stored
from butfor.plain_text import plain
from butfor.process.rare_collection import collect_rarely
from butfor.records.files import write_atomically
from butfor.records.indented_json import indented
from butfor.records.record import Record
from butfor.records.tables import records_in
from butfor.report.answer import answer_of
from butfor.report.arm_cost_section import Costs, arm_cost_section
from butfor.report.arm_section import arm_section
from butfor.report.changed_loss import changed_loss
from butfor.report.check_section import check_section
from butfor.report.claim_section import claim_section
from butfor.report.constant_monitors import constant_monitors
from butfor.report.cost_section import cost_section
from butfor.report.data_set_section import data_set_section
from butfor.report.details import details
from butfor.report.deviation_section import deviation_section
from butfor.report.failure_section import failure_section
from butfor.report.families_section import families_section
from butfor.report.family_section import family_section
from butfor.report.figure_section import figure_section
from butfor.report.importance_section import importance_section
from butfor.report.interaction_section import interaction_section
from butfor.report.long_tables import shortened
from butfor.report.look_section import look_section
from butfor.report.method_section import method_section
from butfor.report.metric_section import metric_section
from butfor.report.mixed_numerics import mixed_numerics
from butfor.report.numbers_section import numbers_section
from butfor.report.opening_section import baseline_section, opening_section
from butfor.report.partial_section import partial_section
from butfor.report.placebo_section import placebo_section, placebo_warning
from butfor.report.provenance_section import provenance_section
from butfor.report.refused_section import refused_section
from butfor.report.run_costs import run_costs
from butfor.report.source_section import places_of, run_table, source_section
from butfor.report.summary_json import SUMMARY, summary
from butfor.report.test_set_section import test_set_section, test_set_warning
from butfor.report.tuned_section import tuned_section
from butfor.report.verdict_section import verdict_section
from butfor.report.warning_section import warning_section
from butfor.study.summary import DescribedStudy, families
from butfor.study.watched_losses import titles_in
from butfor.verdicts.as_recorded import as_recorded
from butfor.verdicts.decision import Decision
from butfor.verdicts.next_look import planned_runs
from butfor.verdicts.rows import Assessment, Comparison, ContrastRow


@dataclass(frozen=True)
class Sources:
    """The files that a report is made from.

    folders: of the records. notes: of jobs that ended without records (see failure_note). checks, contrasts, comparison,
    claims: what was judged. decisions: what followed each look. data: where each data set came from. costs: of the arms, if
    measured. measured: of what runs are worth by the metrics that the study asks for.
    """

    folders: Sequence[Path | str]
    checks: Path | str
    contrasts: Path | str
    comparison: Path | str
    claims: Path | str
    decisions: Sequence[Path | str]
    data: Path | str | Sequence[Path | str]
    costs: Sequence[Path | str] = ()
    notes: Sequence[dict[str, Any]] = ()
    measured: Sequence[Path | str] = ()


@dataclass(frozen=True)
class Evidence:
    """What those files hold. sources: where each data set came from, in words. warnings: what to know first. places: of each
    arm's records, as a link from the report."""

    records: list[Record]
    checks: list[CheckRow]
    contrasts: list[ContrastRow]
    comparison: Comparison
    claims: Assessment
    decisions: list[Decision]
    sources: list[str]
    warnings: Sequence[str] = ()
    costs: Costs | None = None
    notes: Sequence[dict[str, Any]] = ()
    places: Mapping[str, str] = field(default_factory=dict)


def write_report(study: DescribedStudy, sources: Sources, report_path: Path | str) -> None:
    """Write the report of a study in its language, and summary.json, its verdicts for programs, beside it in English; figures lie
    in `figures/` there."""
    collect_rarely()
    data = [sources.data] if isinstance(sources.data, Path | str) else sources.data
    evidence = Evidence(
        records=records_in(sources.folders, sources.measured),
        checks=_json(sources.checks),
        contrasts=_json(sources.contrasts),
        comparison=_json(sources.comparison),
        claims=_json(sources.claims),
        decisions=[_json(path) for path in sources.decisions],
        sources=[_json(path)["source"] for path in data],
        warnings=[*filter(None, [*(_json(path).get("warning", "") for path in data), _on_figures(study, report_path)])],
        costs=next(map(_json, sources.costs), None),
        notes=sources.notes,
        places=places_of(study, sources.folders, Path(report_path)),
    )
    with speaking(language_of(study)):
        write_atomically(Path(report_path), report(study, evidence))
    with speaking(ENGLISH):
        content = _summary(study, evidence)
    write_atomically(Path(report_path).with_name(SUMMARY), indented(content, ensure_ascii=False))


def _on_figures(study: DescribedStudy, report_path: Path | str) -> str:
    return figures_warning(Path(report_path).with_name("figures"), language_of(study))


def report(study: DescribedStudy, evidence: Evidence) -> str:
    """The whole report: its sections in their order, those left out that have nothing to say."""
    records, rows, comparison = evidence.records, evidence.contrasts, evidence.comparison
    study = {**study, "removed": comparison.get("removed", {})}
    study = as_recorded(study, records)
    planned = planned_runs(study, evidence.decisions)
    partial = partial_section(study, records, planned, evidence.notes)
    if not records:
        return _joined(f"# {study['study']}", plain(study["question"]), partial)
    stopped = next((decision["stopped"] for decision in evidence.decisions if decision["stopped"]), "")
    warned, costs = test_set_warning(study, rows, records), run_costs(records)
    quantity = [*changed_loss(study, records), *constant_monitors(records, titles_in(study))]
    return _joined(
        f"# {study['study']}",
        baseline_section(comparison),
        placebo_warning(comparison),
        opening_section(study, records),
        " ".join(answer_of(rows, comparison)),
        *(f"> {stored(warning)}" for warning in evidence.warnings),
        partial,
        # A quotation each, since two lists of one would be read as one list.
        refused_section(evidence.checks),
        mixed_numerics(evidence.checks),
        warning_section(study, rows, comparison, evidence.claims, stopped, bool(partial), warned, quantity),
        data_set_section(study, rows, comparison.get("across")),
        verdict_section(study, rows, comparison["arms"], evidence.places, costs),
        *(
            [families_section(study, rows)]
            if are_pictured_together(study)
            else (family_section(study, family, rows) for family in families(study))
        ),
        interaction_section(study, rows, comparison["interactions"]),
        claim_section(study, evidence.claims),
        tuned_section(study, rows, comparison["tuned"]),
        metric_section(study, rows),
        arm_cost_section(study, rows, records, evidence.costs),
        cost_section(records, costs),
        f"## {phrase('Details')}",
        *map(details, _details(study, evidence, planned)),
    )


def _details(study: DescribedStudy, evidence: Evidence, planned: int) -> list[str]:
    """What is folded away, in the order in which it is asked for."""
    records, rows, comparison = evidence.records, evidence.contrasts, evidence.comparison
    return [
        deviation_section(evidence.claims),
        numbers_section(study, rows),
        arm_section(study, comparison["arms"]),
        importance_section(study, rows, comparison["importance"]),
        test_set_section(study, rows, records, bool(comparison.get("grouped"))),
        look_section(study, rows, evidence.decisions),
        failure_section(records, comparison["failed"], planned, study.get("replicates")),
        check_section(evidence.checks),
        placebo_section(comparison),
        figure_section(study),
        method_section(study, rows, records),
        "\n\n".join(filter(None, [source_section(evidence.places), run_table(study, records, evidence.places)])),
        provenance_section(study, records, evidence.sources),
    ]


def _summary(study: DescribedStudy, evidence: Evidence) -> dict[str, Any]:
    study, comparison, records = as_recorded(study, evidence.records), evidence.comparison, evidence.records
    partial = len(records) < planned_runs(study, evidence.decisions)
    costs = run_costs(records)
    return summary(
        study, evidence.contrasts, comparison, evidence.checks, evidence.claims, costs, evidence.places, partial
    )


def _joined(*sections: str) -> str:
    return shortened("\n\n".join(filter(None, sections)) + "\n")


def _json(path: Path | str) -> Any:
    return json.loads(Path(path).read_text())
