"""The report's table of verdicts, with the words around it."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from butfor.verdict_words import UNPROVEN, VOID, in_words, most_important, probability, signed

Study = dict[str, Any]
Rows = list[dict[str, Any]]

REFUSED = (VOID, UNPROVEN)


def verdicts(study: Study, rows: Rows, stopped: str, partial: bool) -> str:
    """How many of each verdict, what stands out, the figure of all effects, and every ablation's numbers.

    stopped: why no further look was taken, if the budget ended the study. partial: whether runs are still to come.
    """
    metric = study["verdict"]["metric"]
    settling = [row for row in rows if row["metric"] == metric]
    accuracy = [row for row in rows if row["metric"] == "test/accuracy"]
    losses = {row["arm"]: row for row in rows if row["metric"] == "test/loss"}
    judged = sum(row["verdict"] not in REFUSED for row in accuracy)
    counts = pd.Series([row["verdict"] for row in settling]).value_counts()
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    if metric != "test/accuracy":
        words = f"On {metric}, by which ablations are settled: {words}"
    head = (
        "| ablation | against | verdict | accuracy, points | interval* | p differ | p same | better | seeds"
        " | could see | failed | loss, nats | loss verdict |\n"
        "| --- | --- | --- | ---: | :---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
    )
    ordered = sorted(accuracy, key=lambda row: -math.inf if row["effect"] is None else row["effect"])
    lines = [_verdict_line(row, losses[row["arm"]]) for row in ordered]
    top = "\n".join([*_warnings(settling, stopped, partial), *(f"- {in_words(row)}" for row in most_important(rows))])
    level = 100 * (1 - study["verdict"]["alpha"])
    over = (
        f"over all {judged} that are judged" if study["verdict"]["corrected_over"] == "report" else "within each family"
    )
    note = (
        f"\\* {level:g} % for each ablation by itself; verdicts and p are corrected {over},"
        " so an interval may leave 0 out and the verdict still be inconclusive. "
        "Effects are the ablation minus its reference, paired by seed. “Hurts” means that the changed recipe is worse,"
        " so what was changed matters. “No meaningful difference” is shown, not assumed: the effect lies within the margin of"
        f" ±{study['verdict']['margin']:g} points. “Inconclusive” says that these seeds decide neither."
        " “Could see” is the smallest true effect that these seeds would have called real with a chance of 80 %."
        " “Failed” counts runs without a usable model, ablation : reference; where every run of one fails and none of the"
        " other, that decides without a test."
    )
    lacking = [f"`{row['arm']}` {_more_seeds(row)}" for row in settling if row["verdict"] == "inconclusive"]
    if lacking:
        note += (
            "\n\nSeeds that the undecided still lack, if effect and spread stay as they are (the strictest level that"
            f" the correction may ask for): {', '.join(lacking)}."
        )
    return (
        f"## Verdicts\n\n{words}. What stands out:\n\n{top}\n\n![Effects on test accuracy](figures/effects.png)\n\n"
        + "\n".join([head, *lines])
        + f"\n\n{note}"
    )


def _warnings(settling: Rows, stopped: str, partial: bool) -> list[str]:
    """What a reader must know before the verdicts: a study that decides nothing."""
    if partial or any(row["verdict"] not in ("inconclusive", *REFUSED) for row in settling):
        return []
    seen = max(row["planned"] for row in settling)
    remedy = f"The budget ended the study: {stopped}." if stopped else "Add a look: see `seeds`."
    return [f"- Nothing is decided about {settling[0]['metric']} with {seen} seeds. {remedy}"]


def _verdict_line(row: dict[str, Any], loss: dict[str, Any]) -> str:
    verdict = f"**{row['verdict']}**" + (f" ({row['remark']})" if row["remark"] else "")
    judged = row["verdict"] not in REFUSED
    interval = f"[{signed(row['low'], 2)}, {signed(row['high'], 2)}]" if judged and row["low"] is not None else "–"
    loss_verdict = loss["verdict"] + (f" ({loss['remark']})" if loss["remark"] == "identical" else "")
    cells = [
        f"`{row['arm']}`",
        f"`{row['reference']}`",
        verdict,
        signed(row["effect"], 2),
        interval,
        probability(row["p_difference"] if judged and row["pairs"] > 1 else None),
        probability(row["p_equivalence"] if judged and row["pairs"] > 1 else None),
        "–" if row["better"] is None else f"{100 * row['better']:.0f} %",
        f"{row['planned'] - row['missing']}",
        "–" if row["smallest_effect"] is None else f"±{row['smallest_effect']:.2f}",
        f"{row['failed_ablation']} : {row['failed_reference']}"
        + (f" (p {probability(row['p_failure'])})" if row["failed_ablation"] > row["failed_reference"] else ""),
        signed(loss["effect"], 4),
        loss_verdict,
    ]
    return "| " + " | ".join(cells) + " |"


def _more_seeds(row: dict[str, Any]) -> str:
    if row["more_seeds"] is None:
        return "unknown"
    return f"{row['more_seeds']:.0f}"
