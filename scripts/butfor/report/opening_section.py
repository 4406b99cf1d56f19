"""The report's opening: what was asked, on how many runs, and what is the matter with the baseline."""

from __future__ import annotations

from collections import Counter

from butfor.arm_names import data_set_of
from butfor.languages.phrases import phrase, stored
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
    arms = counted(ablations, "ablation")
    if alone:
        others = counted(alone, "more reference")
        arms = phrase("{ablations} and {references}", ablations=arms, references=others)
    runs = counted(len(records), "run")
    if data_set_of(baselines[0]):
        on = counted(len(baselines), "data set")
        runs = phrase("{runs}, on {data_sets}", runs=runs, data_sets=on)
    each = _seeds_each(records, replicate(study))
    counts = phrase("{ablations}, {seeds} each, {runs}.", ablations=arms, seeds=each, runs=runs)
    return f"{plain(study['question'])} {counts}"


def _seeds_each(records: list[Record], noun: str) -> str:
    counts = Counter(record.arm for record in records).values()
    least, most = min(counts), max(counts)
    if least == most:
        return counted(most, noun)
    if noun == "fold":
        return phrase("{n} to {n_most} folds", n=least, n_most=most)
    return phrase("{n} to {n_most} seeds", n=least, n_most=most)


def baseline_section(comparison: Comparison) -> str:
    """What is the matter with a baseline of which every run failed; nothing for any other."""
    lines = [stored(line) for line in comparison["baseline"].split("\n>\n> ")]
    return "> " + "\n>\n> ".join(lines) if comparison["baseline"] else ""
