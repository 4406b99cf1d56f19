"""Captions that stand alone: what is varied, on what, how often, what intervals and signs are, what bold means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from butfor.arm_names import anywhere, data_set_of
from butfor.figures.paper_effects import MOST_ROWS
from butfor.figures.strongest import which_are_shown
from butfor.paper.latex_text import escaped, listed
from butfor.paper.paper_evidence import PaperEvidence
from butfor.paper.run_counts import averaged_words, noun, replicates_words, same_seeds
from butfor.records.record import Record
from butfor.study.metrics import UNITS_OF, Metric
from butfor.study.study_metrics import descriptive
from butfor.verdicts.rows import UNJUDGED, UNPROVEN, VOID

MOST_NAMED = 3  # data sets in a caption
DATA = {
    "fashion_mnist": r"Fashion-MNIST~\citep{xiao2017fashion}",
    "mnist": r"MNIST~\citep{lecun1998gradient}",
    "cifar10": r"CIFAR-10~\citep{krizhevsky2009learning}",
    "digits": r"the UCI optical digits~\citep{alpaydin1998optical}",
}


def ablation_caption(evidence: PaperEvidence, beside: Sequence[Metric], marked: bool) -> str:
    """Of the table of all ablations."""
    metric = evidence.metric
    others = f"; {_named(beside)} beside" if beside else ""
    rows = (
        "Each row is the recipe with (\\checkmark) or without (--) a part."
        if marked
        else "Each row is the full recipe with the change that it names."
    )
    if len({row["reference"] for row in evidence.settling}) > 1:
        rows += " Its reference is the full recipe, where no other is named."
    return _sentences(
        [
            f"Ablations of the training recipe on {data_in_short(evidence)}: {_full(metric)}{others}.",
            rows,
            f"{replicates_words(evidence)} $\\pm$: standard deviation over {noun(evidence)}s.",
            averaged_words(evidence),
            f"$\\Delta$: mean {paired_word(evidence)}difference to the reference{same_seeds(evidence)}.",
            interval_words(evidence),
            verdict_words(evidence),
            bold_words(evidence),
        ]
    )


def metrics_caption(evidence: PaperEvidence, metrics: Sequence[Metric]) -> str:
    """Of a table of several metrics."""
    settles = evidence.metric
    decided = f"Ablations were settled by the {settles.title}; " if settles in metrics else ""
    return _sentences(
        [
            f"The ablations on {data_in_short(evidence)}, by {_named(metrics)}.",
            replicates_words(evidence),
            f"$\\Delta$: mean {paired_word(evidence)}difference to the reference{same_seeds(evidence)}.",
            averaged_words(evidence),
            f"{decided}{'o' if decided else 'O'}ther metrics are {_corrected_beside(evidence)}.",
            bold_words(evidence),
        ]
    )


def _corrected_beside(evidence: PaperEvidence) -> str:
    if descriptive(evidence.study):
        return "described and not judged, but for those of claims"
    return "corrected among themselves"


def data_sets_caption(evidence: PaperEvidence) -> str:
    """Of the table over several data sets."""
    return _sentences(
        [
            f"Ablations of the training recipe on {data_in_short(evidence)}: {_full(evidence.metric)}.",
            "The row of the full recipe has its means; all others have the mean"
            f" {paired_word(evidence)}difference ($\\Delta$) to it on each data set, and over them with equal weight.",
            replicates_words(evidence),
            averaged_words(evidence),
            interval_words(evidence),
            verdict_words(evidence),
            bold_words(evidence),
        ]
    )


def effects_caption(evidence: PaperEvidence) -> str:
    """Of the figure of effects."""
    metric, margin = evidence.metric, margin_words(evidence)
    sets = evidence.data_sets
    data = listed(map(escaped, sets)) if 0 < len(sets) <= MOST_NAMED else data_in_short(evidence)
    return (
        " ".join(
            [
                f"What each change of the recipe does to the {escaped(metric.title)} on {data}, sorted by effect; to the"
                f" {'right' if metric.higher_is_better else 'left'} is better.",
                which_are_shown(len({anywhere(row["arm"]) for row in evidence.settling}), MOST_ROWS),
                replicates_words(evidence),
                f"Circles: mean {paired_word(evidence)}differences, {marks_words(evidence)}; ticks: single {noun(evidence)}s of"
                " arms with few; triangles: beyond the axis.",
                interval_words(evidence),
                f"Shaded: the margin, {margin}." if margin else "",
            ]
        )
        .replace("  ", " ")
        .strip()
    )


def marks_words(evidence: PaperEvidence) -> str:
    """What the mark of an effect says: without a margin, none is shown to make no meaningful difference."""
    same = ", open where they are shown to make no meaningful difference" if margin_words(evidence) else ""
    return f"filled where they are shown to differ{same}; crosses: neither, or no verdict"


def interval_words(evidence: PaperEvidence) -> str:
    """What stands between brackets."""
    verdict, looks = evidence.study["verdict"], len(evidence.study["looks"])
    over = f", over all {looks} planned looks" if looks > 1 else ""
    kind = "paired $t$" if verdict["paired"] else "Welch $t$"
    corrected = (
        ", with the variance corrected for overlapping training sets" if evidence.study.get("replicates") else ""
    )
    of_new = verdict.get("holds_for") == "new data" and not evidence.study.get("replicates")
    new = " They are for this test set; verdicts count its sampling error, too." if of_new else ""
    return (
        f"Intervals are {_percent(verdict['alpha'])} {kind} intervals of each ablation by itself{over}{corrected}, not"
        f" corrected"
        f" over ablations.{new}"
    )


def verdict_words(evidence: PaperEvidence) -> str:
    """What the words for verdicts mean, as far as they occur."""
    verdicts = {row["verdict"] for row in evidence.settling}
    margin = margin_words(evidence)
    words = []
    if verdicts & {"helps", "hurts"}:
        words.append("\\emph{helps}, \\emph{hurts}: the change makes the model better, worse")
    if "no meaningful difference" in verdicts:
        words.append(f"\\emph{{same}}: the difference lies within the margin of {margin}")
    if "inconclusive" in verdicts:
        words.append("\\emph{open}: neither is shown")
    if VOID in verdicts:
        words.append("\\emph{void}: the change had no effect on training")
    if UNPROVEN in verdicts:
        words.append("\\emph{unproven}: not shown to have changed what it says and nothing else")
    if UNJUDGED in verdicts:
        words.append("\\emph{none}: the reference has learnt nothing")
    scope = "each family of ablations" if evidence.study["verdict"]["corrected_over"] == "family" else "all ablations"
    looks = "looks and " if len(evidence.study["looks"]) > 1 else ""
    return (
        f"Verdicts are corrected over {looks}{scope} at $\\alpha={evidence.study['verdict']['alpha']:g}$:"
        f" {'; '.join(words)}."
        if words
        else ""
    )


def bold_words(evidence: PaperEvidence) -> str:
    """What is bold."""
    marked = any(row["verdict"] in ("helps", "hurts") and row["effect"] is not None for row in evidence.contrasts)
    return "Bold: shown to differ from the reference after correction." if marked else ""


def margin_words(evidence: PaperEvidence) -> str:
    """The margin of the metric that decides; empty without one."""
    words = evidence.metric.margin_in_words(evidence.study["verdict"])
    return escaped(words).replace(r"$\pm$", r"$\pm$\,", 1) if words else ""


def data_words(evidence: PaperEvidence) -> str:
    """The data sets with their test examples."""
    names = dict.fromkeys(data_set_of(record.arm) for record in evidence.records)
    firsts = [next(record for record in evidence.records if data_set_of(record.arm) == name) for name in names]
    descriptions = [
        _data_set(record, name, bool(evidence.study.get("replicates")))
        for record, name in zip(firsts, names, strict=True)
    ]
    return listed(descriptions)


def data_in_short(evidence: PaperEvidence) -> str:
    """The same for a caption, where many are not named."""
    count = len(evidence.data_sets)
    return f"{count} data sets" if count > MOST_NAMED else data_words(evidence)


def _data_set(record: Record, name: str, folds: bool) -> str:
    kind = str(record.data.get("name", ""))
    known, examples = DATA.get(kind, "" if name else escaped(_brought(kind))), record.data["test"]
    tested = f"{examples:,} test examples{' per fold' if folds else ''}".replace(",", r"\,")
    about = ", ".join(filter(None, [known, tested])) if name else tested
    return f"{escaped(name) or known} ({about})"


def _brought(name: str) -> str:
    return {"csv": "the table", "parquet": "the table", "npz": "the arrays", "npy": "the arrays", "images": "the images",
            "texts": "the texts"}.get(name, name.partition(":")[0] or "the data")  # fmt: skip


def _full(metric: Metric) -> str:
    unit = {"%": "in \\%, ", "points": "in \\%, "}.get(metric.unit.level, f"in {escaped(metric.unit.level)}, ")
    if metric.unit.level == UNITS_OF.format(metric.short):
        unit = ""
    better = "higher" if metric.higher_is_better else "lower"
    return f"{escaped(metric.title)} ({unit}{better} is better)"


def _named(metrics: Sequence[Metric]) -> str:
    return listed(_full(metric) for metric in metrics)


def paired_word(evidence: PaperEvidence) -> str:
    return "paired " if evidence.study["verdict"]["paired"] else ""


def _percent(alpha: float) -> str:
    return f"{100 * (1 - alpha):g}\\,\\%"


def _sentences(parts: Iterable[str]) -> str:
    return " ".join(filter(None, parts))
