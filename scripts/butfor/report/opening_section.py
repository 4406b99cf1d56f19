"""The report's opening: what was asked, on how many runs, and what the baseline reaches."""

from __future__ import annotations

from collections import Counter

import numpy as np

from butfor.plain_text import plain
from butfor.records.record import Record
from butfor.study.arm import BASELINE
from butfor.study.metrics import judged_by
from butfor.study.summary import DescribedStudy, ablations_of


def opening_section(study: DescribedStudy, records: list[Record]) -> str:
    """The study's question in its own words, its ablations, seeds and runs, and the baseline's figure."""
    ablations = len(ablations_of(study))
    alone = len(study["arms"]) - ablations - 1
    others = f" and {alone} more references" if alone > 1 else " and 1 more reference" if alone else ""
    plural = "" if ablations == 1 else "s"
    counts = f"{ablations} ablation{plural}{others}, {_seeds_each(records)} seeds each, {len(records)} runs"
    return f"{plain(study['question'])} {counts}. {_baseline(study, records)}"


def _seeds_each(records: list[Record]) -> str:
    counts = Counter(record.arm for record in records).values()
    least, most = min(counts), max(counts)
    return f"{most}" if least == most else f"{least} to {most}"


def _baseline(study: DescribedStudy, records: list[Record]) -> str:
    metric = judged_by(study)
    figures = [metric.figure(record.metrics) for record in records if record.arm == BASELINE and record.usable]
    count, unit = len(figures), metric.unit
    if count < 2:
        return f"{count} run{'' if count == 1 else 's'} of the baseline ended with a usable model."
    mean, spread = np.mean(figures), np.std(figures, ddof=1)
    return (
        f"The baseline reaches a {metric.title} of {mean:.{unit.decimals}f} ± {spread:.{unit.decimals}f} {unit.level}"
        f" (mean ± standard deviation over {count} seeds)."
    )
