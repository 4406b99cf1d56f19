"""The report's section on verdicts at learning rates that were tuned for every arm."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from butfor import contrasts, frames
from butfor.rate_choice import chosen
from butfor.record import Record
from butfor.verdict_words import signed

Study = dict[str, Any]
Rows = list[dict[str, Any]]


def section(study: Study, checks: Rows, fixed: Rows, folders: Iterable[Path], searches: Iterable[Path]) -> list[str]:
    """The report's section, empty without a search: every ablation at the recipe's rate and at tuned rates, and the cost.

    fixed: the contrasts at the recipe's rates. folders: of the runs at tuned rates. searches: what they found.
    """
    metric = study["verdict"]["metric"]
    tried = [json.loads(path.read_text()) for path in searches]
    found = {one["arm"]: chosen(one["tried"], metric) for one in tried}
    if not found:
        return []
    records = frames.records_in(folders)
    arms = [arm for arm in study["arms"] if arm["name"] in found]
    refused = [row for row in checks if row["outcome"] != "proven"]
    rows = contrasts.judge({**study, "arms": arms}, records, refused)
    tuned = {row["arm"]: row for row in rows if row["metric"] == metric}
    lines = [
        _line(row, tuned.get(row["arm"]), found)
        for row in sorted(fixed, key=lambda row: (row["effect"] is not None, row["effect"]))
        if row["metric"] == metric
    ]
    edges = [f"`{arm}`" for arm, best in found.items() if best["edge"]]
    edge = f" The best rate was at the edge of those tried for {', '.join(edges)}: try more." if edges else ""
    unit = next(row["unit"] for row in fixed if row["metric"] == metric)
    head = (
        f"| ablation | at the recipe's rate | effect, {unit} | at tuned rates | effect | interval"
        " | rate, ablation : reference |\n| --- | --- | ---: | --- | ---: | :---: | ---: |"
    )
    return [
        "## With the learning rate tuned\n\nEvery arm was given the same search: the rates"
        f" {', '.join(f'{rate:g}' for rate in study['tune']['rates'])}, {len(study['tune']['seeds'])} seeds each that are"
        f" none of the study's, judged on validation images. Then arms were compared again, each at its best rate.{edge}\n\n"
        + "\n".join([head, *lines])
        + f"\n\n{_cost(found, records)}"
    ]


def _line(fixed: dict[str, Any], tuned: dict[str, Any] | None, found: dict[str, dict[str, Any]]) -> str:
    start = f"| `{fixed['arm']}` | {fixed['verdict']} | {signed(fixed['effect'], 2)} |"
    if tuned is None:
        return f"{start} its subject is the learning rate | – | – | – |"
    mark = "" if tuned["verdict"] == fixed["verdict"] else "**"
    interval = "–" if tuned["pairs"] < 2 else f"[{signed(tuned['low'], 2)}, {signed(tuned['high'], 2)}]"
    rates = f"{found[tuned['arm']]['rate']:g} : {found[tuned['reference']]['rate']:g}"
    return f"{start} {mark}{tuned['verdict']}{mark} | {signed(tuned['effect'], 2)} | {interval} | {rates} |"


def _cost(found: dict[str, dict[str, Any]], records: list[Record]) -> str:
    searching = sum(best["seconds"] for best in found.values())
    training = sum(sum(record.timing["seconds"].values()) for record in records)
    return (
        f"The search took {searching / 60:.1f} minutes, the tuned runs {training / 60:.1f} (own rates' runs included)."
    )
