"""The report's table of all numbers behind the verdicts, with the words that say what each is."""

from __future__ import annotations

from butfor import stats
from butfor.fold_numbers import overlap
from butfor.languages.phrases import phrase, plural, stored, term
from butfor.plain_text import counted
from butfor.report import fold_words
from butfor.report.fold_words import replicate
from butfor.report.interval_marks import RAISED, is_raised, mark_notes, marked_interval
from butfor.report.long_tables import MOST_NAMED, few
from butfor.report.reference_names import reference_called
from butfor.study.metrics import Metric
from butfor.study.study_metrics import beside, judged_by, recorded_by
from butfor.study.summary import Study, VerdictSettings
from butfor.verdicts.numbers import (
    NONE,
    decimals_of,
    effect_of,
    level,
    percent,
    probability,
    reckoned,
    signed,
)
from butfor.verdicts.rows import REFUSED, SAME, ContrastRow
from butfor.verdicts.words import with_remark


def numbers_section(study: Study, rows: list[ContrastRow]) -> str:
    """Every ablation's numbers, what they are, where mean and typical run part, and how many seeds are lacking."""
    metric = judged_by(study)
    settling = metric.rows(rows)
    parts = [
        f"## {phrase('All numbers')}\n\n{_table(rows, study)}",
        *([_note(study, settling, metric)] if any(row["verdict"] not in REFUSED for row in settling) else []),
    ]
    if parted := [_parted(row) for row in settling if row["typical_note"] and row["verdict"] not in REFUSED]:
        shown = phrase(
            "In the figure, a diamond is the typical run of these ablations, and a small dot the difference of one pair of runs."
        )
        parts.append("\n".join([phrase("What the mean does not say:"), "", *parted[:MOST_NAMED], "", shown]))
    lacking = [f"`{row['arm']}` {more_seeds(row)}" for row in settling if row["verdict"] == "inconclusive"]
    if lacking and study.get("replicates"):
        parts.append(fold_words.lacking(study, [row for row in settling if row["verdict"] == "inconclusive"]))
    elif lacking:
        parts.append(
            phrase(
                "How many more seeds would settle what is undecided, if effect, spread and failures stay as they are (at most:"
                " counted for the strictest threshold of the correction for several comparisons): {arms}.",
                arms=few(lacking),
            )
        )
    return "\n\n".join(parts)


def _recorded_beside(study: Study) -> list[Metric]:
    """The metrics beside that every run records; those that the study asks for have tables of their own."""
    return [metric for metric in beside(study) if metric.name in recorded_by(study)]


def _table(rows: list[ContrastRow], study: Study) -> str:
    """A line per ablation, the worst first: its verdict and numbers, and what it does to the metrics beside."""
    metric, others, noun = judged_by(study), _recorded_beside(study), replicate(study)
    head = [
        *(phrase("ablation"), phrase("against"), phrase("verdict")),
        f"{term(metric.short)}, {term(metric.unit.short)}",
        *(phrase("interval*"), phrase("typical run"), phrase("p alone"), phrase("p differ"), phrase("p same")),
        phrase("better"),
        phrase("folds") if noun == "fold" else phrase("seeds"),
        *(phrase("could see"), phrase("failed")),
        *(cell for other in others for cell in _heads_beside(other)),
    ]
    rule = ["---"] * 3 + ["---:", ":---:"] + ["---:"] * 8 + ["---:", "---"] * len(others)
    by_arm = [{row["arm"]: row for row in other.rows(rows)} for other in others]
    ordered = sorted(metric.rows(rows), key=lambda row: metric.worth(row["effect"]))
    lines = [
        [*_cells(row, study), *(cell for table in by_arm for cell in _beside(table[row["arm"]]))] for row in ordered
    ]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *lines))


def _heads_beside(metric: Metric) -> tuple[str, str]:
    short = term(metric.short)
    return f"{short}, {term(metric.unit.short)}", phrase("{metric} verdict", metric=short)


def _cells(row: ContrastRow, study: Study) -> list[str]:
    judged = row["verdict"] not in REFUSED
    tested = judged and row["pairs"] > 1
    could_see = row["smallest_effect"]
    return [
        f"`{row['arm']}`",
        f"`{reference_called(study, row)}`",
        with_remark(row, "**"),
        effect_of(row),
        marked_interval(row) if judged else NONE,
        signed(row["typical"], decimals_of(row)),
        _alone(row) if tested else NONE,
        probability(row["p_difference"] if tested else None),
        probability(row["p_equivalence"] if tested else None),
        percent(row["better"]),
        _runs(row),
        NONE if could_see is None else f"±{reckoned(could_see, decimals_of(row))}",
        _failures(row, study),
    ]


def _runs(row: ContrastRow) -> str:
    """How many runs there are, and of those that failed the others, as in the first table."""
    runs, failed = row["planned"] - row["missing"], row["failed_ablation"]
    return phrase("{n} of {n_all}", n=runs - failed, n_all=runs) if failed else f"{runs}"


def _alone(row: ContrastRow) -> str:
    """The p of an ablation by itself, with a mark where it is raised against long tails."""
    return probability(row["p_raw"]) + (RAISED if is_raised(row) else "")


def _failures(row: ContrastRow, study: Study) -> str:
    """The counts with their own p, that both arms fail equally often; of the verdict's, half is for other runs' figures."""
    counts = row["failed_ablation"], row["failed_reference"]
    ratio = f"{counts[0]} : {counts[1]}"
    if counts[0] == counts[1]:
        return ratio
    rule = stats.Rule(overlap=overlap(study.get("replicates")))
    p = min(1.0, 2 * min(stats.fails_more(*counts, row["planned"] - row["missing"], rule)))
    return phrase("{counts} (p {p})", counts=ratio, p=probability(p))


def _beside(row: ContrastRow) -> list[str]:
    """An ablation's effect and verdict on another metric."""
    is_equal = row["remark"] == "equal in every pair"
    return [effect_of(row), with_remark(row) if is_equal else stored(row["verdict"])]


def _note(study: Study, settling: list[ContrastRow], metric: Metric) -> str:
    """What each column is, in its order."""
    verdict = study["verdict"]
    judged = sum(row["verdict"] not in REFUSED for row in settling)
    parts = [
        phrase(
            "\\* {level} for each ablation by itself; verdicts and p are corrected {over}, so an interval may leave 0 out and the"
            " verdict still be inconclusive.",
            level=level(verdict["alpha"]),
            over=_corrected_over(study, judged),
        ),
        phrase(
            "“P alone” is that of no difference of this ablation by itself, before the correction over looks and ablations."
        ),
        *mark_notes(settling, metric),
        phrase("Effects are the ablation minus its reference, in pairs of runs.")
        if verdict["paired"]
        else phrase("Effects are the ablation minus its reference."),
        phrase("“Hurts” means that the changed recipe is worse, so what was changed matters."),
        phrase(
            "“Helps” means that it is better: a part that an ablation leaves out did harm where leaving it out helps.",
        ),
        _same(study, metric),
        phrase("“Inconclusive” says that these folds decide neither.")
        if replicate(study) == "fold"
        else phrase("“Inconclusive” says that these seeds decide neither."),
        phrase(
            "“Typical run” is the median of the paired differences, which a few runs far from the others do not move."
        ),
        _unseen(settling),
        phrase(
            "“Could see”, of an undecided one, is the smallest true effect that as many pairs again would call real with a chance"
            " of 80 %, whatever the true spread may be."
        ),
        phrase(
            "“Failed” counts runs without a usable model, ablation : reference; its p is that of these counts alone, that both"
            " fail equally often (Boschloo's exact test, two-sided, before any correction)."
        ),
    ]
    return " ".join(filter(None, parts))


def _corrected_over(study: Study, judged: int) -> str:
    """What verdicts are corrected over, as the end of a sentence."""
    if study["verdict"]["corrected_over"] != "report":
        over = phrase("within each family")
    elif judged > 1:
        over = phrase("over all {n} that are judged", n=judged)
    else:
        over = phrase("over the one that is judged")
    removed = sum(study.get("removed", {}).values())
    if not removed:
        return over
    return plural(
        "{over}, and over {n} more that was taken out of the study since",
        "{over}, and over {n} more that were taken out of the study since",
        removed,
        over=over,
    )


def _same(study: Study, metric: Metric) -> str:
    margin = metric.margin_in(study["verdict"])
    if margin is None:
        return phrase(
            "“No meaningful difference” needs a margin, and this study sets none for the {metric} ({setting}), so that “p same”"
            " is empty.",
            metric=term(metric.title),
            setting=metric.margin_setting,
        )
    return phrase(
        "“No meaningful difference” is shown, not assumed: the effect lies within the margin of {margin}.",
        margin=term(_margin(metric, study["verdict"], margin)),
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
    return phrase(
        "Verdicts are about the mean over runs like those seen: a collapse that befell none of {runs} may still befall up to"
        " {share} of them (95 % bound).",
        runs=counted(min(runs), "run"),
        share=percent(stats.most_unseen(min(runs))),
    )


def _parted(row: ContrastRow) -> str:
    """Where an ablation's typical run and its mean part, or its runs spread unlike its reference's."""
    typical = signed(row["typical"], decimals_of(row))
    values = {"arm": row["arm"], "note": stored(row["typical_note"]), "mean": effect_of(row), "typical": typical}
    if row["p_typical"] is None:
        return phrase("- `{arm}`: {note}; mean {mean}, typical run {typical}.", **values)
    p = probability(row["p_typical"])
    return phrase("- `{arm}`: {note}; mean {mean}, typical run {typical}, signed-rank p {p}.", **values, p=p)


def more_seeds(row: ContrastRow) -> str:
    """How many more seeds would settle an undecided ablation."""
    return phrase("unknown") if row["more_seeds"] is None else f"{row['more_seeds']:.0f}"
