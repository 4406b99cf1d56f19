"""How far a study is, from the files that its jobs leave: the jobs of the look that trains, what failed, what the looks before it
decided. Standard library only, and nothing is changed."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from butfor.errors import StudyError
from butfor.languages.phrases import phrase, stored
from butfor.plain_text import counted, sentence
from butfor.process import progress
from butfor.process.failure_note import STOPPED, WITH_START, by_reason, read_notes
from butfor.process.file_locks import AT_ONCE, SHARED, lock
from butfor.records.awaited_anew import awaited_anew
from butfor.records.failure_rule import counts_as_failed
from butfor.records.results_folder import (
    DECISION,
    PROGRESS_SUFFIX,
    REGISTER,
    REPORT,
    RESULTS_LOCK,
    RUNS,
    RUNS_FOLDER,
    UNFINISHED,
    asked_for,
    is_record,
    records_of,
)

STATUS = re.compile(rb'"status": "(\w+)"')  # within the first bytes of a record


@dataclass(frozen=True)
class JobProgress:
    """How far the training job of an arm is.

    done, seeds: its runs that have ended, and all. since: when the run that trains began, in seconds since 1970; None where none
    does. share: of its epochs that have ended; at: where it is, in words. runs: that train at once; since and share are their
    means then.
    """

    arm: str
    done: int
    seeds: int
    since: float | None = None
    share: float = 0.0
    at: str = ""
    runs: int = 1

    @property
    def has_ended(self) -> bool:
        """Whether all its runs are there."""
        return self.done >= self.seeds


@dataclass(frozen=True)
class StudyProgress:
    """How far a study is.

    looks: seeds up to each planned look. place: the look that trains now, from 0. jobs: those of the look. failed: a line per arm
    with runs that count as failed. notes: a line per reason why jobs failed. decisions: of the looks that
    were had. is_running: whether a start is at work. is_reported: whether the report on all that is there.
    """

    looks: list[int]
    place: int
    jobs: list[JobProgress]
    failed: list[str]
    notes: list[str]
    decisions: list[dict[str, Any]]
    is_running: bool
    is_reported: bool

    @property
    def done(self) -> int:
        """The look's runs that have ended."""
        return sum(job.done for job in self.jobs)

    @property
    def planned(self) -> int:
        """The look's runs."""
        return sum(job.seeds for job in self.jobs)

    @property
    def under_way(self) -> list[JobProgress]:
        """The jobs that train."""
        return [job for job in self.jobs if job.since is not None]


def kept_runs(results: Path) -> int:
    """How many runs are there of what the last start asked for."""
    asked, awaited = asked_for(results), awaited_anew(results)
    every = (results / RUNS_FOLDER).glob("*/look*") if asked is None else asked
    folders = [*(set(every) - awaited), *_unfinished(results, awaited)]
    return sum(len(records_of(folder)) for folder in folders)


def study_progress(results: Path) -> StudyProgress:
    """How far the study in a results folder is. Raises StudyError if none was started there."""
    asked, terms = asked_for(results), _terms(results)
    seen = [int(seeds) for seeds in terms.get("looks") or []]
    if asked is None or not seen:
        raise StudyError(
            f"{results}: expected the results folder of a study that was started, received none. Name its folder, such as"
            " results/mine."
        )
    awaited = awaited_anew(results)
    every = sorted({folder.parent.name for folder in asked})
    decisions = _decisions(results, len(seen), every, awaited)
    place = len([decision for decision in decisions if decision["next"]])
    arms = decisions[place - 1]["next"] if place else every
    look, seeds = f"look{place + 1}", seen[place] - (seen[place - 1] if place else 0)
    is_running = _is_running(results)
    jobs = [_job(results, arm, look, seeds, is_running, awaited) for arm in arms]
    return StudyProgress(
        looks=seen,
        place=place,
        jobs=jobs,
        failed=_failed([*(asked - awaited), *_unfinished(results, awaited)], terms),
        notes=[_note(same, jobs) for same in by_reason(_notes_shown(results, is_running))],
        decisions=decisions,
        is_running=is_running,
        is_reported=_is_there(results / REPORT, awaited) and all(job.has_ended for job in jobs),
    )


def _notes_shown(results: Path, is_running: bool) -> list[dict[str, Any]]:
    """The failure notes that tell more than that a start was stopped, which a later one has gone on from."""
    hidden = {STOPPED, WITH_START} if is_running else {STOPPED}
    return [note for note in read_notes(results) if note["why"] not in hidden]


def _note(same: list[dict[str, Any]], jobs: list[JobProgress]) -> str:
    """A line on jobs that failed for the same reason; of those that a killed start has taken along, how many runs are kept."""
    arms = list(dict.fromkeys(note["arm"] for note in same))
    sentences = [f"{', '.join(arms)}: {sentence(stored(same[0]['why']))}"]
    ended = [job for job in jobs if job.arm in arms]
    if same[0]["why"] == WITH_START and ended:
        kept, runs = sum(job.done for job in ended), counted(sum(job.seeds for job in ended), "run")
        sentences.append(phrase("Kept: {kept} of {runs}.", kept=kept, runs=runs))
    return " ".join([*sentences, phrase("Log: {log}", log=same[0]["log"])])


def _terms(results: Path) -> dict[str, Any]:
    """What the last start is judged by, as the register has it: `looks`, the seeds up to each, and settings of verdicts; empty
    where it is not known."""
    try:
        return dict(json.loads((results / REGISTER).read_text())["terms"][-1]["terms"])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return {}


def _decisions(results: Path, looks: int, arms: list[str], awaited: Collection[Path]) -> list[dict[str, Any]]:
    """The decisions that stand: one that was made before its look had all the runs that are asked for now will be made anew."""
    decisions: list[dict[str, Any]] = []
    anew = set(map(os.fspath, awaited))
    for place in range(1, looks):
        look = f"look{place}"
        path = results / DECISION.format(look=look)
        runs = (f"{results}/{RUNS.format(arm=arm, look=look)}" for arm in arms)  # many, and asked every second
        if not _is_there(path, awaited) or not all(os.path.isdir(at) and at not in anew for at in runs):
            break
        decisions.append(json.loads(path.read_text()))
        arms = decisions[-1]["next"]
        if not arms:
            break
    return decisions


def _is_there(place: Path, awaited: Collection[Path]) -> bool:
    return place not in awaited and place.exists()


def _job(
    results: Path, arm: str, look: str, seeds: int, is_running: bool, awaited: Collection[Path] = ()
) -> JobProgress:
    """How far the job of an arm is."""
    folder = results / RUNS.format(arm=arm, look=look)
    if folder not in awaited and (ended := len(records_of(folder))):
        return JobProgress(arm, ended, seeds)
    unfinished = results / RUNS_FOLDER / arm / UNFINISHED
    folders = _unfinished(results, awaited, arm)
    done = len({path.name for folder in folders for path in folder.glob("seed_*.json") if is_record(path)})
    runs = []
    for path in sorted(unfinished.glob(f"*/*{PROGRESS_SUFFIX}")) if is_running else []:
        header, *epochs = progress.read(path) or [{}]
        if "started" in header and not progress.is_over([header, *epochs]):
            seed, planned = path.name.partition(".")[0].removeprefix("seed_"), header["recipe"]["epochs"]
            at = (
                phrase("seed {n}, epoch {n_epochs} of {n_planned}", n=seed, n_epochs=len(epochs), n_planned=planned)
                if epochs
                else phrase("seed {n}", n=seed)
            )
            runs.append((header["started"], len(epochs) / planned, at))
    if not runs:
        return JobProgress(arm, done, seeds)
    since, shares, places = zip(*runs, strict=True)
    return JobProgress(arm, done, seeds, fmean(since), fmean(shares), " + ".join(places), len(runs))


def _unfinished(results: Path, awaited: Collection[Path], arm: str = "*") -> list[Path]:
    """The folders of jobs that have not ended, without those of a former recipe."""
    return [path for path in (results / RUNS_FOLDER).glob(f"{arm}/{UNFINISHED}/*/") if path not in awaited]


def _failed(folders: Iterable[Path], terms: dict[str, Any]) -> list[str]:
    """A line for each arm with runs that count as failed."""
    kinds: Counter[tuple[str, str]] = Counter()
    must_learn, metric = terms.get("verdict.must_learn", True), terms.get("verdict.metric") or "test/accuracy"
    for folder in folders:
        arm = folder.parents[1].name if folder.parent.name == UNFINISHED else folder.parent.name
        statuses = map(_status, records_of(folder))
        kinds.update((arm, status) for status in statuses if counts_as_failed(status, must_learn, metric))
    endings = {
        "commonest_class": phrase("no better than the commonest class"),
        "at_chance": phrase("learnt nothing"),
        "diverged": phrase("diverged"),
    }
    return [f"{arm}, {counted(runs, 'run')}: {endings.get(kind, kind)}" for (arm, kind), runs in sorted(kinds.items())]


def _status(record: Path) -> str:
    try:
        with record.open("rb") as file:
            status = STATUS.search(file.read(1000))
    except OSError:  # its job ended meanwhile
        return "ok"
    return status[1].decode() if status else "ok"


def _is_running(results: Path) -> bool:
    try:
        with (results / RESULTS_LOCK).open("r+") as held:
            lock(held, SHARED | AT_ONCE)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
