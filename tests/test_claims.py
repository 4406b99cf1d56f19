"""Claims: what a study file may say, what becomes of it, and when it was declared."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
import yaml
from scipy import stats as scipy_stats

from butfor import stats
from butfor.errors import StudyError
from butfor.records import job_folder
from butfor.report import claim_section, deviation_section
from butfor.study import claims, study_protocol
from butfor.verdicts import claim_outcomes, contrasts, deviations, preregistration, register
from conftest import ROOT, SCHEMA, SMALL
from test_truths_verdicts import draws, fake, study

ABLATIONS = "ablations: {a: {set: {dropout: 0.5}}, b: {set: {l2: 0.1}}, alone: {set: {l1: 0.1}, compare: false}}\n"
CLAIM = "claims: {c: {sentence: S., arm: a, expect: hurts"


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """By Student's t alone, though there is one ablation."""
    monkeypatch.setattr("butfor.stats.looks.own_tails", lambda pairs, undecided: {})
    monkeypatch.setattr("butfor.stats.over_data_sets.own_tail", lambda pairs: 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CLAIM.replace("arm: a", "arm: aa") + "}}", ["claims.c.arm", "received aa", "Did you mean a?"]),
        (CLAIM.replace("arm: a", "arm: zz9") + "}}", ["claims.c.arm", "no arm of this study", "Arms: a, b."]),
        (CLAIM.replace("arm: a", "arm: alone") + "}}", ["claims.c.arm", "received alone", "compare: false"]),
        (CLAIM.replace("arm: a", "arm: baseline") + "}}", ["claims.c.arm", "received baseline", "Name an ablation"]),
        (
            CLAIM.replace("hurts", "worse") + "}}",
            ["claims.c.expect", "helps, hurts, same, fails, fails more", "'worse'"],
        ),
        (CLAIM + ", metrics: test/loss}}", ["metrics", "unknown key", "Did you mean metric?"]),
        (
            CLAIM + ", metric: accuracy}}",
            ["claims.c.metric", "test/accuracy, test/loss", "Did you mean test/accuracy?"],
        ),
        (CLAIM + ", margin: 0}}", ["claims.c.margin", "more than 0", "received 0."]),
        (CLAIM.replace("hurts", "fails") + ", margin: 1}}", ["claims.c.margin", "Leave it out"]),
        (CLAIM.replace("hurts", "fails more") + ", margin: 1}}", ["claims.c.margin", "Leave it out"]),
        (CLAIM.replace("hurts", "fails more") + ", rate: 0.2}}", ["claims.c.rate", "write expect: fails"]),
        (CLAIM + ", rate: 0.2}}", ["claims.c.rate", "expect: hurts", "received 0.2"]),
        (CLAIM.replace("hurts", "fails") + ", rate: 50 %}}", ["claims.c.rate", "Write 0.5"]),
        (CLAIM.replace("hurts", "sometimes fails") + "}}", ["claims.c.expect", "Did you mean fails more?"]),
        (CLAIM.replace("hurts", "same, metric: test/loss") + "}}", ["claims.c.margin", "set verdict.loss_margin"]),
        (CLAIM.replace("hurts", "same, metric: gap/loss") + "}}", ["claims.c.margin", "the same in gap/loss"]),
        (CLAIM + ", against: bb}}", ["claims.c.against", "an arm of this study other than a", "Did you mean b?"]),
        (CLAIM + ", against: a}}", ["claims.c.against", "other than a, received a. Arms: b, alone."]),
        (CLAIM + ", against: baseline}}", ["claims.c.against", "the reference of a", "Leave it out"]),
        (CLAIM.replace("hurts", "fails") + ", against: b}}", ["claims.c.against", "none beside expect: fails"]),
        (CLAIM + ", versus: b}}", ["unknown key", "Did you mean against?"]),
        ("claims: {c: {arm: a, expect: hurts}}", ["sentence", "expected this key"]),
        ("claims: {'a b': {sentence: S., arm: a, expect: hurts}}", ["claims", "letters", "'a b'"]),
        ("claims: {no: {sentence: S., arm: a, expect: hurts}}", ["claims", "expected text", "YAML reads off"]),
    ],
)
def test_a_claim_that_nothing_could_decide_is_refused_with_a_remedy(planned, text, words):
    with pytest.raises(StudyError) as raised:
        planned(ABLATIONS + text)
    message = str(raised.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def declared(planned, more="", claim="sentence: S., arm: a, expect: hurts"):
    settings, _ = planned(f"{ABLATIONS}{more}claims: {{c: {{{claim}}}}}")
    return settings["claims"]["c"], study_protocol.terms(settings)


@pytest.mark.parametrize(
    ("more", "claim", "same"),
    [
        ("", "sentence: In other words., arm: a, expect: hurts", True),
        ("", "sentence: S., arm: a, expect: hurts, rate: null", True),
        ("verdict: {loss_margin: 0.1}\n", None, True),
        ("budget: {max_runs: 900}\nquestion: Why?\n", None, True),
        ("", "sentence: S., arm: a, expect: helps", False),
        ("", "sentence: S., arm: a, expect: hurts, margin: 1", False),
        ("", "sentence: S., arm: a, expect: hurts, metric: test/loss", False),
        ("", "sentence: S., arm: b, expect: hurts", False),
        ("", "sentence: S., arm: a, expect: hurts, against: null", True),
        ("", "sentence: S., arm: a, expect: hurts, against: b", False),
        ("recipe: {l2: 0.01}\n", None, False),
        ("seeds: [5, 10]\n", None, False),
        ("first_seed: 7\n", None, False),
        ("verdict: {alpha: 0.1}\n", None, False),
        ("verdict: {margin: 1.0}\n", None, False),
    ],
)
def test_the_fingerprint_stands_for_what_is_tested_and_not_for_the_wording(planned, more, claim, same):
    first = declared(planned)[0]["fingerprint"]
    other = declared(planned, more, claim or "sentence: S., arm: a, expect: hurts")[0]["fingerprint"]
    assert (first == other) == same


def judged(found, made, statuses=None, looks=1, refused=(), verdict=None):
    """Outcomes by claim, for figures in points of shape (baseline and arms, seeds), the same figures as losses."""
    arms, statuses = [f"arm_{number}" for number in range(len(found) - 1)], statuses or {}
    records = [
        fake(arm, seed, value, value, statuses.get((arm, seed), "ok"))
        for arm, values in zip(["baseline", *arms], found, strict=True)
        for seed, value in enumerate(values)
    ]
    told = study(arms, found.shape[1], looks)
    told["verdict"] |= verdict or {}
    checks = [{"arm": arm, "outcome": outcome, "problems": ["split moved"]} for arm, outcome in refused]
    rows = json.loads(json.dumps(contrasts.judge(told, records, checks)).replace("NaN", "null"))
    return {
        row["claim"]: row for row in claim_outcomes.judge(told, {n: claim(**c) for n, c in made.items()}, records, rows)
    }


def claim(arm="arm_0", expect="hurts", metric="test/accuracy", margin=None, rate=None, against=None):
    rate = (rate or claims.MOSTLY) if expect == "fails" else None
    tested = {"arm": arm, "metric": metric, "expect": expect, "margin": margin, "rate": rate}
    other = {"against": against} if against else {}
    return {"sentence": "S.", **tested, "reference": against or "baseline", **other}


def failing(*seeds, arm="arm_0"):
    return {(arm, seed): "diverged" for seed in seeds}


SPREAD = np.array([-0.05, 0.02, 0.0, 0.04, -0.01])


def shifted(*effects, spread=SPREAD):
    """A baseline, and an arm per effect that differs from it by the effect and a little."""
    base = 88 + 0.3 * np.sin(np.arange(len(spread)))
    return np.array([base, *(base + effect + spread for effect in effects)])


@pytest.mark.parametrize(
    ("effect", "made", "outcome"),
    [
        (-3.0, {}, "supported"),
        (3.0, {}, "refuted"),
        (0.1, {}, "undecided"),  # shown to make no difference that matters, which is no evidence of the opposite
        (0.1, {"expect": "helps"}, "undecided"),
        (-0.3, {}, "undecided"),  # a small effect on the side that was claimed
        (3.0, {"expect": "helps"}, "supported"),
        (-3.0, {"expect": "helps"}, "refuted"),
        (0.1, {"expect": "same"}, "supported"),
        (0.02, {"expect": "helps", "metric": "test/loss"}, "undecided"),
        (-3.0, {"expect": "helps", "metric": "test/loss"}, "supported"),  # for a loss less is better
        (-3.0, {"metric": "test/loss", "margin": 2.0}, "refuted"),
        (3.0, {"metric": "test/loss", "margin": 2.0}, "supported"),
        (3.0, {"metric": "test/loss", "margin": 3.02}, "undecided"),
        (3.0, {"metric": "test/loss", "margin": 4.0}, "refuted"),
        (-3.0, {"margin": 2.0}, "supported"),
        (-3.0, {"margin": 4.0}, "refuted"),
        (-3.0, {"margin": 3.0}, "undecided"),
        (3.0, {"margin": 2.0}, "refuted"),  # on the other side
        (3.0, {"expect": "helps", "margin": 2.0}, "supported"),
        (0.1, {"expect": "same", "margin": 0.3}, "supported"),
        (0.1, {"expect": "same", "margin": 0.1}, "undecided"),
        (0.1, {"expect": "same", "margin": 0.01}, "refuted"),
        (-3.0, {"expect": "same"}, "refuted"),
        (-3.0, {"expect": "same", "margin": 5.0}, "supported"),
        (-3.0, {"expect": "fails"}, "refuted"),
        (-3.0, {"expect": "fails", "rate": 0.4}, "undecided"),
        (-3.0, {"expect": "fails more"}, "undecided"),
        (0.0, {"expect": "same", "metric": "gap/loss", "margin": 1e6}, "supported"),
    ],
)  # fmt: skip
def test_what_is_claimed_is_supported_refuted_or_undecided(effect, made, outcome):
    found = judged(shifted(effect), {"c": made})["c"]
    assert found["outcome"] == outcome, found
    assert found["pairs"] == 5


def test_a_noisy_difference_decides_no_claim():
    noisy = shifted(-0.4, spread=20 * SPREAD)
    made = {"a": {}, "b": {"margin": 0.1}, "c": {"expect": "same"}, "d": {"expect": "same", "margin": 0.6}}
    assert {row["outcome"] for row in judged(noisy, made).values()} == {"undecided"}


def test_tests_against_a_margin_are_one_sided_and_pay_for_looks_and_claims():
    found = shifted(-1.0, spread=3 * SPREAD)
    test = scipy_stats.ttest_1samp(found[1] - found[0], -0.8, alternative="less")
    once = judged(found, {"c": {"margin": 0.8}})["c"]
    assert once["p"] == pytest.approx(test.pvalue)
    many = {"c": {"margin": 0.8}, **{f"null_{n}": {"expect": "helps", "margin": 5.0} for n in range(3)}}
    assert judged(found, many)["c"]["p"] == pytest.approx(4 * test.pvalue)
    wrong = judged(found, many)["null_0"]  # either of a claim's two tests pays the same, as only one can err
    against = scipy_stats.ttest_1samp(found[1] - found[0], 5.0, alternative="less")
    assert wrong["outcome"] == "refuted" and wrong["p"] == pytest.approx(4 * against.pvalue)
    assert stats.p_above(stats.contrast(pairs(found), stats.Rule(0.5)), -1.2, 4) == pytest.approx(
        4 * scipy_stats.ttest_1samp(found[1] - found[0], -1.2, alternative="greater").pvalue
    )


def pairs(found):
    return stats.pair(dict(enumerate(found[1])), dict(enumerate(found[0])), range(found.shape[1]))


def test_the_test_of_an_effect_outside_a_margin_has_two_sides():
    c = stats.contrast(pairs(shifted(-1.0, spread=3 * SPREAD)), stats.Rule(0.5, (5,)))
    assert stats.p_outside(c, 0.8, 1) == pytest.approx(2 * stats.p_below(c, -0.8, 1))
    assert stats.p_outside(c, 1.5, 1) == 1.0


def test_so_many_runs_must_fail_or_finish_to_show_a_rate_of_failures():
    assert stats.p_fails_below(0, 5, 0.5, 1) == stats.p_fails_above(5, 5, 0.5, 1) == pytest.approx(1 / 32)
    assert stats.p_fails_below(1, 10, 0.5, 4) == stats.p_fails_above(9, 10, 0.5, 4) == pytest.approx(4 * 11 / 1024)
    at_least = scipy_stats.binomtest(3, 10, 0.2, alternative="greater").pvalue
    assert stats.p_fails_above(3, 10, 0.2, 1) == pytest.approx(at_least)
    assert stats.p_fails_above(0, 10, 0.2, 1) == 1.0 and np.isnan(stats.p_fails_above(0, 0, 0.2, 1))
    few = judged(shifted(-3.0)[:, :4], {"c": {"expect": "fails"}})["c"]
    assert (few["outcome"], few["reason"]) == ("undecided", "0 of 4 runs failed, too few to show a rate below 50 %")
    assert judged(shifted(-3.0), {"c": {"expect": "fails"}})["c"]["reason"] == "0 of 5 runs failed"


def outcomes_of_failing(made, runs, rate):
    """The chance of each outcome, exactly, of a claim about an arm that fails so often, its reference never."""
    chances = dict.fromkeys(("supported", "refuted", "undecided"), 0.0)
    for failed in range(runs + 1):
        base = 88 + 0.3 * np.sin(np.arange(runs))
        found = judged(np.array([base, base - 0.1 * np.cos(np.arange(runs))]), {"c": made}, failing(*range(failed)))
        chances[found["c"]["outcome"]] += scipy_stats.binom.pmf(failed, runs, rate)
    return chances


def test_an_arm_that_fails_a_fifth_of_its_runs_fails_more_and_does_not_fail_mostly():
    """The two claims about failures are two questions, each answered rightly."""
    mostly, more = (outcomes_of_failing({"expect": expect}, 20, 0.2) for expect in ("fails", "fails more"))
    assert mostly["supported"] < 1e-3 and mostly["refuted"] > 0.75
    assert more["refuted"] < 1e-3 and more["supported"] > 0.5
    rightly, wrongly = (outcomes_of_failing({"expect": "fails", "rate": rate}, 20, 0.2) for rate in (0.05, 0.2))
    assert rightly["supported"] > 0.5 and rightly["refuted"] == 0
    assert max(wrongly["supported"], wrongly["refuted"]) <= 0.05


@pytest.mark.parametrize("effect", [-0.3, -0.15, -0.075])
def test_a_true_effect_smaller_than_the_margin_never_refutes_the_claim_of_it(effect):
    """The margin is 0.5, and the claim has none of its own."""
    rng, outcomes = np.random.default_rng(4), set()
    for _ in range(60):
        found = draws(rng, 1, 20)
        found[1] += effect
        outcomes.add(judged(found, {"c": {}})["c"]["outcome"])
    assert "refuted" not in outcomes


def test_claims_with_a_margin_are_rarely_wrong_where_effects_lie_exactly_at_it():
    studies, rng, wrong = 150, np.random.default_rng(21), {"supported": 0, "refuted": 0}
    made = {str(n): {"arm": f"arm_{n}", "expect": "helps", "margin": 0.3} for n in range(8)}
    for _ in range(studies):
        found = {row["outcome"] for row in judged(draws(rng, 8, 5, effects=1.0), made).values()}
        for outcome in wrong:
            wrong[outcome] += outcome in found
    assert max(wrong.values()) / studies <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / studies)


@pytest.mark.parametrize(
    ("statuses", "made", "outcome", "reason"),
    [
        (failing(*range(5)), {"expect": "fails"}, "supported", "5 of 5 runs failed"),
        (failing(*range(5)), {"expect": "fails", "rate": 0.6}, "undecided", "too few to show a rate above 60 %"),
        (failing(*range(5)), {"expect": "fails more"}, "supported", "5 of 5 runs failed, and 0 of the reference's"),
        (failing(*range(5)), {"margin": 50.0}, "supported", "every run failed (5/5)"),
        (failing(*range(5)), {"expect": "same", "margin": 50.0}, "refuted", "every run failed (5/5)"),
        (failing(*range(5)), {"expect": "helps"}, "refuted", "every run failed (5/5)"),
        (failing(0, 1, 2), {"expect": "fails"}, "undecided", "3 of 5 runs failed"),
        (failing(0, 1, 2), {"expect": "fails more"}, "supported", "3 of 5 runs failed"),
        (failing(0), {"expect": "fails"}, "undecided", "1 of 5 runs failed"),
        (failing(0), {"expect": "fails more"}, "undecided", "1 of 5 runs failed"),
        (failing(0), {"expect": "helps", "margin": 1.0}, "undecided", "unstable 1/5"),
        (failing(0), {"expect": "hurts", "margin": 1.0}, "undecided", "unstable 1/5"),
        (failing(*range(5), arm="baseline"), {"expect": "helps"}, "supported", "every run of the reference"),
        (failing(*range(5), arm="baseline"), {"expect": "fails"}, "refuted", "0 of 5 runs failed"),
        (failing(*range(5), arm="baseline"), {"expect": "fails more"}, "refuted", "and 5 of the reference's"),
        (failing(*range(5), arm="baseline") | failing(*range(5)), {"expect": "fails"}, "supported", "5 of 5"),
        (failing(*range(5), arm="baseline") | failing(*range(5)), {"expect": "fails more"}, "undecided", "and 5 of"),
        (failing(*range(5), arm="baseline") | failing(*range(5)), {"margin": 1.0}, "undecided", "every run failed"),
    ],
)
def test_failed_runs_decide_claims_too(statuses, made, outcome, reason):
    found = judged(shifted(3.0), {"c": made}, statuses)["c"]
    assert found["outcome"] == outcome and reason in found["reason"], found


@pytest.mark.parametrize(
    ("check", "reason"), [("void", "void: nothing changed"), ("unproven", "unproven: split moved")]
)
def test_an_arm_without_a_verdict_decides_no_claim(check, reason):
    made = {"a": {}, "b": {"margin": 1.0}, "c": {"expect": "fails"}, "d": {"expect": "same", "margin": 9.0}}
    found = judged(shifted(-3.0, -3.0), made, refused=[("arm_0", check)])
    assert {(row["outcome"], row["reason"]) for row in found.values()} == {("undecided", reason)}


def test_a_claim_is_judged_on_the_seeds_of_the_look_that_settled_its_arm():
    spread = np.concatenate([SPREAD, 100 + SPREAD])
    found = judged(shifted(-3.0, spread=spread), {"c": {"margin": 2.0}}, looks=2)["c"]
    assert (found["outcome"], found["planned"], found["pairs"]) == ("supported", 5, 5)


def test_a_claim_against_another_arm_is_tested_on_the_pairs_of_both():
    found = shifted(-1.0, -1.6)
    found[2] += np.array([0.1, -0.1, 0.05, 0.0, -0.05])
    made = {
        "better": {"expect": "helps", "against": "arm_1"},
        "worse": {"expect": "hurts", "against": "arm_1"},
        "by_much": {"expect": "helps", "against": "arm_1", "margin": 0.9},
        "same": {"expect": "same", "against": "arm_1", "margin": 0.9},
        "within_the_verdict_s": {"expect": "same", "against": "arm_1"},
        "fails": {"expect": "fails more", "against": "arm_1"},
    }
    rows = judged(found, made)
    assert {name: row["outcome"] for name, row in rows.items()} == {
        **{"better": "supported", "worse": "refuted", "by_much": "refuted", "same": "supported"},
        **{"within_the_verdict_s": "undecided", "fails": "undecided"},
    }
    row, test = rows["better"], scipy_stats.ttest_rel(found[1], found[2], alternative="greater")
    assert row["p"] == pytest.approx(6 * test.pvalue) and row["against"] == row["reference"] == "arm_1"
    assert row["effect"] == pytest.approx((found[1] - found[2]).mean())
    interval = scipy_stats.ttest_rel(found[1], found[2]).confidence_interval(0.95)
    assert [row["low"], row["high"]] == pytest.approx(list(interval))
    assert claim_section._on_one(row, "test/accuracy") == "helps, against `arm_1`"


def test_a_claim_against_another_arm_is_decided_neither_by_verdicts_nor_where_one_of_them_has_none():
    both_hurt = judged(shifted(-3.0, -3.0), {"c": {"against": "arm_1"}})["c"]
    assert both_hurt["outcome"] == "undecided"
    for arm, reason in {"arm_0": "unproven: split moved", "arm_1": "unproven: arm_1: split moved"}.items():
        row = judged(shifted(-3.0, 3.0), {"c": {"against": "arm_1"}}, refused=[(arm, "unproven")])["c"]
        assert (row["outcome"], row["reason"], row["effect"]) == ("undecided", reason, None)


def test_claims_against_other_arms_are_rarely_wrong_where_there_is_no_difference():
    studies, rng, wrong = 150, np.random.default_rng(22), 0
    made = {
        f"{a}{b}": {"arm": f"arm_{a}", "against": f"arm_{b}", "expect": "helps"}
        for a in range(4)
        for b in range(4)
        if a < b
    }
    for _ in range(studies):
        wrong += any(row["outcome"] != "undecided" for row in judged(draws(rng, 4, 10), made, looks=2).values())
    assert wrong / studies <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / studies)


def moment(day):
    return datetime(2026, 1, day, tzinfo=UTC)


def history(planned, *starts):
    """The register after several starts: (records found, claims, further settings), a day apart."""
    found = register.read(ROOT / "no such file")
    for day, (count, written, more) in enumerate(starts, start=1):
        settings, plan = planned(f"{ABLATIONS}{more}claims: {{{written}}}")
        seen = preregistration.Seen({"baseline": count})
        found = preregistration.entered(found, study_protocol.protocol(settings, plan), seen, moment(day))
    now = {
        name: preregistration.standing(found, name, claim["fingerprint"]) for name, claim in settings["claims"].items()
    }
    return found, {name: (row["standing"], (row["since"] or "never")[:10]) for name, row in now.items()}


A, HELPS = "c: {sentence: S., arm: a, expect: hurts}", "c: {sentence: S., arm: a, expect: helps}"
RATED = "c: {sentence: S., arm: a, expect: fails}"
REWORDED = "c: {sentence: T., arm: a, expect: hurts}"
BEFORE, LATE = "declared before the data", "exploratory"


@pytest.mark.parametrize(
    ("starts", "standing", "told"),
    [
        ([(0, A, ""), (9, A, "")], (BEFORE, "2026-01-01"), []),
        ([(9, A, "")], (LATE, "2026-01-01"), ["The register begins after 9 runs:"]),
        ([(0, "", ""), (9, A, "")], (LATE, "2026-01-02"), []),
        ([(0, HELPS, ""), (0, A, ""), (9, A, "")], (BEFORE, "2026-01-02"), []),
        ([(0, HELPS, ""), (9, A, "")], (LATE, "2026-01-02"), ['was changed: expect "helps" → "hurts"']),
        ([(0, A, ""), (9, REWORDED, "")], (BEFORE, "2026-01-01"), ["was worded otherwise; before: “S.”"]),
        ([(0, A, ""), (9, HELPS, ""), (9, A, "")], (BEFORE, "2026-01-01"), ["helps", "hurts"]),
        ([(0, A, ""), (0, HELPS, ""), (9, A, "")], (LATE, "2026-01-03"), ["helps"]),
        ([(0, A, ""), (9, "", ""), (9, A, "")], (BEFORE, "2026-01-01"), ["taken out: “S.”", "put in again"]),
        ([(0, A, ""), (0, "", ""), (9, A, "")], (LATE, "2026-01-03"), ["put in again"]),
        ([(0, "", ""), (9, "", ""), (0, A, "")], (LATE, "2026-01-03"), []),  # records thrown away were seen
        ([(0, A, ""), (9, A, "seeds: [5, 10]\n")], (LATE, "2026-01-02"), ["looks [5, 10, 20, 30] → [5, 10]"]),
        ([(0, A, ""), (9, A, "verdict: {alpha: 0.2}\n")], (LATE, "2026-01-02"), ["verdict.alpha 0.05 → 0.2"]),
        ([(0, A, ""), (9, A, "verdict: {margin: 2}\n")], (LATE, "2026-01-02"), ["verdict.margin 0.5 → 2.0"]),
        ([(0, A, ""), (0, A, "verdict: {margin: 2}\n")], (BEFORE, "2026-01-02"), []),
        (
            [(0, A, ""), (9, A, "recipe: {l1: 0.3}\n")],
            (LATE, "2026-01-02"),
            [
                "arm `baseline` was changed: l1 0.0 → 0.3; what was",
                "2 arms changed along with the arms that they were made from: `a`, `b`.",
                "another recipe of `a` and `baseline`",
            ],
        ),
        ([(0, RATED, ""), (9, RATED.replace("}", ", rate: 0.2}"), "")], (LATE, "2026-01-02"), ["rate 0.5 → 0.2"]),
        (
            [(0, A, ""), (9, A, "verdict: {count_removed: false}\n")],
            (LATE, "2026-01-02"),
            ["count_removed true → false"],
        ),
    ],
)
def test_what_is_declared_changed_or_taken_out_after_the_data_is_told(planned, starts, standing, told):
    found, now = history(planned, *starts)
    assert now["c"] == standing
    lines = deviations.deviations(found)
    assert len(lines) == len(told), lines
    for line, words in zip(lines, told, strict=True):
        assert words in line and f"after {max(start[0] for start in starts)} runs:" in line


def test_a_claim_that_is_taken_out_for_good_stays_in_the_register_and_in_the_report(planned):
    found, _ = history(planned, (0, A, ""), (9, "", ""))
    assert found["claims"]["c"][0]["sentence"] == "S." and len(found["claims"]["c"]) == 2
    text = deviation_section.deviation_section({"claims": [], "deviations": deviations.deviations(found)})
    assert "2026-01-02, after 9 runs: claim `c` was taken out: “S.”" in text


def test_a_register_is_only_written_where_something_is_to_be_entered(planned, tmp_path):
    planned_now = study_protocol.protocol(*planned(f"{ABLATIONS}claims: {{{A}}}"))
    path, runs = tmp_path / "register.json", tmp_path / "runs"
    stamps = []
    for _ in range(2):
        preregistration.enter(path, planned_now, runs, data="")
        stamps.append(path.stat().st_mtime_ns)
    assert stamps[0] == stamps[1] and register.read(path)["runs"] == 0
    unfinished = runs / "a" / ".unfinished" / "0123456789abcdef"  # a training that was killed leaves its records here
    unfinished.mkdir(parents=True)
    (unfinished / "seed_0.json").touch()
    for arm in ("a", "renamed"):  # one run under two names, the former of which is asked for no longer
        (runs / arm / "look1").mkdir(parents=True)
        (runs / arm / "look1" / "seed_1.json").touch()
        job_folder.write(runs / arm / "look1", job_folder.Receipt("0", [1], origin="1"))
    preregistration.enter(path, planned_now, runs, data="")
    assert register.read(path)["runs"] == 2
    path.write_text("{")
    with pytest.raises(register.RegisterError, match=r"register\.json is no whole register"):
        register.read(path)


def test_a_claim_that_was_never_registered_is_exploratory(planned):
    found, _ = history(planned, (0, A, ""))
    assert preregistration.standing(found, "other", "0")["standing"] == LATE
    assert "never registered" in claim_section._declared({"standing": LATE, "since": None, "runs": None})


STUDY = {
    "study": "claims",
    "seeds": 2,
    "data": {"name": "digits"},
    "recipe": SMALL,
    "ablations": {
        "no_dropout": {"set": {"dropout": 0.0}},
        "exploding": {"set": {"learning_rate": 1.0e30, "optimiser": "sgd"}},
    },
    "claims": {
        "explodes": {"sentence": "Such a rate | ends training.", "arm": "exploding", "expect": "fails", "rate": 0.1},
        "wide": {
            "sentence": "Within 99 points.",
            "arm": "no_dropout",
            "metric": "gap/accuracy",  # two seeds of such a study may differ by the same number of test images
            "expect": "same",
            "margin": 99.0,
        },
    },
    "tracking": {"mlflow": False},
}


@pytest.fixture(scope="module")
def run(workflow_copy):
    """A study with claims, run once after a dry run."""
    copy = workflow_copy("claims")
    copy.write(STUDY)
    copy.would_run()
    assert not (copy.folder / "results").exists()
    done = copy.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return copy


def results(copy):
    found = json.loads((copy.folder / "results/claims/claims.json").read_text())
    return {row["claim"]: row for row in found["claims"]}, found["deviations"]


def test_claims_are_registered_before_the_first_training_and_reported(run):
    entered = register.read(run.folder / "results/claims/register.json")
    assert [len(entries) for entries in entered["claims"].values()] == [1, 1] and entered["runs"] == 0
    records = [json.loads(path.read_text()) for path in run.folder.glob("results/claims/runs/*/*/seed_*.json")]
    first = min(record["timing"]["started"] for record in records)
    assert len(records) == 6
    assert datetime.fromisoformat(entered["claims"]["explodes"][0]["time"]).timestamp() < first
    rows, deviations = results(run)
    assert rows["explodes"]["outcome"] == "supported" and rows["wide"]["outcome"] == "supported"
    assert {row["standing"] for row in rows.values()} == {BEFORE} and deviations == []
    report = (run.folder / "results/claims/report.md").read_text()
    assert report.index("## Verdicts") < report.index("## The ablations") < report.index("## Claims")
    assert (
        "| Such a rate \\| ends training. (`explodes`) | `exploding` fails in more than 10 % of runs | **supported** (2 of 2"
        in report
    )
    assert "Nothing that decides was changed after the first run." in report


def test_a_later_claim_is_exploratory_and_trains_nothing_and_so_on(run):
    late = {"sentence": "It helps.", "arm": "no_dropout", "expect": "helps", "margin": 50.0}
    reworded = {**STUDY["claims"]["explodes"], "sentence": "It diverges."}
    run.write({**STUDY, "claims": {"explodes": reworded, "late": late}, "because": "We saw it."})
    assert run.would_run() == {"assess": 1, "report": 1, "comment": 1}
    done = run.run()
    assert done.returncode == 0, done.stdout + done.stderr
    rows, deviations = results(run)
    assert (rows["late"]["standing"], rows["late"]["runs"]) == (LATE, 6)
    assert rows["explodes"]["standing"] == BEFORE
    assert len(deviations) == 2 and all("Reason given: “We saw it.”" in line for line in deviations)
    report = (run.folder / "results/claims/report.md").read_text()
    assert ", after 6 runs) |" in report and "claim `wide` was taken out: “Within 99 points.”" in report
    assert "worded otherwise; before: “Such a rate \\| ends training.”" in report
    done = run.run()
    assert "Nothing to be done" in done.stdout + done.stderr


def test_a_register_that_cannot_be_read_stops_a_start_before_its_first_job(run):
    path = run.folder / "results/claims/register.json"
    whole = path.read_text()
    path.write_text(whole[:50])
    done = run.run("--forcerun", "report")
    path.write_text(whole)
    assert done.returncode != 0 and "is no whole register of a study" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr and "rule report" not in done.stdout + done.stderr


def test_a_report_on_what_there_is_judges_the_claims_too(run):
    done = run.run("partial")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "## Claims" in (run.folder / "results/claims/partial/report.md").read_text()


@pytest.mark.parametrize("name", ["config", "notes"])
def test_the_claims_of_the_studies_that_come_along_can_be_decided(name):
    from butfor.study.settings import study_and_plan

    settings, plan = study_and_plan(yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text()), SCHEMA)
    assert len(settings["claims"]) >= 10
    assert {claim["arm"] for claim in settings["claims"].values()} <= {arm.name for arm in plan.ablations}


def test_a_claim_is_asked_of_the_studys_metric_unless_it_names_another(planned):
    text = "verdict: {metric: test/loss, loss_margin: 0.1}\nablations: {a: {set: {l2: 0.1}}}\nclaims:\n"
    one = "  one: {sentence: S., arm: a, expect: hurts}\n  two: {sentence: S., arm: a, expect: hurts, metric: test/accuracy}\n"
    settings, _ = planned(text + one)
    assert [claim["metric"] for claim in settings["claims"].values()] == ["test/loss", "test/accuracy"]
