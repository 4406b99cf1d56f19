"""The verdicts over several data sets put to the test, as validation.py does those on one: made-up runs with planted effects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from unittest import mock

import numpy as np
import pandas as pd

import validation
from butfor.arm_names import anywhere, data_set_of, on
from butfor.verdicts import claim_outcomes, contrasts, next_look
from butfor.verdicts.across_data_sets import across
from validation import ALPHA, LAWS, LOOKS, SHARED, SIGMA, at_most

SETS = ("one", "two", "three")
ABLATIONS = 5
ARMS = [on(arm, name) for name in SETS for arm in ["baseline", *(f"ablation_{n}" for n in range(1, ABLATIONS + 1))]]


@dataclass(frozen=True)
class Scenario:
    """What is planted: by data set, the effect of every ablation and the spread of its runs, in standard deviations of one run
    of the reference."""

    name: str
    effects: tuple[float, float, float] = (0.0, 0.0, 0.0)
    spreads: tuple[float, float, float] = (1.0, 1.0, 1.0)
    law: str = "normal"
    margin: float = 1.0
    diverging: tuple[float, float, float] = (0.0, 0.0, 0.0)


SCENARIOS = {
    s.name: s
    for s in (
        Scenario("no effect anywhere"),
        Scenario("no effect anywhere, skewed", law="skewed"),
        Scenario("no effect anywhere, heavy tails", law="heavy"),
        Scenario("no effect anywhere, margin 0.1", margin=0.1),
        Scenario("no effect anywhere, one data set x 5", spreads=(1.0, 1.0, 5.0)),
        Scenario("+1.5 on one of three", effects=(1.5, 0.0, 0.0)),
        Scenario("+6 on one of three", effects=(6.0, 0.0, 0.0)),
        Scenario("+2 and -2, together none", effects=(2.0, -2.0, 0.0)),
        Scenario("+3 and -1.5 twice, together none, x 1, 3, 3", effects=(3.0, -1.5, -1.5), spreads=(1.0, 3.0, 3.0)),
        Scenario("mean exactly at the margin", effects=(3.0, 0.0, 0.0)),
        Scenario("+2 everywhere", effects=(2.0, 2.0, 2.0)),
        Scenario("30 % diverge on one of three", diverging=(0.3, 0.0, 0.0)),
    )
}


def study(margin: float) -> dict:
    """What the stations after training are told of such a study."""
    told = validation.study(margin)
    arm = {**told["arms"][0], "family": "planted"}
    arms = [
        {**arm, "name": name, "reference": None if name.startswith("baseline") else on("baseline", data_set_of(name))}
        for name in ARMS
    ]
    return {**told, "arms": arms}


def one_study(scenario: Scenario, seed: int, number: int) -> list[dict]:
    """A row per ablation: its mean planted effect, and what the study made of it; `single`: wrong on a data set."""
    rng, asked = np.random.default_rng([seed, number]), study(scenario.margin)
    where = [SETS.index(data_set_of(arm)) for arm in ARMS]
    is_ablation = np.array([not arm.startswith("baseline") for arm in ARMS])
    drawn = np.sqrt(SHARED) * rng.standard_normal((len(SETS), LOOKS[-1]))[where]
    drawn += np.sqrt(1 - SHARED) * rng.standard_normal((len(ARMS), LOOKS[-1]))
    noise = LAWS[scenario.law](drawn) * np.array(scenario.spreads)[where][:, None]
    effects = np.array(scenario.effects)[where] * is_ablation
    reached = 88 + SIGMA * (noise + effects[:, None])
    diverges = rng.random(reached.shape) < (np.array(scenario.diverging)[where] * is_ablation)[:, None]
    places = {arm: place for place, arm in enumerate(ARMS)}
    records, arms = [], ARMS
    with mock.patch("butfor.checks.manipulation.examine", lambda study, records: []):
        for look in asked["looks"]:
            runs = [(arm, places[arm], seed) for arm in arms for seed in look["seeds"]]
            records += [validation.made_up(arm, seed, reached[p, seed], diverges[p, seed]) for arm, p, seed in runs]
            arms = [] if look is asked["looks"][-1] else next_look.after(asked, look["name"], records)["next"]
            if not arms:
                break
    rows = contrasts.judge(asked, records, [])
    single = {row["arm"]: row["verdict"] for row in rows if row["metric"] == "test/accuracy"}
    found = across(asked, records, rows)["rows"]
    claims = wrong_claims(scenario, asked, records, rows)
    by_set = dict(zip(SETS, zip(scenario.effects, scenario.diverging, strict=True), strict=True))
    return [
        {
            **{"study": number, "effect": float(np.mean(scenario.effects)), "verdict": row["verdict"]},
            "diverging": any(scenario.diverging),
            "wrong": is_wrong(
                row["verdict"], float(np.mean(scenario.effects)), any(scenario.diverging), scenario.margin
            ),
            "single": any(
                is_wrong(verdict, by_set[data_set_of(arm)][0], by_set[data_set_of(arm)][1] > 0, scenario.margin)
                for arm, verdict in single.items()
                if anywhere(arm) == row["arm"]
            ),
            "covered": None if row["low"] is None else row["low"] <= SIGMA * np.mean(scenario.effects) <= row["high"],
            "p_heterogeneity": row["p_heterogeneity"],
            **claims,
        }
        for row in found
    ]


RATE = 0.1


def claims_of(scenario: Scenario) -> dict[str, dict]:
    """Claims about the first ablation, on the mean and on every data set: what verdicts say, and bounds that the truth is at."""
    bound = max(abs(float(np.mean(scenario.effects))), scenario.margin)
    least = max(min(map(abs, scenario.effects)), scenario.margin)
    claims = {}
    for over, at in (("mean", bound), ("every", least)):
        claims |= {f"{over} {expect}": {"expect": expect} for expect in ("helps", "hurts", "same")}
        claims |= {
            f"{over} {expect} by {at:g}": {"expect": expect, "margin": at} for expect in ("helps", "hurts", "same")
        }
        if any(scenario.diverging):
            claims |= {
                f"{over} fails": {"expect": "fails", "rate": RATE},
                f"{over} fails more": {"expect": "fails more"},
            }
    told = {"sentence": "S.", "arm": "ablation_1", "reference": "baseline", "metric": "test/accuracy", "rate": None}
    return {
        name: {**told, "margin": None, **claim, "data_sets": name.partition(" ")[0]} for name, claim in claims.items()
    }


def is_true(claim: dict, scenario: Scenario) -> bool:
    """Whether a claim holds of what is planted; of an effect, that of runs that finish."""
    by_mean, sign = claim["data_sets"] == "mean", -1.0 if claim["expect"] == "hurts" else 1.0
    effects = [float(np.mean(scenario.effects))] if by_mean else scenario.effects
    rates = [float(np.mean(scenario.diverging))] if by_mean else scenario.diverging
    if claim["expect"].startswith("fails"):
        return all(rate > (claim["rate"] or 0.0) + 1e-9 for rate in rates)
    margin = claim["margin"] or (scenario.margin if claim["expect"] == "same" else 0.0)
    if claim["expect"] == "same":
        return all(abs(effect) < margin - 1e-9 for effect in effects)
    return all(sign * effect >= margin - 1e-9 if margin else sign * effect > 0 for effect in effects)


def _by_failures(claim: dict, outcome: str, scenario: Scenario) -> bool:
    """Whether that an arm fails more often is enough for the ruling, whatever its other runs reach."""
    is_bad_news = (claim["expect"] == "hurts") == (outcome == "supported")
    return any(scenario.diverging) and not claim["expect"].startswith("fails") and is_bad_news


def wrong_claims(scenario: Scenario, asked: dict, records: list, rows: list[dict]) -> dict[str, bool | str]:
    """Whether a claim is ruled against what is planted, by what decides it, and which; what else is ruled out of those."""
    claims = claims_of(scenario)
    in_points = {name: {**c, "margin": c["margin"] and c["margin"] * SIGMA} for name, c in claims.items()}
    outcomes = {row["claim"]: row["outcome"] for row in claim_outcomes.judge(asked, in_points, records, rows)}
    untrue = {"supported": False, "refuted": True}
    wrong = [
        name
        for name, c in claims.items()
        if untrue.get(outcomes[name]) == is_true(c, scenario) and not _by_failures(c, outcomes[name], scenario)
    ]
    decided = sum(outcome != "undecided" for outcome in outcomes.values())
    return {"claims": bool(wrong), "wrong_claims": ", ".join(wrong), "decided_claims": decided / len(outcomes)}


def is_wrong(verdict: str, effect: float, diverges: bool, margin: float) -> bool:
    """Whether a verdict contradicts what was planted, as validation.wrong has it."""
    direction = {"helps": 1.0, "hurts": -1.0}.get(verdict)
    if direction is not None:
        return direction != np.sign(effect) and not (direction < 0 and diverges)
    return verdict == "no meaningful difference" and abs(effect) >= margin - 1e-9


def run(scenario: Scenario, studies: int, seed: int, each: Callable[..., Iterable[list[dict]]] = map) -> pd.DataFrame:
    """So many studies, a row per study and ablation."""
    rows = each(partial(one_study, scenario, seed), range(studies))
    return pd.DataFrame([row for rows_of_one in rows for row in rows_of_one])


def wrong_reports(found: pd.DataFrame, which: str = "wrong") -> float:
    """The share of studies with a wrong verdict over data sets; `single`: on one; `claims`: a wrong ruling on a claim."""
    return float(found.groupby("study")[which].any().mean())


def line(scenario: Scenario, found: pd.DataFrame) -> dict[str, str]:
    """A scenario's row of the table."""
    studies, shares = found.study.nunique(), found.verdict.value_counts(normalize=True)
    covered = found.covered.dropna()
    return {
        "planted on three data sets": scenario.name.replace("-", "−"),
        "studies": f"{studies}",
        "wrong over data sets, %": f"{100 * wrong_reports(found):.1f}",
        "wrong on a data set, %": f"{100 * wrong_reports(found, 'single'):.1f}",
        "wrong on a claim, %": f"{100 * wrong_reports(found, 'claims'):.1f}",
        "claims decided, %": f"{100 * found.decided_claims.mean():.0f}",
        "promised, each at most": f"{100 * at_most(ALPHA, studies):.1f}",
        "intervals that hold the mean, %": f"{100 * covered.mean():.1f}" if len(covered) else "–",
        "said to differ, p < 0.05, %": f"{100 * (found.p_heterogeneity.astype(float) < 0.05).mean():.1f}",
        "verdicts over data sets, %": ", ".join(f"{verdict} {100 * share:.1f}" for verdict, share in shares.items()),
    }
