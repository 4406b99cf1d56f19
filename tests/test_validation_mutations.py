"""The validation can fail: the rule broken in one place at a time, and the bound that this exceeds."""

import dataclasses

import numpy as np
import pytest

import validation
import validation_of_removals
from butfor import stats
from butfor.stats import Contrast, Pairs
from butfor.stats.contrast import contrast
from butfor.stats.verdict import _from_differences
from butfor.verdicts import contrasts
from validation import ALPHA, LOOKS, SCENARIOS, at_most, coverage, praised, wrong_reports

pytestmark = pytest.mark.cases

STUDIES = 100


@pytest.fixture(autouse=True)
def unguarded(monkeypatch):
    """Without what the other ablations' tails say, which would make up for part of a mutation."""
    monkeypatch.setattr("butfor.stats.looks.tails", lambda pairs, undecided: stats.Tails({}, 0))
    monkeypatch.setattr("butfor.stats.looks.own_tails", lambda pairs, undecided: {})


def after_mutation(name, studies=STUDIES):
    return validation.run(SCENARIOS[name], studies, seed=1)


def every_look_at_the_full_level(pairs: Pairs, rule: stats.Rule, *guard: float) -> Contrast:
    return contrast(pairs, dataclasses.replace(rule, looks=rule.looks[:1]))


def intervals_of_one_look(pairs: Pairs, rule: stats.Rule, *guard: float) -> Contrast:
    free = every_look_at_the_full_level(pairs, rule)
    return dataclasses.replace(contrast(pairs, rule), low=free.low, high=free.high)


def absence_of_evidence(pairs: Pairs, rule: stats.Rule, *guard: float) -> Contrast:
    """No difference wherever none is found."""
    kept = contrast(pairs, rule)
    return dataclasses.replace(kept, p_equivalence=0.0 if kept.p_difference > rule.alpha else 1.0)


def test_looks_that_are_not_paid_for(monkeypatch):
    monkeypatch.setattr("butfor.stats.looks.contrast", every_look_at_the_full_level)
    assert wrong_reports(after_mutation("nothing, margin 0.1")) > at_most(ALPHA, STUDIES)


def test_ablations_that_are_not_paid_for(monkeypatch):
    monkeypatch.setattr("butfor.stats.looks.correct", lambda contrasts, weights, others: contrasts)
    assert wrong_reports(after_mutation("nothing, normal", 20)) > at_most(ALPHA, 20)


def test_intervals_that_do_not_pay_for_the_looks(monkeypatch):
    monkeypatch.setattr("butfor.stats.looks.contrast", intervals_of_one_look)
    share, error = coverage(after_mutation("mix, margin 1.67", 150))
    assert share < 1 - ALPHA - 2 * error


def test_no_difference_for_want_of_evidence(monkeypatch):
    monkeypatch.setattr("butfor.stats.looks.contrast", absence_of_evidence)
    assert wrong_reports(after_mutation("all exactly at the margin", 20)) > 0.9


@pytest.mark.parametrize(
    "mutation",
    [
        ("butfor.verdicts.contrasts._removed_beside", lambda study, group: 0),
        ("butfor.verdicts.removed.removed_arms", lambda register: []),
    ],
    ids=["not counted", "forgotten"],
)
def test_arms_that_were_taken_out_and_no_longer_count(monkeypatch, mutation):
    scenario = validation_of_removals.SCENARIOS["14 of 15 taken out, the best kept"]
    monkeypatch.setattr(*mutation)
    found = validation_of_removals.run(scenario, 30, seed=1)
    assert validation_of_removals.wrong_reports(found) > at_most(ALPHA, 30)


def ignored(ablation, reference, seeds):
    """Failed runs as if they had not been asked for."""
    finished = {seed: value for seed, value in ablation.items() if value is not None}
    return stats.pair(finished, reference, [seed for seed in seeds if seed in finished])


def missing(ablation, reference, seeds):
    """Failed runs as if their records were lost."""
    return stats.pair({seed: value for seed, value in ablation.items() if value is not None}, reference, seeds)


@pytest.mark.parametrize("treatment", [ignored, missing])
@pytest.mark.parametrize(
    "name", ["30 % diverge, else equal", pytest.param("30 % diverge, else +2", marks=pytest.mark.long)]
)
def test_failures_that_are_dropped(monkeypatch, name, treatment):
    class Dropping:
        pair = staticmethod(treatment)

        def __getattr__(self, name):
            return getattr(stats, name)

    monkeypatch.setattr("butfor.verdicts.paired_values.stats", Dropping())
    assert praised(after_mutation(name, 10)).any()


def test_unstable_arms_that_are_not_downgraded(monkeypatch):
    monkeypatch.setattr("butfor.stats.verdict._by_figures", _from_differences)
    assert praised(after_mutation("30 % diverge, else +2", 10)).sum() > 5


def judged_anew(at_looks, rule, weights):
    """Verdicts that do not last: each from all the seeds there are."""
    found = stats.judge_once({name: pairs[-1] for name, pairs in at_looks.items()}, rule)
    return {name: dataclasses.replace(one, look=len(at_looks[name])) for name, one in found.items()}


def taken_back(studies):
    """Of how many ablations a verdict was given at a look and another, or none, at a later one, if all arms went on."""
    scenario, asked, changed = SCENARIOS["mix, normal"], validation.study(1.0), 0
    for number in range(studies):
        trainer, said = validation.Trainer(scenario, np.random.default_rng([1, number])), {}
        for seen in LOOKS:
            records = [record for arm in validation.ARMS for record in trainer.train(arm, list(range(seen)))]
            found = contrasts.decided(asked, records, [])
            changed += sum(name in said and said[name] != one.verdict for name, one in found.items())
            said |= {name: one.verdict for name, one in found.items() if one.verdict != "inconclusive"}
    return changed


def test_verdicts_once_given_stand(monkeypatch):
    assert taken_back(10) == 0
    monkeypatch.setattr("butfor.verdicts.contrasts.stats.judge_pairs", judged_anew)
    assert taken_back(10) > 0


@pytest.mark.long  # it is wrong as often as where looks are not paid for
def test_judging_anew_at_every_look_at_the_full_level(monkeypatch):
    monkeypatch.setattr(
        "butfor.verdicts.contrasts.stats.judge_pairs",
        lambda at_looks, rule, weights: judged_anew(at_looks, dataclasses.replace(rule, looks=rule.looks[:1]), weights),
    )
    assert wrong_reports(after_mutation("nothing, margin 0.1")) > at_most(ALPHA, STUDIES)
