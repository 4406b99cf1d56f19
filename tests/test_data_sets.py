"""Several data sets in one study: its plan, what is refused, what trains again, what is said over them."""

import dataclasses
import unicodedata

import numpy as np
import pytest

import validation_over_data_sets as made_up
from butfor import stats
from butfor.data.same_task import check_same_task
from butfor.errors import StudyError
from butfor.metrics.fitting import refuse_unfit
from butfor.records.results_folder import DATA_FILES_READ
from butfor.stats.crossed_errors import Sources, mean_sources
from butfor.stats.over_data_sets import mean_estimate
from butfor.study.asked_metrics import completed
from butfor.study.study_metrics import metrics_of
from butfor.user_code.files_read import FilesRead
from butfor.verdicts import contrasts, factorials
from butfor.verdicts.as_recorded import as_recorded
from test_truths_verdicts import fake
from validation import ALPHA, at_most

TWO = "data: {small: digits, big: {name: mnist, validation: 0.2}}\n"
TEXT = TWO + (
    "recipe: {dropout: 0.2, l2: 0.1, schedule: cosine}\n"
    "ablations:\n  r: {remove_each: [dropout, l2]}\n  a: {add_each: [dropout, l2, schedule], only: big}\n"
    "  g: {grid: {batch_size: [32, 64], learning_rate: [0.1, 0.2]}, only: [small]}\n"
)


def test_every_arm_is_on_every_data_set_against_its_reference_there(planned):
    _, plan = planned(TEXT)
    names = ["baseline@small", "no_dropout@small", "no_l2@small", *(a for a in plan.arms if "__" in a)]
    assert list(plan.arms) == [
        *names,
        *("baseline@big", "no_dropout@big", "no_l2@big", "bare@big"),
        *("only_dropout@big", "only_l2@big", "only_schedule@big"),
    ]
    references = {arm.name: arm.reference for arm in plan.arms.values()}
    assert references["no_l2@small"] == "baseline@small" and references["only_l2@big"] == "bare@big"
    assert {arm.grid for arm in plan.arms.values()} == {"", "g@small"}
    assert [plan.training(f"no_l2@{name}", "look1")["validation"] for name in ("small", "big")] == [0.1, 0.2]
    assert (plan.largest("small")["batch_size"], plan.largest("big")["batch_size"]) == (128, 128)


def test_one_data_set_is_what_it_was(planned):
    one, plan = planned(TEXT.replace(TWO, "data: digits\n").replace(", only: big", "").replace(", only: [small]", ""))
    assert "no_dropout" in plan.arms and one["data"]["name"] == "digits" and list(one["data_sets"]) == [""]


def test_names_have_letters_of_any_alphabet_in_either_spelling(planned):
    apart = unicodedata.normalize("NFD", "작은")
    _, plan = planned(
        f"data: {{{apart}: digits, große: mnist}}\nablations: {{a: {{set: {{dropout: 0.1}}, only: {apart}}}}}"
    )
    assert list(plan.arms) == ["baseline@작은", "a@작은", "baseline@große"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data: {nmae: digits}\nablations: {a: {set: {dropout: 0.1}}}", ["nmae: unknown key in data", "name"]),
        (
            "data: {validation: 0.2, a: {name: digits}}\nablations: {b: {set: {dropout: 0.1}}}",
            ["data: expected one data set, with a name, or several by name", "validation beside a"],
        ),
        ("data: {a: {file: x}, b: digits}\nablations: {c: {set: {dropout: 0.1}}}", ["data.a: expected a data set, with its"]),
        (
            "data: {a: {name: digits, validaton: 0.2}, b: digits}\nablations: {c: {set: {dropout: 0.1}, only: a}}",
            ["validaton: unknown key in data.a", "validation"],
        ),
        ("data: {a: {name: npz}, b: digits}\nablations: {c: {set: {dropout: 0.1}}}", ["data.a.file: expected the path"]),
        ("data: {a@b: {name: digits}}\nablations: {c: {set: {dropout: 0.1}}}", ["data: expected names", "a@b"]),
        ("data: {A: digits, a: digits}\nablations: {c: {set: {dropout: 0.1}}}", ["differ where case does not count"]),
        ("data: {Straße: digits, STRASSE: digits}\nablations: {c: {set: {dropout: 0.1}}}", ["differ where case does not count"]),
        (
            "data: {a: {name: csv, file: no.csv}, b: digits}\nablations: {c: {set: {dropout: 0.1}}}",
            ["data.a.target: expected the name of the column"],
        ),
        (
            "data: {a: {name: csv, file: no.csv, target: y}, b: digits}\nablations: {c: {set: {dropout: 0.1}}}",
            ["data.a.file: expected an existing file, received no.csv"],
        ),
        (
            "data: {a: {name: digits, file: x.npz}, b: digits}\nablations: {c: {set: {dropout: 0.1}}}",
            ["data.a.file: expected with npz", "Write a: {name: npz, file: x.npz}."],
        ),
        (
            "data: {a: {name: digits, validation: official}, b: digits}\nablations: {c: {set: {dropout: 0.1}}}",
            ["data.a.validation: expected a share"],
        ),
        (TWO + "ablations: {c: {set: {dropout: 0.1}, only: bgi}}", ["ablations.c.only", "received bgi", "small, big"]),
        ("data: digits\nablations: {c: {set: {dropout: 0.1}, only: big}}", ["ablations.c.only", "with one"]),
        (
            TWO + "ablations: {c: {set: {dropout: 0.1}, only: big}, d: {set: {l2: 0.1}, from: c}}",
            ["ablations.d", "from: c", "not trained on small", "only: [big]"],
        ),
        (
            TWO + "ablations: {c: {set: {dropout: 0.1}}}\nclaims: {x: {sentence: S, arm: c, expect: helps}}",
            ["claims.x.arm", "Name a data set: c@small or c@big. Or write data_sets: mean, or data_sets: every, beside arm."],
        ),
        (
            TWO.replace("0.2", "0.000001") + "ablations: {c: {set: {dropout: 0.1}}}",
            ["data.validation: expected a share", "60000 training"],
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_told_apart_is_refused_with_its_remedy(planned, text, words):
    with pytest.raises(StudyError) as refused:
        planned(text)
    assert len(str(refused.value).splitlines()) == 1 and all(word in str(refused.value) for word in words)


def test_a_metric_is_refused_for_the_data_set_that_does_not_allow_it():
    asked = completed({"f1": {}}).values()
    refuse_unfit(asked, {"task": "classification", "classes": 2}, data_set="two")
    with pytest.raises(
        StudyError, match=r"metrics.f1: expected two classes.*received 10 classes.* That is data\.ten\."
    ):
        refuse_unfit(asked, {"task": "classification", "classes": 10}, data_set="ten")


def test_a_margin_in_percent_is_of_each_data_sets_own_baseline():
    terms = completed({"accuracy": {"margin": "10 %"}})
    arms = [{"name": name, "reference": None} for name in ("baseline@a", "baseline@b")]
    study = {"arms": arms, "looks": [{"name": "look1", "seeds": [0, 1], "seen": 2}], "metrics": terms}
    study["verdict"] = {"must_learn": False, "metric": "test/accuracy"}
    records = [fake(f"baseline@{name}", seed, figure) for name, figure in (("a", 80.0), ("b", 50.0)) for seed in (0, 1)]
    known = as_recorded(study, records)
    assert known["metrics"]["accuracy"]["margin"] == pytest.approx(5.0)
    metric = metrics_of(known)["test/accuracy"]
    assert metric.margins == pytest.approx({"a": 8.0, "b": 5.0}) and metrics_of(known)["gap/accuracy"].margins == {}
    assert metric.margin_in_words(study["verdict"]) == (
        "±10 % of the baseline's mean on each data set (8 on a, 5 on b points)"
    )


def test_an_effect_is_held_to_the_margin_of_its_data_set_and_their_mean_to_the_mean_of_margins():
    """The same differences are none within 3 points, and undecided within 1."""
    close = pairs(0.6, 0.3, 10, 1)
    sets = {"wide": dataclasses.replace(close, margin=3.0), "narrow": dataclasses.replace(close, margin=0.6)}
    rule = stats.Rule(margin=0.6, looks=(10,))
    each = stats.judge_once(sets, rule)
    assert [each[name].margin for name in sets] == [3.0, 0.6]
    assert each["wide"].p_equivalence < 1e-6 and each["narrow"].p_equivalence > 0.4
    assert stats.judge_over_data_sets({"x": sets}, rule)["x"].contrast.margin == pytest.approx(1.8)


def test_tasks_that_nothing_measures_both_of_are_no_study(tmp_path):
    manifest = tmp_path / "manifest.json"
    manifest.write_text('{"task": "regression"}')
    beside = {"prices": (str(manifest), "mark")}
    check_same_task("classification", "digits", beside)  # not as asked for: it is read again, and finds this one
    FilesRead().write(tmp_path / DATA_FILES_READ, "", "mark")
    check_same_task("regression", "digits", beside)
    with pytest.raises(StudyError, match=r"classification \(accuracy\) beside prices's regression \(mae\)"):
        check_same_task("classification", "digits", beside)


def pairs(effect, spread, runs, seed):
    rng = np.random.default_rng(seed)
    return stats.pair(dict(enumerate(rng.normal(effect, spread, runs))), dict(enumerate(np.zeros(runs))), range(runs))


def test_the_mean_effect_has_satterthwaites_error():
    """Of two data sets it is Welch's test, here scipy's, on half the sum of the effects."""
    from scipy.stats import ttest_ind

    one, other = pairs(1.0, 0.5, 8, 1).differences, pairs(0.5, 2.0, 5, 2).differences
    welch = ttest_ind(one, -other, equal_var=False)
    found = mean_estimate(
        [stats.Estimate(float(d.mean()), float(d.std(ddof=1) / np.sqrt(len(d))), len(d) - 1) for d in (one, other)]
    )
    assert found.effect == pytest.approx((one.mean() + other.mean()) / 2)
    assert found.freedom == pytest.approx(welch.df) and found.p_difference() == pytest.approx(welch.pvalue)


def test_what_test_sets_add_to_the_mean_effect_is_added_as_errors_are():
    one, other = Sources(1.0, 3.0, 3.2, 9.0), Sources(2.0, 4.0, 4.5, 19.0)
    found = mean_sources([one, other])
    assert (found.seeds, found.examples) == (pytest.approx(5**0.5 / 2), 2.5)
    mean = mean_estimate([stats.Estimate(1.0, 3.2, 9.0), stats.Estimate(0.0, 4.5, 19.0)])
    assert found.both == pytest.approx(mean.error) and found.freedom == pytest.approx(mean.freedom)


def test_whether_data_sets_differ_is_welchs_test():
    """Of two data sets, again Welch's t test, now of their difference."""
    from scipy.stats import ttest_ind

    sets = {"a": pairs(1.0, 0.5, 10, 1), "b": pairs(0.5, 0.6, 10, 2)}
    found = stats.judge_over_data_sets({"x": sets}, stats.Rule(margin=0.5, looks=(10,)))["x"]
    welch = ttest_ind(sets["a"].differences, sets["b"].differences, equal_var=False)
    assert found.p_heterogeneity == pytest.approx(welch.pvalue) and found.heterogeneity == pytest.approx(
        welch.statistic**2
    )


def test_failures_on_one_data_set_alone_say_nothing_of_all():
    lost = stats.pair(dict.fromkeys(range(10)), dict(enumerate(range(10))), range(10))
    found = stats.judge_over_data_sets(
        {"x": {"a": pairs(2.0, 0.1, 10, 1), "b": lost}}, stats.Rule(margin=0.5, looks=(10,))
    )
    assert found["x"].contrast.verdict == "inconclusive"
    found = stats.judge_over_data_sets({"x": {"a": lost, "b": lost}}, stats.Rule(margin=0.5, looks=(10,)))
    assert found["x"].contrast.verdict == "hurts"


def test_ranks_are_friedmans_with_the_critical_difference_of_demsar():
    """Demšar 2006, table 5 (a): q of four classifiers at 0.05 is 2.569; with 14 data sets the difference is 1.25."""
    rng = np.random.default_rng(0)
    figures = {name: list(place + rng.normal(0, 0.1, 14)) for place, name in enumerate("dcba")}
    found = stats.ranked_arms(figures, higher_is_better=True, alpha=0.05)
    assert found.critical == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), abs=1e-3)
    assert found.ranks == {"d": 4.0, "c": 3.0, "b": 2.0, "a": 1.0} and found.p < 1e-6


@pytest.mark.parametrize(
    "name",
    [
        "+6 on one of three",
        *(pytest.param(other, marks=pytest.mark.long) for other in ("no effect anywhere", "+2 and -2, together none")),
    ],
)
def test_made_up_runs_on_several_data_sets_are_seldom_judged_wrongly(name):
    found = made_up.run(made_up.SCENARIOS[name], studies=6, seed=3)
    assert made_up.wrong_reports(found) <= at_most(ALPHA, 6)
    assert made_up.wrong_reports(found, "single") <= at_most(ALPHA, 6)
    if "+6" in name:
        assert (found.verdict == "helps").mean() > 0.8 and (found.p_heterogeneity < 0.05).all()


def test_a_grid_on_a_data_set_has_the_margin_of_that_data_set(planned):
    """In percent, of its own baseline's mean, as single ablations have it."""
    settings, plan = planned(
        "data: {big: {name: digits}, small: {name: digits, validation: 0.2}}\nseeds: 10\n"
        "metrics: {f1_macro: {primary: true, margin: 2 %}}\n"
        "ablations: {g: {grid: {dropout: [0.1, 0.2], l2: [0.0001, 0.001]}}}\n"
    )
    rng, records = np.random.default_rng(0), []
    for arm in plan.arms:
        level, of = (0.8 if arm.endswith("@big") else 0.08), {"name": arm.rpartition("@")[2], "fingerprint": "f"}
        for seed in range(10):
            record = dataclasses.replace(fake(arm, seed, 88.0), data=of)
            record.metrics["test/f1_macro"] = level * (1 + 0.002 * rng.standard_normal())
            records.append(record)
    asked = as_recorded({**settings, **plan.summary()}, records)
    found = factorials.grid_effects(asked, records, contrasts.judge(asked, records, []))
    margins = {row["name"].rpartition("@")[2]: row["margin"] for row in found}
    assert margins["big"] == pytest.approx(1.6, rel=0.01) and margins["small"] == pytest.approx(0.16, rel=0.01)
