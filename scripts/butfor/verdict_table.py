"""The report's table of verdicts, with the words around it."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from butfor.verdict_words import UNPROVEN, VOID, in_words, most_important, probability, signed

Study = dict[str, Any]
Rows = list[dict[str, Any]]

REFUSED = (VOID, UNPROVEN)


def verdicts(study: Study, rows: Rows) -> str:
    """How many of each verdict, what stands out, the figure of all effects, and every ablation's numbers."""
    accuracy = [row for row in rows if row["metric"] == "test/accuracy"]
    losses = {row["arm"]: row for row in rows if row["metric"] == "test/loss"}
    judged = sum(row["verdict"] not in REFUSED for row in accuracy)
    counts = pd.Series([row["verdict"] for row in accuracy]).value_counts()
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    head = (
        "| ablation | against | verdict | accuracy, points | interval* | p differ | p same | better | seeds"
        " | could see | failed | loss, nats | loss verdict |\n"
        "| --- | --- | --- | ---: | :---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
    )
    ordered = sorted(accuracy, key=lambda row: -math.inf if row["effect"] is None else row["effect"])
    lines = [_verdict_line(row, losses[row["arm"]]) for row in ordered]
    top = "\n".join([*_warnings(accuracy), *(f"- {in_words(row)}" for row in most_important(rows))])
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
        " “Failed” counts runs without a usable model, ablation : reference."
    )
    lacking = [f"`{row['arm']}` {_more_seeds(row)}" for row in ordered if row["verdict"] == "inconclusive"]
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


def _warnings(accuracy: Rows) -> list[str]:
    """What a reader must know before the verdicts: a study that decides nothing."""
    undecided = all(row["verdict"] in ("inconclusive", *REFUSED) for row in accuracy)
    lines = []
    if undecided:
        seen = max(row["planned"] for row in accuracy)
        lines.append(f"- Nothing is decided about test accuracy with {seen} seeds. Add a look: see `seeds`.")
    return lines


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
