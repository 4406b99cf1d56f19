"""What follows a look: which ablations are settled, and which arms the next look trains."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from butfor.arm_names import data_set_of
from butfor.checks import manipulation
from butfor.languages.folder_language import language_in
from butfor.languages.phrases import speaking
from butfor.plain_text import counted
from butfor.records.awaited_anew import awaited_anew
from butfor.records.files import write_noted
from butfor.records.record import Record
from butfor.records.results_folder import RUNS, record_in, results_of
from butfor.records.tables import records_in
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Budget, Study, ablations_of, reference_of
from butfor.verdicts import contrasts
from butfor.verdicts.as_recorded import as_recorded
from butfor.verdicts.baseline import failed_baselines
from butfor.verdicts.claims_between_arms import undecided_arms
from butfor.verdicts.decision import Decision, so_far
from butfor.verdicts.placebo_test import undecided_placebos
from butfor.verdicts.removed import with_removed
from butfor.verdicts.rows import UNJUDGED
from butfor.verdicts.words import There, decision_in_words


def decide(
    study: Study,
    look: str,
    folders: Iterable[Path | str],
    path: Path | str,
    register_path: Path | str | None = None,
    measured: Iterable[Path | str] = (),
) -> str:
    """Judge the ablations of `study` after a look, write what follows, and give it in one line, in the language of the results
    folder, in which the register lies. register_path: of the
    register that knows which ablations were removed. measured: the files of what runs are worth by the study's metrics."""
    records = records_in(folders, measured)
    decision = after(with_removed(study, register_path), look, records)
    write_noted(Path(path), json.dumps(decision, indent=1))
    if not register_path:
        return decision_in_words(decision)
    results = results_of(Path(register_path))
    with speaking(language_in(results)):
        return decision_in_words(decision, _there(study, decision, results, records))


def _there(study: Study, decision: Decision, results: Path, records: list[Record]) -> There:
    """The runs of the following look that an earlier start has made, and the hours of those that are lacking."""
    following = next(look for look in study["looks"] if look["seen"] == decision["following"])
    seeds, awaited, there, hours = following["seeds"], awaited_anew(results), 0, 0.0
    for arm in decision["next"]:
        folder = results / RUNS.format(arm=arm, look=following["name"])
        made = 0 if folder in awaited else sum(record_in(folder, seed).exists() for seed in seeds)
        there += made
        hours += _seconds_per_run(records, arm) * (len(seeds) - made) / 3600
    return There(there, hours)


def after(study: Study, look: str, records: list[Record]) -> Decision:
    """What follows a look that is not the last.

    look, seen: its name, and seeds per arm after it. settled, ablations: how many. given_up: those that no further look would
    decide, which have no verdict and get no more seeds. next: the arms that the next look trains, undecided ablations and their
    references in the order of the plan, those of undecided claims against other arms, and an open placebo beside its baseline;
    runs, hours: what that costs; stopped: why there is no next look although some ablations are undecided, empty if there is
    one.
    """
    study = as_recorded(study, records)
    this, following = next(pair for pair in pairwise(study["looks"]) if pair[0]["name"] == look)
    checks = manipulation.examine(study, records)
    judged = contrasts.decided(study, records, checks)
    undecided = [
        arm for arm in ablations_of(study) if not judged[arm["name"]].settled or judged[arm["name"]].verdict == UNJUDGED
    ]
    given_up = [name for name, each in judged.items() if each.settled and each.verdict == "inconclusive"]
    wanted = {name for arm in undecided for name in (arm["name"], reference_of(arm))}
    wanted |= undecided_arms(study, records, checks, study["looks"].index(this) + 1)
    wanted |= undecided_placebos(study, records, beside=wanted)
    arms = [arm["name"] for arm in study["arms"] if arm["name"] in wanted]
    failed = failed_baselines(records, study["verdict"]["must_learn"], study["verdict"]["metric"])
    lost = {data_set_of(baseline.arm) for baseline in failed}
    left = [arm for arm in arms if data_set_of(arm) not in lost]
    arms = left or arms
    seconds = {arm: _seconds_per_run(records, arm) for arm in arms}
    runs = len(arms) * len(following["seeds"])
    hours = sum(seconds.values()) * len(following["seeds"]) / 3600
    stopped = _exceeded(study["budget"], len(records), runs, _seconds(records) / 3600, hours) if arms else ""
    if arms and not left:
        stopped = "; ".join(baseline.in_short for baseline in failed)
    decimals = judged_by(study).unit.decimals
    return {
        "look": look,
        "seen": this["seen"],
        "settled": len(judged) - len(undecided) - len(given_up),
        "ablations": len(judged),
        "undecided": [arm["name"] for arm in undecided],
        "given_up": given_up,
        "following": following["seen"],
        "next": [] if stopped else arms,
        "runs": runs,
        "hours": hours,
        "stopped": stopped,
        "verdicts": {name: so_far(each, decimals) for name, each in judged.items()},
    }


def planned_runs(study: Study, decisions: Iterable[Decision]) -> int:
    """The runs of the first look, and of the further ones as decided."""
    further = [decision["runs"] for decision in decisions if decision["next"]]
    return len(study["arms"]) * len(study["looks"][0]["seeds"]) + sum(further)


def _exceeded(budget: Budget, runs: int, more_runs: int, hours: float, more_hours: float) -> str:
    if budget["max_runs"] is not None and runs + more_runs > budget["max_runs"]:
        return f"{counted(runs, 'run')} and {more_runs} more would exceed budget.max_runs {budget['max_runs']}"
    if budget["max_gpu_hours"] is not None and hours + more_hours > budget["max_gpu_hours"]:
        return (
            f"{hours:.3g} hours and about {more_hours:.3g} more would exceed"
            f" budget.max_gpu_hours {budget['max_gpu_hours']:g}"
        )
    return ""


def _seconds_per_run(records: list[Record], arm: str) -> float:
    own = [record for record in records if record.arm == arm]
    return _seconds(own) / len(own) if own else 0.0


def _seconds(records: list[Record]) -> float:
    return float(sum(sum(record.timing["seconds"].values()) for record in records))
