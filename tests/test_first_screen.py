"""What a reader sees first: the answer, the warnings, the first table and its numbers, from the records; what programs read."""

import dataclasses
import json
import re

import jsonschema
import numpy as np
import pytest
from scipy import stats as scipy_stats

from butfor import stats
from butfor.figures import draw as drawing
from butfor.records import record
from butfor.report import headline, report
from butfor.report.answer import answer
from butfor.report.verdict_section import verdict_section
from butfor.report.warning_section import warning_section
from butfor.study.metrics import METRICS
from butfor.study.settings import study_and_plan
from butfor.verdicts import numbers, words
from butfor.verdicts.comparison import compare
from conftest import ROOT, SCHEMA
from test_metrics import SHOWN
from test_truths_verdicts import fake

ASKED = """
question: Which part matters?
data: {name: digits}
seeds: 8
report: {cost_columns: true}
recipe: {model: {name: mlp, widths: 8}, learning_rate: 0.01, dropout: 0.2, l2: 1.0e-3, schedule: cosine}
ablations:
  no_dropout: {set: {dropout: 0.0}, label: Without dropout}
  no_l2: {set: {l2: 0.0}}
  batches: {each: {batch_size: {small_batch: 32, large_batch: 512}}, label: {large_batch: Large batches}}
  broken: {set: {learning_rate: 0.5}}
  unclear: {set: {schedule: none}}
"""
PLANTED = {
    "no_dropout": (2.0, 0.2),
    "no_l2": (0.0, 0.1),
    "small_batch": (-1.2, 0.3),
    "large_batch": (-20, 6),
    "unclear": (0.4, 0.9),
}
DISPLAYED = {"no_dropout": "**Without dropout**", "large_batch": "**Large batches**"}
SEEDS = 8


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the files of a made-up study, its report among them; each arm with its own spread alone."""
    import yaml

    folder, rng = tmp_path_factory.mktemp("first"), np.random.default_rng(11)
    settings, plan = study_and_plan({"study": "shown", **yaml.safe_load(ASKED)}, SCHEMA)
    study = {**plan.summary(), **{key: settings[key] for key in ("study", "question", "verdict", "budget", "report")}}
    level = 88 + rng.standard_normal(SEEDS)
    folders = []
    for arm in study["arms"]:
        effect, spread = PLANTED.get(arm["name"], (0.0, 0.0))
        folders.append(folder / "runs" / arm["name"] / "look1")
        for seed in range(SEEDS):
            failed = {"status": "diverged", "reason": "the loss was nan"} if arm["name"] == "broken" else {}
            one = fake(arm["name"], seed, level[seed] + effect + spread * rng.standard_normal(), 0.5, **failed)
            timing = {**SHOWN["timing"], "seconds": {"train": 1.0 + seed}}
            one = dataclasses.replace(one, **{**SHOWN, "timing": timing, "recipe": arm["recipe"], "parameters": 1234})
            record.write(folders[-1] / f"seed_{seed}.json", one)
    claims = {"claims": [], "removed": 0, "deviations": ["2026: the margin was changed."]}
    (folder / "claims.json").write_text(json.dumps(claims))
    (folder / "checks.json").write_text("[]")
    (folder / "source.json").write_text('{"source": "nowhere"}')
    made = {name: folder / f"{name}.json" for name in ("checks", "contrasts", "comparison", "claims")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("butfor.stats.looks.tails", lambda pairs, undecided: stats.Tails({}, 0))
        compare(study, folders, made["checks"], made["contrasts"], folder / "tables")
    sources = report.Sources(folders, **made, decisions=[], data=folder / "source.json")
    report.write_report(study, sources, folder / "report.md")
    return folder, study


def measured(folder, arm):
    """The accuracies of an arm by seed in percent, from the files of its records alone."""
    runs = [json.loads(path.read_text()) for path in sorted((folder / "runs" / arm / "look1").glob("seed_*.json"))]
    return np.array([100 * run["metrics"]["test/accuracy"] if run["status"] == "ok" else np.nan for run in runs])


def number(text):
    return float(text.replace("−", "-"))


def first_table(text):
    text = text.replace("\u00a0", " ")
    head = text.index("| change | what it sets |")
    lines = text[head:].split("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return cells[0], cells[2:]


def test_every_number_of_the_first_table_follows_from_the_records(place):
    folder, study = place
    head, lines = first_table((folder / "report.md").read_text())
    assert len(head) - 2 <= 7 and head[-2:] == ["parameters", "s per run"], "two more were asked for"
    arms = [re.search(r"\(runs/(\w+)\)$", line[0])[1] for line in lines]
    assert sorted(arms) == sorted(arm["name"] for arm in study["arms"])
    reference = measured(folder, "baseline")
    for arm, (name, sets, verdict, effect, interval, reached, runs, parameters, seconds) in zip(
        arms, lines, strict=True
    ):
        own = measured(folder, arm)
        kept = own[~np.isnan(own)]
        assert name.startswith(f"[{DISPLAYED.get(arm, f'`{arm}`')}](") and (folder / f"runs/{arm}").is_dir()
        assert (parameters, seconds) == ("1 234", "4.5"), "the median of 1 to 8"
        if arm == "broken":
            assert (effect, interval, reached, runs) == ("–", "–", "–", "0 of 8") and "every run failed" in verdict
            continue
        mean, sd = reached.split(" ± ")
        assert number(mean) == pytest.approx(kept.mean(), abs=half_a_digit(mean))
        assert number(sd) == pytest.approx(kept.std(ddof=1), abs=half_a_digit(sd)) and runs == "8"
        if arm == "baseline":
            assert (sets, effect) == ("the reference", "–")
            continue
        expected = scipy_stats.ttest_rel(own, reference).confidence_interval(0.95)
        assert number(effect) == pytest.approx((own - reference).mean(), abs=half_a_digit(effect))
        for shown, end in zip(interval.strip("[]").split(", "), expected, strict=True):
            assert number(shown) == pytest.approx(end, abs=half_a_digit(shown))


def half_a_digit(text):
    return 0.5001 * 10.0 ** -len(text.partition(".")[2])


def test_the_answer_is_three_to_five_sentences_with_numbers_from_the_table(place):
    folder, _ = place
    text = (folder / "report.md").read_text()
    said = text.split("\n\n")[2]
    level = measured(folder, "baseline")
    assert said.startswith(f"The baseline's test accuracy is {level.mean():.2f} ± {level.std(ddof=1):.2f} % (mean")
    assert (
        " **Without dropout** (dropout: 0.2 → 0.0) helps: +" in said and " points [+" in said and ", 8 seeds." in said
    )
    assert "3 changes hurt, most of all `broken` (learning\\_rate: 0.01 → 0.5): every run failed (8/8); then" in said
    assert "`no_l2` (l2: 0.001 → 0.0) makes no meaningful difference: it is shown to be within ±0.5 points." in said
    assert "`unclear` (schedule: cosine → none) is undecided: +0." in said and "; it leans towards “helps”." in said
    last = headline.headline(folder, folder).splitlines()[-5:]
    assert [line.strip() for line in last] == json.loads((folder / "summary.json").read_text())["answer"]
    assert re.sub(r"[*`\\]", "", said) == " ".join(line.strip() for line in last), "the terminal says the same"


def test_arms_that_are_unproven_and_what_is_to_be_known_are_two_lists(place, tmp_path, monkeypatch):
    folder, study = place
    monkeypatch.setattr(report, "refused_section", lambda checks: "> **Unverified.** These:\n>\n> - `unclear`: l2.")
    made = {name: folder / f"{name}.json" for name in ("checks", "contrasts", "comparison", "claims")}
    folders = sorted((folder / "runs").glob("*/look1"))
    sources = report.Sources(folders, **made, decisions=[], data=folder / "source.json")
    report.write_report(study, sources, tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text()
    assert "\n> - `unclear`: l2.\n\n> - **Failed:**" in text  # a line without > ends the first


def test_what_is_to_be_known_first_stands_before_the_verdicts(place):
    text = (place[0] / "report.md").read_text().split("## Verdicts")[0]
    assert "> - **Failed:** 8 of 56 runs ended without a usable model: `broken` 8 of 8." in text
    assert "**Changed since the first run:** 1 thing that decides" in text
    undecided = text.split("> - **Undecided:** ")[1].splitlines()[0]
    assert re.match(
        r"`unclear` \(\+0\.\d+ points \[[^]]+\]\) leans towards “helps” and lacks at most about \d+", undecided
    )


def test_the_summary_is_as_its_schema_says(place):
    schema = json.loads((ROOT / "docs" / "summary.schema.json").read_text())
    summary = json.loads((place[0] / "summary.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(summary)
    rows = {
        row["arm"]: row
        for row in json.loads((place[0] / "contrasts.json").read_text())
        if row["metric"] == "test/accuracy"
    }
    for ablation in summary["ablations"]:
        assert all(
            ablation[key] == rows[ablation["arm"]][key] for key in ("verdict", "effect", "low", "high", "more_seeds")
        )
        assert ablation["metrics"]["test/accuracy"]["effect"] == ablation["effect"]
    assert {row["arm"]: row["label"] for row in summary["arms"]}["no_dropout"] == "Without dropout"
    assert all((place[0] / row["records"]).is_dir() for row in summary["arms"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate({**summary, "verdicts": {"maybe": 1}})


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.25, 0.57, "[+0.25, +0.57]"),
        (-35.75, -14.76, "[−36, −15]"),
        (-0.004, 0.306, "[−0.004, +0.306]"),  # no end looks like 0 that is not
        (0.00002, 0.00006, "[+0.00002, +0.00006]"),
        (-0.0996, 0.0996, "[−0.10, +0.10]"),
        (0.0, 0.3, "[0.00, +0.30]"),
        (None, 1.0, "–"),
    ],
)
def test_intervals_are_rounded_by_their_width(low, high, shown):
    assert numbers.interval_of({"metric": "test/accuracy", "decimals": 2, "low": low, "high": high}) == shown


@pytest.mark.parametrize(
    ("effect", "ends", "shown"),
    [
        (0.287, (-27.4, 27.9), "+0.3"),  # by its interval it would be written without decimals
        (-0.00042, (-0.9, 0.9), "−0.0004"),
        (0.004, (None, None), "+0.004"),
        (-31.4, (-58.2, -4.6), "−31"),
        (0.0, (-27.4, 27.9), "0"),
        (1e-15, (None, None), "0.00"),  # what sums leave of equal runs
    ],
)
def test_no_effect_is_written_as_0_that_is_not(effect, ends, shown):
    row = {"metric": "test/accuracy", "decimals": 2, "effect": effect, **dict(zip(("low", "high"), ends, strict=True))}
    assert numbers.effect_of(row) == shown


@pytest.mark.parametrize(
    ("mean", "sd", "shown"),
    [
        (88.0755, 0.0956, "88.08 ± 0.10"),
        (62.84, 10.65, "63 ± 11"),
        (99.99812, 0.00234, "99.998 ± 0.002"),
        (91.5, 0.0, "91.50 ± 0.00"),
        (91.5, None, "91.50"),
        (None, None, "–"),
    ],
)
def test_means_are_rounded_by_their_spread(mean, sd, shown):
    assert numbers.mean_and_sd(mean, sd, 2) == shown


@pytest.mark.parametrize(
    ("effect", "differ", "same", "leans"),
    [
        (0.4, 0.1, 0.4, "helps"),
        (-0.4, 0.1, None, "hurts"),
        (0.1, 0.6, 0.1, "no meaningful difference"),
        (0.0, 0.5, None, "no meaningful difference"),
        (0.2, 1.0, 1.0, "no meaningful difference"),
        (0.3, 1.0, 1.0, "helps"),
        (None, 1, 1, None),
    ],
)
def test_what_is_undecided_leans_to_what_is_nearest(effect, differ, same, leans):
    row = {"effect": effect, "p_difference": differ, "p_equivalence": same, "margin": 0.5}
    assert words.lean(row, METRICS["test/accuracy"]) == leans
    assert words.lean({**row, "effect": 0.0, "margin": None}, METRICS["test/accuracy"]) is None  # nothing can show it


def test_rows_of_an_earlier_version_lean_too():
    """Which had a probability of no meaningful difference without a margin."""
    row = {"effect": 0.2, "p_difference": 1.0, "p_equivalence": 1.0, "margin": None}
    assert words.lean(row, METRICS["test/accuracy"]) == "helps"


def test_of_many_changes_the_answer_names_three_and_the_table_forty():
    row = {
        "verdict": "hurts",
        "remark": "",
        "reference": "baseline",
        "unit": "accuracy points",
        "metric": "test/accuracy",
    }
    row |= {"decimals": 2, "pairs": 5, "margin": 0.5, "family": "f", "typical_note": ""}
    rows = [{**row, "arm": f"a{n}", "effect": -float(n), "low": -n - 0.2, "high": -n + 0.2} for n in range(1, 61)]
    arm = {"label": "", "reference": "baseline", "changes": [], "sets": ["dropout: 0.2 → 0.0"], "runs": 5, "failed": 0}
    arm["reaches"] = {"test/accuracy": {"mean": 80.0, "sd": 1.0}}
    arms = [{**arm, "arm": "baseline", "reference": None}, *({**arm, "arm": row["arm"]} for row in rows)]
    (_, said) = answer(rows, METRICS["test/accuracy"], arms)
    assert said == (
        "60 changes hurt, most of all `a60` (dropout: 0.2 → 0.0): −60.00 points [−60.20, −59.80], 5 seeds; then `a59`"
        " (−59.00 points [−59.20, −58.80]), `a58` (−58.00 points [−58.20, −57.80]) and 57 more."
    )
    verdict = {"alpha": 0.05, "margin": 0.5, "paired": True, "corrected_over": "report", "metric": "test/accuracy"}
    study = {
        "arms": [{"name": one["arm"], "reference": one["reference"]} for one in arms],
        "verdict": verdict,
        "looks": [{}],
    }
    text = verdict_section(study, rows, arms, {}, {})
    assert len(first_table(text)[1]) == 41 and "Shown are the 40 of 60 ablations with the largest effects" in text
    assert "`a1` |" not in text


def test_figures_call_arms_by_their_labels(place, monkeypatch, tmp_path):
    folder, study = place
    drawn = {}

    def effects(rows, by_seed, *_):
        drawn.update(arms=[row["arm"] for row in rows], seeds=list(by_seed))
        raise StopIteration

    monkeypatch.setattr(drawing, "effects", effects)
    with pytest.raises(StopIteration):
        drawing.draw(study, sorted(folder.glob("runs/*/*")), folder / "contrasts.json", tmp_path)
    assert {"Without dropout", "Large batches", "no_l2"} <= {*drawn["arms"]} & {*drawn["seeds"]}


@pytest.mark.parametrize(
    ("ablations", "said"),
    [
        ("a: {each: {dropout: {x: 0.1, y: 0.5}}, label: Much}", "a label for each of its 2 arms, received one for all."),
        ("a: {each: {dropout: {x: 0.1, y: 0.5}}, label: {z: Much}}", "expected names of its arms, received z. Its arms: x, y."),
        ("a: {set: {dropout: 0.5}, label: b}\n  b: {set: {l2: 0.1}}", "b and a would both be called b."),
        ("a: {set: {dropout: 0.5}, label: a@b}", "ablations.a.label: expected"),
    ],
)  # fmt: skip
def test_labels_that_cannot_be_are_refused(planned, ablations, said):
    with pytest.raises(Exception, match=re.escape(said)):
        planned(f"data: digits\nablations:\n  {ablations}")


def test_a_label_trains_and_declares_nothing_anew(planned):
    plans = [
        planned(f"data: digits\nablations: {{a: {{set: {{dropout: 0.5}}{label}}}}}")[1]
        for label in ("", ", label: Much")
    ]
    assert plans[0].training("a", "look1") == plans[1].training("a", "look1")
    assert "label" not in plans[0].summary()["arms"][1] and plans[1].tracking()["arms"]["a"]["label"] == "Much"


def test_a_baseline_without_a_run_and_things_without_a_direction_are_said_right():
    arm = {"arm": "baseline", "label": "", "reference": None, "sets": [], "runs": 0, "failed": 0, "reaches": {}}
    assert answer([], METRICS["test/accuracy"], [arm])[0] == "No run of the baseline is there yet."
    row = {"metric": "test/accuracy", "verdict": "inconclusive", "remark": "", "effect": None}
    row |= {"arm": "a", "label": "", "more_seeds": None, "typical_note": "", "planned": 3, "margin": 0.5, "missing": 3}
    row |= {"failed_ablation": 0, "failed_reference": 0, "p_failure": 1.0}
    claims = {"claims": [], "removed": 0, "deviations": ["One.", "Two."]}
    study = {"verdict": {"metric": "test/accuracy"}}
    text = warning_section(study, [row], {"arms": [arm], "runs": 0}, claims, "", partial=True)
    assert "**Not judged yet:** `a`. A verdict takes" in text and "Undecided" not in text
    dead = {**row, "missing": 0, "failed_ablation": 3, "remark": "failed 3/3, reference 0/3"}
    text = warning_section(study, [dead], {"arms": [arm], "runs": 6}, claims, "", partial=True)
    assert (
        "`a` (failed 3/3, reference 0/3) leans towards “hurts” and how many more seeds it lacks is not known." in text
    )
    several = answer([row, {**row, "arm": "b"}], METRICS["test/accuracy"], [arm])
    assert several[1:] == ["2 changes are not judged yet, because pairs of runs are missing."]
    assert "**Changed since the first run:** 2 things that decide; " in text
    near = {**row, "effect": 1.0, "low": 0.0, "high": 2.0, "p_difference": 0.1, "p_equivalence": 0.5, "more_seeds": 1.0}
    near |= {"unit": "accuracy points", "decimals": 2, "remark": "", "pairs": 3, "missing": 0}
    text = warning_section(study, [near], {"arms": [arm], "runs": 3}, claims, "", partial=True)
    assert "leans towards “helps” and lacks at most about 1 more seed." in text
