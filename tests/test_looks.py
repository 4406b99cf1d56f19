"""Verdicts look by look: what settles, what goes on, what it costs; and Snakemake training just that."""

import json
import math

import numpy as np
import pytest
from mlflow import MlflowClient

from butfor import stats
from butfor.records.awaited_anew import await_anew, await_nothing
from butfor.stats.estimate import Estimate
from butfor.study.claims import asking_seeds
from butfor.terminal.progress_text import verdict_rows
from butfor.verdicts import contrasts, next_look, register
from butfor.verdicts.claims_between_arms import undecided_arms
from butfor.verdicts.deviations import deviations
from butfor.verdicts.words import decision_in_words
from conftest import SMALL
from test_start_view import progress
from test_truths_verdicts import fake, study

LOOKS = (5, 10, 20, 30)


def steps(mean, spread, seeds=30):
    """Differences of exactly this mean and spread after any even number of seeds: mean ± spread, in turn."""
    return [mean + (spread if seed % 2 else -spread) for seed in range(seeds)]


REFERENCE = [0.0] * 30


def test_a_settled_ablation_keeps_its_verdict_whatever_comes_later():
    values = [*(-3 + np.array([0.01, 0.0, -0.01, 0.0, 0.02])), *[100.0] * 25]
    found = stats.judge({"a": values}, REFERENCE, stats.Rule(0.5))["a"]
    assert (found.verdict, found.look, found.pairs, found.settled) == ("hurts", 1, 5, True)


def test_an_undecided_ablation_has_every_look_and_stays_open():
    found = stats.judge({"a": steps(0.4, 1.0)}, REFERENCE, stats.Rule(0.5))["a"]
    assert (found.verdict, found.look, found.pairs, found.settled) == ("inconclusive", 4, 30, False)


def test_values_for_fewer_looks_are_judged_at_those():
    found = stats.judge({"a": steps(0.4, 1.0, 12)}, REFERENCE, stats.Rule(0.5))["a"]
    assert (found.look, found.pairs) == (2, 10)
    with pytest.raises(ValueError, match="at least 5 values of a"):
        stats.judge({"a": [0.0] * 4}, REFERENCE, stats.Rule(0.5))


def test_every_look_is_paid_for_and_so_is_every_ablation():
    values = steps(0.8, 0.3, 6)[1:]
    p = 2 * stats.judge({"a": values}, REFERENCE, stats.Rule(None, (5,)))["a"].p_difference
    several = {"a": values, **{f"null_{n}": steps(0.0, 1.0, 5) for n in range(2)}}
    assert stats.judge(several, REFERENCE, stats.Rule(None, (5, 10)))["a"].p_difference == pytest.approx(3 * p)


def test_settled_ablations_still_count_in_the_correction():
    """At the second look, Holm's steps run over all ablations, not over those that are left."""
    settled = {f"dead_{n}": steps(0.0, 1e-6, 30) for n in range(9)}
    open_one = stats.judge({"a": steps(0.5, 0.55, 10), **settled}, REFERENCE, stats.Rule(0.5, (5, 10)))["a"]
    alone = stats.judge({"a": steps(0.5, 0.55, 10)}, REFERENCE, stats.Rule(0.5, (5, 10)))["a"]
    assert open_one.look == alone.look == 2
    assert open_one.p_difference == pytest.approx(10 * alone.p_difference)


def test_other_metrics_share_one_alpha():
    rows = contrasts.judge(PLANNED, records(FOUND, ARMS, dict.fromkeys(ARMS, 5)), [])
    by = {row["metric"]: row for row in rows if row["arm"] == "settled"}
    for metric, counted in (("test/accuracy", 3), ("gap/accuracy", 9)):
        assert by[metric]["p_difference"] == pytest.approx(4 * counted * by[metric]["p_raw"])


def test_a_reference_that_fails_where_the_ablation_works_helps_and_two_that_fail_say_nothing():
    failing, working = [None] * 5, [88.0, 88.1, 88.2, 88.0, 88.1]
    rule = stats.Rule(0.5, (5,))
    helped = stats.judge({"a": working}, failing, rule)["a"]
    assert (helped.verdict, helped.remark) == ("helps", "every run of the reference failed (5/5)")
    neither = stats.judge({"a": failing}, failing, rule)["a"]
    assert neither.verdict == "inconclusive" and "every run of the reference" in neither.remark
    often = stats.judge({"a": working}, [None, None, None, 88.0, 88.1], rule)["a"]
    assert often.verdict == "inconclusive"
    often = stats.judge({"a": working}, [None, None, None, None, 88.1], rule)["a"]
    assert (often.verdict, often.remark) == ("helps", "the reference fails 4/5, and its other runs are worse")


@pytest.mark.cases
@pytest.mark.parametrize(
    ("share", "looks"),
    [(0.3, (5, 10, 20, 30)), pytest.param(0.5, (5, 10, 20, 30), marks=pytest.mark.long), (0.5, (10,))],
)
def test_arms_that_fail_as_often_as_their_reference_are_rarely_said_to_differ(share, looks):
    studies, rng, wrong = 200, np.random.default_rng(5), 0
    for _ in range(studies):
        drawn = 88 + 0.3 * rng.standard_normal((16, looks[-1]))
        reference, *arms = np.where(rng.random(drawn.shape) < share, None, drawn).tolist()
        found = stats.judge({str(n): arm for n, arm in enumerate(arms)}, reference, stats.Rule(0.5, looks))
        wrong += any(c.verdict in ("helps", "hurts") for c in found.values())
    assert wrong / studies <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / studies)


def test_all_runs_failed_is_no_proof_where_the_reference_fails_too():
    rule = stats.Rule(0.5, (5,))
    found = stats.judge({"a": [None] * 5, "b": [88.0, 88.1, 88.2, 88.0, 88.1]}, [88.0, None, None, 88.1, None], rule)
    assert (found["a"].verdict, found["a"].remark) == ("inconclusive", "failed 5/5, reference 3/5")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"looks": ()}, "looks"),
        ({"looks": (10, 5)}, "rise"),
        ({"looks": (1,)}, "from 2"),
        ({"alpha": 2.0}, "alpha"),
        ({"margin": -1.0}, "margin"),
    ],
)
def test_a_rule_that_is_none_is_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        stats.Rule(**settings)


def test_the_smallest_effect_is_found_four_times_in_five():
    """On average over what the spread may have been seen to be."""
    rule, rng, n = stats.Rule(None, (10,)), np.random.default_rng(3), 10
    c = stats.judge({"a": list(rng.standard_normal(n))}, REFERENCE, rule)["a"]
    effects = stats.smallest_effect(c, rule, ablations=1) / c.sd * rng.standard_normal((20_000, n)).std(axis=1, ddof=1)
    draws = rng.standard_normal((20_000, n)) + effects[:, None]
    t = draws.mean(axis=1) / (draws.std(axis=1, ddof=1) / math.sqrt(n))
    assert (t > 2.262157).mean() == pytest.approx(0.8, abs=0.01)


def test_the_smallest_effect_of_two_pairs_is_a_number():
    """What is left of five seeds after three failures, at the level of fifteen ablations and four looks."""
    c = stats.judge({"a": [None, None, None, 0.5, -0.7]}, REFERENCE, stats.Rule(0.5))["a"]
    assert c.pairs == 2 and 100 < stats.smallest_effect(c, stats.Rule(0.5), ablations=15) < 10_000


def test_the_seeds_that_are_lacking_decide_and_one_fewer_does_not():
    rule = stats.Rule(0.5, (10,))
    c = stats.judge({"a": steps(0.3, 1.0, 10)}, REFERENCE, rule)["a"]
    lacking = stats.more_seeds(c, rule, ablations=1)

    def p(n):
        return Estimate(c.effect, c.error * math.sqrt(c.pairs / n), n - 1).p_difference()

    assert c.verdict == "inconclusive" and p(c.pairs + lacking) <= 0.05 < p(c.pairs + lacking - 1)


def records(found, arms, looks):
    """Made-up records: accuracies of shape (arms, seeds), of each arm up to its number of seeds in `looks`."""
    return [
        fake(arm, seed, value)
        for arm, values in zip(arms, found, strict=True)
        for seed, value in enumerate(values[: looks.get(arm, len(values))])
    ]


PLANNED = {**study(["settled", "open", "other"], 30), "budget": {"max_runs": None, "max_gpu_hours": None}}
PLANNED["looks"] = [
    {"name": f"look{place}", "seeds": list(range(start, stop)), "seen": stop}
    for place, (start, stop) in enumerate(zip((0, *LOOKS), LOOKS, strict=False), start=1)
]
ARMS = ["baseline", "settled", "open", "other"]
FOUND = 88 + np.array([REFERENCE, steps(-20, 0.1), steps(0.4, 0.6), steps(0.3, 0.6)])


def after(seen, monkeypatch, found=FOUND, **budget):
    """What is decided after a look, of records that take 36 s each."""
    monkeypatch.setattr("butfor.checks.manipulation.examine", lambda study, records: [])
    made = records(found, ARMS, dict.fromkeys(ARMS, seen))
    for record in made:
        object.__setattr__(record, "timing", {"seconds": {"train": 36.0}})
    plan = {**PLANNED, "budget": {**PLANNED["budget"], **budget}}
    return next_look.after(plan, f"look{LOOKS.index(seen) + 1}", made)


def test_only_undecided_ablations_and_their_references_go_on(monkeypatch):
    found = after(5, monkeypatch)
    assert found["next"] == ["baseline", "open", "other"] and found["undecided"] == ["open", "other"]
    assert (found["settled"], found["ablations"], found["runs"]) == (1, 3, 15)
    assert found["hours"] == pytest.approx(0.15)
    assert decision_in_words(found) == (
        "After 5 seeds 1 of 3 ablations are settled. The look at 10 trains 15 runs of 3 arms, about 9.0 minutes of one"
        " device, starts not counted: baseline, open, other."
    )


def test_an_undecided_claim_against_another_arm_asks_for_both_though_their_verdicts_stand(monkeypatch):
    found = 88 + np.array([REFERENCE, steps(-20, 0.1), steps(-20.1, 0.6), steps(-15, 0.6)])
    claims = {
        "open": {"arm": "settled", "reference": "open", "against": "open", "expect": "helps"},
        "decided": {"arm": "settled", "reference": "other", "against": "other", "expect": "hurts"},
    }
    common = {"sentence": "S.", "metric": "test/accuracy", "margin": None, "rate": None}
    asked = asking_seeds({name: {**common, **claim} for name, claim in claims.items()})["between"]
    assert asked["tested"] == 2 and "sentence" not in asked["claims"]["open"]
    assert after(5, monkeypatch, found)["next"] == []
    monkeypatch.setitem(PLANNED, "between", asked)
    decision = after(5, monkeypatch, found)
    assert decision["undecided"] == [] and decision["next"] == ["settled", "open"]
    monkeypatch.setitem(PLANNED, "between", {**asked, "claims": {"decided": asked["claims"]["decided"]}})
    assert after(5, monkeypatch, found)["next"] == []


def test_an_arm_that_a_look_left_out_is_asked_for_no_further_one(monkeypatch):
    found = 88 + np.array([REFERENCE, steps(-20, 0.1), steps(-20.1, 0.6), steps(-15, 0.6)])
    claim = {"arm": "settled", "reference": "open", "against": "open", "expect": "helps", "metric": "test/accuracy"}
    asked = {**PLANNED, "between": {"claims": {"c": {**claim, "margin": None, "rate": None}}, "tested": 1}}
    for had, arms in ((10, {"settled", "open"}), (5, set())):
        made = records(found, ARMS, {**dict.fromkeys(ARMS, 10), "open": had})
        assert undecided_arms(asked, made, [], 2) == arms


def test_of_the_runs_of_the_next_look_those_that_are_there_are_not_trained(monkeypatch, tmp_path):
    """As after an arm was added to a finished study; runs that are to be made anew are not there."""
    found = after(5, monkeypatch)
    monkeypatch.setattr(next_look, "records_in", lambda folders, measured: [])
    monkeypatch.setattr(next_look, "after", lambda study, look, records: found)
    monkeypatch.setattr(next_look, "_seconds_per_run", lambda records, arm: {"other": 72.0}.get(arm, 36.0))
    register_path = tmp_path / "register.json"
    register_path.write_text('{"terms": [], "events": []}')
    monkeypatch.setattr(next_look, "with_removed", lambda study, path: study)

    def said(*arms):
        for arm in arms:
            folder = tmp_path / "runs" / arm / "look2"
            folder.mkdir(parents=True)
            for seed in range(5, 10):
                (folder / f"seed_{seed}.json").touch()
        line = next_look.decide(PLANNED, "look1", [], tmp_path / "looks" / "look1.json", register_path)
        return line.removeprefix("After 5 seeds 1 of 3 ablations are settled. The look at 10 ")

    device, arms = "of one device, starts not counted: ", "baseline, open, other."
    assert said() == f"trains 15 runs of 3 arms, about 12.0 minutes {device}{arms}"
    assert said("baseline", "open") == (
        f"needs 15 runs of 3 arms and has 10 of them; what is lacking takes about 6.0 minutes {device}{arms}"
    )
    await_anew(tmp_path, [tmp_path / "runs" / "open" / "look2"])
    assert said("other") == (
        f"needs 15 runs of 3 arms and has 10 of them; what is lacking takes about 3.0 minutes {device}{arms}"
    )
    await_nothing(tmp_path)
    assert said() == f"needs 15 runs of 3 arms and has them: {arms}"


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ({"max_runs": 34}, "20 runs and 15 more would exceed budget.max_runs 34"),
        ({"max_gpu_hours": 0.34}, "0.2 hours and"),
    ],
)
def test_a_budget_stops_before_the_look_that_would_exceed_it(monkeypatch, budget, words):
    found = after(5, monkeypatch, **budget)
    assert found["next"] == [] and words in found["stopped"]
    assert "No look at 10: " in decision_in_words(found)
    ((key, most),) = budget.items()
    assert after(5, monkeypatch, **{key: most + (1 if key == "max_runs" else 0.01)})["next"]


def test_where_all_is_settled_nothing_goes_on_and_nothing_is_said_of_a_budget(monkeypatch):
    everything = FOUND.copy()
    everything[2:] = everything[1]
    found = after(5, monkeypatch, found=everything, max_runs=1)
    assert found["next"] == [] and found["stopped"] == "" and found["settled"] == 3


def test_one_that_no_look_would_decide_is_not_counted_as_settled(monkeypatch):
    hopeless = FOUND.copy()
    hopeless[2] = 88 + np.array(steps(0, 3))
    found = after(10, monkeypatch, found=hopeless)
    assert found["given_up"] == ["open"] and found["undecided"] == found["next"][1:] == ["other"]
    assert decision_in_words(found).startswith(
        "After 10 seeds 1 of 3 ablations are settled, 1 stopped undecided. The look"
    )
    shown = verdict_rows(progress(decisions=[json.loads(json.dumps(found))]))
    assert shown[0].text == "after 10 seeds, 1 of 3 ablations are settled, 1 stopped undecided"


def test_a_contrast_is_of_the_look_that_settled_it_and_other_metrics_use_the_same_seeds():
    rows = contrasts.judge(PLANNED, records(FOUND, ARMS, {"settled": 5, "open": 10, "other": 10}), [])
    by = {(row["metric"], row["arm"]): row for row in rows}
    assert (by["test/accuracy", "settled"]["planned"], by["test/accuracy", "open"]["planned"]) == (5, 10)
    assert by["test/loss", "settled"]["planned"] == 5 and by["gap/loss", "open"]["planned"] == 10
    assert by["test/accuracy", "open"]["missing"] == 0
    everyone = contrasts.judge(PLANNED, records(FOUND, ARMS, {}), [])
    assert next(row for row in everyone if row["arm"] == "settled")["planned"] == 5


def test_the_correction_may_be_within_families():
    families = {**PLANNED, "verdict": {**PLANNED["verdict"], "corrected_over": "family"}}
    made = records(FOUND, ARMS, dict.fromkeys(ARMS, 5))
    whole, within = (contrasts.judge(plan, made, [])[0] for plan in (PLANNED, families))
    assert whole["p_difference"] == pytest.approx(3 * within["p_difference"])


HE_UNCUT = {"name": "variance_scaling", "scale": 2.0, "distribution": "untruncated_normal"}
STUDY = {
    "study": "looks",
    "seeds": [5, 6, 8],
    "data": {"name": "digits"},
    "recipe": SMALL,
    "ablations": {"idle": {"set": {"initialiser": HE_UNCUT}}, "zeros": {"set": {"initialiser": "zeros"}}},
    "verdict": {"margin": 0.001, "futility": False},
}


@pytest.fixture(scope="module")
def run(workflow_copy):
    """A study whose one ablation is settled at the first look, and the other never."""
    copy = workflow_copy("looks")
    copy.write(STUDY)
    done = copy.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return copy, done.stdout + done.stderr


def trained(copy):
    return sorted(
        str(p.relative_to(copy.folder / "results/looks/runs")) for p in copy.folder.glob("results/looks/runs/*/look*")
    )


def test_one_start_takes_every_look_that_is_needed_and_says_so(run):
    copy, said = run
    every = [f"{arm}/look{n}" for arm in ("baseline", "idle") for n in (1, 2, 3)]
    assert trained(copy) == [*every, "zeros/look1"]
    assert "After 5 seeds 1 of 2 ablations are settled. The look at 6 trains 2 runs of 2 arms" in said
    assert "After 6 seeds 1 of 2 ablations are settled. The look at 8 trains 4 runs of 2 arms" in said
    report = (copy.folder / "results/looks/report.md").read_text()
    assert "<summary>Looks</summary>" in report and "5 to 8 seeds each" in report and "Partial" not in report
    client = MlflowClient(f"sqlite:///{copy.folder}/results/looks/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("looks").experiment_id
    runs = client.search_runs([experiment], "tags.`butfor.look` = 'look3'")
    assert {run.data.tags["butfor.arm"] for run in runs} == {"baseline", "idle"}


def test_a_study_with_looks_that_is_finished_has_nothing_to_do(run):
    copy, _ = run
    done = copy.run()
    assert "Nothing to be done" in done.stdout + done.stderr


def test_another_margin_decides_anew_from_the_records_and_back_and_the_report_says_so(run):
    """Without any claim, and with both readings of a verdict that the change took back."""
    copy, _ = run
    before = {path: path.stat().st_mtime_ns for path in copy.folder.glob("results/looks/runs/*/*/*.json")}
    alone = {name: arm for name, arm in STUDY["ablations"].items() if name == "idle"}
    for margin, looks, arms in ((50.0, 1, STUDY["ablations"]), (0.001, 3, alone)):
        copy.write(
            {**STUDY, "ablations": arms, "verdict": {**STUDY["verdict"], "margin": margin}, "because": f"Why {margin}."}
        )
        done = copy.run()
        assert done.returncode == 0 and "Train " not in done.stdout + done.stderr
        rows = json.loads((copy.folder / "results/looks/contrasts.json").read_text())
        assert rows[0]["arm"] == "idle" and rows[0]["look"] == looks
        text = (copy.folder / "results/looks/report.md").read_text()
        assert f"margin of ±{margin:g} points" in text
    assert (
        "after 21 runs: the study's settings were changed: verdict.margin 0.001 → 50.0. Reason given: “Why 50.0.”"
        in text
    )
    assert "the verdict on `idle` is “inconclusive” (" in text and "was “no meaningful difference” (" in text
    assert "1 arm was taken out: `zeros` (hurts)." in text and "and over 1 more that was taken out of the study" in text
    assert json.loads((copy.folder / "results/looks/comparison.json").read_text())["removed"] == {"": 1}
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_an_ablation_that_is_added_later_trains_its_looks_alone(run):
    copy, _ = run
    copy.write(
        {**STUDY, "ablations": {**STUDY["ablations"], "dead": {"set": {"learning_rate": 1.0e30, "optimiser": "sgd"}}}}
    )
    assert copy.would_run("partial") == {"partial": 1}, "a report trains nothing"
    done = copy.run("--until", "decide")
    assert "Train dead, look1" in done.stdout + done.stderr
    lines = deviations(register.read(copy.folder / "results/looks/register.json"))
    assert "1 arm was added: `dead` (learning\\_rate 1e+30, optimiser sgd" in lines[-2], lines
    assert "1 arm was put in again: `zeros` (initialiser zeros, from baseline)." in lines[-1], lines
    assert (done.stdout + done.stderr).count("Job ") and trained(copy).count("dead/look2") == 0
