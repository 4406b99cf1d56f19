"""The placebo: the baseline's recipe with other seeds, judged by itself, shows nothing, and costs the others nothing."""

import json

import numpy as np
import pytest

from butfor.errors import StudyError
from butfor.report.answer import before_all
from butfor.report.arm_story import arm_story
from butfor.report.comment import comment
from butfor.report.headline import headline
from butfor.report.placebo_section import placebo_lines, placebo_section, placebo_warning
from butfor.report.verdict_section import verdict_section
from butfor.study.placebo import APART
from butfor.study.study_protocol import arms as registered
from butfor.verdicts import contrasts
from butfor.verdicts.arms import arm_rows
from butfor.verdicts.failures import failed_runs
from butfor.verdicts.next_look import after
from butfor.verdicts.placebo_test import placebo_rows
from butfor.workflow import demands, parameters
from test_truths_verdicts import at_most, fake

TEXT = """
data: digits
seeds: [5, 10]
recipe: {dropout: 0.1}
ablations: {no_dropout: {set: {dropout: 0.0}}, slow: {set: {learning_rate: 0.0001}}}
placebo: true
"""
WITHOUT = TEXT.replace("placebo: true", "")


@pytest.fixture
def study_of(planned):
    def analysed(text):
        settings, plan = planned(text)
        return parameters.analysis(settings, plan)

    return analysed


def records_of(seeds=5, shift=0.0, spread=0.2, effects=None, draws=None, statuses=None):
    """Runs of every arm about 88 points; the placebo's are `shift` points higher."""
    draws, effects = draws or np.random.default_rng(3), {"placebo": shift, **(effects or {})}
    return [
        fake(
            arm,
            seed + (APART if arm == "placebo" else 0),
            88.0 + effects.get(arm, 0.0) + draws.normal(0, spread),
            status=(statuses or {}).get(arm, "ok"),
        )
        for arm in ("baseline", "no_dropout", "slow", "placebo")
        for seed in range(seeds)
    ]


def test_it_has_the_baselines_recipe_and_no_seed_of_the_studys(planned):
    _, plan = planned(TEXT)
    placebo = plan.arms["placebo"]
    assert list(plan.arms)[-1] == "placebo"
    assert placebo.recipe == plan.arms["baseline"].recipe
    assert plan.training("placebo", "look2")["seeds"] == [seed + APART for seed in range(5, 10)]
    assert placebo not in plan.ablations
    assert ("placebo", "look1") in plan.trainings(lambda look: [])


def test_the_other_arms_are_as_without_it(planned):
    (_, plan), (_, without) = planned(TEXT), planned(WITHOUT)
    assert [arm for arm in plan.summary()["arms"] if arm["name"] != "placebo"] == without.summary()["arms"]
    assert all(plan.training(arm, "look1") == without.training(arm, "look1") for arm in without.arms)
    entered = registered(plan, by_family=False)
    assert {name: terms for name, terms in entered.items() if name != "placebo"} == registered(without, False)


def test_it_takes_nothing_from_the_others_alpha(study_of):
    records = records_of(effects={"no_dropout": -0.5})
    beside = [record for record in records if record.arm != "placebo"]
    with_it, without = contrasts.judge(study_of(TEXT), records, []), contrasts.judge(study_of(WITHOUT), beside, [])
    assert json.dumps(with_it) == json.dumps(without)


def test_it_shows_nothing_where_there_is_nothing_and_says_so(study_of):
    (row,) = placebo_rows(study_of(TEXT), records_of(seeds=10))
    assert (row["arm"], row["reference"], row["pairs"], row["shows"]) == ("placebo", "baseline", 10, False)
    comparison = {"placebo": [row]}
    assert placebo_warning(comparison) == ""
    assert placebo_lines(comparison) == []
    assert "`placebo` shows no difference to `baseline`" in placebo_section(comparison)
    assert placebo_section({}) == ""


def test_what_it_shows_stands_at_the_top(study_of):
    (row,) = placebo_rows(study_of(TEXT), records_of(seeds=10, shift=2.0))
    assert row["shows"]
    assert row["verdict"] == "helps"
    assert row["effect"] == pytest.approx(2.0, abs=0.3)
    assert placebo_warning({"placebo": [row]}).startswith("> **The placebo shows something.** `placebo` is `baseline`")
    assert "by 5 pairs of runs" in placebo_lines({"placebo": [row]})[0]


def test_the_table_of_arms_says_what_it_is(study_of):
    (row,) = [row for row in arm_rows(study_of(TEXT), []) if row["arm"] == "placebo"]
    assert (row["reference"], row["changes"]) == (None, ["other seeds than the baseline's"])


def test_it_is_wrong_as_seldom_as_any_verdict(study_of):
    study, draws = study_of(TEXT), np.random.default_rng(11)
    wrong = sum(placebo_rows(study, records_of(seeds=10, draws=draws))[0]["shows"] for _ in range(120))
    assert wrong <= at_most(0.05, 120)


def test_it_goes_on_beside_its_baseline_while_it_is_open_and_prolongs_no_study(study_of, monkeypatch):
    monkeypatch.setattr("butfor.checks.manipulation.examine", lambda study, records: [])
    monkeypatch.setattr("butfor.verdicts.next_look._seconds", lambda records: 1.0)
    open_one, study = {"slow": 0.6}, study_of(TEXT)
    wide = records_of(effects=open_one, spread=0.5)
    assert after(study, "look1", wide)["next"] == [*after(study_of(WITHOUT), "look1", wide)["next"], "placebo"]
    settled = [record for record in records_of(spread=0.02) if record.arm == "baseline"]
    settled += [fake("placebo", seed + APART, 88.0 + (-1) ** seed) for seed in range(5)]
    settled += [fake(arm, seed, 60.0 + seed / 100) for arm in ("no_dropout", "slow") for seed in range(5)]
    assert after(study, "look1", settled)["next"] == []


def test_its_failed_runs_are_told_with_the_look_that_they_are_of(study_of):
    (row,) = failed_runs(study_of(TEXT), records_of(seeds=6, statuses={"placebo": "diverged"}))[:1]
    assert (row["arm"], row["look"], row["seeds"]) == ("placebo", "look1", [APART + seed for seed in range(5)])


def test_each_data_set_has_its_own_and_a_search_of_rates_leaves_it_out(planned):
    sets = TEXT.replace("data: digits", "data: {small: digits, other: {name: digits, validation: 0.2}}")
    _, plan = planned(sets)
    assert [name for name in plan.arms if name.startswith("placebo")] == ["placebo@small", "placebo@other"]
    _, plan = planned(f"{TEXT}\ntune: {{factors: [0.5, 1, 2]}}\n")
    assert plan.tuned == ["baseline", "no_dropout"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (TEXT.replace("slow:", "placebo:"), "expected no ablation of that name"),
        (TEXT.replace("seeds: [5, 10]", "replicates: {folds: 5}"), "expected seeds, of which others can be drawn"),
        (TEXT.replace("placebo: true", "placebo: 3"), "placebo"),
    ],
    ids=["its_name_is_taken", "folds", "no_yes_or_no"],
)
def test_a_study_that_cannot_have_one_is_refused_in_a_sentence(planned, text, why):
    with pytest.raises(StudyError, match=why):
        planned(text)


def test_an_arm_of_that_name_is_an_ablation_like_any_where_no_placebo_is_asked_for(planned):
    _, plan = planned(WITHOUT.replace("slow:", "placebo:"))
    assert plan.arms["placebo"].reference == "baseline"
    assert plan.training("placebo", "look1")["seeds"] == [0, 1, 2, 3, 4]


SHOWS = {
    "arm": "placebo", "reference": "baseline", "metric": "test/accuracy", "unit": "accuracy points", "decimals": 2, "pairs": 5,
    "effect": 2.0, "low": 1.5, "high": 2.5, "margin": 0.5, "verdict": "helps", "remark": "", "shows": True,
}  # fmt: skip


@pytest.fixture
def showing(tmp_path, study_of):
    """The files of a study whose placebo shows something, and whose baseline learnt nothing on two data sets."""
    comparison = {
        "metric": "test/accuracy", "task": "classification", "runs": 10, "failed": [], "interactions": [],
        "baseline": "**A.** The first: `a`.\n>\n> **B.**", "placebo": [SHOWS], "arms": arm_rows(study_of(TEXT), []),
    }  # fmt: skip
    for name, content in (("comparison", comparison), ("contrasts", []), ("checks", [])):
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    return tmp_path, comparison


def test_what_puts_all_in_doubt_is_first_for_every_reader(showing):
    folder, comparison = showing
    told = "The placebo shows something: placebo is baseline with other seeds"
    terminal = headline(folder, folder).splitlines()
    assert terminal[1:3] == ["A. The first: a.", "B."] and terminal[3].startswith(told)
    marked = comment("test", [], comparison, [], {"claims": [], "removed": 0, "deviations": []}, folder / "report.md")
    assert "\n\n**B.**\n\n**The placebo shows something.** `placebo` is `baseline`" in marked
    assert before_all(comparison, marked=False)[2].startswith(told)
    assert demands.matches(folder, ["placebo", "hurts"]) == {"placebo": ["placebo"]}


def test_its_story_says_what_it_shows(showing):
    story = arm_story(showing[0], "placebo")
    assert story.startswith("placebo, a placebo beside baseline\n  sets    other seeds than the baseline's\n")
    assert "shows   placebo is baseline with other seeds, and there is a difference of +2.00 accuracy points" in story


def test_the_first_table_calls_it_no_reference(study_of):
    study = study_of(TEXT)
    shown = verdict_section(study, contrasts.judge(study, records_of(), []), arm_rows(study, []), {}, {})
    lines = [line.split(" | ")[:2] for line in shown.splitlines() if line.startswith("| `")]
    assert lines[:2] == [["| `baseline`", "the reference"], ["| `placebo`", "other seeds than the baseline's"]]
