"""The end of a report: how it was computed, what it cost, and where it comes from."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from butfor.arm import fingerprint
from butfor.contrasts import METRICS
from butfor.markdown import plain
from butfor.record import Record
from butfor.verdict_words import UNPROVEN, VOID

Study = dict[str, Any]
Rows = list[dict[str, Any]]


def method(study: Study, rows: Rows) -> str:
    """The statistics, with their settings, and what figures are measured on."""
    verdict, looks = study["verdict"], len(study["looks"])
    accuracy = [row for row in rows if row["metric"] == METRICS[0].name]
    judged = sum(row["verdict"] not in (VOID, UNPROVEN) for row in accuracy)
    loss_margin = verdict["loss_margin"]
    loss = f"margin ±{loss_margin:g} nats" if loss_margin else "no margin, so a direction only"
    found = [row["correlation"] for row in accuracy if row["correlation"] is not None]
    pairing = (
        f" The median correlation of paired accuracies over seeds is {pd.Series(found).median():+.2f}." if found else ""
    )
    return (
        "## How it was computed\n\n"
        f"K = {looks} planned look{'s' if looks > 1 else ''}"
        f" (after {', '.join(str(look['seen']) for look in study['looks'])} seeds), M = {judged} judged ablations,"
        f" α = {verdict['alpha']:g}, margin ±{verdict['margin']:g} accuracy points; loss: {loss}.\n\n"
        "Each seed drives separate streams for initial weights, batch order, dropout masks and the validation split, the"
        " same for every arm, so arms are compared in pairs. Per ablation and metric: a paired t test (p differ) and two"
        f" one-sided t tests against the margin (p same), both multiplied by K and corrected {_corrected(verdict)}."
        f" {_interval(verdict['alpha'], looks)} Failed runs are not averaged in: their counts are compared by Boschloo's"
        " exact test (none is asked where every run of one fails and none of the other), and an arm that fails more often"
        " than its reference is never said to help.\n\n"
        f"{_stopping(verdict['metric'], looks)}"
        "Accuracies and losses of training, validation and test images are all measured in inference mode and without"
        " penalty terms. Early stopping and the choice of epoch use validation images only; the test set is touched once"
        " per run, at its end. Seeds vary initialisation, order, split and masks, and the test set is fixed, so the"
        f" conclusions are about this test set.{pairing}"
    )


def _corrected(verdict: dict[str, Any]) -> str:
    if verdict["corrected_over"] == "report":
        return "over the M ablations by Holm's procedure"
    return (
        "over the ablations of each family by Holm's procedure, so that α holds within a family and not over the report"
    )


def _interval(alpha: float, looks: int) -> str:
    at_each = f", {100 * (1 - alpha / looks):g} % at each" if looks > 1 else ""
    return (
        f"The interval is the paired t interval at {100 * (1 - alpha):g} % over all looks{at_each}, before the correction"
        " over ablations."
    )


def _stopping(metric: str, looks: int) -> str:
    if looks == 1:
        return ""
    return (
        f"An ablation whose verdict on {metric} is not inconclusive after a look is settled: it gets no more seeds, its"
        " verdict stands, and in later corrections it counts with the probabilities that settled it. Other metrics are"
        " judged on the same seeds.\n\n"
    )


def cost(records: list[Record]) -> str:
    """Seconds per arm and phase."""
    seconds = pd.DataFrame([{"arm": record.arm, **record.timing["seconds"]} for record in records]).fillna(0.0)
    phases = [phase for phase in ("data", "compile", "train", "evaluate", "diagnose") if phase in seconds]
    totals = seconds.groupby("arm", sort=False)[phases].sum()
    lines = ["| arm | " + " | ".join(phases) + " | all |", "| --- |" + " ---: |" * (len(phases) + 1)]
    for arm, row in totals.iterrows():
        lines.append(f"| `{arm}` | " + " | ".join(f"{value:.1f}" for value in row) + f" | {row.sum():.1f} |")
    total = f"{totals.to_numpy().sum() / 60:.1f} minutes of training jobs in all, their start-up not counted."
    return f"## Cost\n\nSeconds per arm, all seeds together. {total}\n\n" + "\n".join(lines)


def provenance(study: Study, records: list[Record], source: str) -> str:
    """Study, data, code, versions and machine, and every arm's recipe by its fingerprint."""
    first = records[0]
    counts = (
        f"{first.data['train']} training, {first.data['validation']} validation and {first.data['test']} test images"
    )

    def values(key: str) -> str:
        return ", ".join(sorted({str(record.machine.get(key, "unknown")) for record in records}))

    arms = "\n".join(
        f"| `{arm['name']}` | `{_fingerprint(records, arm['name'])}` | {', '.join(arm['changed']) or '–'} |"
        for arm in study["arms"]
    )
    return (
        "## Provenance\n\n"
        f"- Study: fingerprint `{fingerprint(study)}` (its plan, recipes, seeds and verdict settings)\n"
        f"- Data: {first.data['name']}, fingerprint `{first.data['fingerprint']}`, {counts} per run, from {plain(source)}\n"
        f"- Code: revision {values('revision')}\n"
        f"- Versions: Python {values('python')}, TensorFlow {values('tensorflow')}, Keras {values('keras')},"
        f" NumPy {values('numpy')}\n"
        f"- Device: {values('device')}; {values('processor')}\n"
        f"- Loop: {', '.join(sorted({record.loop for record in records}))}\n\n"
        f"| arm | recipe | changed |\n| --- | --- | --- |\n{arms}\n\n"
        "The baseline's recipe:\n\n```json\n" + json.dumps(study["arms"][0]["recipe"], indent=1) + "\n```"
    )


def _fingerprint(records: list[Record], arm: str) -> str:
    return next((record.fingerprint for record in records if record.arm == arm), "no record")
