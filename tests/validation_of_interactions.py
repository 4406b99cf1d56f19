"""Interactions put to the test, as validation.py does verdicts: made-up runs of a grid of eight cells with planted effects."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from unittest import mock

import numpy as np
import pandas as pd

import validation
from butfor.verdicts import factorials, next_look
from validation import ALPHA, LAWS, LOOKS, SHARED, SIGMA, at_most

FACTORS = ("dropout", "l2", "shift")
STEP = 100 / 50 / SIGMA  # of accuracy on 50 test examples, in standard deviations of one run
CELLS = list(itertools.product(("off", "on"), repeat=len(FACTORS)))
ARMS = ["baseline", *("_".join(cell) for cell in CELLS[1:])]  # the baseline has all levels off


@dataclass(frozen=True)
class Scenario:
    """What is planted, in standard deviations of one run: what each factor does where it is on, what the first two do together
    beyond the sum, how wide runs spread where the first is on; examples: of the test set, if accuracies come in steps of one."""

    name: str
    effects: tuple[float, float, float] = (0.0, 0.0, 0.0)
    together: float = 0.0
    law: str = "normal"
    spread: float = 1.0
    margin: float = 1.0
    examples: int = 0


SCENARIOS = {
    s.name: s
    for s in (
        Scenario("no effect at all"),
        Scenario("effects that add up, settled at different looks", (-20.0, 2.0, 1.0)),
        Scenario("effects that add up, margin 0.1", (-20.0, 2.0, 1.0), margin=0.1),
        Scenario("effects that add up, skewed, the first x 3", (-20.0, 2.0, 1.0), law="skewed", spread=3.0),
        Scenario("interaction exactly at the margin", (-20.0, 2.0, 1.0), 1.0),
        Scenario("interaction exactly at the margin, skewed, the first x 3", (0.0, 2.0, 1.0), -3.0, "skewed", 3.0, 3.0),
        Scenario(
            "interaction exactly at the margin of one of 50 test examples", together=STEP, margin=STEP, examples=50
        ),
        Scenario("interaction of 3", (-20.0, 2.0, 1.0), 3.0),
    )
}


def study(margin: float) -> dict:
    """What the stations after training are told of such a study."""
    told = validation.study(margin)
    arms = []
    for name, cell in zip(ARMS, CELLS, strict=True):
        levels, is_ablation = dict(zip(FACTORS, cell, strict=True)), name != "baseline"
        recipe = {factor: 0.1 * (level == "on") for factor, level in levels.items()}
        arm = {**told["arms"][0], "name": name, "recipe": recipe, "levels": levels}
        arm |= {"reference": "baseline", "family": "planted", "grid": "parts"} if is_ablation else {"levels": {}}
        arms.append({**arm, "changed": [factor for factor in FACTORS if levels[factor] == "on"]})
    return {**told, "arms": arms}


def one_study(scenario: Scenario, seed: int, number: int) -> list[dict]:
    """A row per main effect and interaction: what was planted, and what the study made of it."""
    rng, asked = np.random.default_rng([seed, number]), study(scenario.margin)
    is_on = np.array([[level == "on" for level in cell] for cell in CELLS], float)
    drawn = np.sqrt(SHARED) * rng.standard_normal(LOOKS[-1])
    drawn = drawn + np.sqrt(1 - SHARED) * rng.standard_normal((len(ARMS), LOOKS[-1]))
    noise = LAWS[scenario.law](drawn) * np.where(is_on[:, :1] > 0, scenario.spread, 1.0)
    planted = is_on @ np.array(scenario.effects) + scenario.together * is_on[:, 0] * is_on[:, 1]
    reached = 70 + rng.random() + SIGMA * (noise + planted[:, None])
    if scenario.examples:
        reached = np.round(reached / 100 * scenario.examples) / scenario.examples * 100
    records, arms = [], ARMS
    with mock.patch("butfor.checks.manipulation.examine", lambda study, records: []):
        for look in asked["looks"]:
            runs = [(arm, ARMS.index(arm), each) for arm in arms for each in look["seeds"]]
            records += [
                validation.made_up(arm, each, reached[place, each], examples=scenario.examples)
                for arm, place, each in runs
            ]
            arms = [] if look is asked["looks"][-1] else next_look.after(asked, look["name"], records)["next"]
            if not arms:
                break
    found = factorials.grid_effects(asked, records, validation.judged(asked, records))
    return [_row(scenario, number, row) for row in found]


def _row(scenario: Scenario, number: int, row: dict) -> dict:
    of, both = row["of"], scenario.together
    together = both if set(of) == set(FACTORS[:2]) else 0.0
    if len(of) == 1:
        together = scenario.effects[FACTORS.index(of[0])] + both / 2 * (of[0] in FACTORS[:2])
    return {
        **{"study": number, "interaction": len(of) > 1, "effect": together, "verdict": row["verdict"]},
        "wrong": is_wrong(row["verdict"], row["effect"], together, scenario.margin),
        "covered": None if row["low"] is None else row["low"] <= SIGMA * together <= row["high"],
        "seeds": row["planned"],
    }


def is_wrong(verdict: str, seen: float | None, effect: float, margin: float) -> bool:
    """Whether a verdict contradicts what was planted."""
    if verdict.startswith("no meaningful"):
        return abs(effect) >= margin - 1e-9
    direction = {"helps": 1.0, "hurts": -1.0, "interaction": np.sign(seen or 0.0)}.get(verdict)
    return direction is not None and direction != np.sign(effect)


def run(scenario: Scenario, studies: int, seed: int, each: Callable[..., Iterable[list[dict]]] = map) -> pd.DataFrame:
    """So many studies, a row per study and effect."""
    rows = each(partial(one_study, scenario, seed), range(studies))
    return pd.DataFrame([row for rows_of_one in rows for row in rows_of_one])


def wrong_reports(found: pd.DataFrame, interaction: bool = True) -> float:
    """The share of studies with a wrong verdict on an interaction, or on a main effect."""
    return float(found[found.interaction == interaction].groupby("study").wrong.any().mean())


def line(scenario: Scenario, found: pd.DataFrame) -> dict[str, str]:
    """A scenario's row of the table."""
    studies, of_two = found.study.nunique(), found[found.interaction]
    covered, shares = of_two.covered.dropna(), of_two.verdict.value_counts(normalize=True)
    return {
        "planted in a grid of 2 x 2 x 2": scenario.name,
        "studies": f"{studies}",
        "wrong on an interaction, %": f"{100 * wrong_reports(found):.1f}",
        "wrong on a main effect, %": f"{100 * wrong_reports(found, interaction=False):.1f}",
        "promised, each at most": f"{100 * at_most(ALPHA, studies):.1f}",
        "intervals that hold the truth, %": f"{100 * covered.mean():.1f}" if len(covered) else "–",
        "verdicts on interactions, %": ", ".join(f"{verdict} {100 * share:.1f}" for verdict, share in shares.items()),
    }
