"""The paragraph on methods: what was really done, with the works that it stands on."""

from __future__ import annotations

from butfor.fold_numbers import is_stratified, overlap
from butfor.paper.captions import data_words, interval_words, margin_words
from butfor.paper.latex_text import escaped, listed
from butfor.paper.paper_evidence import PaperEvidence
from butfor.paper.run_counts import replicates_words
from butfor.paper.software_sentence import software_sentence
from butfor.plain_text import counted
from butfor.recipe.tasks import task_of
from butfor.stats.own_tail import FEW
from butfor.stats.tails import FLOOR
from butfor.study.study_metrics import descriptive, judged_beside
from butfor.study.watched_losses import titles_in, titles_watched
from butfor.verdicts.rows import REFUSED


def method_paragraph(evidence: PaperEvidence, mlflow: bool) -> str:
    """Sentences in LaTeX, a line each."""
    sentences = [
        _design(evidence),
        replicates_words(evidence, says_why=False),
        *_folds(evidence),
        *_looks(evidence),
        _tests(evidence),
        _correction(evidence),
        interval_words(evidence),
        _spreads(evidence),
        *_failures(evidence),
        *_over_data_sets(evidence),
        _scope(evidence),
        software_sentence(evidence, mlflow),
    ]
    return "\n".join(sentence for sentence in sentences if sentence) + "\n"


def _design(evidence: PaperEvidence) -> str:
    study = evidence.study
    ablations = sum(arm["reference"] is not None for arm in study["arms"])
    drawn = (
        "initial weights, the order of batches, what layers draw and, unless it is the data's own, the validation split"
    )
    compared = (
        "so that arms are compared in pairs of the same {noun}~\\citep{{bouthillier2021accounting}}"
        if study["verdict"]["paired"]
        else "although arms are compared as independent samples"
    ).format(noun="fold and seed" if study.get("replicates") else "seed")
    return (
        f"We trained the full recipe and {ablations} ablation{'s' * (ablations != 1)} of it on {data_words(evidence)},"
        f" {len(evidence.records)} runs in all."
        f" A seed drives {drawn}, by separate streams that are the same for every arm,"
        f" {compared}."
    )


def _folds(evidence: PaperEvidence) -> list[str]:
    replicates = evidence.study.get("replicates")
    if not replicates:
        return []
    times = "" if replicates["repeats"] == 1 else f", in {replicates['repeats']} divisions"
    return [
        f"Examples were divided into {replicates['folds']} folds{times}, {_whose(evidence)}; each was the test part once, and all"
        f" that is fitted"
        f" to data was"
        " fitted on the other folds alone.",
        "As training sets overlap, the variance of a mean difference over $J$ folds is taken as"
        f" $1/J + {overlap(replicates):.3g}$ times that of the differences~\\citep{{nadeau2003inference}}.",
    ]


def _whose(evidence: PaperEvidence) -> str:
    """Which examples a fold has."""
    replicates, task = evidence.study["replicates"], task_of(evidence.records[0].data).name
    by_class = "stratified by class" if is_stratified(replicates.get("stratified"), task) else ""
    if not (groups := replicates.get("groups")):
        return by_class or "at random"
    whole = f"each of whole groups by \\texttt{{{escaped(groups)}}}, none of which was both trained on and tested on"
    return f"{by_class} and {whole}" if by_class else whole


def _looks(evidence: PaperEvidence) -> list[str]:
    looks, verdict = evidence.study["looks"], evidence.study["verdict"]
    if len(looks) == 1:
        return []
    seen = [str(look["seen"]) for look in looks]
    futile = ", or that the last look would not decide either," if verdict["futility"] else ""
    return [
        f"Verdicts were asked at planned looks, after {', '.join(seen[:-1])} and {seen[-1]} seeds; an ablation that was"
        f" decided{futile} got no more seeds."
    ]


def _tests(evidence: PaperEvidence) -> str:
    paired = evidence.study["verdict"]["paired"]
    test = (
        "a paired $t$ test~\\citep{student1908probable}"
        if paired
        else "Welch's $t$ test~\\citep{welch1947generalization}"
    )
    margin = margin_words(evidence)
    same = (
        f", and whether it makes no meaningful difference by two one-sided $t$ tests against a margin of {margin}"
        "~\\citep{schuirmann1987comparison}"
        if margin
        else "; no margin was set, so that nothing was shown to be equal"
    )
    return f"Whether an ablation changes the {escaped(evidence.metric.title)} was decided by {test}{same}."


def _correction(evidence: PaperEvidence) -> str:
    verdict, looks = evidence.study["verdict"], len(evidence.study["looks"])
    judged = sum(row["verdict"] not in REFUSED for row in evidence.settling)
    if not judged:
        return ""
    removed = sum(evidence.study.get("removed", {}).values())
    more = f" and {removed} that {'were' if removed != 1 else 'was'} taken out of the study" if removed else ""
    family = (
        "within each family of ablations"
        if verdict["corrected_over"] == "family"
        else f"over {counted(judged, 'judged ablation')}{more}"
    )
    over_looks = (
        f"multiplied by the {looks} looks (Bonferroni's inequality; \\citealp{{dunn1961multiple}}) and "
        if looks > 1
        else ""
    )
    primary = [arm for arm in evidence.study["arms"] if arm["primary"]]
    half = (
        f" Half of $\\alpha$ belongs to the {len(primary)} ablation{'s' * (len(primary) != 1)} declared primary."
        if primary
        else ""
    )
    within = "a family" if verdict["corrected_over"] == "family" else "the study"
    return (
        f"The $p$ values were {over_looks}corrected {family} by the procedure of \\citet{{holm1979simple}}; of one ablation,"
        " both statements share one level, so that the chance of any wrong verdict on the"
        f" {escaped(evidence.metric.title)} in {within} is at most $\\alpha={verdict['alpha']:g}$.{half}{_others(evidence)}"
    )


def _others(evidence: PaperEvidence) -> str:
    """How the metrics are corrected that decide nothing."""
    if len(evidence.metrics) == 1:
        return ""
    if descriptive(evidence.study):
        return " Metrics beside it that no claim names are described and not judged."
    metrics, judged = judged_beside(evidence.study), sum(row["verdict"] not in REFUSED for row in evidence.settling)
    if evidence.study["verdict"]["corrected_over"] == "family":
        return " All other metrics together have $\\alpha$ again."
    over = counted(len(metrics) * (judged + sum(evidence.study.get("removed", {}).values())), "comparison")
    others = f"The {len(metrics)} other metrics together have" if len(metrics) > 1 else "The other metric has"
    return f" {others} $\\alpha$ again, corrected over {over}."


def _spreads(evidence: PaperEvidence) -> str:
    start = "A spread counts as at least one step of the metric. As a few runs may miss the tail of a skewed law,"
    if len(evidence.settling) < FEW:
        return f"{start} a side on which the runs are skewed was held to the law of $t$ under exponential runs."
    return (
        f"{start} no spread was taken for less than {FLOOR:g} of the median ablation's, and where runs are skewed and spread"
        " unequally, statements against the tail were held to the law of $t$ under exponential runs."
    )


def _failures(evidence: PaperEvidence) -> list[str]:
    failed = sum(arm["failed"] for arm in evidence.comparison["arms"])
    return (
        [
            f"Of all runs, {failed} left no usable model; they are not averaged in: where one arm failed more"
            f" often, half of its"
            " share of $\\alpha$ went to the counts by Boschloo's test~\\citep{boschloo1970raised}, a quarter to the"
            " values of the other"
            " runs and a quarter to both together."
        ]
        if failed
        else ["No run failed."]
    )


def _over_data_sets(evidence: PaperEvidence) -> list[str]:
    if not evidence.data_sets:
        return []
    return [
        f"Over the {len(evidence.data_sets)} data sets, an ablation's effect is the mean of its effects with equal"
        f" weight, so that it is"
        " about these very data sets; its verdicts are corrected over the ablations in the same way."
    ]


def _scope(evidence: PaperEvidence) -> str:
    verdict = evidence.study["verdict"]
    if evidence.study.get("replicates"):
        return "The folds vary training and test examples, so the conclusions are about data like these."
    if verdict.get("holds_for") == "new data":
        return "What the test set adds to the error of an effect is counted, so the conclusions are about new data of this kind."
    return (
        f"{_watched(evidence)}he test set was used once per run, at its end; it is fixed, so the conclusions are about this"
        " test set."
    )


def _watched(evidence: PaperEvidence) -> str:
    """What was decided by validation examples, as the start of a sentence."""
    trained = [(record.recipe, task_of(record.data)) for record in evidence.records]
    titles = titles_in(evidence.study)
    by_figures = {
        "early stopping and the choice of an epoch": titles_watched(trained, "early_stopping", titles),
        "the schedule that waits for a plateau": titles_watched(trained, "schedule", titles),
    }
    choices = [f"{what} (by the {listed(named)})" for what, named in by_figures.items() if named]
    choices += ["the search of learning rates"] if evidence.comparison["tuned"] is not None else []
    if not choices:
        return "T"
    words = listed(choices)
    return f"{words[:1].upper()}{words[1:]} saw validation examples only, and t"
