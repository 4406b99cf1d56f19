"""The report's opening: what was asked, on how many runs, and what is the matter with the baseline."""

from __future__ import annotations

from collections import Counter

from butfor.arm_names import data_set_of
from butfor.plain_text import counted, plain
from butfor.records.record import Record
from butfor.report.fold_words import replicate
from butfor.study.arm import is_baseline
from butfor.study.placebo import placebos_of
from butfor.study.summary import DescribedStudy, ablations_of
from butfor.verdicts.rows import Comparison


def opening_section(study: DescribedStudy, records: list[Record]) -> str:
    """The study's question in its own words, its ablations, seeds and runs."""
    ablations = len(ablations_of(study))
    baselines = [arm["name"] for arm in study["arms"] if is_baseline(arm["name"])]
    alone = len(study["arms"]) - ablations - len(baselines) - len(placebos_of(study))
    others = f" and {counted(alone, 'more reference')}" if alone else ""
    each = _seeds_each(records, replicate(study))
    counts = f"{counted(ablations, 'ablation')}{others}, {each} each, {counted(len(records), 'run')}"
    return f"{plain(study['question'])} {counts}{_on(baselines)}."


def _on(baselines: list[str]) -> str:
    return f", on {counted(len(baselines), 'data set')}" if data_set_of(baselines[0]) else ""


def _seeds_each(records: list[Record], noun: str) -> str:
    counts = Counter(record.arm for record in records).values()
    least, most = min(counts), max(counts)
    return counted(most, noun) if least == most else f"{least} to {most} {noun}s"


def baseline_section(comparison: Comparison) -> str:
    """What is the matter with a baseline of which every run failed; nothing for any other."""
    return f"> {comparison['baseline']}" if comparison["baseline"] else ""
