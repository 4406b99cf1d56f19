"""Tails: what few seeds cannot show of themselves, the other ablations' seeds do; and what no seed can show."""

import dataclasses
import warnings

import numpy as np
import pytest
from scipy.stats import t as student

from butfor import stats
from butfor.stats.own_tail import own_tail


def normal(rng, runs=30, scale=1.0):
    return scale * rng.standard_normal(runs)


def left(rng, runs=30, scale=1.0):
    """Mean 0 and a long tail of bad runs: minus an exponential law."""
    return scale * (1 - rng.standard_exponential(runs))


def paired(ablation, reference, seeds):
    return stats.pair(dict(enumerate(ablation)), dict(enumerate(reference)), range(seeds))


def found_in(ablations, reference, seeds):
    """What the tails say where every ablation has so many seeds and is undecided."""
    pairs = {name: paired(values, reference, seeds) for name, values in ablations.items()}
    return stats.tails(pairs, pairs)


def p_better(name, ablations, reference, seeds):
    """That an ablation is no better than its reference, as a verdict has it: by the spread and the law that its study allows."""
    found, d = found_in(ablations, reference, seeds), (np.asarray(ablations[name]) - reference)[:seeds]
    t = d.mean() / max(d.std(ddof=1), found.floors[name]) * np.sqrt(seeds)
    return max(student.sf(t, seeds - 1), stats.p_exceeds(t, seeds) if found.side < 0 else 0.0)


def test_five_seeds_that_agree_by_luck_are_not_believed_where_all_others_spread():
    rng = np.random.default_rng(1)
    arms = {"lucky": np.array([1.5, 1.6, 1.4, 1.5, 1.55]), **{f"wide_{n}": normal(rng, 5, 3.0) for n in range(9)}}
    reference = np.array([0.02, -0.05, 0.0, 0.05, -0.02])
    assert p_better("lucky", {"lucky": arms["lucky"]}, reference, 5) < 1e-5
    assert p_better("lucky", arms, reference, 5) > 0.01


def test_an_ablation_that_follows_its_reference_seed_by_seed_keeps_its_own_spread():
    rng = np.random.default_rng(2)
    reference = normal(rng, 10)
    close = reference + normal(rng, 10, 0.01)
    floors = found_in({"close": close, **{f"other_{n}": normal(rng, 10) for n in range(5)}}, reference, 10).floors
    assert floors["close"] == 0 and floors["other_0"] > 0.5


def test_a_broken_ablation_does_not_hide_the_other_of_two():
    rng = np.random.default_rng(3)
    reference, other, broken = normal(rng), 2 + normal(rng), -20 + normal(rng, scale=10.0)
    floors = found_in({"other": other, "broken": broken}, reference, 30).floors
    assert floors["other"] == pytest.approx(0.85 * np.std(other - reference, ddof=1))
    assert floors["broken"] == floors["other"]


def test_ablations_weigh_by_their_runs_since_the_units_of_few_may_be_small_by_luck():
    """Six ablations were settled by three runs, of which the reference's were alike."""
    rng = np.random.default_rng(6)
    reference = np.array([0.01, -0.01, 0.0, 1.2, -1.1, 0.4])
    whole = {f"six_{n}": normal(rng, 6) for n in range(6)}
    pairs = {name: paired(values, reference, 6) for name, values in whole.items()}
    settled = {f"three_{n}": paired(normal(rng, 3), reference, 3) for n in range(6)}
    middle = sorted(np.std(values - reference, ddof=1) for values in whole.values())
    assert stats.tails(pairs, pairs).floors["six_0"] == pytest.approx(0.85 * middle[2])
    together = stats.tails(pairs | settled, pairs).floors["six_0"]
    assert together == pytest.approx(0.85 * middle[4])  # the fifth has 25 of 42 degrees of freedom with those below


def test_a_floor_is_in_units_of_each_ones_own_reference():
    rng = np.random.default_rng(4)
    noise, one, other = normal(rng), normal(rng), normal(rng)
    laid_out = (("a", one, 1.0), ("b", other, 1.0), ("c", one, 100.0))
    pairs = {name: paired(scale * noise, scale * base, 30) for name, base, scale in laid_out}
    floors = stats.tails(pairs, pairs).floors
    assert floors["c"] == pytest.approx(100 * floors["a"])


@pytest.mark.parametrize(("runs", "t"), [(5, 6.4), (10, 4.1), (20, 3.1), (10, 11.8)])
def test_the_chance_of_a_mean_that_is_too_high_is_that_of_exponential_runs(runs, t):
    x = left(np.random.default_rng(5), (100_000, runs))
    seen = float((x.mean(axis=1) > t * x.std(axis=1, ddof=1) / np.sqrt(runs)).mean())
    assert stats.p_exceeds(t, runs) == pytest.approx(seen, rel=0.08, abs=1.5e-4)
    assert stats.p_exceeds(-1.0, runs) == stats.p_exceeds(0.0, runs) == 1.0
    assert stats.p_exceeds(3.0, 10_000) == stats.p_exceeds(3.0, 100) < stats.p_exceeds(3.0, 99)


@pytest.mark.parametrize(
    ("law", "widths", "sign", "side"),
    [(left, 3.0, 1, -1), (left, 3.0, -1, 1), (left, 1.0, 1, 0), (normal, 3.0, 1, 0)],
    ids=["long lower tails", "long upper tails", "tails, but as wide as the reference's", "wide, but no tails"],
)
def test_tails_are_those_of_skewed_runs_that_spread_unequally(law, widths, sign, side):
    rng = np.random.default_rng(6)
    arms = {f"arm_{n}": sign * law(rng, 30, widths if n < 3 else 1.0) for n in range(15)}
    assert found_in(arms, sign * law(rng), 30).side == side


def test_ablations_that_are_decided_do_not_raise_the_bar_for_the_others():
    """A broken initialiser is bad and wide; once it is called so, what is left spreads equally."""
    rng = np.random.default_rng(6)
    reference, arms = left(rng), {f"arm_{n}": left(rng) for n in range(8)} | {"broken": -20 + left(rng, 30, 10.0)}
    pairs = {name: paired(values, reference, 30) for name, values in arms.items()}
    assert stats.tails(pairs, pairs).side == -1
    assert stats.tails(pairs, pairs.keys() - {"broken"}).side == 0


def test_where_bad_runs_are_a_long_tail_praise_has_a_higher_bar():
    rng = np.random.default_rng(7)
    wide = {f"wide_{n}": left(rng, 30, 4.0) for n in range(5)}
    reference, gain = left(rng), 0.8 + left(rng)
    assert (
        p_better("gain", {"gain": gain}, reference, 30) < 0.01 < p_better("gain", {"gain": gain, **wide}, reference, 30)
    )


def test_without_spread_or_runs_nothing_is_guarded():
    assert stats.tails({}, []) == stats.Tails({}, 0)
    assert found_in({"a": [1.0] * 5, "b": [1.0] * 5}, [1.0] * 5, 5) == stats.Tails({}, 0)
    assert found_in({"a": [1.0, 2.0]}, [1.0, 1.5], 2) == stats.Tails({}, 0)


def test_a_collapse_that_no_run_showed_has_an_exact_bound():
    assert stats.most_unseen(30) == pytest.approx(0.0950, abs=1e-4)
    assert stats.most_unseen(100) == pytest.approx(3 / 100, abs=1e-3)
    assert (1 - stats.most_unseen(7, 0.9)) ** 7 == pytest.approx(0.1)
    assert stats.most_unseen(0) == 1


def test_a_verdict_holds_only_as_long_as_the_references_later_runs_leave_it():
    reference = [0.1, -0.1, 0.05, 0.0, -0.05]
    c = stats.judge({"a": [0.1, -0.1, 0.0, 0.1, -0.1]}, reference, stats.Rule(0.5, (5,)))["a"]
    assert c.verdict == "no meaningful difference"
    assert stats.still_holds(c, 0.3) and stats.still_holds(c, float("nan"))
    assert not stats.still_holds(c, -2.0)
    better = stats.judge({"a": [1.0, 1.1, 0.9, 1.0, 1.1]}, reference, stats.Rule(0.5, (5,)))["a"]
    assert better.verdict == "helps"
    assert stats.still_holds(better, 0.9) and not stats.still_holds(better, 1.2)


def judged(ablations, reference, rule):
    found = stats.judge({name: list(values) for name, values in ablations.items()}, list(reference), rule)
    return {name: c.verdict for name, c in found.items()}


def test_verdicts_are_given_by_the_spread_that_all_ablations_speak_for():
    rng = np.random.default_rng(1)
    lucky = {"lucky": np.array([1.5, 1.6, 1.4, 1.5, 1.55])}
    wide = {f"wide_{n}": normal(rng, 5, 3.0) for n in range(9)}
    reference, rule = np.array([0.02, -0.05, 0.0, 0.05, -0.02]), stats.Rule(1.0, (5,))
    assert judged(lucky, reference, rule) == {"lucky": "helps"}
    assert judged(lucky | wide, reference, rule)["lucky"] == "inconclusive"


def test_where_runs_have_long_tails_praise_is_withheld_and_blame_is_not():
    """A gain and a loss of 3.9 standard errors beside seven ablations, of which two spread more than the others."""
    rng = np.random.default_rng(7)
    others = {f"other_{n}": list(left(rng)) for n in range(5)} | {
        f"wide_{n}": list(left(rng, 30, 4.0)) for n in range(2)
    }
    reference, noise = left(rng), normal(rng)
    d = 1.4 * ((noise - noise.mean()) / noise.std(ddof=1) + 3.9 / np.sqrt(30))
    values = {"gain": list(reference + d), "loss": list(reference - d)}
    rule = stats.Rule(None, (30,))
    assert judged(values | {"other": others["other_0"]}, reference, rule)["gain"] == "helps"
    found = stats.judge(values | others, list(reference), rule)
    assert (found["gain"].verdict, found["loss"].verdict) == ("inconclusive", "hurts")
    assert found["gain"].remark.startswith("would be “helps”, but 30 runs may have missed a long tail")


@pytest.mark.cases
@pytest.mark.parametrize("wide", [15, pytest.param(3, marks=pytest.mark.long)], ids=["all", "three"])
def test_reports_on_wide_ablations_with_long_tails_and_no_effect_are_seldom_wrong(wide):
    studies, rng, wrong = 60, np.random.default_rng(8), 0
    for _ in range(studies):
        arms = {f"arm_{n}": left(rng, 30, 3.0 if n < wide else 1.0) for n in range(15)}
        wrong += bool({"helps", "hurts"} & set(judged(arms, left(rng), stats.Rule(1.0)).values()))
    assert wrong / studies <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / studies)


def test_a_broken_initialiser_is_bad_and_wide_and_others_are_found_beside_it():
    rng, found = np.random.default_rng(9), []
    for _ in range(20):
        arms = {"broken": -20 + normal(rng, 30, 10.0), "two": 2 + normal(rng), "null": normal(rng)}
        found.append(judged(arms | {f"arm_{n}": normal(rng) for n in range(5)}, normal(rng), stats.Rule(1.5)))
    assert all((f["broken"], f["two"]) == ("hurts", "helps") for f in found)
    assert sum(f["null"] == "no meaningful difference" for f in found) >= 18


def test_an_ablation_without_a_finished_run_says_nothing_of_tails_and_warns_of_nothing():
    nobody = stats.pair(dict.fromkeys(range(5), None), dict.fromkeys(range(5), 1.0), range(5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert own_tail(nobody) == 0


def test_over_few_data_sets_too_runs_that_may_have_missed_a_tail_need_more():
    """As on one: of one ablation alone, and not where there are others enough."""
    rng = np.random.default_rng(4)
    seeds = range(10)

    def pairs(width):
        own, base = (
            width * rng.exponential(size=10) - 6,
            rng.exponential(size=10),
        )  # below, as runs without their tail are
        return stats.pair(dict(zip(seeds, own, strict=True)), dict(zip(seeds, base, strict=True)), seeds)

    rule, sets = stats.Rule(1.0, (10,)), {"one": pairs(3.0), "two": pairs(3.0)}
    (alone,) = stats.judge_over_data_sets({"a": sets}, rule).values()
    among = {"a": sets, **{f"b{k}": {"one": pairs(3.0), "two": pairs(3.0)} for k in range(4)}}
    plain = dataclasses.replace(alone.contrast, tail=0)
    assert alone.contrast.tail != 0 and alone.contrast.estimate.p_difference() > plain.estimate.p_difference()
    assert len(stats.judge_over_data_sets(among, rule)) == 5
