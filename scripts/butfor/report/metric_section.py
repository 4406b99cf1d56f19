"""The report's section on the metrics that a study asks for beside the one that decides."""

from __future__ import annotations

from butfor.languages.phrases import phrase, stored, term
from butfor.plain_text import counted
from butfor.report.fold_words import replicate
from butfor.report.interval_marks import RAISED, is_raised, mark_notes, marked_interval, uncorrected_note
from butfor.report.reference_names import reference_called
from butfor.study.metrics import Metric
from butfor.study.study_metrics import descriptive, judged_beside, judged_by, metrics_of, recorded_by
from butfor.study.summary import Study
from butfor.verdicts.numbers import NONE, effect_of, probability
from butfor.verdicts.rows import DESCRIBED, REFUSED, ContrastRow
from butfor.verdicts.words import listed, with_remark

MOST_OPEN = 3  # metrics whose tables stand open; more are folded


def metric_section(study: Study, rows: list[ContrastRow]) -> str:
    """A table for each metric that the study asks for, or a claim names, but the one that decides and those that the table of
    verdicts has; nothing for a study that asks for none."""
    others = [
        metric
        for name, metric in metrics_of(study).items()
        if name not in recorded_by(study) and name != study["verdict"]["metric"] and metric.rows(rows)
    ]
    if not others:
        return ""
    tables = [_table(metric, metric.rows(rows), study) for metric in others]
    if len(others) > MOST_OPEN:
        tables = [
            f"<details><summary>{_head(metric)}: {_tally(metric.rows(rows))}</summary>\n\n{table}\n\n</details>"
            for metric, table in zip(others, tables, strict=True)
        ]
    else:
        tables = [f"### {_head(metric)}\n\n{table}" for metric, table in zip(others, tables, strict=True)]
    picture = f"![{phrase('Effects on every metric')}](figures/effects_by_metric.png)"
    return "\n\n".join([f"## {phrase('Other metrics')}", _lead(study, rows), picture, *tables])


def _head(metric: Metric) -> str:
    title = term(metric.title)
    return title[0].upper() + title[1:]


def _lead(study: Study, rows: list[ContrastRow]) -> str:
    decides = term(judged_by(study).title)
    lead = (
        phrase("On the same folds as {metric}, of which the verdicts above are.", metric=decides)
        if study.get("replicates")
        else phrase("On the same seeds as {metric}, which decides when an ablation is settled.", metric=decides)
    )
    described = descriptive(study)
    if not described:
        again = phrase(
            "The verdicts on all other metrics together have α once more, corrected over {comparisons}.",
            comparisons=comparisons(study, rows),
        )
        return f"{lead} {again}"
    judged = [f"`{name}`" for name in metrics_of(study) if name in study.get("claimed", []) and name not in described]
    if not judged:
        only = phrase(
            "Described, not judged, as the study asks (verdict.others: descriptive): effects with intervals, each by itself and"
            " corrected for nothing."
        )
        return f"{lead} {only}"
    but = phrase(
        "Described, not judged, as the study asks (verdict.others: descriptive), but for {metrics}, which claims name: effects"
        " with intervals, each by itself and corrected for nothing.",
        metrics=", ".join(judged),
    )
    return f"{lead} {but}"


def comparisons(study: Study, rows: list[ContrastRow]) -> str:
    """How many comparisons the metrics that decide nothing are corrected over, and which: as the end of a sentence."""
    judged = sum(row["verdict"] not in REFUSED for row in judged_by(study).rows(rows))
    removed = sum(study.get("removed", {}).values())
    titles = [term(one.title) for one in judged_beside(study)]
    if study["verdict"]["corrected_over"] != "report":
        return phrase("each family's ablations on {metrics}", metrics=listed(titles))
    ablations = counted(judged, "ablation")
    if removed:
        ablations = phrase("{ablations} and {n} removed since", ablations=ablations, n=removed)
    return phrase(
        "{comparisons}: {ablations} on {metrics}",
        comparisons=counted((judged + removed) * len(titles), "comparison"),
        ablations=ablations,
        metrics=listed(titles),
    )


def _tally(rows: list[ContrastRow]) -> str:
    counts = {
        verdict: sum(row["verdict"] == verdict for row in rows) for verdict in dict.fromkeys(r["verdict"] for r in rows)
    }
    return ", ".join(phrase("{n} {verdict}", n=count, verdict=stored(verdict)) for verdict, count in counts.items())


def _table(metric: Metric, rows: list[ContrastRow], study: Study) -> str:
    margin = term(metric.margin_in_words(study["verdict"]))
    if margin and metric.higher_is_better:
        note = phrase("More is better; margin {margin}.", margin=margin)
    elif margin:
        note = phrase("Less is better; margin {margin}.", margin=margin)
    elif metric.higher_is_better:
        note = phrase("More is better; no margin, so a direction only and no “p same”.")
    else:
        note = phrase("Less is better; no margin, so a direction only and no “p same”.")
    head = [
        *(phrase("ablation"), phrase("against"), phrase("verdict")),
        phrase("effect, {unit}", unit=term(metric.unit.short)),
        *(phrase("interval"), phrase("p differ"), phrase("p same")),
        phrase("folds") if replicate(study) == "fold" else phrase("seeds"),
    ]
    rule = ["---"] * 3 + ["---:", ":---:"] + ["---:"] * 3
    tested = [row for row in rows if row["verdict"] != DESCRIBED]
    notes = [*mark_notes(rows, metric, bool(tested)), uncorrected_note(tested, study["verdict"]["alpha"])]
    note = " ".join(filter(None, [note, *notes]))
    ordered = sorted(rows, key=lambda row: metric.worth(row["effect"]))
    lines = "\n".join(
        "| " + " | ".join(cells) + " |" for cells in (head, rule, *(_cells(row, study) for row in ordered))
    )
    return f"{note}\n\n{lines}"


def _cells(row: ContrastRow, study: Study) -> list[str]:
    judged = row["verdict"] not in (*REFUSED, DESCRIBED)
    tested = judged and row["pairs"] > 1
    return [
        f"`{row['arm']}`",
        f"`{reference_called(study, row)}`",
        with_remark(row, "**") if judged else stored(row["verdict"]),
        effect_of(row),
        NONE if row["verdict"] in REFUSED else marked_interval(row),
        probability(row["p_difference"] if tested else None) + (RAISED if tested and is_raised(row) else ""),
        probability(row["p_equivalence"] if tested else None),
        f"{row['pairs']}",
    ]
