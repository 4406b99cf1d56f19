"""The report's section on several data sets: a table with a column for each, and what is said over all of them."""

from __future__ import annotations

from collections.abc import Iterable

from butfor import stats
from butfor.arm_names import anywhere
from butfor.languages.phrases import phrase, plural, stored, term
from butfor.plain_text import plain
from butfor.study.metrics import Metric
from butfor.study.study_metrics import beside, judged_by, metrics_of
from butfor.study.summary import Study
from butfor.verdicts.across_rows import Across, AcrossRow, Ranks
from butfor.verdicts.numbers import decimals_of, effect_of, interval, interval_of, level, probability, signed
from butfor.verdicts.rows import ContrastRow
from butfor.verdicts.words import with_remark

FEW = 6  # data sets, below which they say little of others


def data_set_section(study: Study, rows: list[ContrastRow], across: Across | None) -> str:
    """Every ablation's effect and verdict on each data set and over them; nothing in a study of one."""
    if across is None:
        return ""
    parts = [
        f"## {phrase('Data sets')}\n\n{_table(judged_by(study), rows, across, across['rows'])}",
        _note(study),
        *([_differing(across["rows"])] if across["rows"] else []),
        _like_these(across),
        *([_ranked(study, across["ranks"])] if across["ranks"] else []),
        *(_folded(metric, rows, across, across.get("others", [])) for metric in beside(study)),
    ]
    return "\n\n".join(filter(None, parts))


def _folded(metric: Metric, rows: list[ContrastRow], across: Across, others: list[AcrossRow]) -> str:
    """The table of another metric."""
    own = metric.rows(others)
    if not own:
        return ""
    table = _table(metric, rows, across, own)
    same = phrase("The same on {metric}, in {unit}", metric=term(metric.title), unit=term(metric.unit.name))
    return f"<details><summary>{same}</summary>\n\n{table}\n\n</details>"


def _table(metric: Metric, rows: list[ContrastRow], across: Across, over_rows: list[AcrossRow]) -> str:
    sets = across["data_sets"]
    by_name: dict[str, dict[str, ContrastRow]] = {}
    for row in metric.rows(rows):
        by_name.setdefault(anywhere(row["arm"]), {})[row["data"]] = row
    over = {row["arm"]: row for row in over_rows}
    head = [
        phrase("ablation"),
        *(f"`{name}`" for name in sets),
        phrase("mean, {unit}", unit=term(metric.unit.short)),
        phrase("interval*"),
        phrase("over all of them"),
    ]
    lines = [
        [_called(name, of_sets.values()), *(_cell(of_sets.get(each)) for each in sets), *_over(over.get(name))]
        for name, of_sets in by_name.items()
    ]
    rule = ["---", *["---"] * len(sets), "---:", ":---:", "---"]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *lines))


def _called(name: str, rows: Iterable[ContrastRow]) -> str:
    """An ablation by its name, as other tables have it, and by its label, as the answer has it."""
    label = next((row["label"] for row in rows if row.get("label")), "")
    return f"`{name}`" + (f" ({plain(label)})" if label else "")


def _cell(row: ContrastRow | None) -> str:
    return "–" if row is None else f"{effect_of(row)} {stored(row['verdict'])}"


def _over(row: AcrossRow | None) -> list[str]:
    return ["–", "–", "–"] if row is None else [effect_of(row), interval_of(row), with_remark(row, "**")]


def _note(study: Study) -> str:
    metric, alpha = judged_by(study), study["verdict"]["alpha"]
    effects = phrase(
        "Effects on {metric}, in {unit}, each against the reference on the same data set, with the verdict there.",
        metric=term(metric.title),
        unit=term(metric.unit.name),
    )
    mean = phrase(
        "The last columns are about the mean over these very data sets, each with the same weight, on the seeds that an ablation"
        " has on all of them; its standard error comes from theirs (degrees of freedom: Satterthwaite)."
    )
    corrected = phrase(
        "Those verdicts are corrected over looks and ablations, and hold together at {level}, as those on single data sets do.",
        level=level(alpha),
    )
    alone = phrase("\\* For each by itself.")
    return " ".join(filter(None, [effects, mean, corrected, alone, _of_shares(study)]))


def _of_shares(study: Study) -> str:
    """What margins are of that are shares of a baseline's mean, of which there are several."""
    has_shares = any(metric.relative is not None for metric in metrics_of(study).values())
    if not has_shares:
        return ""
    return phrase("Margins in percent are of each baseline's own mean, and that of the mean effect is their mean.")


def _differing(rows: list[AcrossRow]) -> str:
    """Whether the effect of each ablation is the same on all data sets."""
    lines = [
        phrase(
            "- `{arm}`: from {least} to {most}; Q {q}, p {p} of no difference between data sets",
            arm=row["arm"],
            least=_least(row),
            most=_most(row),
            q=f"{row['heterogeneity']:.1f}",
            p=probability(row["p_heterogeneity"]),
        )
        for row in rows
        if row["heterogeneity"] is not None
    ]
    if not lines:
        return ""
    lead = phrase("How much the effect depends on the data set (Cochran's Q; p by Welch's test, uncorrected):")
    return "\n".join([lead, "", *lines])


def _least(row: AcrossRow) -> str:
    return _end(row, min(_known(row), key=lambda pair: pair[1]))


def _most(row: AcrossRow) -> str:
    return _end(row, max(_known(row), key=lambda pair: pair[1]))


def _known(row: AcrossRow) -> list[tuple[str, float]]:
    return [(name, effect) for name, effect in row["effects"].items() if effect is not None]


def _end(row: AcrossRow, pair: tuple[str, float]) -> str:
    return phrase("{effect} on {data_set}", effect=signed(pair[1], decimals_of(row)), data_set=pair[0])


def _like_these(across: Across) -> str:
    """What the data sets say of others like them."""
    known = [row for row in across["rows"] if row["like_low"] is not None]
    if not known:
        return ""
    count = len(across["data_sets"])
    weak = plural(
        "{n} data set say little of others, so this reading is weak.",
        "{n} data sets say little of others, so this reading is weak.",
        count,
    )
    ends = ", ".join(f"`{row['arm']}` {interval(row['like_low'], row['like_high'], decimals_of(row))}" for row in known)
    sentence = phrase(
        "For the mean over data sets like these, were they drawn at random, the 95 % intervals are {intervals} (t intervals of"
        " the effects, uncorrected).",
        intervals=ends,
    )
    return f"{sentence} {weak}" if count < FEW else sentence


def _ranked(study: Study, ranks: Ranks) -> str:
    """The mean ranks of arms, and which differ."""
    best, apart = min(ranks["ranks"].values()), ranks["p"] <= study["verdict"]["alpha"]
    order = sorted(ranks["ranks"].items(), key=lambda pair: pair[1])
    worse = {arm: phrase("yes") if apart and rank - best > ranks["critical"] else phrase("no") for arm, rank in order}
    lines = [f"| `{arm}` | {rank:.2f} | {worse[arm]} |" for arm, rank in order]
    words = phrase(
        "Mean ranks over the data sets, 1 for the best; p {p} of no difference (Friedman). Two arms differ where their ranks are"
        " further apart than the critical difference of {critical} (Nemenyi, {level}). Ranks count data sets, not seeds, and need"
        " {fewest} or more.",
        p=probability(ranks["p"]),
        critical=f"{ranks['critical']:.2f}",
        level=level(study["verdict"]["alpha"]),
        fewest=stats.FEWEST_RANKED,
    )
    head = f"| {phrase('arm')} | {phrase('mean rank')} | {phrase('shown to be worse than the first')} |"
    picture = f"![{phrase('Ranks over data sets')}](figures/critical_difference.png)"
    return f"{words}\n\n{picture}\n\n{head}\n| --- | ---: | --- |\n" + "\n".join(lines)
