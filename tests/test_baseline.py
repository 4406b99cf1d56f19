"""A baseline that learnt nothing: said first, no verdicts against it, claims undecided, no further seeds."""

import json

import pytest

from butfor.verdicts import contrasts, next_look
from butfor.verdicts.baseline import failed_baseline, in_words
from butfor.verdicts.words import decision_in_words
from conftest import SMALL
from test_looks import ARMS, FOUND, PLANNED, after, records
from test_truths_verdicts import fake


def of_baseline(statuses, **verdict):
    """Five seeds of every arm, the baseline's ended so."""
    made = [record for record in records(FOUND, ARMS, dict.fromkeys(ARMS, 5)) if record.arm != "baseline"]
    made = [fake("baseline", seed, 97.0, status=status, reason="97 %") for seed, status in enumerate(statuses)] + made
    return {**PLANNED, "verdict": {**PLANNED["verdict"], **verdict}}, made


def failed(study, made):
    return failed_baseline(made, study["verdict"]["must_learn"], study["verdict"]["metric"])


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        (["commonest_class"] * 5, "the baseline has learnt no more than the commonest class (5 of 5 runs)"),
        (["at_chance"] * 4 + ["diverged"], "the baseline has learnt nothing (5 of 5 runs)"),
    ],
)
def test_nothing_is_said_of_its_parts_in_any_metric(statuses, words):
    study, made = of_baseline(statuses)
    assert failed(study, made).in_short == words
    for row in contrasts.judge(study, made, []):
        assert (row["verdict"], row["remark"]) == ("no verdict", words)
    assert in_words(failed(study, made), study).startswith(f"**The{words[3:]}.** The first: 97 %. So nothing can be")


def test_one_run_that_learnt_something_is_a_baseline():
    study, made = of_baseline(["at_chance"] * 4 + ["ok"])
    assert failed(study, made) is None
    assert not [row for row in contrasts.judge(study, made, []) if row["verdict"] == "no verdict"]


def test_what_counts_as_failed_follows_metric_and_must_learn():
    for settings in ({"metric": "test/loss"}, {"must_learn": False}):
        assert failed(*of_baseline(["commonest_class"] * 5, **settings)) is None
    study, made = of_baseline(["at_chance"] * 5, metric="test/loss")
    assert "test/loss" not in in_words(failed(study, made), study)


def test_of_a_regression_nobody_is_told_to_balance_classes():
    study, made = of_baseline(["at_chance"] * 5)
    assert "mend the recipe or balance the data, judge by test/loss" in in_words(failed(study, made), study)
    for record in made:
        object.__setattr__(record, "data", {**record.data, "task": "regression"})
    words = in_words(failed(study, made), study)
    assert "What one may do: mend the recipe, or compare such runs all the same (`verdict: {must_learn" in words


def test_an_arm_that_trains_is_better_than_a_baseline_that_diverges():
    study, made = of_baseline(["diverged"] * 5)
    assert {row["verdict"] for row in contrasts.judge(study, made, [])} == {"helps"}
    assert "only by how often its own runs fail" in in_words(failed(study, made), study)


def test_no_further_seeds_are_trained(monkeypatch):
    study, made = of_baseline(["at_chance"] * 5)
    monkeypatch.setattr("butfor.checks.manipulation.examine", lambda study, records: [])
    for record in made:
        object.__setattr__(record, "timing", {"seconds": {"train": 36.0}})
    found = next_look.after(study, "look1", made)
    assert found["next"] == [] and found["settled"] == 0 and found["undecided"] == ARMS[1:]
    said = "No look at 10: the baseline has learnt nothing (5 of 5 runs)."
    assert decision_in_words(found) == f"After 5 seeds 0 of 3 ablations are settled. {said}"
    assert after(5, monkeypatch)["next"]


@pytest.fixture(scope="module")
def hopeless(workflow_copy):
    """A study whose baseline cannot learn, and a part of it that makes no difference to that."""
    copy = workflow_copy("hopeless")
    study = {"study": "hopeless", "seeds": [2, 3], "data": {"name": "digits"}, "tracking": {"mlflow": False}}
    study["recipe"] = {**SMALL, "initialiser": "zeros"}
    study["ablations"] = {"no_dropout": {"set": {"dropout": 0.0}}, "slow": {"set": {"learning_rate": 1e-4}}}
    study["claims"] = {"same": {"sentence": "It makes no difference.", "arm": "slow", "expect": "same"}}
    copy.write(study)
    return copy, copy.run()


@pytest.mark.cases
def test_a_whole_study_says_so_first_and_last_and_ends_without_an_error(hopeless):
    copy, done = hopeless
    assert done.returncode == 0, done.stderr
    results, said = copy.folder / "results/hopeless", "The baseline has learnt nothing (2 of 2 runs)."
    report = (results / "report.md").read_text()
    assert report.startswith(f"# hopeless\n\n> **{said}** The first: skill 0.000 in telling")
    assert not [word for word in ("helps", "hurts:", "Add a look", "no meaningful difference:") if word in report]
    (claim,) = json.loads((results / "claims.json").read_text())["claims"]
    assert claim["outcome"] == "undecided" and "the baseline has learnt nothing" in claim["reason"]
    assert not list(results.glob("runs/*/look2"))
    last = done.stderr.split("Report: results/hopeless/report.html (as text: report.md)\n")[1].splitlines()
    assert last[0].startswith(said) and "Every one of 6 runs failed:" in last
    assert "Log: results/hopeless/logs/train/baseline_look1.log" in done.stderr and "make ui" not in done.stderr


@pytest.mark.cases
def test_the_last_words_come_also_where_there_is_nothing_to_do_and_not_in_a_dry_run(hopeless):
    copy, _ = hopeless
    again, dry = copy.run(), copy.run("-n")
    assert "Nothing to be done" in again.stdout + again.stderr
    assert (
        again.stderr.count("Report: results/hopeless/report.html (as text: report.md)\nThe baseline has learnt nothing")
        == 1
    )
    assert "Report: " not in dry.stderr
