"""What the words and intervals of the report's first table mean."""

from __future__ import annotations

from butfor import stats
from butfor.languages.phrases import phrase, plural, term
from butfor.report.fold_words import replicate
from butfor.report.interval_marks import mark_notes
from butfor.stats.own_tail import FEW
from butfor.study.metrics import Metric
from butfor.study.summary import DescribedStudy
from butfor.verdicts.numbers import level
from butfor.verdicts.rows import REFUSED, ArmRow, ContrastRow


def verdict_note(study: DescribedStudy, settling: list[ContrastRow], metric: Metric, arms: list[ArmRow]) -> str:
    """The words of the first table: what an effect is, what the verdicts mean, and how often they may be wrong."""
    parts = [
        _effects(study, metric),
        _same(study, metric),
        _wrong(study, sum(row["verdict"] not in REFUSED for row in settling)),
        _levels(study),
        _over_pairs(settling, arms),
        *mark_notes(settling, metric, of_p=False),
        _tails(settling),
    ]
    return " ".join(filter(None, parts))


def _effects(study: DescribedStudy, metric: Metric) -> str:
    """What an effect is, and what it means that one hurts or helps."""
    better = phrase("more is better") if metric.higher_is_better else phrase("less is better")
    words = phrase(
        "“Hurts”: the changed recipe is worse, so what was changed matters. “Helps”: it is better, so what was taken out or"
        " changed did harm."
    )
    if not study["verdict"]["paired"]:
        effect = phrase("An effect is the changed recipe minus its reference; {better}.", better=better)
    elif replicate(study) == "fold":
        effect = phrase("An effect is the changed recipe minus its reference, paired by fold; {better}.", better=better)
    else:
        effect = phrase("An effect is the changed recipe minus its reference, paired by seed; {better}.", better=better)
    return f"{effect} {words}"


def _same(study: DescribedStudy, metric: Metric) -> str:
    if not (margin := metric.margin_in_words(study["verdict"])):
        return phrase("Without a margin, nothing can be shown to make no meaningful difference.")
    return phrase(
        "“No meaningful difference” is shown, not assumed: the effect lies within the margin of {margin}.",
        margin=term(margin),
    )


def _wrong(study: DescribedStudy, judged: int) -> str:
    """How often verdicts may be wrong, and what an interval has to do with that."""
    alpha = f"{100 * study['verdict']['alpha']:g}"
    if study["verdict"]["corrected_over"] != "report":
        return phrase(
            "Verdicts are corrected within each family, so that {alpha} % holds within each.",
            alpha=alpha,
        )
    if len(study["looks"]) > 1:
        chance = plural(
            "The chance that the verdict is wrong is at most {alpha} %, however often the study looked;",
            "The chance that any of the {n} verdicts is wrong is at most {alpha} %, however often the study looked;",
            judged,
            alpha=alpha,
        )
    else:
        chance = plural(
            "The chance that the verdict is wrong is at most {alpha} %;",
            "The chance that any of the {n} verdicts is wrong is at most {alpha} %;",
            judged,
            alpha=alpha,
        )
    neither = (
        phrase(
            "an interval is that of its ablation alone, so it may leave 0 out and the verdict still be “inconclusive”, which says"
            " that these folds decide neither."
        )
        if replicate(study) == "fold"
        else phrase(
            "an interval is that of its ablation alone, so it may leave 0 out and the verdict still be “inconclusive”, which says"
            " that these seeds decide neither."
        )
    )
    return f"{chance} {neither}"


def _levels(study: DescribedStudy) -> str:
    """At which level intervals are where there are several looks."""
    looks, alpha = len(study["looks"]), study["verdict"]["alpha"]
    if looks == 1:
        return ""
    return phrase(
        "The intervals hold at {level} over all {n} planned looks, and so are drawn at {level_of_each} at each.",
        level=level(alpha),
        n=looks,
        level_of_each=level(alpha / looks),
    )


def _over_pairs(settling: list[ContrastRow], arms: list[ArmRow]) -> str:
    """Why the difference of two means may be another than the effect."""
    finished = {row["arm"]: row["runs"] - row["failed"] for row in arms}
    if all(
        row["pairs"] == finished.get(row["arm"]) == finished.get(row["reference"]) for row in settling if row["pairs"]
    ):
        return ""
    return phrase(
        "Effects are over pairs of runs with the same seed that both finished; a mean is over all of an arm's finished runs, so"
        " that two means may differ by another figure than the effect."
    )


def _tails(settling: list[ContrastRow]) -> str:
    """What a verdict lacks that a long tail withholds."""
    if not any(stats.MISSED in row["remark"] for row in settling):
        return ""
    missed = phrase(
        "“May have missed a long tail”: runs that look alike may leave out rare ones that are far worse or better, and their mean"
        " is then wrong."
    )
    few = phrase("With fewer than {n} ablations, nothing else in the study shows that there are none.", n=FEW)
    more = phrase("More runs of the ablation and its reference settle it.")
    return " ".join([missed, *([few] if len(settling) < FEW else []), more])
