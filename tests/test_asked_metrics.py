"""The metrics that a study asks for: read from its file, judged together, shown, and claimed."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from butfor.errors import StudyError
from butfor.paper import captions
from butfor.paper.metric_cells import MetricCells
from butfor.process.start_settings import StartSettings
from butfor.report.metric_section import metric_section
from butfor.study.asked_metrics import parts_to_predict
from butfor.study.metrics import METRICS
from butfor.study.study_metrics import RECORDED, beside, metrics_of
from butfor.study.study_protocol import terms
from butfor.verdicts.as_recorded import as_recorded
from butfor.verdicts.claim_outcomes import judge as judge_claims
from butfor.verdicts.contrasts import decided, judge
from butfor.verdicts.deviations import deviations
from butfor.verdicts.register import NEW
from butfor.workflow import parameters
from butfor.workflow.data_job import prepare_data
from conftest import NEEDS
from test_truths_verdicts import fake
from validation import SAME

STUDY = """
data: digits
seeds: [4, 8]
recipe: {model: {name: mlp, widths: [8]}, dropout: 0.2}
ablations: {bare: {set: {dropout: 0.0}}, wide: {set: {model.widths: [16]}}}
"""
FIELDS = ("fingerprint", "loop", "history", "learning_rate", "format", "data", "machine", "timing")

HERE, ANYWHERE = {"holds_for": "test set"}, {"holds_for": "new data"}


@pytest.fixture
def study(planned):
    def of(text):
        settings, plan = planned(STUDY + text)
        return settings, plan, parameters.analysis(settings, plan)

    return of


def runs(f1, seeds=8, **values):
    """Runs of all arms: their F1 as planted with a spread that all share, every other figure equal."""
    made = []
    for arm, level in {"baseline": 0.8, **f1}.items():
        for seed in range(seeds):
            record = fake(arm, seed, 88.0)
            noise = 0.002 * ((seed * 7 + len(arm)) % 5 - 2)
            own = {"test/f1_macro": level + noise, "train/f1_macro": 0.95, **{k: v + noise for k, v in values.items()}}
            shown = {key: SAME[key] for key in FIELDS}
            made.append(dataclasses.replace(record, metrics={**record.metrics, **own}, **shown))
    return made


@pytest.mark.parametrize(
    "text", ["metrics: [f1_macro, ece]", "metrics: {f1_macro: {}, ece: }", "metrics: [f1_macro, {ece: {}}]"]
)
def test_metrics_are_named_in_a_list_or_with_their_settings(study, text):
    settings, *_ = study(text)
    assert list(settings["metrics"]) == ["f1_macro", "ece"] and settings["verdict"]["metric"] == "test/accuracy"
    assert parts_to_predict(settings["metrics"].values(), keep=False, verdict=HERE) == ["test"]


def test_without_metrics_a_study_is_what_it_was(study):
    settings, _, judged = study("")
    assert settings["metrics"] == {} and "metrics" not in judged and "claimed" not in judged
    assert metrics_of(judged) == METRICS and terms(settings)["verdict.metric"] == "test/accuracy"
    assert parts_to_predict([], keep=False, verdict=HERE) == [] and parts_to_predict([], keep=True, verdict=HERE) == [
        "test"
    ]


def test_the_primary_metric_decides_unless_the_study_contradicts_itself(study):
    settings, _, judged = study("metrics: {f1_macro: {primary: true}, ece: {}}")
    assert settings["verdict"]["metric"] == "test/f1_macro"
    assert [metric.name for metric in beside(judged)] == ["test/accuracy", "test/loss", "test/ece"]
    assert study("metrics: [ece]\nverdict: {metric: test/ece}")[0]["verdict"]["metric"] == "test/ece"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("metrics: [f1macro]", "metrics.f1macro: expected a metric of the catalogue, received f1macro. Did you mean f1_macro?"),
        ("metrics: [auc]", "Did you mean roc_auc?"),
        ("metrics: [CosinSimilarity]", "received CosinSimilarity. Did you mean CosineSimilarity?"),
        ("metrics: {a: {keras: Nothing}}", "expected a metric of the catalogue, received Nothing. There are accuracy,"),
        ("metrics: [SensitivityAtSpecificity]", "{keras: SensitivityAtSpecificity, settings: {specificity: …}}"),
        ("metrics: {a: {keras: AUC, settings: {curves: PR}}}", "expected settings of Keras's AUC, received curves: it has num"),
        ("metrics: [mcc]", "Did you mean matthews?"),
        ("metrics: [loss]", "The loss is measured anyway"),
        ("metrics: ['my:dice']", "write dice: {function: my:dice, higher_is_better: true}"),
        ("metrics: [test/f1_macro]", "Write f1_macro."),
        ("metrics: {f1_macro: {primary: true}, ece: {primary: true}}", "expected one primary metric, received f1_macro and ece"),
        ("metrics: {ece: {primary: true}}\nverdict: {metric: test/loss}", "expected test/ece, which metrics has as primary"),
        ("metrics: {f1_macro: {k: 3}}", "metrics.f1_macro.k: unknown setting of f1_macro"),
        ("metrics: {f1_macro: {higher_is_better: false}}", "It is fixed for that metric."),
        ("metrics: {f1_macro: {margin: two}}", "such as 2 % (of the baseline's mean), received 'two'"),
        ("metrics: {f1_macro: {margin: -1}}", "expected a number above 0"),
        ("metrics: {mine: {function: 'absent:dice', higher_is_better: true}}", "expected the file absent.py"),
        ("metrics: {mine: {function: 'conftest:need'}}", "higher_is_better: expected true or false"),
        ("verdict: {metric: test/f1}", "received test/f1. To have it measured, write metrics: {f1: {}} in the study."),
        ("verdict: {metric: gap/loss}", "expected one of test/accuracy, test/loss, received gap/loss"),
        ("metrics: 3", "metrics: expected a mapping, received 3"),
        (
            "metrics: [f1_macro]\nclaims: {c: {sentence: S., arm: bare, expect: same, metric: test/f1_macro}}",
            "set metrics.f1_macro.margin",
        ),
        (
            "metrics: [f1_macro]\nclaims: {c: {sentence: S., arm: bare, expect: hurts, metric: test/f1}}",
            "claims.c.metric: expected one of test/accuracy, test/loss, test/f1_macro, or the same on gap, train or validation",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_one_sentence(study, text, words):
    with pytest.raises(StudyError) as raised:
        study(text)
    assert words in str(raised.value) and "\n" not in str(raised.value)


def test_a_claim_has_a_metric_measured_on_the_part_that_it_names(study):
    settings, _, judged = study(
        "metrics: [f1_macro, ece]\nclaims: {c: {sentence: S., arm: bare, expect: hurts, metric: gap/f1_macro},"
        " d: {sentence: S., arm: bare, expect: hurts, metric: validation/loss}}"
    )
    parts = {name: each["parts"] for name, each in settings["metrics"].items()}
    assert parts == {"f1_macro": ["test", "gap"], "ece": ["test"]}
    assert parts_to_predict(settings["metrics"].values(), keep=False, verdict=HERE) == ["test", "train"]
    figures = {"test/f1_macro": 0.7, "train/f1_macro": 0.9, "validation/loss": 0.4, "test/ece": 0.1}
    asked = metrics_of(judged)
    assert asked["gap/f1_macro"].figure(figures) == pytest.approx(20) and not asked["gap/f1_macro"].higher_is_better
    assert asked["validation/loss"].figure(figures) == 0.4 and asked["test/ece"].figure(figures) == pytest.approx(10)
    assert "gap/ece" not in asked


def test_the_primary_metric_says_which_ablations_go_on(study):
    _, _, judged = study("metrics: {f1_macro: {primary: true, margin: 1}}")
    found = decided(judged, runs({"bare": 0.7, "wide": 0.8}, seeds=4), [])
    assert found["bare"].verdict == "hurts" and found["bare"].effect == pytest.approx(-10, abs=0.5)
    assert found["bare"].margin == 1.0 and found["wide"].verdict != "hurts"


def test_other_metrics_share_one_alpha_whatever_their_number(study):
    records = runs({"bare": 0.79, "wide": 0.8}, **{"test/ece": 0.1, "test/roc_auc": 0.9})
    few, more = (
        {row["arm"]: row for row in judge(study(text)[2], records, []) if row["metric"] == "test/f1_macro"}["bare"]
        for text in ("metrics: [f1_macro]", "metrics: [f1_macro, ece, roc_auc]")
    )
    assert few["p_raw"] == more["p_raw"] < 0.02
    assert more["p_difference"] == pytest.approx(few["p_difference"] * 6 / 4)


def test_a_metric_beside_lacks_seeds_by_the_alpha_that_it_shares_with_all(study):
    _, _, judged = study("metrics: [f1_macro, ece]")
    records = runs({"bare": 0.787, "wide": 0.8}, **{"test/ece": 0.1})
    rows = judge(judged, records, [])
    bare = next(row for row in rows if row["metric"] == "test/f1_macro" and row["arm"] == "bare")
    assert bare["verdict"] == "inconclusive" and 0.05 / 40 < bare["p_raw"] < 0.05 / 8  # 4 looks, 2 ablations, 5 metrics
    assert bare["more_seeds"] >= 1 and all(row["more_seeds"] is None or row["more_seeds"] >= 1 for row in rows)
    assert "corrected over 10 comparisons: 2 ablations on test loss, " in metric_section(judged, rows)


def test_described_metrics_have_effects_and_no_verdicts_but_where_claims_name_them(study):
    text = "metrics: [f1_macro, ece]\nverdict: {others: descriptive}\n"
    claim = "claims: {c: {sentence: S., arm: bare, expect: hurts, metric: test/f1_macro}}"
    settings, _, judged = study(text + claim)
    records = runs({"bare": 0.7, "wide": 0.8}, **{"test/ece": 0.1})
    rows = judge(judged, records, [])
    verdicts = {row["metric"]: row["verdict"] for row in rows if row["arm"] == "bare"}
    assert verdicts["test/f1_macro"] == "hurts" and verdicts["test/accuracy"] in (
        "inconclusive",
        "no meaningful difference",
    )
    assert verdicts["test/ece"] == verdicts["test/loss"] == verdicts["gap/loss"] == "effect only"
    (claimed,) = judge_claims(judged, settings["claims"], records, rows)
    assert claimed["outcome"] == "supported" and claimed["decimals"] == 2
    assert "Described, not judged" in metric_section(judged, rows)


def test_a_margin_that_is_a_share_is_one_of_what_the_baseline_reached_at_the_first_look(study):
    _, _, judged = study("metrics: {f1_macro: {margin: 5 %}}")
    first, later = runs({"bare": 0.8, "wide": 0.8}, seeds=4), runs({"bare": 0.8, "wide": 0.8}, seeds=8)
    mean = sum(r.metrics["test/f1_macro"] for r in first if r.arm == "baseline") / 4
    for records in (first, later):
        metric = metrics_of(as_recorded(judged, records))["test/f1_macro"]
        assert metric.margin_in(judged["verdict"]) == pytest.approx(5 * mean)
        assert metric.margin_in_words(judged["verdict"]) == "±4 points, which is 5 % of the baseline's mean"
    assert metrics_of(as_recorded(judged, []))["test/f1_macro"].margin_in(judged["verdict"]) is None


def test_more_than_three_other_metrics_are_folded(study):
    names = ["f1_macro", "ece", "roc_auc", "brier"]
    records = runs({"bare": 0.7, "wide": 0.8}, **{f"test/{name}": 0.5 for name in names[1:]})
    for asked, folds in ((names[:3], 0), (names, 4)):
        _, _, judged = study(f"metrics: {json.dumps(asked)}")
        text = metric_section(judged, json.loads(json.dumps(judge(judged, records, []))))
        assert text.count("<details>") == text.count("</details>") == folds
        own = [line.split(" | ") for line in text.splitlines() if line.startswith("| `bare`")]
        assert (
            len(own) == len(asked) and {cells[6] for cells in own} == {"–"} and "–" not in {cells[5] for cells in own}
        )
        assert text.count("better; no margin, so a direction only and no “p same”.") == len(asked)
    assert metric_section(study("")[2], []) == ""


def test_a_study_of_numbers_is_judged_by_their_error(study):
    _, _, judged = study("")
    held = {
        "data": {"task": "regression", "test": 100},
        "metrics": {"test/loss": 4.0, "test/mae": 1.5, "train/loss": 1.0},
    }
    records = [dataclasses.replace(record, **held) for record in runs({"bare": 0.7})]
    known = as_recorded(judged, records)
    assert known["verdict"]["metric"] == "test/rmse" and metrics_of(known) == RECORDED["regression"]
    assert {name: metric.figure(records[0].metrics) for name, metric in metrics_of(known).items()} == {
        "test/rmse": 2.0, "test/mae": 1.5, "test/loss": 4.0, "gap/rmse": 1.0, "gap/loss": 3.0,
    }  # fmt: skip
    assert judged["verdict"]["metric"] == "test/accuracy"


def test_metrics_that_are_asked_for_later_are_named_among_the_deviations(study):
    before, after = (terms(study(text)[0]) for text in ("metrics: [ece]", "metrics: {f1_macro: {margin: 1}}"))
    entries = [{"time": f"2026-01-0{day}", "runs": day - 1, "terms": each} for day, each in ((1, before), (2, after))]
    (line,) = deviations({**NEW, "terms": entries})
    assert line.endswith("the study's settings were changed: metrics added: f1_macro; metrics taken out: ece.")
    without = {key: value for key, value in before.items() if key not in ("metrics", "verdict.others")}
    earlier = {**NEW, "terms": [{**entries[0], "terms": without}, {**entries[1], "terms": terms(study("")[0])}]}
    assert deviations(earlier) == []


def test_a_metric_that_is_changed_is_told_with_its_values_before_and_after(study):
    asked = (
        "metrics: {f1_macro: {margin: 0.5}, ece: {}}",
        "metrics: {f1_macro: {margin: 1}, matthews: {}, ece: {bins: 20}}",
    )
    before, after = (terms(study(text)[0]) for text in asked)
    entries = [{"time": f"2026-01-0{day}", "runs": day - 1, "terms": each} for day, each in ((1, before), (2, after))]
    (line,) = deviations({**NEW, "terms": entries})
    told = r"metrics.ece.bins 15 → 20; metrics.f1\_macro.margin 0.5 → 1.0"
    assert line.endswith(f"the study's settings were changed: metrics added: matthews; {told}.")


def test_a_margin_that_becomes_a_share_is_told_by_the_words_of_a_study_file(study):
    before, after = (terms(study(f"metrics: {{f1_macro: {{margin: {margin}}}}}")[0]) for margin in ("1", "2 %"))
    for one, other, told in ((before, after, "1.0 → 2 %"), (after, before, "2 % → 1.0")):
        entries = [{"time": f"2026-01-0{day}", "runs": day - 1, "terms": each} for day, each in ((1, one), (2, other))]
        (line,) = deviations({**NEW, "terms": entries})
        assert line.endswith(rf"settings were changed: metrics.f1\_macro.margin {told}.")


def test_a_metric_is_called_by_its_title_and_what_has_no_unit_is_given_in_its_own(planned, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    ratio = 'psnr: {title: "PSNR (dB)", function: "conftest:need", higher_is_better: true, unit: dB}'
    numbers = "task: regression\n" + STUDY.replace(
        "data: digits", f"data: {{name: csv, file: {tmp_path}/a.csv, target: y}}"
    )
    similar = 'ssim: {function: "conftest:need", higher_is_better: true}'
    named = (
        f"{numbers}\nmetrics: {{r2: {{}}, mae: {{}}, pearson: {{title: r}}, fit: {{score: r2}}, {ratio}, {similar}}}"
    )
    settings, plan = planned(named)
    asked = settings["metrics"]
    assert [(terms["title"], terms["unit"]) for terms in asked.values()] == [
        ("R²", "units of R²"),
        ("MAE", "units of the target"),
        ("r", "units of r"),
        ("fit", "units of fit"),
        ("PSNR (dB)", "dB"),
        ("SSIM", "units of SSIM"),
    ]
    metrics = metrics_of(parameters.analysis(settings, plan))
    heads = {name: MetricCells.head.fget(SimpleNamespace(metric=metric)) for name, metric in metrics.items()}
    assert heads["test/r2"] == r"R\textsuperscript{2} $\uparrow$" and heads["test/psnr"] == r"PSNR (dB) (dB) $\uparrow$"
    assert heads["test/ssim"] == r"SSIM $\uparrow$" and metrics["test/ssim"].title == "test SSIM"
    assert captions._full(metrics["test/r2"]) == r"test R\textsuperscript{2} (higher is better)"
    assert captions._full(metrics["test/mae"]) == "test MAE (in units of the target, lower is better)"
    percent = "{title: top 5 %, function: 'conftest:need', higher_is_better: true, unit: '% of all'}"
    settings, plan = planned(f"{numbers}\nmetrics: {{top: {percent}}}")
    top = metrics_of(parameters.analysis(settings, plan))["test/top"]
    assert MetricCells.head.fget(SimpleNamespace(metric=top)) == r"Top 5 \% (\% of all) $\uparrow$"
    assert captions._full(top) == r"test top 5 \% (in \% of all, higher is better)"
    for title in ("a|b", "*a*", "a" * 41):
        with pytest.raises(StudyError, match="title"):
            planned(f"{numbers}\nmetrics: {{r2: {{title: '{title}'}}}}")


def test_names_of_metrics_are_known_to_the_schema_that_lists_their_settings():
    from conftest import SCHEMA

    known = yaml.safe_load(SCHEMA.read_text())["$defs"]["metric"]["properties"]
    from butfor.study.metric_catalogue import CATALOGUE

    assert {key for metric in CATALOGUE.values() for key in metric.options} <= set(known)


def test_a_metric_of_another_task_is_refused_with_the_task_or_once_the_data_are_there(study, tmp_path):
    with pytest.raises(StudyError, match=r"received test/rmse\. Write task: regression, which has it\."):
        study("verdict: {metric: test/rmse}\n")
    settings, *_ = study("verdict: {metric: test/accuracy}\n")
    assert settings["decides"] == "test/accuracy" and study("")[0]["decides"] is None
    rng = np.random.default_rng(0)
    arrays = {
        f"{kind}_{part}": rng.normal(size=(40, 3)[: 2 - (kind == "y")]) for kind in "xy" for part in ("train", "test")
    }
    np.savez(tmp_path / "numbers.npz", **arrays)
    data = {"name": "npz", "file": str(tmp_path / "numbers.npz"), "arrays": {}, "validation": 0.1, "largest": NEEDS}
    data = {**settings["data"], **data}
    paths = [tmp_path / name for name in ("arrays.npz", "manifest.json", "source.json")]
    with pytest.raises(
        StudyError, match=r"expected one of test/rmse, .* for task regression, received test/accuracy\."
    ):
        prepare_data(StartSettings(data={"": data}, decides="test/accuracy"), "", *paths, reads_token="", made_of="")
    prepare_data(StartSettings(data={"": data}), "", *paths, reads_token="", made_of="")


@pytest.mark.parametrize(("name", "task"), [("rmse", "regression"), ("mae", "regression"), ("accuracy", "binary")])
def test_for_new_data_a_metric_that_records_have_is_measured_too_unless_they_say_which_examples_are_right(
    study, name, task
):
    """Of numbers no record says what single examples do to it."""
    asked = study(f"task: {task}\nmetrics: [{name}]")[0]["metrics"]
    assert parts_to_predict(asked.values(), keep=False, verdict=HERE) == []
    assert parts_to_predict(asked.values(), keep=False, verdict=ANYWHERE) == ([] if name == "accuracy" else ["test"])


def test_a_recorded_metric_under_another_name_is_measured_and_its_name_is_no_others(study):
    asked = study("metrics: {again: {score: accuracy}}")[0]["metrics"]
    assert parts_to_predict(asked.values(), keep=False, verdict=HERE) == ["test"]
    with pytest.raises(StudyError, match="since every run records accuracy, received it for f1_macro"):
        study("metrics: {accuracy: {score: f1_macro}}")
