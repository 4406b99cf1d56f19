"""Claims about several data sets: the mean over them, and every one."""

import json

import numpy as np
import pytest

import validation_over_data_sets as made_up
from butfor.errors import StudyError
from butfor.report import claim_section
from butfor.verdicts import claim_outcomes, contrasts
from test_truths_verdicts import fake
from validation import ALPHA, at_most

TWO = "data: {small: digits, big: {name: mnist, validation: 0.2}}\n"
ABLATIONS = "ablations: {a: {set: {dropout: 0.1}}, b: {set: {l2: 0.1}, only: big}}\n"
SETS = ("one", "two", "three")
SEEDS = 10


def declared(planned, claim, text=TWO + ABLATIONS):
    settings, _ = planned(f"{text}claims: {{c: {{sentence: S., {claim}}}}}")
    return settings["claims"]["c"]


def test_a_claim_names_an_ablation_without_a_data_set_and_stands_on_all_its_recipes(planned):
    claim = declared(planned, "arm: a, expect: helps, data_sets: mean")
    assert (claim["arm"], claim["reference"], claim["data_sets"]) == ("a", "baseline", "mean")
    assert set(claim["recipes"]) == {"a@small", "a@big", "baseline@small", "baseline@big"}
    every = declared(planned, "arm: a, expect: helps, data_sets: every")
    assert every["fingerprint"] != claim["fingerprint"]
    assert "data_sets" not in declared(planned, "arm: a@big, expect: helps")


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("arm: a@big, expect: helps, data_sets: mean", ["claims.c.arm", "received a@big", "Write arm: a, or leave out"]),
        ("arm: b, expect: helps, data_sets: every", ["claims.c.data_sets", "on one data set", "Write arm: b@big"]),
        ("arm: z, expect: helps, data_sets: every", ["claims.c.arm", "received z, which is no arm"]),
        ("arm: a, expect: helps, data_sets: all", ["claims.c.data_sets", "mean, every"]),
        (
            "arm: a, expect: hurts, metric: cost/parameters, data_sets: mean",
            ["claims.c.data_sets", "on one data set: write arm: a@small or a@big"],
        ),
    ],
)  # fmt: skip
def test_what_is_about_no_several_data_sets_is_refused_with_its_remedy(planned, claim, words):
    with pytest.raises(StudyError) as refused:
        declared(planned, claim)
    assert len(str(refused.value).splitlines()) == 1 and all(word in str(refused.value) for word in words)


def test_in_a_study_of_one_data_set_it_is_refused(planned):
    with pytest.raises(StudyError, match=r"in a study of one data set, received mean\. Leave it out"):
        declared(planned, "arm: a, expect: helps, data_sets: mean", "ablations: {a: {set: {dropout: 0.1}}}\n")


def judged(effects, claims, failing=(0, 0, 0)):
    """Rows by claim, where the first of five ablations has these effects on three data sets and fails in so many runs there."""
    rng, asked, records = np.random.default_rng(5), made_up.study(1.0), []
    asked["looks"] = [{"name": "look1", "seeds": list(range(SEEDS)), "seen": SEEDS}]
    asked["verdict"] |= {"margin": 0.5}
    for arm in made_up.ARMS:
        where, is_first = SETS.index(arm.rpartition("@")[2]), arm.startswith("ablation_1@")
        for seed in range(SEEDS):
            value = 88 + is_first * effects[where] + 0.1 * rng.standard_normal()
            status = "diverged" if is_first and seed < failing[where] else "ok"
            records.append(fake(arm, seed, value, value / 10, status))
    rows = json.loads(json.dumps(contrasts.judge(asked, records, [])).replace("NaN", "null"))
    told = {"sentence": "S.", "arm": "ablation_1", "reference": "baseline", "metric": "test/accuracy"}
    made = {f"c{n}": {**told, "rate": None, "margin": None, **claim} for n, claim in enumerate(claims)}
    return claim_outcomes.judge(asked, made, records, rows)


@pytest.mark.parametrize(
    ("effects", "claim", "outcome", "why"),
    [
        ((2, 2, 2), {"expect": "helps", "data_sets": "every"}, "supported", "least sure on"),
        ((2, 2, 0), {"expect": "helps", "data_sets": "every"}, "undecided", "on three: smaller than the margin"),
        ((2, 2, -2), {"expect": "helps", "data_sets": "every"}, "refuted", "on three: it hurts"),
        ((2, 2, -2), {"expect": "helps", "data_sets": "mean"}, "supported", "but hurts on three"),
        ((-2, -2, 1), {"expect": "helps", "data_sets": "mean"}, "refuted", "it hurts"),
        ((2, -2, 0), {"expect": "helps", "data_sets": "mean"}, "undecided", "smaller than the margin"),
        ((2, -2, 0), {"expect": "same", "data_sets": "mean"}, "supported", ""),
        ((2, -2, 0), {"expect": "same", "data_sets": "every"}, "refuted", "the difference is larger"),
        ((2, 2, 2), {"expect": "helps", "margin": 1.5, "data_sets": "every"}, "supported", "least sure on"),
        ((2, 2, 1), {"expect": "helps", "margin": 1.5, "data_sets": "every"}, "refuted", "on three: the effect is smaller"),
        ((2, 2, 1), {"expect": "helps", "margin": 1.5, "data_sets": "mean"}, "supported", ""),
        ((2, 2, 0), {"expect": "helps", "margin": 1.5, "data_sets": "mean"}, "refuted", "the effect is smaller"),
        ((2, 2, 2), {"expect": "hurts", "metric": "gap/loss", "data_sets": "mean"}, "supported", ""),
        ((2, 2, 2), {"expect": "helps", "metric": "gap/loss", "data_sets": "mean"}, "refuted", "the effect is smaller"),
    ],
)  # fmt: skip
def test_a_claim_is_about_the_mean_or_about_every_data_set(effects, claim, outcome, why):
    (row,) = judged(effects, [claim])
    assert (row["outcome"], why in row["reason"]) == (outcome, True), row["reason"]
    assert row["data"] == ("their mean" if claim["data_sets"] == "mean" else row["data"])
    assert row["effect"] is not None and row["low"] < row["effect"] < row["high"]
    assert claim_section.data_set_shown(row) == (row["data"] if claim["data_sets"] == "every" else "")


def test_that_a_claim_is_wrong_on_one_data_set_pays_for_all():
    """With the same figures, three times the p that a claim about one data set has."""
    claim = {"expect": "helps", "margin": 2.05}
    single = judged((2, 3, 3), [{**claim, "arm": "ablation_1@one", "reference": "baseline@one"}])[0]
    every = judged((2, 3, 3), [{**claim, "data_sets": "every"}])[0]
    assert every["p"] == pytest.approx(3 * single["p"]) or every["outcome"] == "undecided"
    worse = {"expect": "helps", "margin": 2.3}
    single = judged((2, 3, 3), [{**worse, "arm": "ablation_1@one", "reference": "baseline@one"}])[0]
    every = judged((2, 3, 3), [{**worse, "data_sets": "every"}])[0]
    assert single["outcome"] == every["outcome"] == "refuted" and every["p"] == pytest.approx(3 * single["p"])


@pytest.mark.parametrize(
    ("failing", "claim", "outcome"),
    [
        ((10, 10, 10), {"rate": 0.5, "data_sets": "every"}, "supported"),
        ((10, 10, 0), {"rate": 0.5, "data_sets": "every"}, "refuted"),
        ((10, 10, 4), {"rate": 0.5, "data_sets": "mean"}, "supported"),
        ((10, 2, 2), {"rate": 0.5, "data_sets": "mean"}, "undecided"),
        ((6, 0, 0), {"rate": 0.5, "data_sets": "mean"}, "refuted"),
        ((6, 6, 6), {"rate": 0.3, "data_sets": "mean"}, "supported"),
        ((8, 0, 0), {"expect": "fails more", "data_sets": "mean"}, "supported"),
        ((8, 0, 0), {"expect": "fails more", "data_sets": "every"}, "undecided"),
    ],
)
def test_how_often_runs_fail_is_claimed_of_the_mean_or_of_every_data_set(failing, claim, outcome):
    (row,) = judged((0, 0, 0), [{"expect": "fails", **claim}], failing)
    assert row["outcome"] == outcome, row


def test_the_report_says_what_of_the_data_sets_a_claim_is_about():
    rows = judged((2, 2, -2), [{"expect": "helps", "data_sets": over} for over in ("mean", "every")])
    seen = {"standing": "exploratory", "since": None, "runs": None}
    text = claim_section.claim_section(
        {**made_up.study(1.0)}, {"claims": [{**row, **seen} for row in rows], "removed": 0, "deviations": []}
    )
    assert "`ablation_1` helps, on average over the data sets |" in text
    assert "`ablation_1` helps, on every data set | **refuted** (on three: it hurts)" in text
    assert "One about every data set is supported where it is on each" in text


@pytest.mark.parametrize(
    "name",
    [
        "+1.5 on one of three",
        *(
            pytest.param(other, marks=pytest.mark.long)
            for other in ("+2 and -2, together none", "mean exactly at the margin")
        ),
    ],
)
def test_of_made_up_runs_claims_about_data_sets_are_seldom_ruled_wrongly(name):
    found = made_up.run(made_up.SCENARIOS[name], studies=4, seed=4)
    assert made_up.wrong_reports(found, "claims") <= at_most(ALPHA, 4)
    assert found.decided_claims.mean() > 0.2
