"""The report's section on verdicts at learning rates that were tuned for every arm."""

from __future__ import annotations

from butfor.languages.phrases import phrase, stored, term
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
    search = {
        "rates": ", ".join(f"{rate:g}" for rate in study["tune"]["rates"]),
        "seeds": counted(len(study["tune"]["seeds"]), "seed"),
    }
    searched = (
        phrase(
            "Every arm was given the same search: the rates {rates}, {seeds} each that no run of the study has, judged on"
            " validation examples by their loss. Then arms were compared again, each at its best rate.",
            **search,
        )
        if _is_by_loss(study)
        else phrase(
            "Every arm was given the same search: the rates {rates}, {seeds} each that no run of the study has, judged on"
            " validation examples. Then arms were compared again, each at its best rate.",
            **search,
        )
    )
    if edges:
        edge = phrase(
            "The best rate was at the edge of those tried for {arms}: try more.",
            arms=", ".join(edges),
        )
        searched = f"{searched} {edge}"
    heads = [
        phrase("ablation"),
        phrase("at the recipe's rate"),
        phrase("effect, {unit}", unit=term(metric.unit.name)),
        *(phrase("at tuned rates"), phrase("effect"), phrase("interval")),
        phrase("rate, ablation : reference"),
    ]
    table = "\n".join([f"| {' | '.join(heads)} |", "| --- | --- | ---: | --- | ---: | :---: | ---: |", *lines])
    return f"## {phrase('With the learning rate tuned')}\n\n{searched}\n\n{table}\n\n{_cost(tuned)}"


def _is_by_loss(study: Study) -> bool:
    """Whether the rates were judged by the loss, because it could not be by what verdicts are asked of."""
    own_metrics = [f"test/{name}" for name in study.get("metrics") or {}]
    return study["verdict"]["metric"] not in (*recorded_by(study), *own_metrics)


def _line(fixed: ContrastRow, tuned: ContrastRow | None, rates: dict[str, BestRate]) -> str:
    """An ablation at the recipe's rate and at tuned rates; there is no such row where its subject is the rate."""
    start = f"| `{fixed['arm']}` | {stored(fixed['verdict'])} | {effect_of(fixed)} |"
    if tuned is None:
        return f"{start} {phrase('its subject is the learning rate')} | – | – | – |"
    mark = "" if tuned["verdict"] == fixed["verdict"] else "**"
    pair = f"{rates[tuned['arm']]['rate']:g} : {rates[tuned['reference']]['rate']:g}"
    return f"{start} {mark}{stored(tuned['verdict'])}{mark} | {effect_of(tuned)} | {interval_of(tuned)} | {pair} |"


def _cost(tuned: TunedComparison) -> str:
    searching = sum(best["seconds"] for best in tuned["rates"].values())
    return phrase(
        "The search took {minutes} minutes, the tuned runs {minutes_tuned} (own rates' runs included).",
        minutes=f"{searching / 60:.1f}",
        minutes_tuned=f"{tuned['seconds'] / 60:.1f}",
    )
