"""The report's table of verdicts, with the words around it."""

from __future__ import annotations

from collections import Counter

from butfor import stats
from butfor.figures.gallery import MOST_EFFECTS
from butfor.figures.strongest import which_are_shown
from butfor.plain_text import counted
from butfor.report.fold_words import replicate
from butfor.study.metrics import DEFAULT, Metric
from butfor.study.study_metrics import beside, judged_by, recorded_by
from butfor.study.summary import Study, VerdictSettings
from butfor.verdicts.numbers import NONE, decimals_of, effect_of, interval_of, level, percent, probability, signed
from butfor.verdicts.rows import REFUSED, SAME, ContrastRow
from butfor.verdicts.words import in_words, most_important, unlisted, with_remark


def verdict_section(study: Study, rows: list[ContrastRow], stopped: str, partial: bool) -> str:
    """How many of each verdict, what stands out, the figure of all effects, and every ablation's numbers.

    stopped: why no further look was taken, if one was planned. partial: whether runs are still to come.
    """
    metric = judged_by(study)
    settling = metric.rows(rows)
    counts = Counter(row["verdict"] for row in settling).most_common()
    top = [
        *_warnings(settling, metric.title, stopped, partial, replicate(study)),
        *(f"- {in_words(row)}" for row in most_important(rows, metric)),
        *(f"- {words}" for words in unlisted(rows, metric)),
    ]
    tally = f"{_asked_of(metric)}{', '.join(f'{count} {verdict}' for verdict, count in counts)}."
    parts = [
        f"## Verdicts\n\n{tally}" + (" What stands out:" if top else ""),
        *(["\n".join(top)] if top else []),
        "\n\n".join([f"![Effects on {metric.title}](figures/effects.png)", *_not_all(len(settling))]),
        _table(rows, metric, _recorded_beside(study)),
        *([_note(study, settling, metric)] if any(row["verdict"] not in REFUSED for row in settling) else []),
    ]
    if parted := [_parted(row) for row in settling if row["typical_note"] and row["verdict"] not in REFUSED]:
        shown = "In the figure, a diamond is the typical run of these ablations, and a small dot a seed's difference."
        parts.append("\n".join(["What the mean does not say:", "", *parted, "", shown]))
    lacking = [f"`{row['arm']}` {_more_seeds(row)}" for row in settling if row["verdict"] == "inconclusive"]
    if lacking:
        parts.append(
            f"How many more {replicate(study)}s would settle what is undecided, if effect and spread stay as they are (at most:"
            f" counted for the strictest threshold of the correction for several comparisons): {', '.join(lacking)}."
        )
    return "\n\n".join(parts)


def _not_all(ablations: int) -> list[str]:
    which = which_are_shown(ablations, MOST_EFFECTS)
    return [f"*{which} The table has all.*"] if which else []


def _asked_of(metric: Metric) -> str:
    return "" if metric is DEFAULT else f"On {metric.title}, by which ablations are settled: "


def _warnings(settling: list[ContrastRow], title: str, stopped: str, partial: bool, noun: str) -> list[str]:
    """What a reader must know before the verdicts: a study that decides nothing."""
    verdicts = {row["verdict"] for row in settling}
    if partial or "inconclusive" not in verdicts or verdicts - {"inconclusive", *REFUSED}:
        return []
    seen = max(row["planned"] for row in settling)
    more = "Write more repeats: see `replicates`." if noun == "fold" else "Add a look: see `seeds`."
    remedy = f"No further look was taken: {stopped}." if stopped else more
    return [f"- Nothing is decided about {title} with {counted(seen, noun)}. {remedy}"]


def _recorded_beside(study: Study) -> list[Metric]:
    """The metrics beside that every run records; those that the study asks for have tables of their own."""
    return [metric for metric in beside(study) if metric.name in recorded_by(study)]


def _table(rows: list[ContrastRow], metric: Metric, others: list[Metric]) -> str:
    """A line per ablation, the worst first: its verdict and numbers, and what it does to the metrics beside."""
    head = [
        *(
            "ablation",
            "against",
            "verdict",
            f"{metric.short}, {metric.unit.short}",
            "interval*",
            "typical run",
            "raw p",
            "p differ",
            "p same",
        ),
        *("better", "seeds", "could see", "failed"),
        *(cell for other in others for cell in (f"{other.short}, {other.unit.short}", f"{other.short} verdict")),
    ]
    rule = ["---"] * 3 + ["---:", ":---:"] + ["---:"] * 8 + ["---:", "---"] * len(others)
    by_arm = [{row["arm"]: row for row in other.rows(rows)} for other in others]
    ordered = sorted(metric.rows(rows), key=lambda row: metric.worth(row["effect"]))
    lines = [[*_cells(row), *(cell for table in by_arm for cell in _beside(table[row["arm"]]))] for row in ordered]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *lines))


def _cells(row: ContrastRow) -> list[str]:
    judged = row["verdict"] not in REFUSED
    tested = judged and row["pairs"] > 1
    could_see = row["smallest_effect"]
    more_failures = row["failed_ablation"] > row["failed_reference"]
    return [
        f"`{row['arm']}`",
        f"`{row['reference']}`",
        with_remark(row, "**"),
        effect_of(row),
        interval_of(row) if judged else NONE,
        signed(row["typical"], decimals_of(row)),
        probability(row["p_raw"] if tested else None),
        probability(row["p_difference"] if tested else None),
        probability(row["p_equivalence"] if tested else None),
        percent(row["better"]),
        f"{row['planned'] - row['missing']}",
        NONE if could_see is None else f"±{could_see:.{decimals_of(row)}f}",
        f"{row['failed_ablation']} : {row['failed_reference']}"
        + (f" (p {probability(row['p_failure'])})" if more_failures else ""),
    ]


def _beside(row: ContrastRow) -> list[str]:
    """An ablation's effect and verdict on another metric."""
    return [effect_of(row), with_remark(row) if row["remark"] == "equal at every seed" else row["verdict"]]


def _note(study: Study, settling: list[ContrastRow], metric: Metric) -> str:
    verdict, margin = study["verdict"], metric.margin_in(study["verdict"])
    judged = sum(row["verdict"] not in REFUSED for row in settling)
    all_judged = f"over all {judged} that are judged" if judged > 1 else "over the one that is judged"
    over = all_judged if verdict["corrected_over"] == "report" else "within each family"
    if removed := sum(study.get("removed", {}).values()):
        over += f", and over {removed} more that {'was' if removed == 1 else 'were'} taken out of the study since"
    same = (
        f"is shown, not assumed: the effect lies within the margin of {_margin(metric, study['verdict'], margin)}"
        if margin is not None
        else f"needs a margin, and this study sets none for the {metric.title} ({metric.margin_setting})"
    )
    return (
        f"\\* {level(verdict['alpha'])} for each ablation by itself; verdicts and p are corrected {over},"
        " so an interval may leave 0 out and the verdict still be inconclusive. "
        "“Raw p” is that of no difference, not corrected for looks and ablations; where runs may have missed a long tail, all p"
        " are larger than the interval alone would say."
        " Effects are the ablation minus its reference, paired by seed. “Hurts” means that the changed recipe is worse,"
        " so what was changed matters. “Helps” means that it is better: a part that an ablation leaves out did harm where"
        f" leaving it out helps. “No meaningful difference” {same}."
        " “Inconclusive” says that these seeds decide neither."
        " “Typical run” is the median of the paired differences, which a few runs far from the others do not move."
        f"{_unseen(settling)}"
        " “Could see”, of an undecided one, is the smallest true effect that as many seeds again would call real with a chance"
        " of 80 %, whatever the true spread may be."
        " “Failed” counts runs without a usable model, ablation : reference."
    )


def _margin(metric: Metric, verdict: VerdictSettings, margin: float) -> str:
    if metric.margins:
        return metric.margin_in_words(verdict)
    of = "" if metric.relative is None else f", {100 * metric.relative:g} % of the baseline's mean"
    return f"±{margin:{'.3g' if of else 'g'}} {metric.unit.short}{of}"


def _unseen(settling: list[ContrastRow]) -> str:
    """What the verdicts with the fewest runs leave open."""
    runs = [row["pairs"] for row in settling if row["verdict"] in ("helps", "hurts", SAME) and row["pairs"]]
    if not runs:
        return ""
    return (
        " Verdicts are about the mean over runs like those seen: a collapse that befell none of"
        f" {counted(min(runs), 'run')} may still befall up to {percent(stats.most_unseen(min(runs)))} of them (95 % bound)."
    )


def _parted(row: ContrastRow) -> str:
    """Where an ablation's typical run and its mean part, or its runs spread unlike its reference's."""
    ranked = "" if row["p_typical"] is None else f", signed-rank p {probability(row['p_typical'])}"
    typical = f"typical run {signed(row['typical'], decimals_of(row))}{ranked}"
    return f"- `{row['arm']}`: {row['typical_note']}; mean {effect_of(row)}, {typical}."


def _more_seeds(row: ContrastRow) -> str:
    return "unknown" if row["more_seeds"] is None else f"{row['more_seeds']:.0f}"
