"""Planted effects through the judgement of made-up records: null studies, known effects, failing arms."""

import functools

import numpy as np
import pytest

from butfor import contrasts, stats
from butfor.record import Record

ABLATIONS = [f"ablation_{number}" for number in range(15)]
LOOKS = (5, 10, 20, 30)
SIGMA = 0.3  # accuracy points, of one run over seeds
SHARED = 0.3  # correlation of two arms' runs of one seed
ALPHA = 0.05


def draws(rng, arms, seeds, effects=0.0):
    """Fake figures in accuracy points, shape (1 + arms, seeds), baseline first: effects are in standard deviations."""
    shared = rng.standard_normal(seeds) * np.sqrt(SHARED)
    own = rng.standard_normal((1 + arms, seeds)) * np.sqrt(1 - SHARED)
    planted = np.concatenate([[0.0], np.broadcast_to(effects, arms)])
    return 88.0 + SIGMA * (shared + own + planted[:, None])


def study(arms, seeds, looks=1, must_learn=True):
    """What judge is told of a study whose ablations all refer to the baseline."""
    listed = [{"name": "baseline", "reference": None, "family": None}]
    listed += [{"name": name, "reference": "baseline", "family": name} for name in arms]
    planned = [list(part) for part in np.array_split(np.arange(seeds), looks)]
    verdict = {"alpha": ALPHA, "margin": 0.5, "loss_margin": None, "must_learn": must_learn}
    verdict |= {"metric": "test/accuracy", "corrected_over": "report"}
    return {"arms": listed, "looks": [{"seeds": part, "seen": max(part) + 1} for part in planned], "verdict": verdict}


def fake(arm, seed, accuracy, loss=0.0, status="ok"):
    """The record of a run that was never made; accuracy in points."""
    unsaid = dict.fromkeys(Record.__dataclass_fields__)
    metrics = (
        {}
        if status == "diverged"
        else {"test/accuracy": accuracy / 100, "test/loss": loss, "train/accuracy": 0.9, "train/loss": 0.1}
    )
    return Record(**{**unsaid, "arm": arm, "seed": seed, "status": status, "metrics": metrics})


def judged(found, arms, statuses=None, **settings):
    """By metric and arm, the rows for figures of shape (1 + arms, seeds), and the same figures as losses."""
    statuses = statuses or {}
    records = [
        fake(arm, seed, value, value, statuses.get((arm, seed), "ok"))
        for arm, values in zip(["baseline", *arms], found, strict=True)
        for seed, value in enumerate(values)
    ]
    rows = contrasts.judge(study(arms, found.shape[1], **settings), records, [])
    return {(row["metric"], row["arm"]): row for row in rows}


def verdicts(found, margin, looks, corrected=True):
    """The ablations' verdicts in accuracy on the seeds there are."""
    reference = dict(enumerate(found[0]))
    compared = [
        stats.contrast(stats.pair(dict(enumerate(values)), reference, range(found.shape[1])), margin, looks, ALPHA)
        for values in found[1:]
    ]
    return [stats.decide(item, ALPHA).verdict for item in (stats.correct(compared) if corrected else compared)]


def at_looks(found, margin, looks=LOOKS, corrected=True, counted=4):
    """Each ablation's verdict, look by look, and the seeds it took; `counted`: the looks that are paid for."""
    if corrected and counted == len(looks):
        rule = stats.Rule(margin, looks, ALPHA)
        found = stats.judge({str(place): list(row) for place, row in enumerate(found[1:])}, list(found[0]), rule)
        return [(c.verdict, looks[c.look - 1]) for c in found.values()]
    final = [("inconclusive", looks[-1])] * (len(found) - 1)
    for seen in looks:
        for place, verdict in enumerate(verdicts(found[:, :seen], margin, counted, corrected)):
            if final[place][0] == "inconclusive":
                final[place] = (verdict, seen)
    return final


def at_most(share, studies):
    """A share with two standard errors of a simulation."""
    return share + 2 * np.sqrt(share * (1 - share) / studies)


def test_reports_on_fifteen_ablations_that_change_nothing_rarely_say_otherwise():
    studies, rng, wrong = 200, np.random.default_rng(11), {"test/accuracy": 0, "test/loss": 0}
    for _ in range(studies):
        rows = judged(draws(rng, 15, 5), ABLATIONS)
        for metric in wrong:
            wrong[metric] += any(rows[metric, arm]["verdict"] in ("helps", "hurts") for arm in ABLATIONS)
    assert max(wrong.values()) / studies <= at_most(ALPHA, studies)


def test_without_correction_over_ablations_such_reports_often_would():
    """The simulation sees what the correction does."""
    studies, rng = 100, np.random.default_rng(11)
    wrong = sum(
        not {"helps", "hurts"}.isdisjoint(verdicts(draws(rng, 15, 5), 0.5, 1, corrected=False)) for _ in range(studies)
    )
    assert wrong / studies > 0.15


def test_four_looks_at_ablations_that_change_nothing_rarely_find_something():
    studies, rng, wrong = 200, np.random.default_rng(12), 0
    for _ in range(studies):
        found = at_looks(draws(rng, 15, LOOKS[-1]), margin=None)
        wrong += any(verdict in ("helps", "hurts") for verdict, _ in found)
    assert wrong / studies <= at_most(ALPHA, studies)


def test_four_looks_at_one_ablation_are_paid_for():
    """One ablation, where Holm's procedure changes nothing: the correction over looks alone keeps the promise."""
    studies, rng, paid, unpaid = 600, np.random.default_rng(13), 0, 0
    for _ in range(studies):
        found = draws(rng, 1, LOOKS[-1])
        paid += at_looks(found, None)[0][0] != "inconclusive"
        unpaid += at_looks(found, None, counted=1)[0][0] != "inconclusive"
    assert paid / studies <= at_most(ALPHA, studies)
    assert unpaid / studies > at_most(ALPHA, studies)


def test_ablations_exactly_at_the_margin_are_rarely_called_equivalent():
    studies, rng, wrong = 200, np.random.default_rng(14), 0
    for _ in range(studies):
        wrong += "no meaningful difference" in verdicts(draws(rng, 15, 10, effects=0.5 / SIGMA), 0.5, 1)
    assert wrong / studies <= at_most(ALPHA, studies)


EFFECTS = [0.0] * 5 + [0.25] * 2 + [0.5] * 2 + [1.0] * 2 + [-2.0] * 2 + [-20.0] * 2


@functools.cache
def planted(margin):
    """By effect, the final verdicts and the seeds they took, and how many reports had a wrong one."""
    studies, rng, by_effect, wrong = 100, np.random.default_rng(15), {effect: [] for effect in EFFECTS}, 0
    for _ in range(studies):
        found = at_looks(draws(rng, 15, LOOKS[-1], effects=EFFECTS), margin=margin * SIGMA)
        for effect, outcome in zip(EFFECTS, found, strict=True):
            by_effect[effect].append(outcome)
        wrong += any(
            (verdict == "no meaningful difference" and abs(effect) >= margin)
            or (verdict in ("helps", "hurts") and np.sign(effect) != {"helps": 1, "hurts": -1}[verdict])
            for effect, (verdict, _) in zip(EFFECTS, found, strict=True)
        )
    return by_effect, wrong / studies


@pytest.mark.parametrize("margin", [1.0, 5 / 3])
def test_planted_effects_seldom_lead_to_a_wrong_report(margin):
    assert planted(margin)[1] <= at_most(ALPHA, 100)


@pytest.mark.parametrize(
    ("margin", "effect", "verdict", "percent"),
    [
        (1.0, -20.0, "hurts", 100), (1.0, -2.0, "hurts", 100), (1.0, 1.0, "helps", 83.4), (1.0, 0.5, "helps", 15.9),
        (1.0, 0.0, "no meaningful difference", 78.1), (1.0, 0.25, "no meaningful difference", 57.8),
        (5 / 3, -20.0, "hurts", 100), (5 / 3, -2.0, "hurts", 100), (5 / 3, 1.0, "helps", 56.7),
        (5 / 3, 1.0, "no meaningful difference", 41.4), (5 / 3, 0.0, "no meaningful difference", 99.9),
        (5 / 3, 0.5, "no meaningful difference", 94.9),
    ],
)  # fmt: skip
def test_planted_effects_are_found_as_often_as_simulated(margin, effect, verdict, percent):
    """Against an independent simulation of the rule, within three standard errors of the two."""
    outcomes = planted(margin)[0][effect]
    share = np.mean([found == verdict for found, _ in outcomes])
    expected = percent / 100
    assert share == pytest.approx(expected, abs=3 * np.sqrt(expected * (1 - expected) / len(outcomes)) + 0.03)


def test_catastrophes_are_settled_at_the_first_look():
    assert {outcome for margin in (1.0, 5 / 3) for outcome in planted(margin)[0][-20.0]} == {("hurts", 5)}


@pytest.mark.parametrize("status", ["diverged", "at_chance"])
def test_an_arm_of_which_every_run_fails_hurts_in_every_metric(status):
    found = draws(np.random.default_rng(16), 3, 5)
    statuses = {("failing", seed): status for seed in range(5)}
    rows = judged(found, ["failing", "other", "third"], statuses)
    for metric in ("test/accuracy", "test/loss"):
        row = rows[metric, "failing"]
        assert (row["verdict"], row["remark"], row["failed_ablation"]) == ("hurts", "every run failed (5/5)", 5)
        assert rows[metric, "other"]["verdict"] not in ("helps", "hurts")


def test_runs_at_chance_count_as_finished_where_a_recipe_need_not_learn():
    found = draws(np.random.default_rng(17), 1, 5)
    statuses = {("a", seed): "at_chance" for seed in range(5)}
    row = judged(found, ["a"], statuses, must_learn=False)["test/accuracy", "a"]
    assert row["failed_ablation"] == 0 and row["pairs"] == 5


@pytest.mark.parametrize(("seeds", "failures"), [(5, 3), (10, 4)])
def test_an_arm_that_fails_often_enough_hurts_though_its_other_runs_are_better(seeds, failures):
    found = draws(np.random.default_rng(18), 1, seeds, effects=20.0)
    for failed, verdict in ((failures, "hurts"), (failures - 1, "inconclusive")):
        rows = judged(found, ["a"], {("a", seed): "diverged" for seed in range(failed)})
        assert rows["test/accuracy", "a"]["verdict"] == verdict


@pytest.mark.parametrize(
    ("looks", "seeds", "least"),
    [(1, 5, 3), (1, 10, 4), (1, 20, 4), (1, 30, 4), (4, 5, 4), (4, 10, 5), (4, 20, 5), (4, 30, 6)],
)
def test_so_many_failures_against_none_are_needed(looks, seeds, least):
    def p(failed):
        ablation = {seed: None if seed < failed else 88.0 + seed for seed in range(seeds)}
        reference = dict.fromkeys(range(seeds), 88.0)
        return stats.contrast(stats.pair(ablation, reference, range(seeds)), 0.5, looks, ALPHA).p_failure

    assert p(least) <= ALPHA < p(least - 1)


def test_identical_arms_are_no_meaningful_difference_among_fourteen_that_differ():
    found = draws(np.random.default_rng(19), 15, 5)
    found[1] = found[0]
    row = judged(found, ABLATIONS)["test/accuracy", ABLATIONS[0]]
    assert (row["verdict"], row["remark"]) == ("no meaningful difference", "identical")
