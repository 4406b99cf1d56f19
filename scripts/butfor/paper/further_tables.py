"""Tables of a paper's appendix: what depends on what else, verdicts at tuned learning rates, and what arms cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from butfor import stats
from butfor.arm_names import anywhere, data_set_of, on
from butfor.paper.latex_text import escaped
from butfor.paper.metric_cells import WORDS
from butfor.paper.paper_evidence import PaperEvidence
from butfor.paper.spread_rounding import decimals_by, signed_number
from butfor.paper.tabular import Column, Table
from butfor.report.run_costs import run_costs
from butfor.study.arm import is_baseline
from butfor.study.designs import short
from butfor.verdicts.rows import InteractionRow

EFFECT, INTERVAL = Column("", r"$\Delta$", "r"), Column("", "interval", "r")
SHOWN = {stats.INTERACTION: "interaction", stats.NO_INTERACTION: "none that matters"}


def interaction_tables(evidence: PaperEvidence) -> list[Table]:
    """Main effects and interactions of the study's grids and parts, if it has any."""
    rows = evidence.comparison["interactions"]
    if not rows:
        return []
    caption = (
        f"What depends on what else, in {escaped(rows[0]['unit'])}: main effects are means over the other factors' levels; an"
        " interaction is how much one effect changes with the other factor, or with the other parts. Intervals are each by"
        " itself; verdicts are corrected."
    )
    table = Table("interactions", caption, [Column("", "Contrast"), EFFECT, INTERVAL, Column("", "Verdict")])
    for row in rows:
        verdict = SHOWN.get(row["verdict"], WORDS.get(row["verdict"], row["verdict"]))
        table.add([_contrast(evidence, row), *_numbers(row), escaped(verdict)])
    return [table]


def _contrast(evidence: PaperEvidence, row: InteractionRow) -> str:
    if row["design"] == "part":
        where = data_set_of(row["of"][0])
        return escaped(on(f"{row['name']}: in the full recipe and alone", where))
    changes = [
        f"{factor.replace('_', ' ')} {short(factor, base)} → {short(factor, level)}"
        for factor, base, level in zip(row["of"], row["bases"], row["levels"], strict=True)
    ]
    return escaped(" × ".join(changes))


def tuned_tables(evidence: PaperEvidence) -> list[Table]:
    """Every ablation at its best learning rate, where rates were tuned."""
    tuned = evidence.comparison["tuned"]
    if tuned is None:
        return []
    caption = (
        "The same comparison with the learning rate tuned: every arm had the same search, judged on validation examples, and was"
        f" trained again at its best rate. Effects in {escaped(evidence.metric.unit.name)}."
    )
    columns = [Column("", "Recipe"), Column("", "Rate", "r"), Column("", "of its reference", "r"), EFFECT, INTERVAL]
    table = Table("tuned", caption, [*columns, Column("", "Verdict")])
    for row in evidence.metric.rows(tuned["contrasts"]):
        rates = [f"{tuned['rates'][arm]['rate']:g}" for arm in (row["arm"], row["reference"])]
        verdict = escaped(WORDS.get(row["verdict"], row["verdict"]))
        table.add([_called(evidence, row["arm"]), *rates, *_numbers(row), verdict])
    return [table]


def cost_tables(evidence: PaperEvidence) -> list[Table]:
    """What a run of each arm costs; nothing where arms differ in nothing of it that is known."""
    costs = run_costs(evidence.records)
    if len({(cost.parameters, cost.seconds) for cost in costs.values()}) < 2:
        return []
    all_known = all(cost.all_parameters is not None for cost in costs.values())
    caption = (
        "What a run costs: trained parameters"
        + (", all parameters" if all_known else "")
        + ", and seconds of training of the median run, while as many ran side by side as there were."
    )
    heads = ["Parameters", *(["All"] if all_known else []), "Seconds"]
    table = Table("cost", caption, [Column("", "Recipe"), *(Column("", head, "r") for head in heads)])
    for arm in (arm["name"] for arm in evidence.study["arms"] if arm["name"] in costs):
        cost = costs[arm]
        counts = [cost.parameters, *([cost.all_parameters] if all_known else [])]
        seconds = "--" if cost.seconds is None else f"{cost.seconds:.3g}"
        table.add([_called(evidence, arm), *(f"{count:,}".replace(",", r"\,") for count in counts), seconds])
    return [table]


def _called(evidence: PaperEvidence, arm: str) -> str:
    label = evidence.labels.get(anywhere(arm), arm)
    return escaped(on(label.capitalize() if is_baseline(arm) else label, data_set_of(arm)))


def _numbers(row: Mapping[str, Any]) -> Sequence[str]:
    """Effect and interval, with as many decimals as their spread carries."""
    if row["effect"] is None:
        return "--", "--"
    if row["low"] is None or row["high"] is None:
        return f"${signed_number(row['effect'], row['decimals'])}$", "--"
    decimals = decimals_by((row["high"] - row["low"]) / 2, row["decimals"])
    effect, low, high = (signed_number(row[key], decimals) for key in ("effect", "low", "high"))
    return f"${effect}$", f"$[{low},\\,{high}]$"
