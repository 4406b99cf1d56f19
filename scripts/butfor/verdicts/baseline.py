"""The baseline that learnt nothing: every one of its runs failed, so that nothing can be said of its parts."""

from __future__ import annotations

from dataclasses import dataclass

from butfor.arm_names import data_set_of
from butfor.plain_text import counted, plain
from butfor.recipe.tasks import task_of
from butfor.records.record import Record
from butfor.study.arm import BASELINE, is_baseline
from butfor.study.summary import Study


@dataclass(frozen=True)
class FailedBaseline:
    """The runs of a baseline of which each one failed.

    arm: its name. diverged: whether every one diverged; then an arm that trains is still known to be better. in_short: what is
    the matter, as part of a sentence. example: why the first failed. classes: whether its targets are classes.
    """

    arm: str
    diverged: bool
    in_short: str
    example: str
    classes: bool


def failed_baselines(records: list[Record], must_learn: bool, metric: str) -> list[FailedBaseline]:
    """The baselines, one on each data set, that have runs of which every one counts as failed (see counts_as_failed)."""
    names = dict.fromkeys(record.arm for record in records if is_baseline(record.arm))
    baselines = (failed_baseline(records, must_learn, metric, name) for name in names)
    return [baseline for baseline in baselines if baseline]


def failed_baseline(
    records: list[Record], must_learn: bool, metric: str, name: str = BASELINE
) -> FailedBaseline | None:
    """The baseline of that name, if it has runs and every one counts as failed; else None."""
    own = [record for record in records if record.arm == name]
    if not own or not all(record.failed(must_learn, metric) for record in own):
        return None
    unlearnt = [record for record in own if record.status != "diverged"]
    what = (
        "learnt nothing"
        if any(record.status == "at_chance" for record in own)
        else "learnt no more than the commonest class"
    )
    where = f" on {data_set_of(name)}" if data_set_of(name) else ""
    in_short = f"the baseline has {what if unlearnt else 'diverged'}{where} ({len(own)} of {counted(len(own), 'run')})"
    first = (unlearnt or own)[0]
    return FailedBaseline(name, not unlearnt, in_short, first.reason, task_of(first.data).classes)


def in_words(baseline: FailedBaseline, study: Study) -> str:
    """What is the matter with the baseline, what follows, and what one may do; the first words stand between `**`."""
    lead = f"**{baseline.in_short[0].upper()}{baseline.in_short[1:]}.** The first: {plain(baseline.example)}."
    if baseline.diverged:
        return (
            f"{lead} An arm is judged against it only by how often its own runs fail. A smaller learning rate may help."
        )
    metric, other = study["verdict"]["metric"], ""
    if baseline.classes:
        other = " judge by test/loss (`verdict: {metric: test/loss}`)," if metric != "test/loss" else ""
        if metric == "test/accuracy" and "commonest" in baseline.in_short:
            other += " or by what a rare class moves (`metrics: {pr_auc: {primary: true}}`),"
    sentences = (
        f"{lead} So nothing can be said of its parts: there are no verdicts against it, claims about it are undecided, and no"
        f" further seeds are trained. What one may do: mend the recipe or balance the data,{other} or compare such runs all the"
        " same (`verdict: {must_learn: false}`)."
    )
    return sentences if baseline.classes else sentences.replace(" or balance the data", "")
