"""The baseline that learnt nothing: every one of its runs failed, so that nothing can be said of its parts."""

from __future__ import annotations

from dataclasses import dataclass

from butfor.plain_text import counted, plain
from butfor.records.record import Record
from butfor.study.arm import BASELINE
from butfor.study.summary import Study


@dataclass(frozen=True)
class FailedBaseline:
    """The runs of a baseline of which each one failed.

    diverged: whether every one diverged; then an arm that trains is still known to be better. in_short: what is the matter,
    as part of a sentence. example: why the first failed.
    """

    diverged: bool
    in_short: str
    example: str


def failed_baseline(records: list[Record], must_learn: bool, metric: str) -> FailedBaseline | None:
    """The baseline if it has runs and every one counts as failed (see counts_as_failed); else None."""
    own = [record for record in records if record.arm == BASELINE]
    if not own or not all(record.failed(must_learn, metric) for record in own):
        return None
    unlearnt = [record for record in own if record.status != "diverged"]
    what = (
        "learnt nothing"
        if any(record.status == "at_chance" for record in own)
        else "learnt no more than the commonest class"
    )
    in_short = f"the baseline has {what if unlearnt else 'diverged'} ({len(own)} of {counted(len(own), 'run')})"
    return FailedBaseline(not unlearnt, in_short, (unlearnt or own)[0].reason)


def in_words(baseline: FailedBaseline, study: Study) -> str:
    """What is the matter with the baseline, what follows, and what one may do; the first words stand between `**`."""
    lead = f"**{baseline.in_short[0].upper()}{baseline.in_short[1:]}.** The first: {plain(baseline.example)}."
    if baseline.diverged:
        return (
            f"{lead} An arm is judged against it only by how often its own runs fail. A smaller learning rate may help."
        )
    other = " judge by test/loss (`verdict: {metric: test/loss}`)," if study["verdict"]["metric"] != "test/loss" else ""
    return (
        f"{lead} So nothing can be said of its parts: there are no verdicts against it, claims about it are undecided, and no"
        f" further seeds are trained. What one may do: mend the recipe or balance the data,{other} or compare such runs all the"
        " same (`verdict: {must_learn: false}`)."
    )
