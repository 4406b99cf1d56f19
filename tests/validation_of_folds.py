"""The verdicts over folds put to the test, as validation.py does those over seeds: made-up runs whose training sets overlap.

Of two kinds. Drawn: the error that an arm makes on a fold correlates with that on another by n_test / (n_train + n_test). Fitted:
ridge regressions on a class, each of views of its own of the same made-up examples, by real folds; nothing is presumed of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import pandas as pd

import validation
from butfor.data.folds import Folds
from butfor.verdicts import contrasts
from validation import ABLATIONS, ALPHA, ARMS, LAWS, MIX, SHARED, SIGMA, at_most, coverage, wrong_reports

EXAMPLES, VIEW = 100, 5  # of a fitted data set, and the columns that an arm sees
NOISY, CLEAN = 1.6, 1.0  # of a view's columns
TRUTH = 4000  # data sets by which the effect of a noisier view is known


@dataclass(frozen=True)
class Scenario:
    """What is planted. effects, margin: in standard deviations of one run. fitted: whether runs are ridge regressions, of which
    the first `noisy` ablations have noisier views; a margin of None is then exactly their effect. corrected: whether the study
    knows that its runs are folds."""

    name: str
    folds: int = 5
    repeats: int = 2
    law: str = "normal"
    effects: tuple[float, ...] = ()
    margin: float | None = 1.0
    fitted: bool = False
    noisy: int = 0
    corrected: bool = True


SCENARIOS = {
    s.name: s
    for s in (
        Scenario("nothing, 5 folds x 2"),
        Scenario("nothing, 10 folds", 10, 1),
        Scenario("nothing, 2 folds x 5", 2, 5),
        Scenario("nothing, 5 folds x 10", 5, 10),
        Scenario("nothing, 5 folds x 10, margin 0.1", 5, 10, margin=0.1),
        Scenario("nothing, 5 folds x 2, skewed", law="skewed"),
        Scenario("nothing, 5 folds x 2, heavy tails", law="heavy"),
        Scenario("all at the margin, 5 folds x 10", 5, 10, effects=(1.0,) * ABLATIONS),
        Scenario("mix, 5 folds x 10", 5, 10, effects=MIX),
        Scenario("ridge, nothing, 5 folds x 2", fitted=True, margin=5.0),
        Scenario("ridge, nothing, 10 folds x 3", 10, 3, fitted=True, margin=5.0),
        Scenario("ridge, all at the margin, 5 folds x 10", 5, 10, fitted=True, noisy=ABLATIONS, margin=None),
        Scenario("as seeds: nothing, 5 folds x 2", corrected=False),
        Scenario("as seeds: nothing, 5 folds x 10, margin 0.1", 5, 10, margin=0.1, corrected=False),
        Scenario("as seeds: ridge, nothing, 10 folds x 3", 10, 3, fitted=True, margin=5.0, corrected=False),
    )
}


def reached(scenario: Scenario, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The accuracy of each arm on each fold, in points, `(arms, folds)`, and what was planted, by arm, in points."""
    if scenario.fitted:
        noisy = np.arange(1 + ABLATIONS) <= scenario.noisy
        noisy[0] = False
        return 100 * fitted(scenario, noisy, rng), np.where(noisy, noise_effect(scenario.folds), 0.0)
    arms, count, alike = 1 + ABLATIONS, scenario.folds * scenario.repeats, 1 / scenario.folds
    own, of_data = (
        np.sqrt(SHARED) * rng.standard_normal(size) + np.sqrt(1 - SHARED) * rng.standard_normal((arms, size))
        for size in (count, 1)
    )
    whole = np.sqrt(alike) * of_data + np.sqrt(1 - alike) * LAWS[scenario.law](own)
    effects = SIGMA * np.array([0.0, *scenario.effects, *[0.0] * (ABLATIONS - len(scenario.effects))])
    return 88 + SIGMA * whole + effects[:, None], effects


def fitted(scenario: Scenario, noisy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The share of right answers of a ridge regression on each arm's view, by fold, `(arms, folds)`."""
    signal = rng.standard_normal((EXAMPLES, VIEW))
    classes = (signal.sum(axis=1) + rng.standard_normal(EXAMPLES) > 0).astype(np.int32)
    spread = np.where(noisy, NOISY, CLEAN)[:, None, None]
    views = signal + spread * rng.standard_normal((len(noisy), EXAMPLES, VIEW))
    folds, found = Folds(scenario.folds, stratified=True), []
    for seed in range(scenario.folds * scenario.repeats):
        train, test = folds.rows(classes, seed)
        x, y = views[:, train], 2.0 * classes[train] - 1
        centre = x.mean(axis=1, keepdims=True)
        x, gram = x - centre, np.swapaxes(x - centre, 1, 2) @ (x - centre) + np.eye(VIEW)
        weights = np.linalg.solve(gram, np.swapaxes(x, 1, 2) @ (y - y.mean())[:, None])
        answers = ((views[:, test] - centre) @ weights)[..., 0] + y.mean() > 0
        found.append((answers == classes[test]).mean(axis=1))
    return np.stack(found, axis=1)


@cache
def noise_effect(folds: int) -> float:
    """What a noisier view costs, in points, as many data sets say."""
    rng, once = np.random.default_rng(0), Scenario("", folds, 1)
    pairs = [fitted(once, np.array([False, True] * 8), rng).mean(axis=1) for _ in range(TRUTH // folds)]
    return 100 * float(np.mean([each[1::2] - each[::2] for each in pairs]))


def study(scenario: Scenario) -> dict:
    """What the stations after training are told of such a study."""
    count = scenario.folds * scenario.repeats
    told = validation.study(1.0, (count,))
    margin = abs(noise_effect(scenario.folds)) if scenario.margin is None else scenario.margin
    told["verdict"]["margin"] = margin if scenario.fitted else margin * SIGMA
    asked = {"folds": scenario.folds, "repeats": scenario.repeats, "stratified": True, "groups": None}
    return {**told, **({"replicates": asked} if scenario.corrected else {})}


def one_study(scenario: Scenario, seed: int, number: int) -> list[dict]:
    """A row per ablation: what was planted, and what the study made of it."""
    figures, effects = reached(scenario, np.random.default_rng([seed, number]))
    asked, examples = study(scenario), EXAMPLES // scenario.folds if scenario.fitted else 0
    records = [
        validation.made_up(arm, fold, figures[place, fold], examples=examples)
        for place, arm in enumerate(ARMS)
        for fold in range(figures.shape[1])
    ]
    rows = [row for row in contrasts.judge(asked, records, []) if row["metric"] == "test/accuracy"]
    return [
        {
            **{"study": number, "effect": effects[place], "margin": asked["verdict"]["margin"] - 1e-9},
            **{"verdict": row["verdict"], "diverging": 0, "failures": 0, "of_baseline": 0},
            "covered": row["low"] <= effects[place] <= row["high"],
        }
        for place, row in enumerate(rows, start=1)
    ]


def run(scenario: Scenario, studies: int, seed: int, each: Callable[..., Iterable[list[dict]]] = map) -> pd.DataFrame:
    """So many studies, a row per study and ablation."""
    rows = each(partial(one_study, scenario, seed), range(studies))
    return pd.DataFrame([row for rows_of_one in rows for row in rows_of_one])


def line(scenario: Scenario, found: pd.DataFrame) -> dict[str, str]:
    """A scenario's row of the table."""
    studies, shares, (share, error) = found.study.nunique(), found.verdict.value_counts(normalize=True), coverage(found)
    return {
        "planted, over folds": scenario.name,
        "studies": f"{studies}",
        "wrong reports, %": f"{100 * wrong_reports(found):.1f}",
        "promised, at most": f"{100 * at_most(ALPHA, studies):.1f}" if scenario.corrected else "nothing",
        "intervals that hold the truth, %": f"{100 * share:.1f} ± {100 * error:.1f}",
        "verdicts, %": ", ".join(f"{verdict} {100 * each:.1f}" for verdict, each in shares.items()),
    }
