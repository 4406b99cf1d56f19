"""The report's first screen after the answer: how many of each verdict, the figure of all effects, and a table that a student
reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from butfor import stats
from butfor.figures.gallery import MOST_EFFECTS
from butfor.figures.strongest import strongest, which_are_shown
from butfor.plain_text import plain
from butfor.report.answer import voice
from butfor.report.fold_words import replicate
from butfor.report.run_costs import RunCost
from butfor.stats.own_tail import FEW
from butfor.study.arm import is_baseline
from butfor.study.metrics import DEFAULT, Metric
from butfor.study.study_metrics import judged_by
from butfor.study.summary import DescribedStudy
from butfor.verdicts.numbers import NONE, effect_of, interval_of, level, mean_and_sd
from butfor.verdicts.rows import REFUSED, VOID, ArmRow, ContrastRow
from butfor.verdicts.words import with_remark

NO_BREAK = "\u00a0"
MOST_ROWS = 40  # ablations in the first table
MOST_SET = 4  # settings in a cell


def verdict_section(
    study: DescribedStudy,
    rows: list[ContrastRow],
    arms: list[ArmRow],
    places: Mapping[str, str],
    costs: Mapping[str, RunCost],
) -> str:
    """The verdicts counted, the figure, the first table and what its words mean.

    places: of each arm's records, where known. costs: of each arm's runs, shown where the study asks for them.
    """
    metric = judged_by(study)
    settling = metric.rows(rows)
    counts = Counter(row["verdict"] for row in settling).most_common()
    tally = f"{_asked_of(metric)}{', '.join(f'{count} {verdict}' for verdict, count in counts)}."
    return "\n\n".join(
        [
            f"## Verdicts\n\n{tally}",
            f"![Effects on {metric.title}](figures/effects.png)",
            *_not_all(len(settling), MOST_EFFECTS, "The figure"),
            _table(study, settling, arms, places, costs if study.get("report", {}).get("cost_columns") else None),
            *_not_all(len(settling), MOST_ROWS, "The table"),
            *([_note(study, settling, metric, arms)] if any(row["verdict"] not in REFUSED for row in settling) else []),
        ]
    )


def _not_all(ablations: int, most: int, what: str) -> list[str]:
    which = which_are_shown(ablations, most)
    return [f"*{what}: {which} “All numbers” below has all.*"] if which else []


def _asked_of(metric: Metric) -> str:
    return "" if metric is DEFAULT else f"On {metric.title}, by which ablations are settled: "


def _table(
    study: DescribedStudy,
    settling: list[ContrastRow],
    arms: list[ArmRow],
    places: Mapping[str, str],
    costs: Mapping[str, RunCost] | None,
) -> str:
    """The references, then the ablations in the order of the figure, the best first."""
    metric, noun = judged_by(study), replicate(study)
    head = [
        *("change", "what it sets", "verdict", f"effect on {metric.short}, {metric.unit.short}"),
        *(f"{level(study['verdict']['alpha'])} interval", f"{metric.short}, {metric.unit.level}", f"{noun}s"),
        *(("parameters", "s per run") if costs is not None else ()),
    ]
    rule = ["---", "---", "---", "---:", ":---:", *["---:"] * (len(head) - 5)]
    judged = {row["arm"]: row for row in settling}
    shown = {*strongest(list(judged), settling, MOST_ROWS)}
    by_worth = sorted(settling, key=lambda row: -metric.worth(row["effect"]))
    about = {row["arm"]: row for row in arms}
    names = [
        *(row["arm"] for row in arms if row["arm"] not in judged),
        *(row["arm"] for row in by_worth if row["arm"] in shown),
    ]
    said = voice(arms)
    lines = [
        [
            _linked(said.name(name), places.get(name)),
            *_cells(about[name], judged.get(name), metric),
            *(_costs(costs.get(name)) if costs is not None else []),
        ]
        for name in names
    ]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *lines))


def _linked(words: str, place: str | None) -> str:
    return f"[{words}]({place})" if place else words


def _cells(arm: ArmRow, row: ContrastRow | None, metric: Metric) -> list[str]:
    reached = arm["reaches"].get(metric.name) or {"mean": None, "sd": None}
    finished = arm["runs"] - arm["failed"]
    runs = f"{finished} of {arm['runs']}" if arm["failed"] else f"{arm['runs']}"
    tail = [_unbroken(mean_and_sd(reached["mean"], reached["sd"], metric.unit.decimals)), _unbroken(runs)]
    if row is None:
        return [_sets(arm) if arm["sets"] else "the reference", NONE, NONE, NONE, *tail]  # a placebo sets its seeds
    if row["verdict"] == VOID:
        return [_sets(arm), row["verdict"], "0", NONE, *tail]
    shown = _unbroken(interval_of(row)) if row["verdict"] not in REFUSED else NONE
    return [_sets(arm), with_remark(row, "**"), effect_of(row), shown, *tail]


def _unbroken(numbers: str) -> str:
    """Numbers that stay in one line of a narrow column."""
    return numbers.replace(" ", NO_BREAK)


def _sets(arm: ArmRow) -> str:
    """The values that an arm sets, in its reference where that is not the baseline."""
    texts = [plain(text) for text in arm["sets"]]
    more = [f"and {len(texts) - MOST_SET} more"] if len(texts) > MOST_SET else []
    reference = arm["reference"] or ""
    where = "" if not reference or is_baseline(reference) else f"in `{reference}`: "
    return where + ("; ".join([*texts[:MOST_SET], *more]) or NONE)


def _costs(cost: RunCost | None) -> list[str]:
    if cost is None:
        return [NONE, NONE]
    return [f"{cost.parameters:,}".replace(",", " "), NONE if cost.seconds is None else f"{cost.seconds:.3g}"]


def _note(study: DescribedStudy, settling: list[ContrastRow], metric: Metric, arms: list[ArmRow]) -> str:
    verdict, noun = study["verdict"], replicate(study)
    judged = sum(row["verdict"] not in REFUSED for row in settling)
    better = "More" if metric.higher_is_better else "Less"
    margin = metric.margin_in_words(verdict)
    same = (
        f"“No meaningful difference” is shown, not assumed: the effect lies within the margin of {margin}."
        if margin
        else "Without a margin, nothing can be shown to make no meaningful difference."
    )
    paired = f", paired by {noun}" if verdict["paired"] else ""
    looked = ", however often the study looked" if len(study["looks"]) > 1 else ""
    any_verdict = "the verdict" if judged == 1 else f"any of the {judged} verdicts"
    wrong = (
        f"The chance that {any_verdict} is wrong is at most {100 * verdict['alpha']:g} %{looked};"
        f" an interval is that of its ablation alone, so it may leave 0 out and the verdict still be"
        f" “inconclusive”, which says that these {noun}s decide neither."
        if verdict["corrected_over"] == "report"
        else f"Verdicts are corrected within each family, so that {100 * verdict['alpha']:g} % holds within each."
    )
    return (
        f"An effect is the changed recipe minus its reference{paired}; {better.lower()} is better. “Hurts”: the changed"
        f" recipe is worse, so what was changed matters. “Helps”: it is better, so what was taken out or changed did harm."
        f" {same} {wrong}{_levels(study)}{_over_pairs(settling, arms)}{_tails(settling)}"
    )


def _levels(study: DescribedStudy) -> str:
    """At which level intervals are where there are several looks."""
    looks, alpha = len(study["looks"]), study["verdict"]["alpha"]
    if looks == 1:
        return ""
    return (
        f" The intervals hold at {level(alpha)} over all {looks} planned looks, and so are drawn at {level(alpha / looks)} at"
        " each."
    )


def _over_pairs(settling: list[ContrastRow], arms: list[ArmRow]) -> str:
    """Why the difference of two means may be another than the effect."""
    finished = {row["arm"]: row["runs"] - row["failed"] for row in arms}
    if all(
        row["pairs"] == finished.get(row["arm"]) == finished.get(row["reference"]) for row in settling if row["pairs"]
    ):
        return ""
    return (
        " Effects are over pairs of runs with the same seed that both finished; a mean is over all of an arm's finished runs, so"
        " that two means may differ by another figure than the effect."
    )


def _tails(settling: list[ContrastRow]) -> str:
    """What a verdict lacks that a long tail withholds."""
    if not any(stats.MISSED in row["remark"] for row in settling):
        return ""
    few = f" With fewer than {FEW} ablations, nothing else in the study shows that there are none." * (
        len(settling) < FEW
    )
    return (
        " “May have missed a long tail”: runs that look alike may leave out rare ones that are far worse or better, and their"
        f" mean is then wrong.{few} More runs of the ablation and its reference settle it."
    )
