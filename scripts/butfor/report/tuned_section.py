"""The report's section on verdicts at learning rates that were tuned for every arm."""

from __future__ import annotations

from butfor.plain_text import counted
from butfor.study.study_metrics import judged_by, recorded_by
from butfor.study.summary import Study
from butfor.verdicts.numbers import effect_of, interval_of
from butfor.verdicts.rows import BestRate, ContrastRow, TunedComparison


def tuned_section(study: Study, rows: list[ContrastRow], tuned: TunedComparison | None) -> str:
    """Every ablation at the recipe's rate (`rows`) and at tuned rates, and the cost; nothing without a search."""
    if tuned is None:
        return ""
    metric, rates = judged_by(study), tuned["rates"]
    at_best = {row["arm"]: row for row in tuned["contrasts"]}
    ordered = sorted(metric.rows(rows), key=lambda row: metric.worth(row["effect"]))
    lines = [_line(row, at_best.get(row["arm"]), rates) for row in ordered]
    edges = [f"`{arm}`" for arm, best in rates.items() if best["edge"]]
    edge = f" The best rate was at the edge of those tried for {', '.join(edges)}: try more." if edges else ""
    head = (
        f"| ablation | at the recipe's rate | effect, {metric.unit.name} | at tuned rates | effect | interval"
        " | rate, ablation : reference |\n| --- | --- | ---: | --- | ---: | :---: | ---: |"
    )
    return (
        "## With the learning rate tuned\n\nEvery arm was given the same search: the rates"
        f" {', '.join(f'{rate:g}' for rate in study['tune']['rates'])},"
        f" {counted(len(study['tune']['seeds']), 'seed')} each that no run of the study has, judged on"
        f" validation examples{_by(study)}. Then arms were compared again, each at its best rate.{edge}\n\n"
        + "\n".join([head, *lines])
        + f"\n\n{_cost(tuned)}"
    )


def _by(study: Study) -> str:
    """By what the rates were judged, where it is not what verdicts are asked of."""
    asked = [f"test/{name}" for name in study.get("metrics") or {}]
    return "" if study["verdict"]["metric"] in (*recorded_by(study), *asked) else " by their loss"


def _line(fixed: ContrastRow, tuned: ContrastRow | None, rates: dict[str, BestRate]) -> str:
    """An ablation at the recipe's rate and at tuned rates; there is no such row where its subject is the rate."""
    start = f"| `{fixed['arm']}` | {fixed['verdict']} | {effect_of(fixed)} |"
    if tuned is None:
        return f"{start} its subject is the learning rate | – | – | – |"
    mark = "" if tuned["verdict"] == fixed["verdict"] else "**"
    pair = f"{rates[tuned['arm']]['rate']:g} : {rates[tuned['reference']]['rate']:g}"
    return f"{start} {mark}{tuned['verdict']}{mark} | {effect_of(tuned)} | {interval_of(tuned)} | {pair} |"


def _cost(tuned: TunedComparison) -> str:
    searching = sum(best["seconds"] for best in tuned["rates"].values())
    return (
        f"The search took {searching / 60:.1f} minutes, the tuned runs {tuned['seconds'] / 60:.1f} (own rates' runs"
        " included)."
    )
