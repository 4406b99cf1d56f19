"""Verdicts taken back: those that the runs which a reference has had since do not bear out."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

from butfor import stats
from butfor.plain_text import counted
from butfor.records.record import Record
from butfor.stats.importance import decided_by_failures
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Study, ablations_of, reference_of
from butfor.verdicts.paired_values import are_independent, measured, pairing


def withheld(judged: dict[str, stats.Contrast], study: Study, records: list[Record]) -> dict[str, stats.Contrast]:
    """The contrasts, with `inconclusive` and the reason in place of a verdict that would be another one against all runs that
    its reference has by now. An ablation that is settled gets no more seeds, the reference does as long as any is open."""
    known, pairs = measured(study, records), pairing(study, records, judged_by(study))
    contrasts = dict(judged)
    if are_independent(study):
        return contrasts  # their effects are already against all runs of the reference
    for arm in ablations_of(study):
        name, c = arm["name"], judged[arm["name"]]
        by_now = [value for value in known.values.get(reference_of(arm), {}).values() if value is not None]
        if not c.pairs or len(by_now) == c.pairs or decided_by_failures(c, study["verdict"]["alpha"]):
            continue
        shift = mean(by_now) - float(pairs(name, c.look).reference.mean())
        if not stats.still_holds(c, shift, known.rule.higher_is_better):
            remark = (
                f"{c.verdict} by {counted(c.pairs, 'seed')}, but not against all {len(by_now)} runs of the reference"
            )
            contrasts[name] = replace(c, verdict="inconclusive", remark=remark)
    return contrasts
