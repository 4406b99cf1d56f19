"""What the test set can carry: the error that it adds to each effect, and verdicts that hold for new data."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from butfor import stats
from butfor.arm_names import data_set_of
from butfor.records.measures import Value
from butfor.records.record import Record
from butfor.records.right_answers import unpacked_answers
from butfor.stats.crossed_errors import Answers, Sources, by_group, sources
from butfor.stats.importance import decided_by_failures
from butfor.study.metrics import Metric
from butfor.study.summary import Study, ablations_of, reference_of
from butfor.verdicts.paired_values import seeds_of

ACCURACY = "test/accuracy"
NOTHING = np.zeros(0)
FEWEST = 5  # patients and the like, of which a spread says anything
Grouped = Mapping[str, tuple[Path | str, str]]
Known = TypeVar("Known", bound=Study)
DECIDED = ("helps", "hurts", "no meaningful difference")


def example_errors(study: Study, records: list[Record], looks: dict[str, int], metric: Metric) -> dict[str, Sources]:
    """The errors of each ablation's effect by source, in the metric's unit: of accuracy, by which test examples each run got
    right; of a metric that the study asks for, by its pseudo-values. Of none where nothing is known of single examples, nor of
    folds: each has examples of its own, so that the error over them holds what examples do. Where the data say what examples
    belong to, such as patients, it is these that vary."""
    if study.get("replicates"):
        return {}
    verdict, by_run = study["verdict"], {(record.arm, record.seed): record for record in records}
    errors = {}
    for arm in ablations_of(study):
        pairs = [
            (by_run[arm["name"], seed], by_run[reference_of(arm), seed])
            for seed in seeds_of(study, looks[arm["name"]])
            if (arm["name"], seed) in by_run and (reference_of(arm), seed) in by_run
        ]
        finished = [
            pair
            for pair in pairs
            if not any(r.failed(verdict["must_learn"], verdict["metric"]) or not len(_answers(r, metric)) for r in pair)
        ]
        if len(finished) < 2:
            continue
        answers = [[_answers(pair[place], metric) for pair in finished] for place in (0, 1)]
        sizes = {len(each) for of_arm in answers for each in of_arm}
        if len(sizes) > 1:
            continue
        one, other = (np.stack(of_arm).astype(np.float64) for of_arm in answers)
        count = finished[0][0].data["test"] if metric.name == ACCURACY else sizes.pop()
        members = study.get("example_groups", {}).get(data_set_of(arm["name"])) if metric.name == ACCURACY else None
        if members is not None and len(members) == count:
            of_looked_at = members[_looked_at(len(members), one.shape[1])]
            names, of_looked_at = np.unique(of_looked_at, return_inverse=True)
            if len(names) < FEWEST:
                continue
            one, other = by_group(one, of_looked_at), by_group(other, of_looked_at)
            count = len(np.unique(members))
        if of := sources(one, other, count):
            scale = metric.unit.scale
            errors[arm["name"]] = Sources(scale * of.seeds, scale * of.examples, scale * of.both, of.freedom)
    return errors


def _looked_at(examples: int, count: int) -> npt.NDArray[np.int32]:
    """The rows of the test part whose answers a record holds, so many (see training/evaluation)."""
    return np.linspace(0, examples - 1, count).astype(np.int32)


def with_groups(study: Known, grouped: Grouped) -> Known:
    """The study with what the test examples of its data sets belong to. grouped: those that say so, with the paths of their
    arrays, by name (see DataFiles.grouped)."""
    known = {}
    for name, (path, _) in grouped.items():
        with np.load(path, allow_pickle=False) as stored:
            known[name] = stored["groups_test"]
    return {**study, "example_groups": known} if known else study  # type: ignore[return-value]


def _answers(record: Record, metric: Metric) -> Answers:
    """What single test examples, or groups of them, say of a run; empty where that is not known."""
    if metric.name == ACCURACY:
        return unpacked_answers(record.right) if record.right else NOTHING
    value = record.metrics.get(metric.name)
    return np.array(value.pseudo) if isinstance(value, Value) else NOTHING


def for_new_data(
    judged: dict[str, stats.Contrast], errors: dict[str, Sources], study: Study
) -> dict[str, stats.Contrast]:
    """The contrasts, with `inconclusive` and the reason in place of a verdict that the test set cannot carry for new data, if the
    study asks for verdicts that hold for it. No further seeds would change that, so that what is settled stays so."""
    if study["verdict"].get("holds_for") != "new data" or study.get("replicates"):
        return judged
    alpha, contrasts = study["verdict"]["alpha"], dict(judged)
    for name, c in judged.items():
        if c.verdict not in DECIDED or decided_by_failures(c, alpha):
            continue
        if name not in errors:
            remark = f"{c.verdict} on this test set; what it says of new data is not known"
        elif holds(c, errors[name], alpha):
            continue
        else:
            remark = f"{c.verdict} on this test set, which is too small to say so of new data"
        contrasts[name] = dataclasses.replace(c, verdict="inconclusive", remark=remark)
    return contrasts


def holds(c: stats.Contrast, errors: Sources, alpha: float) -> bool:
    """Whether a verdict on this test set is one for new data, at the level that its correction left it."""
    wide = errors.beside(c.estimate)
    if c.verdict == "no meaningful difference":
        raw, corrected, p = c.estimate.p_equivalence(c.margin), c.p_equivalence, wide.p_equivalence(c.margin)
    else:
        raw, corrected, p = c.estimate.p_difference(), c.p_difference, wide.p_difference()
    known = math.isfinite(raw) and math.isfinite(corrected) and raw > 0 and corrected > 0
    return bool(max(p, raw) <= (alpha * min(raw / corrected, 1.0) if known else alpha))


def fields(c: stats.Contrast, errors: Sources | None, level: float) -> dict[str, Any]:
    """What a row of contrasts says of the test set: its `test_error`, and the interval for new data at 1 - level, `new_low` to
    `new_high`, which holds that for seeds alone: more degrees of freedom are no reason to know more."""
    if errors is None or not c.pairs:
        return {"test_error": math.nan, "new_low": math.nan, "new_high": math.nan}
    low, high = errors.beside(c.estimate).interval(level)
    return {"test_error": errors.examples, "new_low": min(low, c.low), "new_high": max(high, c.high)}
