"""The register: whatever decides and was changed after the data is told in every report, and what was removed still counts."""

import json
import os
from datetime import UTC, datetime

import numpy as np
import pytest

from butfor import stats
from butfor.fingerprint import fingerprint
from butfor.recipe.recipe_mark import LATER, recipe_mark
from butfor.records import files
from butfor.report.deviation_section import deviation_section
from butfor.study.schema import load_schema
from butfor.study.study_protocol import protocol
from butfor.verdicts import claim_outcomes, contrasts, preregistration, register, removed, reported
from butfor.verdicts.deviations import deviations, reasons
from butfor.verdicts.preregistration import Seen
from conftest import SCHEMA, resolved
from test_claims import claim, shifted
from test_truths_verdicts import ALPHA, draws, fake, study
from validation import at_most

A, B = "a: {set: {dropout: 0.5}}", "b: {set: {l2: 0.1}}"
ALONE = "alone: {set: {l1: 0.1}, compare: false}, of_alone: {from: alone, set: {dropout: 0.4}}"
ASK_OF_B = fingerprint([{"l2": 0.1}, "baseline"])
ALL = {"records": {"baseline": 5, "a": 5, "b": 5, "alone": 5, "of_alone": 5}}


def moment(day):
    return datetime(2026, 1, day, tzinfo=UTC)


def started(planned, *starts, found=None):
    """The register after several starts, a day apart: (ablations, further settings, what was seen)."""
    found = found or register.read(files.Path("no such file"))
    for day, (ablations, more, seen) in enumerate(starts, start=1):
        asked = protocol(*planned(f"ablations: {{{ablations}}}\n{more}"))
        found = preregistration.entered(found, asked, Seen(**seen), moment(day))
    return json.loads(json.dumps(found))


def with_code(planned, *codes):
    """What is told of starts with such own code, the first before there are runs."""
    found = register.read(files.Path("no such file"))
    settings, plan = planned(f"ablations: {{{A}}}\n")
    for day, code in enumerate(codes, start=1):
        seen = Seen({"baseline": 5} if day > 1 else {})
        found = preregistration.entered(found, protocol(settings, plan, code), seen, moment(day))
    return [line.split(": ", 1)[1] for line in deviations(json.loads(json.dumps(found)))]


def code(mark="1", **reading):
    return {
        "functions": {"m:build": mark, "m:loss": "9"},
        "reading": {arm: {"function": "m:build", "code": files} for arm, files in reading.items()},
    }


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ([code(), code()], []),
        ([code(), code("2")], ["the code of `m:build` was changed."]),
        ([code(), code(a="x")], ["what the model of `a` reads from files was changed."]),
        (
            [code(a="x"), code(a="x"), code(a="y", baseline="y")],
            ["what the model of `a`, `baseline` reads from files was"],
        ),
        ([code(a="x"), code("2", a="z")], ["the code of `m:build` was changed."]),
        ([code(a="x"), code()], ["what the model of `a` reads from files was changed."]),
        ([None, code()], []),  # by an earlier version, or before there was any
        ([code(), None], []),
    ],
)
def test_own_code_and_files_that_are_others_after_there_were_runs_are_told(planned, codes, told):
    lines = with_code(planned, *codes)
    assert len(lines) == len(told), lines
    for line, words in zip(lines, told, strict=True):
        assert line.startswith(words)


def reading(asks, verdict, effect=0.1):
    return {"asks": asks, "metric": "test/accuracy", "verdict": verdict, "effect": effect}


def report(day, verdicts, data="d", runs=20):
    return {"time": moment(day).strftime("%Y-%m-%dT%H:%M:%SZ"), "runs": runs, "data": data, "verdicts": verdicts}


@pytest.mark.parametrize(
    ("ablations", "more", "told"),
    [
        (f"{A}, {B}, {ALONE}", "", []),
        (f"{B}, {A}, {ALONE}", "question: Why?\nbudget: {max_runs: 9000}\n", []),
        (f"{A}, {ALONE}", "", ["1 arm was taken out: `b` (not yet judged).", "1 ablation of which there were runs"]),
        (f"{A}, {B}, {ALONE}, c: {{set: {{l2: 0.2}}}}", "", ["1 arm was added: `c` (l2 0.2, from baseline)."]),
        (f"{A}, other: {{set: {{l2: 0.1}}}}, {ALONE}", "", ["arm `b` was renamed `other`."]),
        (
            f"{A}, {B.replace('0.1', '0.2')}, {ALONE}",
            "",
            ["arm `b` was changed: l2 0.1 → 0.2; before that: not yet judged.", "1 ablation of which"],
        ),
        (
            f"{A}, b: {{set: {{l2: 0.1}}, from: alone}}, {ALONE}",
            "",
            ["arm `b` was changed: reference baseline → alone; before that: not yet judged.", "1 ablation of which"],
        ),
        (f"{A}, {B}, {ALONE.replace('alone', 'lone')}", "", ["`alone` was renamed `lone`", "`of_alone` was renamed"]),
        (
            f"{A}, {B}, {ALONE}",
            "recipe: {epochs: 3}\n",
            [
                "arm `baseline` was changed: epochs 10 → 3; what was judged with the former one does not count",
                "4 arms changed along with the arms that they were made from",
            ],
        ),
        (f"{A}, {B}, {ALONE}", "first_seed: 7\n", ["first_seed 0 → 7"]),
        (f"{A}, {B}, {ALONE}", "seeds: [5, 10, 20, 30, 40]\n", ["looks [5, 10, 20, 30] → [5, 10, 20, 30, 40]"]),
        (f"{A}, {B}, {ALONE}", "data: {name: mnist}\n", ['data.name "fashion_mnist" → "mnist"']),
        (f"{A}, {B}, {ALONE}", "data: {validation: 0.2}\n", ["data.validation 0.1 → 0.2"]),
        (f"{A}, {B}, {ALONE}", "tune: {seeds: 1}\n", ["tune null →"]),
        (f"{A}, {B}, {ALONE}", "verdict: {alpha: 0.1}\n", ["verdict.alpha 0.05 → 0.1"]),
        (f"{A}, {B}, {ALONE}", "verdict: {margin: 1}\n", ["verdict.margin 0.5 → 1.0"]),
        (f"{A}, {B}, {ALONE}", "verdict: {loss_margin: 1}\n", ["verdict.loss_margin null → 1.0"]),
        (f"{A}, {B}, {ALONE}", "verdict: {metric: test/loss}\n", ['verdict.metric "test/accuracy" → "test/loss"']),
        (f"{A}, {B}, {ALONE}", "verdict: {must_learn: false}\n", ["verdict.must_learn true → false"]),
        (f"{A}, {B}, {ALONE}", "verdict: {count_removed: false}\n", ["verdict.count_removed true → false"]),
        (
            f"{A}, {B}, {ALONE}",
            "verdict: {corrected_over: family}\n",
            ['verdict.corrected_over "report" → "family"'],
        ),
    ],
)
def test_whatever_decides_and_is_changed_after_the_data_is_told_without_any_claim(planned, ablations, more, told):
    start = (f"{A}, {B}, {ALONE}", "", {})
    found = started(planned, start, (*start[:2], ALL), (ablations, more, ALL))
    lines = deviations(found)
    assert len(lines) == len(told), lines
    for line, words in zip(lines, told, strict=True):
        assert words in line and (line.startswith("2026-01-03, after 25 runs: ") or "still count" in line)
    assert all(line in deviation_section({"claims": [], "deviations": lines}) for line in lines)
    assert deviations(started(planned, start, (ablations, more, {}))) == []  # before there were data all may change


def test_an_arm_that_asks_something_else_is_told_with_the_last_verdict_on_what_it_asked(planned):
    below = "b: {set: {l2: 0.1}}, c: {from: b, set: {dropout: 0.4}}"
    found = started(planned, (f"{A}, {below}", "", {}))
    asks = {name: entries[-1]["asks"] for name, entries in found["arms"].items()}
    said = report(1, {"b": reading(asks["b"], "hurts", -1.5), "c": reading(asks["c"], "helps")})
    seen = {"records": {"b": 5, "c": 5}, "report": said}
    first, second = (f"{A}, {below.replace('0.1', value)}" for value in ("0.2", "0.3"))
    lines = deviations(started(planned, (f"{A}, {below}", "", {}), (first, "", seen), (second, "", seen)))
    assert [line.partition(": ")[2] for line in lines[:4]] == [
        "arm `b` was changed: l2 0.1 → 0.2; before that: hurts.",
        "1 arm changed along with the arm that it was made from: `c` (helps).",
        # no report has told of these, whatever an arm of that name was called before
        "arm `b` was changed: l2 0.2 → 0.3; before that: not yet judged.",
        "1 arm changed along with the arm that it was made from: `c` (not yet judged).",
    ]


def test_the_verdict_on_what_an_arm_asked_goes_with_it_under_another_name(planned):
    named, seen = (
        B.replace("b:", "other:"),
        {"records": {"other": 5}, "report": report(1, {"b": reading(ASK_OF_B, "hurts")})},
    )
    found = started(planned, (f"{A}, {B}", "", {}), (f"{A}, {named}", "", ALL), (A, "", seen))
    assert "1 arm was taken out: `other` (hurts)." in " ".join(deviations(found))


def test_arms_that_move_to_another_family_are_told_where_families_are_corrected_by_themselves(planned):
    moved = A.replace("}}", "}, family: alone}")
    for more, told in (("", 0), ("verdict: {corrected_over: family}\n", 1)):
        lines = deviations(started(planned, (f"{A}, {B}", more, {}), (f"{moved}, {B}", more, ALL)))
        assert len(lines) == told and all("arm `a` was changed: family others → alone." in line for line in lines)


def test_a_key_of_recipes_that_a_later_version_of_butfor_has_is_no_change(planned):
    found = started(planned, (f"{A}, {B}", "", {}))
    found["arms"]["baseline"][0]["sets"].pop("shift")
    for entries in found["arms"].values():
        entries[0]["recipe"] = "0" * 16
    assert deviations(started(planned, (f"{A}, {B}", "", ALL), found=found)) == []


def test_a_reason_is_told_with_the_change_that_it_came_with_and_with_no_later_one(planned):
    both, why = f"{A}, {B}", "because: A reviewer *asked*.\n"
    found = started(
        planned,
        (both, "because: Too early.\n", {}),
        (both, f"{why}verdict: {{margin: 1}}\n", ALL),
        (both, f"{why}verdict: {{margin: 2}}\n", ALL),
        (both, "because: On second thoughts.\nverdict: {margin: 2}\n", ALL),
        (both, "because: On second thoughts.\nverdict: {margin: 2}\n", ALL),
    )
    assert deviations(found) == [
        "2026-01-02, after 25 runs: the study's settings were changed: verdict.margin 0.5 → 1.0."
        " Reason given: “A reviewer \\*asked\\*.”",
        "2026-01-03, after 25 runs: the study's settings were changed: verdict.margin 1.0 → 2.0.",
    ]
    assert reasons(found) == ["2026-01-04, after 25 runs: a reason was added. Reason given: “On second thoughts.”"]


def test_a_reason_alone_is_printed_and_counts_as_nothing_that_was_changed(planned):
    why = "because: The reviewers asked.\n"
    found = started(planned, (A, "", {}), (A, why, ALL))
    assert deviations(found) == []
    section = deviation_section({"claims": [], "deviations": [], "reasons": reasons(found)})
    assert (
        "Nothing that decides was changed after the first run.\n\n- 2026-01-02, after 25 runs: a reason was added."
        in section
    )


OTHERS = ", ".join(f"n{place}: {{set: {{l2: {place}.0}}}}" for place in range(1, 15))
NULLS = {"records": {"a": 5, **{f"n{place}": 5 for place in range(1, 15)}}}


def test_who_keeps_one_arm_of_fifteen_has_still_looked_at_fifteen(planned):
    found = started(planned, (f"{A}, {OTHERS}", "", {}), (A, "", NULLS))
    assert {arm.name for arm in removed.removed_arms(found)} == {f"n{place}" for place in range(1, 15)}
    taken_out, counts = deviations(found)
    assert "14 arms were taken out: `n1` (not yet judged), `n2`" in taken_out
    assert counts.startswith("14 ablations of which there were runs") and "still count" in counts
    assert "alpha does not hold" in deviations(found, counts_removed=False)[-1]


def test_keeping_the_best_of_fifteen_arms_that_change_nothing_gains_nothing(monkeypatch):
    """Without the removed arms in the correction a third of such studies would report an effect. Each arm with its own spread
    alone, since those of removed arms are gone."""
    monkeypatch.setattr("butfor.stats.looks.tails", lambda pairs, undecided: stats.Tails({}, 0))
    monkeypatch.setattr("butfor.stats.looks.own_tails", lambda pairs, undecided: {})
    rng, studies, rule, wrong = np.random.default_rng(6), 300, stats.Rule(None, (5,)), {0: 0, 14: 0}
    for _ in range(studies):
        reference, *arms = draws(rng, 15, 5).tolist()
        found = stats.judge({str(place): arm for place, arm in enumerate(arms)}, reference, rule)
        best = min(found, key=lambda name: found[name].p_difference)
        for others in wrong:
            alone = stats.judge({"best": arms[int(best)]}, reference, stats.Rule(None, (5,), others=others))["best"]
            wrong[others] += alone.verdict != "inconclusive"
            assert others == 0 or alone.p_difference >= found[best].p_difference - 1e-12
    assert wrong[14] / studies <= at_most(ALPHA, studies) and wrong[0] / studies > 0.3


@pytest.mark.parametrize(
    ("starts", "count"),
    [
        ([(f"{A}, {B}", ALL), (A, ALL)], 1),
        ([(f"{A}, {B}", ALL), (A, {"records": {"a": 5}})], 0),  # no run of it was seen
        ([(f"{A}, {B}", ALL), (A, ALL), (f"{A}, {B}", ALL)], 0),  # put back
        ([(f"{A}, {B}", ALL), (A, ALL), (f"{A}, other: {{set: {{l2: 0.1}}}}", ALL)], 0),  # under another name
        ([(f"{A}, {B}", ALL), (A, ALL), (f"{A}, {B}", ALL), (A, ALL)], 1),
        ([(f"{A}, {B}", ALL), (f"{A}, {B.replace('0.1', '0.2')}", ALL), (f"{A}, {B.replace('0.1', '0.3')}", ALL)], 2),
        ([(f"{A}, {B}", ALL), ("a: {set: {l2: 0.1}}, b: {set: {dropout: 0.5}}", ALL)], 0),  # names exchanged
        ([(f"{A}, {ALONE}", ALL), (A, ALL)], 1),  # an arm without a reference is no hypothesis
        ([(f"{A}, {B}", ALL), (A, {**ALL, "report": report(2, {"b": reading(ASK_OF_B, "void: nothing changed")})})], 0),
        ([(f"{A}, {B}", ALL), (A, {"report": report(2, {"b": reading(ASK_OF_B, "inconclusive")})})], 1),
    ],
)
def test_what_was_seen_and_is_asked_no_more_counts_once(planned, starts, count):
    found = started(planned, *((ablations, "", seen) for ablations, seen in starts))
    assert len(removed.removed_arms(found)) == count


def test_removed_arms_count_in_the_verdicts_and_within_their_family(planned, tmp_path):
    path = tmp_path / "register.json"
    b = "b: {set: {l2: 0.1}, family: second}, c: {set: {l2: 0.2}, family: second}"
    by_family = "verdict: {corrected_over: family}\n"
    seen = {"records": {"a": 5, "b": 5, "c": 5}}
    register.write(path, started(planned, (f"{A}, {b}", by_family, {}), (A, by_family, seen)))
    found = shifted(-1.0, spread=np.array([-0.5, 0.2, 0.1, 0.4, -0.2]))
    records = [
        fake(arm, n, value) for arm, row in zip(["baseline", "a"], found, strict=True) for n, value in enumerate(row)
    ]
    asked = study(["a"], 5)

    def p(families, counted=True):
        asked["arms"][1]["family"] = families
        asked["verdict"] |= {"corrected_over": "family" if families else "report", "count_removed": counted}
        rows = contrasts.judge(removed.with_removed(asked, path), records, [])
        return rows[0]["p_difference"]

    alone = contrasts.judge(asked, records, [])[0]["p_difference"]
    assert p("") == pytest.approx(3 * alone) and p("second") == pytest.approx(3 * alone)
    register.write(path, started(planned, (f"{A}, {b}", "", {}), (A, "", seen)))  # removed from among all
    assert p("first") == pytest.approx(3 * alone)
    register.write(path, started(planned, (f"{A}, {b}", by_family, {}), (A, by_family, seen)))
    assert p("first") == p("", counted=False) == pytest.approx(alone)


def test_claims_that_were_taken_out_count_too(planned, monkeypatch):
    monkeypatch.setattr("butfor.stats.looks.own_tails", lambda pairs, undecided: {})
    one, two = "c: {sentence: S., arm: a, expect: hurts, margin: 1}", "d: {sentence: T., arm: b, expect: fails}"
    plain = "e: {sentence: U., arm: b, expect: hurts}"
    found = started(
        planned,
        (f"{A}, {B}", f"claims: {{{one}, {two}, {plain}}}\n", {}),
        (f"{A}, {B}", f"claims: {{{one.replace('margin: 1', 'margin: 2')}}}\n", ALL),
    )
    assert removed.removed_claims(found) == 2
    records = [
        fake(arm, n, v)
        for arm, row in zip(["baseline", "arm_0"], shifted(-3.0), strict=True)
        for n, v in enumerate(row)
    ]
    asked = study(["arm_0"], 5)
    rows = json.loads(json.dumps(contrasts.judge(asked, records, [])).replace("NaN", "null"))
    p = [claim_outcomes.judge(asked, {"c": claim(margin=2.99)}, records, rows, others)[0]["p"] for others in (0, 2)]
    assert p[1] == pytest.approx(min(1.0, 3 * p[0])) and p[0] < 1 / 3


def test_what_is_left_of_arms_that_do_not_count_was_chosen_by_the_data(planned):
    claims = "claims: {c: {sentence: S., arm: a, expect: hurts}}\nverdict: {count_removed: false}\n"
    found = started(planned, (f"{A}, {B}", claims, {}), (A, claims, ALL))
    mark = found["claims"]["c"][0]["fingerprint"]
    late = preregistration.standing(found, "c", mark, counts_removed=False)
    assert late == {"standing": "exploratory", "since": "2026-01-02T00:00:00Z", "runs": 25}
    assert preregistration.standing(found, "c", mark)["standing"] == "declared before the data"


def test_a_verdict_that_a_change_took_back_is_told_with_both_readings(planned):
    first = report(1, {"a": reading("x", "hurts", -1.5), "b": reading("y", "helps"), "c": reading("z", "inconclusive")})
    then = report(
        3, {"a": reading("x", "hurts"), "renamed": reading("y", "inconclusive", 0.05), "c": reading("z", "helps")}
    )
    now = report(
        5, {"a": reading("x", "no meaningful difference", -0.2), "b": reading("y", "helps")}, data="e", runs=30
    )
    found = started(planned, (A, "", {}), (A, "", {"records": {"a": 20}, "report": first}))
    found = started(planned, (A, "", {"records": {"a": 20}, "report": first}), (A, "", {"report": then}), found=found)
    assert [each["time"][:10] for each in found["reports"]] == ["2026-01-01", "2026-01-03"]
    assert deviations(found, now) == [
        "2026-01-03, after 20 runs: the verdict on `renamed` is “inconclusive” (+0.05 accuracy points); that of the report"
        " of 2026-01-01, after 20 runs, was “helps” (+0.10 accuracy points).",
        "2026-01-05, after 30 runs: the data are others than those of the report of 2026-01-03.",
        "2026-01-05, after 30 runs: the verdict on `a` is “no meaningful difference” (−0.20 accuracy points); that of the"
        " report of 2026-01-03, after 20 runs, was “hurts” (+0.10 accuracy points).",
    ]


def test_a_report_is_entered_once_though_starts_that_were_stopped_leave_it_in_its_place(planned, tmp_path):
    """Its runs are those that it was made from, whatever a change of arms has left of them in their places."""
    row = {"arm": "b", "metric": "test/accuracy", "verdict": "hurts", "effect": -1.0}
    path, runs = tmp_path / "register.json", tmp_path / "runs"
    (tmp_path / "contrasts.json").write_text(json.dumps([row]))
    (tmp_path / "comparison.json").write_text('{"metric": "test/accuracy", "runs": 26}')
    register.write(path, started(planned, (f"{A}, {B}", "", {})))
    for name in ("a", "b"):
        (runs / name / "look1").mkdir(parents=True)
        (runs / name / "look1" / "seed_0.json").touch()
    (tmp_path / "report.md").write_text("")
    for value in ("0.2", "0.2", "0.3"):
        asked = protocol(*planned(f"ablations: {{{A}, {B.replace('0.1', value)}}}\n"))
        preregistration.enter(path, asked, runs, data="")
        (runs / "b" / "look1" / "seed_0.json").unlink(missing_ok=True)
    entered = register.read(path)
    assert [(each["runs"], each["verdicts"]["b"]["asks"]) for each in entered["reports"]] == [(26, ASK_OF_B)]
    assert [entry.get("former", {}).get("verdict") for entry in entered["arms"]["b"]] == [None, "hurts", None]


def test_what_a_report_said_is_read_before_snakemake_deletes_it(planned, tmp_path):
    found = started(planned, (A, "", {}))
    assert reported.last_report(tmp_path, found, "d") is None
    row = {"arm": "a", "metric": "test/accuracy", "verdict": "hurts", "effect": -1.0}
    (tmp_path / "contrasts.json").write_text(json.dumps([row, {**row, "metric": "test/loss", "verdict": "helps"}]))
    (tmp_path / "comparison.json").write_text('{"metric": "test/accuracy", "runs": 9}')
    (tmp_path / "report.md").write_text("")
    last = reported.last_report(tmp_path, found, "d")
    assert last["verdicts"] == {"a": reading(found["arms"]["a"][0]["asks"], "hurts", -1.0)} and last["runs"] == 9
    os.utime(tmp_path / "report.md", (0, 0))  # of earlier verdicts than these
    assert reported.last_report(tmp_path, found, "d") is None


EARLIER = {  # as it was written before arms were entered, and claims about failures named a rate
    "format": 1,
    "runs": 9,
    "terms": [
        {
            "time": "2025-12-01T00:00:00Z",
            "runs": 0,
            "terms": {
                **{"looks": [5, 10, 20, 30], "first_seed": 0, "data.name": "fashion_mnist", "data.validation": 0.1},
                **{"verdict.alpha": 0.05, "verdict.metric": "test/accuracy", "verdict.corrected_over": "report"},
                **{"verdict.must_learn": True, "verdict.margin": 0.5, "verdict.loss_margin": None},
            },
        }
    ],
    "claims": {
        name: [
            {
                **{"time": "2025-12-01T00:00:00Z", "runs": 0, "fingerprint": mark, "sentence": "S."},
                "tested": {
                    **{
                        "arm": arm,
                        "expect": expect,
                        "metric": "test/accuracy",
                        "margin": None,
                        "reference": "baseline",
                    },
                    "recipes": {arm: recipe, "baseline": "580a907f20f047b1"},
                },
            }
        ]
        for name, arm, expect, mark, recipe in (
            ("c", "a", "hurts", "c211b70a13ae4424", "f9b780f246e06014"),
            ("f", "b", "fails", "2aa6c4bf73fd2758", "55ef5eab228007be"),
        )
    },
}


def test_a_register_of_an_earlier_version_goes_on_without_a_false_word(planned, tmp_path):
    path = tmp_path / "register.json"
    path.write_text(files.sealed(json.dumps(EARLIER)))
    claims = "claims: {c: {sentence: S., arm: a, expect: hurts}, f: {sentence: S., arm: b, expect: fails}}\n"
    found = started(planned, (f"{A}, {B}", claims, ALL), found=register.read(path))
    assert found["format"] == 2 and set(found["arms"]) == {"baseline", "a", "b"} and deviations(found) == []
    for name, entries in found["claims"].items():
        mark = protocol(*planned(f"ablations: {{{A}, {B}}}\n{claims}")).claims[name]["fingerprint"]
        assert (
            len(entries) == 1 and preregistration.standing(found, name, mark)["standing"] == "declared before the data"
        )
    found = started(planned, (f"{A}, {B}", claims, ALL), (A, claims.split(", f:")[0] + "}\n", ALL), found=found)
    assert len(deviations(found)) == 3  # the arm, its claim, and the correction
    strict = started(
        planned, (f"{A}, {B}", f"{claims}verdict: {{count_removed: false}}\n", ALL), found=register.read(path)
    )
    assert "verdict.count_removed true → false" in deviations(strict)[0]


def test_keys_of_a_recipe_that_came_later_change_no_mark_of_one_that_does_not_use_them():
    recipe, schema = resolved(), load_schema(SCHEMA)["$defs"]["recipe"]["properties"]
    assert {key: recipe[key] for key in LATER} == LATER and set(LATER) < set(schema)
    without = {key: value for key, value in recipe.items() if key not in LATER}
    assert (
        recipe_mark(recipe) == recipe_mark(without) != recipe_mark({**recipe, "loss": {"name": "focal", "gamma": 2.0}})
    )
