"""The report in under twenty lines of markdown, as a comment on a pull request: comment.md. Standard library only."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from butfor.checks.outcomes import CheckRow
from butfor.languages.phrases import ENGLISH, phrase, plural, speaking, stored, term
from butfor.plain_text import counted, plain
from butfor.records.files import write_atomically
from butfor.report.answer import Voice, answer_of, before_all, voice
from butfor.study.metrics import Metric
from butfor.study.study_metrics import ELSEWHERE, metrics_of
from butfor.verdicts.numbers import effect_of, interval_of
from butfor.verdicts.rows import Assessment, ClaimRow, Comparison, ContrastRow
from butfor.verdicts.words import by_importance, with_remark

MOST_ARMS = 6  # rows of the table
MOST_CLAIMS = 3
MOST_NAMED = 3  # arms in a line
SHOWN = {"refuted": "❌", "undecided": "❔", "supported": "✅"}


def write_comment(study: str, results: Path, path: Path, language: str = ENGLISH) -> None:
    """Write the comment on a finished study. results: the folder with contrasts.json, comparison.json, checks.json and, if the
    study has claims, claims.json."""
    claims: Assessment = _json(results / "claims.json", {"claims": [], "removed": 0, "deviations": []})
    with speaking(language):
        text = comment(
            study,
            _json(results / "contrasts.json", []),
            _json(results / "comparison.json", {}),
            _json(results / "checks.json", []),
            claims,
            results / "report.md",
        )
    write_atomically(path, text)


def comment(
    study: str,
    rows: list[ContrastRow],
    comparison: Comparison,
    checks: list[CheckRow],
    claims: Assessment,
    report: Path,
) -> str:
    """The text: verdicts counted, the answer, claims, the largest effects, what a reader must know, and where the rest is."""
    metric = metrics_of(comparison)[comparison["metric"]]
    on_metric = metric.rows(rows)
    counts = Counter(row["verdict"] for row in on_metric).most_common()
    tally = ", ".join(phrase("{n} {verdict}", n=count, verdict=stored(verdict)) for verdict, count in counts)
    runs = counted(comparison["runs"], "run")
    parts = [
        phrase(
            "**butfor, {study}**: {verdicts} (by {metric}, {runs}).",
            study=plain(study),
            verdicts=tally or phrase("no ablations"),
            metric=term(metric.title),
            runs=runs,
        ),
        *before_all(comparison),
        " ".join(answer_of(rows, comparison)),
        _claims(claims["claims"]),
        _table(rows, metric, len(on_metric), voice(comparison["arms"])),
        _warnings(comparison, checks, claims),
        phrase("Report: `{path}`", path=report),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _claims(claims: list[ClaimRow]) -> str:
    """The claims, those first that do not hold."""
    ordered = sorted(claims, key=lambda row: list(SHOWN).index(row["outcome"]))
    lines = [
        f"{SHOWN[row['outcome']]} {stored(row['outcome'])}: {plain(row['sentence'])}" for row in ordered[:MOST_CLAIMS]
    ]
    if len(claims) > MOST_CLAIMS:
        lines.append(plural("and {n} claim more", "and {n} claims more", len(claims) - MOST_CLAIMS))
    return "; ".join(lines)


def _table(rows: list[ContrastRow], metric: Metric, ablations: int, naming: Voice) -> str:
    shown = by_importance(metric.rows(rows))[:MOST_ARMS]
    if not shown:
        return ""
    effect = phrase("effect, {unit}", unit=term(metric.unit.short))
    heads = [phrase("ablation"), phrase("verdict"), effect, phrase("interval")]
    lines = [f"| {' | '.join(heads)} |", "| --- | --- | ---: | :---: |"]
    lines += [f"| {naming.name(r['arm'])} | {with_remark(r)} | {effect_of(r)} | {interval_of(r)} |" for r in shown]
    if ablations > len(shown):
        lines.append(f"| {phrase('and {n} more', n=ablations - len(shown))} | | | |")
    return "\n".join(lines)


def _warnings(comparison: Comparison, checks: list[CheckRow], claims: Assessment) -> str:
    """What must be known before the verdicts, in one line: void and unproven arms, failed runs, deviations from the plan."""
    kinds = ("void", "unproven", "unverified")
    named = {kind: [row["arm"] for row in checks if row["outcome"] == kind] for kind in kinds}
    failed = sum(len(row["seeds"]) for row in comparison["failed"])
    warnings = [f"{stored(kind)}: {_few(arms)}" for kind, arms in named.items() if arms]
    if failed:
        arms = list(dict.fromkeys(row["arm"] for row in comparison["failed"]))
        failed_runs = counted(failed, "failed run")
        warnings.append(
            phrase("{failed_runs} of {n}: {arms}", failed_runs=failed_runs, n=comparison["runs"], arms=_few(arms))
        )
    if comparison.get("task") == ELSEWHERE:
        warnings.append(phrase("these runs were made elsewhere, and nothing is proven of them"))
    if claims["deviations"]:
        warnings.append(
            plural("{n} deviation from the plan", "{n} deviations from the plan", len(claims["deviations"]))
        )
    return f"⚠️ {'; '.join(warnings)}." if warnings else ""


def _few(arms: list[str]) -> str:
    shown = ", ".join(f"`{arm}`" for arm in arms[:MOST_NAMED])
    more = len(arms) - MOST_NAMED
    return phrase("{arms} and {n} more", arms=shown, n=more) if more > 0 else shown


def _json(path: Path, otherwise: Any) -> Any:
    return json.loads(path.read_text()) if path.is_file() else otherwise
