"""How long the runs of an arm take: as its own records say, or those of the arm that is most like it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median, median_low
from typing import Any

from butfor.fingerprint import canonical, fingerprint
from butfor.outlook.known_runs import KnownRun
from butfor.recipe.watched_figures import metrics_watched

Recipe = dict[str, Any]
ByRecipe = dict[str, list[KnownRun]]
OWN, ALIKE, OTHER_MODEL = "its own records", "records of an arm like it", "records of an arm with another model"
PROBE = "a probe"
LONGEST_PAUSE = 60.0  # seconds; what is longer lies between two starts
FULL = 90.0  # percent of all processors, from which on others would have waited
FEWEST_PAUSES = 3  # by which it is told how long a job takes to begin


@dataclass(frozen=True)
class RunSeconds:
    """The seconds of one device that an arm's runs take: `once` for every job that trains some of its seeds, `each` for every
    seed. source: what tells them. like: the arm whose runs tell them, where those are another's."""

    once: float
    each: float
    source: str
    like: str = ""


def by_recipe(known: Iterable[KnownRun]) -> ByRecipe:
    """Runs by the fingerprint of their recipe."""
    groups: ByRecipe = defaultdict(list)
    for run in known:
        groups[fingerprint(run.recipe)].append(run)
    return groups


def run_seconds(recipe: Recipe, known: ByRecipe, steps_per_epoch: int | None = None) -> RunSeconds | None:
    """What the runs of a recipe take, the middle one of those that are known (see by_recipe); None where none is.

    steps_per_epoch: those of the recipe on the study's data, if they are known.
    """
    recipe = canonical(recipe)
    if own := [run for run in known.get(fingerprint(recipe), []) if run.job.name]:
        return RunSeconds(_once(own), usual_each(own), OWN)
    like = _most_alike(recipe, known)
    if not like:
        return None
    same_model = like[0].recipe["model"] == recipe["model"]
    source = PROBE if not like[0].job.name else (ALIKE if same_model else OTHER_MODEL)
    each = median(_trained(run, recipe, steps_per_epoch) for run in like) + _beside(like) + once_more(like)
    return RunSeconds(_once(like), each, source, like[0].arm)


def usual_each(runs: Sequence[KnownRun]) -> float:
    """The seconds that a further seed of some runs takes."""
    return median(run.each - run.beside for run in runs) + _beside(runs) + once_more(runs)


def start_seconds(known: Iterable[KnownRun]) -> float | None:
    """What passes between the end of one job and the first step of the next on the same core: Snakemake, a process, its imports.

    Told by the jobs that have run side by side: the next one begins when the earliest of those ends. None for too few jobs.
    """
    jobs: dict[Any, list[KnownRun]] = defaultdict(list)
    for run in known:
        if not run.batched:  # whose times are those of its record
            jobs[run.job].append(run)
    begun = sorted(
        min(run.started for run in job) - sum(run.seconds.get("data", 0.0) for run in job) for job in jobs.values()
    )
    ended = sorted(max(run.ended for run in job) for job in jobs.values())
    side_by_side = max((sum(end > at for end in ended) - sum(start > at for start in begun) for at in begun), default=0)
    after = zip(begun[side_by_side:], ended, strict=False)
    pauses = [start - end for start, end in after if 0 < start - end < LONGEST_PAUSE]
    return median(pauses) if len(pauses) >= FEWEST_PAUSES else None


def _once(runs: Sequence[KnownRun]) -> float:
    """What a job has once: mostly its compilation. The first seed of a job has next to all of it, and is examined longer than the
    others, whose functions are compiled by then."""
    first, _ = _first_and_further(runs)
    longer = max(0.0, median(run.beside for run in first) - _beside(runs))
    return max(0.0, median(run.once for run in first) - once_more(runs)) + longer


def once_more(runs: Sequence[KnownRun]) -> float:
    """What every further seed of a job has once more: where each fold is compiled anew, its compilation; else next to nothing."""
    _, further = _first_and_further(runs)
    return median_low([run.once for run in further]) if further else 0.0


def _first_and_further(runs: Sequence[KnownRun]) -> tuple[list[KnownRun], list[KnownRun]]:
    """As many runs as there are jobs, those with the most that a job has once, and the others."""
    ordered = sorted(runs, key=lambda run: run.once, reverse=True)
    jobs = max(1, len({run.job for run in runs}))
    return ordered[:jobs], ordered[jobs:]


def _beside(runs: Sequence[KnownRun]) -> float:
    """What examining and evaluating a run usually takes; of two, what the second has, which need not compile it."""
    return median_low([_beside_compiled(run) for run in runs])


def _beside_compiled(run: KnownRun) -> float:
    """The same of one. Where it compiles, what is longer than its training is taken to be compilation too, which a cohort has
    once for all its runs. A probe has none of it."""
    compiles = run.job.name and run.once > run.beside
    return min(run.beside, run.seconds.get("train", run.beside)) if compiles else run.beside


def _most_alike(recipe: Recipe, known: ByRecipe) -> list[KnownRun]:
    """The usable runs of the known recipe that has most in common with another: before all else the same model, and then the same
    metrics watched, which take time after each epoch."""
    watching = metrics_watched(recipe)

    def likeness(runs: list[KnownRun]) -> tuple[bool, bool, int]:
        other = runs[0].recipe
        same_watched = metrics_watched(other) == watching
        return other["model"] == recipe["model"], same_watched, sum(other.get(k) == v for k, v in recipe.items())

    usable = ([run for run in runs if run.usable and run.epochs] for runs in known.values())
    return max(filter(None, usable), key=likeness, default=[])


def _trained(run: KnownRun, recipe: Recipe, steps_per_epoch: int | None) -> float:
    """A run's seconds of training for the epochs and steps of another recipe. A step of a smaller batch is taken to last as long,
    one of a larger batch longer in proportion."""
    trained = run.seconds.get("train", 0.0)
    stops = run.recipe["early_stopping"]["name"] != "none" and recipe["early_stopping"]["name"] != "none"
    share = run.epochs / run.recipe["epochs"] if stops else 1.0
    steps = steps_per_epoch or _steps(run, recipe)
    larger = max(1.0, recipe["batch_size"] / run.recipe["batch_size"])
    epoch = trained / run.epochs * steps / run.steps_per_epoch * larger
    return float(epoch * recipe["epochs"] * share)


def _steps(run: KnownRun, recipe: Recipe) -> int:
    """The steps of another recipe's epoch, by the examples that a run was trained on."""
    examples = run.steps_per_epoch * run.recipe["batch_size"]
    if recipe.get("train_size"):
        examples = min(examples, recipe["train_size"])
    return int(max(1, examples // recipe["batch_size"]))


def were_slowed(known: Iterable[KnownRun]) -> bool:
    """Whether runs may have been slowed by what else was at work: a record tells how full the processors were, and not of whose
    work. A probe counts the time alone in which it had a processor."""
    recorded = [100.0 if run.utilisation is None else run.utilisation for run in known if run.job.name]
    return bool(recorded) and median(recorded) >= FULL


def mean_memory(known: Iterable[KnownRun]) -> float | None:
    """The memory of one training, in MB: the most of each run's, on average; None where no record tells it."""
    held = [run.memory for run in known if run.memory]
    return fmean(held) if held else None
