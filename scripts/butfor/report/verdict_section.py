"""The report's first screen after the answer: how many of each verdict, the figure of all effects, and a table that a student
reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from butfor.figures.gallery import MOST_EFFECTS
from butfor.figures.strongest import strongest, which_are_shown
from butfor.languages.phrases import level_term, phrase, stored, term
from butfor.plain_text import plain
from butfor.report.answer import voice
from butfor.report.fold_words import replicate
from butfor.report.interval_marks import marked_interval
from butfor.report.run_costs import RunCost
from butfor.report.verdict_note import verdict_note
from butfor.study.arm import is_baseline
from butfor.study.metrics import DEFAULT, Metric
from butfor.study.study_metrics import judged_by
from butfor.study.summary import DescribedStudy
from butfor.verdicts.numbers import NONE, effect_of, level, mean_and_sd
from butfor.verdicts.rows import REFUSED, VOID, ArmRow, ContrastRow
from butfor.verdicts.words import setting_shown, with_remark

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
    counted_out = ", ".join(phrase("{n} {verdict}", n=count, verdict=stored(verdict)) for verdict, count in counts)
    tally = f"{_asked_of(metric)}{counted_out}."
    return "\n\n".join(
        [
            f"## {phrase('Verdicts')}\n\n{tally}",
            f"![{phrase('Effects on {metric}', metric=term(metric.title))}](figures/effects.png)",
            *_not_all(which_are_shown(len(settling), MOST_EFFECTS), phrase("The figure")),
            _table(study, settling, arms, places, costs if study.get("report", {}).get("cost_columns") else None),
            *_not_all(which_are_shown(len(settling), MOST_ROWS), phrase("The table")),
            *(
                [verdict_note(study, settling, metric, arms)]
                if any(row["verdict"] not in REFUSED for row in settling)
                else []
            ),
        ]
    )


def _not_all(which: str, what: str) -> list[str]:
    if not which:
        return []
    return [phrase("*{what}: {which} “All numbers” below has all.*", what=what, which=stored(which))]


def _asked_of(metric: Metric) -> str:
    if metric is DEFAULT:
        return ""
    return phrase("On {metric}, by which ablations are settled: ", metric=term(metric.title))


def _table(
    study: DescribedStudy,
    settling: list[ContrastRow],
    arms: list[ArmRow],
    places: Mapping[str, str],
    costs: Mapping[str, RunCost] | None,
) -> str:
    """The references, then the ablations in the order of the figure, the best first."""
    metric, noun = judged_by(study), replicate(study)
    short, unit = term(metric.short), metric.unit
    head = [
        *(phrase("change"), phrase("what it sets"), phrase("verdict")),
        phrase("effect on {metric}, {unit}", metric=short, unit=term(unit.short)),
        phrase("{level} interval", level=level(study["verdict"]["alpha"])),
        f"{short}, {level_term(unit.level)}",
        phrase("folds") if noun == "fold" else phrase("seeds"),
        *((phrase("parameters"), phrase("s per run")) if costs is not None else ()),
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
    naming = voice(arms)
    lines = [
        [
            _linked(naming.name(name), places.get(name)),
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
    runs = phrase("{n} of {n_all}", n=finished, n_all=arm["runs"]) if arm["failed"] else f"{arm['runs']}"
    tail = [_unbroken(mean_and_sd(reached["mean"], reached["sd"], metric.unit.decimals)), _unbroken(runs)]
    if row is None:
        return [
            _sets(arm) if arm["sets"] else phrase("the reference"),
            NONE,
            NONE,
            NONE,
            *tail,
        ]  # a placebo sets its seeds
    if row["verdict"] == VOID:
        return [_sets(arm), stored(row["verdict"]), "0", NONE, *tail]
    shown = _unbroken(marked_interval(row)) if row["verdict"] not in REFUSED else NONE
    return [_sets(arm), with_remark(row, "**"), effect_of(row), shown, *tail]


def _unbroken(numbers: str) -> str:
    """Numbers that stay in one line of a narrow column."""
    return numbers.replace(" ", NO_BREAK)


def _sets(arm: ArmRow) -> str:
    """The values that an arm sets, in its reference where that is not the baseline."""
    texts = [plain(setting_shown(text)) for text in arm["sets"]]
    more = [phrase("and {n} more", n=len(texts) - MOST_SET)] if len(texts) > MOST_SET else []
    sets = "; ".join([*texts[:MOST_SET], *more]) or NONE
    reference = arm["reference"] or ""
    if not reference or is_baseline(reference):
        return sets
    return phrase("in `{reference}`: {sets}", reference=reference, sets=sets)


def _costs(cost: RunCost | None) -> list[str]:
    if cost is None:
        return [NONE, NONE]
    return [cost.parameters_in_words, NONE if cost.seconds is None else f"{cost.seconds:.3g}"]
