"""Made-up records through their judgement: failing arms, identical ones, one ablation alone; many: test_validation."""

import numpy as np
import pytest

from butfor import stats
from butfor.records.record import Record
from butfor.verdicts import contrasts
from validation import at_most

pytestmark = pytest.mark.cases

ABLATIONS = [f"ablation_{number}" for number in range(15)]
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
    listed = [{"name": "baseline", "reference": None, "family": None, "primary": False}]
    listed += [{"name": name, "reference": "baseline", "family": name, "primary": False} for name in arms]
    planned = [list(part) for part in np.array_split(np.arange(seeds), looks)]
    verdict = {"alpha": ALPHA, "margin": 0.5, "loss_margin": None, "must_learn": must_learn}
    verdict |= {"paired": True, "futility": True}
    verdict |= {"metric": "test/accuracy", "corrected_over": "report"}
    return {"arms": listed, "looks": [{"seeds": part, "seen": max(part) + 1} for part in planned], "verdict": verdict}


# What made-up runs reach on the other images.
ELSEWHERE = {"train/accuracy": 0.9, "train/loss": 0.1, "validation/accuracy": 0.85, "validation/loss": 0.2}


def fake(arm, seed, accuracy, loss=0.0, status="ok", reason=""):
    """The record of a run that was never made; accuracy in points."""
    unsaid = dict.fromkeys(Record.__dataclass_fields__)
    metrics = {} if status == "diverged" else {"test/accuracy": accuracy / 100, "test/loss": loss, **ELSEWHERE}
    unsaid |= {"data": {}, "draws": {"validation": str(seed)}}
    return Record(**{**unsaid, "arm": arm, "seed": seed, "status": status, "reason": reason, "metrics": metrics})


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


def test_four_looks_at_one_ablation_are_paid_for():
    """One ablation, where Holm's procedure changes nothing: the correction over looks alone keeps the promise."""
    studies, rng, rule = 600, np.random.default_rng(13), stats.Rule(None, (5, 10, 20, 30), ALPHA)
    wrong = 0
    for _ in range(studies):
        reference, ablation = draws(rng, 1, 30)
        wrong += stats.judge({"a": list(ablation)}, list(reference), rule)["a"].verdict != "inconclusive"
    assert wrong / studies <= at_most(ALPHA, studies)


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


@pytest.mark.parametrize(("seeds", "failures"), [(5, 4), (10, 5)])
def test_an_arm_that_fails_often_enough_hurts_though_its_other_runs_are_better(seeds, failures):
    found = draws(np.random.default_rng(18), 1, seeds, effects=20.0)
    for failed, verdict in ((failures, "hurts"), (failures - 1, "inconclusive")):
        rows = judged(found, ["a"], {("a", seed): "diverged" for seed in range(failed)})
        assert rows["test/accuracy", "a"]["verdict"] == verdict


@pytest.mark.parametrize(
    ("looks", "seeds", "least"),
    [(1, 5, 4), (1, 10, 5), (1, 20, 5), (1, 30, 6), (4, 5, 5), (4, 10, 6), (4, 20, 7), (4, 30, 7)],
)
def test_so_many_failures_against_none_are_needed(looks, seeds, least):
    def p(failed):
        ablation = {seed: None if seed < failed else 88.0 + seed for seed in range(seeds)}
        pairs = stats.pair(ablation, dict.fromkeys(range(seeds), 88.0), range(seeds))
        return stats.contrast(pairs, stats.Rule(0.5, tuple(range(5, 5 + looks)))).p_failure

    assert p(least) <= ALPHA < p(least - 1)


def test_identical_arms_are_no_meaningful_difference_among_fourteen_that_differ():
    found = draws(np.random.default_rng(19), 15, 5)
    found[1] = found[0]
    row = judged(found, ABLATIONS)["test/accuracy", ABLATIONS[0]]
    assert (row["verdict"], row["remark"]) == ("no meaningful difference", "equal in every pair")
