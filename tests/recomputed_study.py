"""All that a report says in numbers of the study in numbers_study.py, worked out from its records and its settings."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy import stats

import recomputed
from numbers_study import ASKED, BROKEN, EXAMPLES, UNSTABLE, VOID
from recomputed import Effect, Runs, paired

PLACEBO, APART = "placebo", 2_000_000
ALPHA, MARGIN, LOOKS = 0.05, 0.5, tuple(yaml.safe_load(ASKED)["seeds"])
STEP = 100 / EXAMPLES  # of the accuracy, in points
SCALES = {"test/accuracy": 100, "test/loss": 1, "gap/loss": 1, "gap/accuracy": 100, "test/f1_macro": 100}
SHOWN = ("test/loss", "gap/loss", "test/f1_macro")  # beside the accuracy
MARGINS = {"test/accuracy": MARGIN, "test/f1_macro": 1.0}
WORSE_IF_MORE = ("test/loss", "gap/loss", "gap/accuracy")
GRID = {
    (size, epochs): f"batch_size_{size}__epochs_{epochs}"
    for size, epochs in itertools.product(("32", "256"), ("5", "20"))
}


class Recomputed:
    """The study's numbers. runs: its records as files hold them, by arm and seed. effects: of each ablation on each metric."""

    def __init__(self, folder: Path) -> None:
        self.runs: dict[str, dict[int, dict[str, Any]]] = {}
        for path in sorted(folder.glob("runs/*/*/seed_*.json")):
            run = json.loads(path.read_text())
            self.runs.setdefault(run["arm"], {})[run["seed"] % APART] = run
        self.summary: dict[str, Any] = json.loads((folder / "summary.json").read_text())
        self.costs: dict[str, dict[str, Any]] = json.loads((folder / "costs.json").read_text())["arms"]
        written = yaml.safe_load(ASKED)["ablations"]
        self.label = {"bare": written["bare"]["label"]}
        self.reference = {arm: "bare" if arm == "bare_dropout" else "baseline" for arm in self.runs}
        self.ablations = [arm for arm in self.runs if arm not in ("baseline", PLACEBO)]
        self.judged = [arm for arm in self.ablations if arm != VOID]
        self.effects = {"test/accuracy": self._deciding()}
        self.effects |= {metric: self._beside(metric) for metric in SHOWN}
        self.open = [arm for arm in self.judged if self.effects["test/accuracy"][arm].verdict == recomputed.OPEN]
        self.grid, self.placebo = self._grid_effects(), self._placebo()
        self.new_data = {arm: self._new_data(arm) for arm in self.judged if arm != BROKEN}
        self.lacking = {arm: self._lacking(arm) for arm in self.open}
        self.could_see = {arm: self._could_see(arm) for arm in self.open}
        self.verdicts = {arm: one.verdict for arm, one in self.effects["test/accuracy"].items()}

    def values(self, arm: str, metric: str = "test/accuracy") -> Runs:
        """By seed, None for a run that failed."""
        part, _, name = metric.partition("/")

        def figure(metrics: dict[str, float]) -> float:
            if part == "test":
                return SCALES[metric] * metrics[metric]
            sign = 1 if name == "accuracy" else -1
            return SCALES[metric] * sign * (metrics[f"train/{name}"] - metrics[f"test/{name}"])

        return {seed: None if r["status"] == "diverged" else figure(r["metrics"]) for seed, r in self.runs[arm].items()}

    def finished(self, arm: str, metric: str = "test/accuracy") -> np.ndarray:
        """The values of the runs that did not fail."""
        return np.array([value for value in self.values(arm, metric).values() if value is not None])

    def seconds(self, arm: str, phase: str = "train") -> np.ndarray:
        """Of each run."""
        return np.array([run["timing"]["seconds"][phase] for run in self.runs[arm].values()])

    def parameters(self, arm: str) -> list[str]:
        """Of an arm's model, those that are trained, and all where some are not."""
        run = next(iter(self.runs[arm].values()))
        return [f"{count:,}".replace(",", " ") for count in dict.fromkeys((run["parameters"], run["all_parameters"]))]

    def pair(self, arm: str, metric: str, seen: int) -> Effect:
        """An ablation and its reference on the first seeds."""
        return paired(self.values(arm, metric), self.values(self.reference[arm], metric), range(seen))

    def seen(self, arm: str) -> int:
        """How many seeds an arm has had."""
        return len(self.runs[arm])

    def _deciding(self) -> dict[str, Effect]:
        """Look by look: what is settled keeps its verdict and its probabilities."""
        as_of: dict[str, Effect] = {}
        for look in LOOKS:
            now = [
                arm
                for arm in self.judged
                if self.seen(arm) >= look and (look == LOOKS[0] or as_of[arm].verdict == recomputed.OPEN)
            ]
            as_of |= {arm: self.pair(arm, "test/accuracy", look) for arm in now}
            recomputed.guarded(as_of, now, least=lambda one: STEP)
            for arm in now:
                recomputed.tested(as_of[arm], MARGIN, len(LOOKS))
            whole = dict(zip(as_of, recomputed.corrected(list(as_of.values())), strict=True))
            for arm in now:
                one = as_of[arm]
                one.shown = whole[arm]
                one.verdict = recomputed.verdict_of(one, one.shown, ALPHA)
                is_last = look == LOOKS[-1]
                one.stopped = (
                    one.verdict == recomputed.OPEN
                    and not is_last
                    and recomputed.is_futile(one, MARGIN, LOOKS, ALPHA, len(self.judged))
                )
        return {**as_of, VOID: self._void("test/accuracy")}

    def _void(self, metric: str) -> Effect:
        one = self.pair(VOID, metric, self.seen(VOID))
        one.error, one.verdict = math.nan, "void: nothing changed"
        return one

    def _beside(self, metric: str) -> dict[str, Effect]:
        """On the seeds that there are, all metrics beside the one that decides with one alpha together."""
        found = {arm: self.pair(arm, metric, self.seen(arm)) for arm in self.judged}
        recomputed.guarded(found, found, least=smallest_step)
        for one in found.values():
            recomputed.tested(one, MARGINS.get(metric), len(LOOKS), metric not in WORSE_IF_MORE)
        others = (len(SCALES) - 2) * len(found)
        for (arm, one), p in zip(found.items(), recomputed.corrected(list(found.values()), others), strict=True):
            one.shown = p
            one.verdict = recomputed.verdict_of(one, p, ALPHA, metric not in WORSE_IF_MORE)
            if arm == BROKEN:
                one.verdict = "hurts"  # what failures decide is not asked again
        return {**found, VOID: self._void(metric)}

    def interval(
        self, arm: str, metric: str = "test/accuracy", level: float = ALPHA / len(LOOKS)
    ) -> tuple[float, float]:
        """Of an effect, by itself."""
        return self.effects[metric][arm].interval(level)

    def _lacking(self, arm: str) -> int:
        """How many more pairs would settle an ablation; of the one that is better and fails more often, only its failures may."""
        if arm == UNSTABLE:
            one, times = self.effects["test/accuracy"][arm], len(LOOKS) * len(self.judged)
            return recomputed.more_failing_runs(one, times, ALPHA)
        return recomputed.more_runs(self.effects["test/accuracy"][arm], MARGIN, self._times(arm), ALPHA)

    def _could_see(self, arm: str) -> float:
        """The smallest effect that as many pairs again would show."""
        return recomputed.could_see(self.effects["test/accuracy"][arm], self._times(arm), ALPHA)

    def _times(self, arm: str) -> int:
        failed = self.effects["test/accuracy"][arm].failed
        return len(LOOKS) * len(self.judged) * (1 if failed[0] == failed[1] else 2)

    def _new_data(self, arm: str) -> tuple[float, float, float]:
        """The test set's own error, and the interval for other examples too."""
        one = self.effects["test/accuracy"][arm]
        seeds = [s for s in range(one.seeds) if self.values(arm)[s] is not None]
        own, base = (
            np.array([100 * recomputed.answers(self.runs[a][s]["right"]) for s in seeds])
            for a in (arm, self.reference[arm])
        )
        examples, both, freedom = recomputed.test_set_error(own, base)
        error = max(math.hypot(one.error, examples), both)
        freedom = min((one.runs - 1) * (error / one.error) ** 4, freedom)
        level = ALPHA / len(LOOKS) / 2
        reach = max(stats.t.isf(level, freedom) * error, stats.t.isf(level, one.runs - 1) * one.error)
        return examples, one.effect - reach, one.effect + reach

    def _grid_effects(self) -> dict[str, Effect]:
        """The main effects and the interaction of the grid, and what dropout is worth with the rest and without it."""
        cells: dict[Any, Runs] = {cell: self.values(arm) for cell, arm in GRID.items()}
        seeds = range(min(self.seen(arm) for arm in GRID.values()))
        sides = {
            "batch_size": (("256", "5"), ("256", "20"), ("32", "5"), ("32", "20")),
            "epochs": (("32", "20"), ("256", "20"), ("32", "5"), ("256", "5")),
        }
        found = {name: _half(cells, at[:2], at[2:], seeds) for name, at in sides.items()}
        recomputed.guarded(found, found, least=lambda one: STEP)
        there, here = {("256", "20"): 1, ("32", "20"): -1}, {("256", "5"): 1, ("32", "5"): -1}
        apart = paired(*(recomputed.signed_sum(cells, w, seeds) for w in (there, here)), seeds)
        arms = {a: self.values(a) for a in ("baseline", "no_dropout", "bare_dropout", "bare")}
        few = range(min(map(len, arms.values())))
        leave, add = {"baseline": 1, "no_dropout": -1}, {"bare_dropout": 1, "bare": -1}
        part = paired(*(recomputed.signed_sum(arms, w, few) for w in (leave, add)), few)
        for one in (apart, part):
            recomputed.guarded({"": one}, [""], least=lambda one: 2 * STEP)
        for family in ([*found.values()], [apart], [part]):
            for one in family:
                recomputed.tested(one, MARGIN, len(LOOKS))
            for one, p in zip(family, recomputed.corrected(family), strict=True):
                one.shown = p
        return {**found, "interaction": apart, "dropout": part}

    def _placebo(self) -> Effect:
        """The placebo against the baseline, by the order of their runs."""
        one = paired(self.values(PLACEBO), self.values("baseline"), range(self.seen(PLACEBO)))
        recomputed.guarded({PLACEBO: one}, [PLACEBO], least=lambda one: STEP)
        return one


def _half(cells: Any, one: Any, other: Any, seeds: range) -> Effect:
    return paired(*(recomputed.signed_sum(cells, dict.fromkeys(side, 0.5), seeds) for side in (one, other)), seeds)


def smallest_step(one: Effect) -> float:
    """The smallest step between values, but for rounding."""
    values = np.sort(np.concatenate([one.ablation, one.reference]))
    steps = np.diff(values)
    return float(min(steps[steps > 1e-9 * np.abs(values).max()], default=0.0))
