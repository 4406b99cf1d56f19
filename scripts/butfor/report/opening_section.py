"""The report's opening: what was asked, on how many runs, and what the baseline reaches."""

from __future__ import annotations

from collections import Counter

import numpy as np

from butfor.arm_names import data_set_of
from butfor.plain_text import counted, plain
from butfor.records.record import Record
from butfor.report.fold_words import replicate
from butfor.study.arm import is_baseline
from butfor.study.study_metrics import judged_by
from butfor.study.summary import DescribedStudy, ablations_of
from butfor.verdicts.rows import Comparison


def opening_section(study: DescribedStudy, records: list[Record]) -> str:
    """The study's question in its own words, its ablations, seeds and runs, and the baseline's figure."""
    ablations = len(ablations_of(study))
    baselines = [arm["name"] for arm in study["arms"] if is_baseline(arm["name"])]
    alone = len(study["arms"]) - ablations - len(baselines)
    others = f" and {counted(alone, 'more reference')}" if alone else ""
    each = _seeds_each(records, replicate(study))
    counts = f"{counted(ablations, 'ablation')}{others}, {each} each, {counted(len(records), 'run')}"
    reached = " ".join(_baseline(study, records, name) for name in baselines)
    return f"{plain(study['question'])} {counts}{_on(baselines)}. {reached}"


def _on(baselines: list[str]) -> str:
    return f", on {counted(len(baselines), 'data set')}" if data_set_of(baselines[0]) else ""


def _seeds_each(records: list[Record], noun: str) -> str:
    counts = Counter(record.arm for record in records).values()
    least, most = min(counts), max(counts)
    return counted(most, noun) if least == most else f"{least} to {most} {noun}s"


def baseline_section(comparison: Comparison) -> str:
    """What is the matter with a baseline of which every run failed; nothing for any other."""
    return f"> {comparison['baseline']}" if comparison["baseline"] else ""


def _baseline(study: DescribedStudy, records: list[Record], name: str) -> str:
    metric, verdict = judged_by(study), study["verdict"]
    own = [record for record in records if record.arm == name]
    on = f" on {data_set_of(name)}" if data_set_of(name) else ""
    failed = sum(record.failed(verdict["must_learn"], metric.name) for record in own)
    figures = [metric.figure(record.metrics) for record in own if not record.failed(verdict["must_learn"], metric.name)]
    count, unit = len(figures), metric.unit
    if count < 2:
        return f"{count} of {counted(len(own), 'run')} of the baseline{on} ended with a usable model."
    mean, spread = np.mean(figures), np.std(figures, ddof=1)
    survivors = (
        f"{count} of {len(own)} runs; the {failed} that failed are not in it"
        if failed
        else f"{count} {replicate(study)}s"
    )
    return (
        f"The baseline{on} reaches a {metric.title} of {mean:.{unit.decimals}f} ± {spread:.{unit.decimals}f} {unit.level}"
        f" (mean ± standard deviation over {survivors})."
    )
