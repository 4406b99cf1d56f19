"""One place for metrics: a study's words, figures and order follow the metric that its verdicts are asked of."""

import copy
import dataclasses
import json
import re
from typing import get_args

import numpy as np
import pytest
import yaml

from butfor import stats
from butfor.figures.effects import effects
from butfor.records import record
from butfor.report import headline, report
from butfor.study import choices, metrics
from butfor.study.metrics import METRICS
from butfor.verdicts import rows
from butfor.verdicts.comparison import compare
from butfor.verdicts.paired_values import differences
from conftest import SCHEMA
from test_truths_verdicts import fake
from validation import SAME

STUDY = """
data: {name: digits}
seeds: 5
verdict: {metric: METRIC}
recipe: {model: {name: mlp, widths: 8}, learning_rate: 0.01, dropout: 0.2, l2: 1.0e-3}
ablations:
  worse: {set: {dropout: 0.0}}
  better: {set: {l2: 0.0}}
  faster: {set: {learning_rate: 0.02}}
  broken: {set: {learning_rate: 0.5}}
"""
METRICS_ASKED = ("test/loss", "test/accuracy")
LOSSES = {"worse": 0.7, "better": 0.3, "faster": 0.5001}  # of the baseline: 0.5
SHOWN = {
    key: SAME[key] for key in ("fingerprint", "loop", "history", "learning_rate", "format", "data", "machine", "timing")
}


def test_the_schema_and_the_table_name_the_same_metrics():
    schema = yaml.safe_load(SCHEMA.read_text())
    assert metrics.disagreements(schema) == []


@pytest.mark.parametrize(
    ("place", "key", "value", "words"),
    [
        ("claim", "metric", {"type": "string", "default": "gap/loss"}, "gap/loss"),
        ("verdict", "metric", {"type": "string", "default": "test/loss"}, "the default of"),
        ("verdict", "loss_margin", {"unit": "bits"}, "received bits and nats"),
        ("verdict", "margin", {}, "verdict.margin"),
    ],
)
def test_where_schema_and_table_disagree_both_are_named(place, key, value, words):
    schema = copy.deepcopy(yaml.safe_load(SCHEMA.read_text()))
    holder = schema["properties"]["verdict"] if place == "verdict" else schema["$defs"]["claim"]
    holder["properties"][key] = value
    (message,) = metrics.disagreements(schema)
    assert words in message
    with pytest.raises(choices.ChoiceError, match=re.escape(message)):
        choices.check(schema)


def test_metrics_are_worth_more_in_their_own_direction():
    assert METRICS["test/accuracy"].worth(1.0) > METRICS["test/accuracy"].worth(-1.0) > METRICS["test/loss"].worth(None)
    assert METRICS["test/loss"].worth(-1.0) > METRICS["test/loss"].worth(1.0)


def test_figures_are_in_the_metrics_unit():
    figures = {"test/accuracy": 0.8, "train/accuracy": 0.9, "test/loss": 0.5, "train/loss": 0.25}
    expected = {"test/accuracy": 80.0, "test/loss": 0.5, "gap/accuracy": 10.0, "gap/loss": 0.25}
    assert {name: metric.figure(figures) for name, metric in METRICS.items()} == pytest.approx(expected)


def test_verdicts_and_row_fields_are_named_once():
    without = {rows.VOID, rows.UNPROVEN, rows.UNJUDGED, rows.DESCRIBED}
    verdicts = {*stats.VERDICTS, stats.INTERACTION, stats.NO_INTERACTION, *without}
    assert set(get_args(rows.Verdict)) == verdicts
    assert list(rows.ContrastFields.__annotations__) == list(stats.Contrast.__dataclass_fields__)


@pytest.fixture
def study(planned):
    def of(metric):
        settings, plan = planned(STUDY.replace("METRIC", metric))
        named = {"study": "test", "question": "Which?", "budget": settings["budget"]}
        return {**plan.summary(), **named, "verdict": settings["verdict"]}

    return of


def records_of(study):
    """Five seeds of every arm: losses as planted with a little noise, accuracies without any effect."""
    rng = np.random.default_rng(7)
    level = 0.01 * rng.standard_normal(5)
    made = [
        fake(
            arm["name"],
            seed,
            88.0 + rng.standard_normal(),
            LOSSES.get(arm["name"], 0.5) + level[seed] + 0.001 * rng.standard_normal(),
            "diverged" if arm["name"] == "broken" else "ok",
            "the loss was nan in epoch 1" if arm["name"] == "broken" else "",
        )
        for arm in study["arms"]
        for seed in range(5)
    ]
    return [dataclasses.replace(record, **{**SHOWN, "recipe": recipe_of(study, record.arm)}) for record in made]


def recipe_of(study, name):
    return next(arm["recipe"] for arm in study["arms"] if arm["name"] == name)


@pytest.fixture
def words_of(study, tmp_path):
    """Gives all words of a study on a metric: its report, its headline, and those in the figure of effects."""

    def of(metric, **settings):
        plan = study(metric)
        plan["verdict"] |= settings
        records = records_of(plan)
        folders = [tmp_path / "runs" / arm["name"] / "look1" for arm in plan["arms"]]
        for one in records:
            record.write(tmp_path / "runs" / one.arm / "look1" / f"seed_{one.seed}.json", one)
        (tmp_path / "checks.json").write_text("[]")
        (tmp_path / "claims.json").write_text('{"claims": [], "deviations": []}')
        (tmp_path / "source.json").write_text('{"source": "nowhere"}')
        made = {name: tmp_path / f"{name}.json" for name in ("checks", "contrasts", "comparison", "claims")}
        compare(plan, folders, made["checks"], made["contrasts"], tmp_path / "tables")
        report.write_report(
            plan, report.Sources(folders, **made, decisions=[], data=tmp_path / "source.json"), tmp_path / "report.md"
        )
        (axes,) = effects(
            METRICS[metric].rows(json.loads(made["contrasts"].read_text())),
            differences(plan, records),
            METRICS[metric],
            plan["verdict"],
        ).axes
        drawn = [axes.get_xlabel(), *(text.get_text() for text in axes.texts)]
        return (tmp_path / "report.md").read_text(), headline.headline(tmp_path, tmp_path), "\n".join(drawn)

    return of


def without_what_speaks_of_both(text):
    """The report without the columns on the other metric, the captions of curves and gaps, how things are computed, and of which
    metrics the test set's error is known."""
    kept, *_ = text.split("<summary>What was checked")
    lines = [
        line for line in kept.splitlines() if not line.startswith(("*", "![", "How far another test set", "<summary>"))
    ]
    return "\n".join(" | ".join(line.split(" | ")[:12]) if line.startswith("| ") else line for line in lines)


def test_a_study_on_the_loss_speaks_of_the_loss_everywhere(words_of):
    text, head, drawn = words_of("test/loss", loss_margin=0.05)
    assert not re.search("accurac|point", "\n".join([without_what_speaks_of_both(text), head, drawn]), re.IGNORECASE)
    assert "The baseline's test loss is 0.49" in text and "nats (mean" in text
    assert "![Effects on test loss](figures/effects.png)" in text
    for said, name in ((text, "`better`"), (head, "better")):
        assert re.search(rf"{name} \(l2: 0.001 → 0.0\) helps: −0.2\d+ nats \[", said)
    assert "| loss, nats | interval* |" in text and "| accuracy, points | accuracy verdict |" in text
    assert re.search(r"Hurts: `worse` \+0\.(19|20)\d\d nats", text)
    assert "the size of its effect on test loss" in text and "within the margin of ±0.05 nats" in text
    assert "margin ±0.05 nats; accuracy: margin ±0.5 accuracy points" in text
    assert "correlation of paired losses" in text
    assert "← better\nworse →" in drawn and "test loss, ablation minus" in drawn


def test_the_worst_come_first_in_either_direction(words_of):
    for metric in METRICS_ASKED:
        text, *_ = words_of(metric)
        table = text.split("| ablation | against")[1].split("\\*")[0]
        arms = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
        assert arms[0] == "broken", "failed before any effect"
        if metric == "test/loss":
            assert arms == ["broken", "worse", "faster", "better"]


def test_without_a_margin_the_report_says_that_nothing_can_be_shown_to_be_the_same(words_of):
    text, _, drawn = words_of("test/loss")
    assert "needs a margin, and this study sets none for the test loss (verdict.loss_margin)" in text
    assert "α = 0.05, no margin, so a direction only; accuracy: margin ±0.5 accuracy points" in text
    assert "no meaningful difference, " not in text and "±0.5" not in drawn
    table = next(part for part in text.split("\n\n") if part.startswith("| ablation | against"))
    head, _, *lines = (line.strip("| ").split(" | ") for line in table.splitlines())
    assert {line[head.index("p same")] for line in lines} == {"–"} and "so that “p same” is empty." in text
    assert any(line[head.index("p differ")] != "–" for line in lines)


def test_the_seeds_that_are_drawn_are_on_the_studys_metric(study):
    on_loss, on_accuracy = (differences(plan, records_of(plan))["worse"] for plan in map(study, METRICS_ASKED))
    assert np.mean(on_loss) == pytest.approx(0.2, abs=0.01)
    assert np.std(on_accuracy) > 0.5


def test_a_study_on_accuracy_speaks_of_accuracy(words_of):
    text, head, drawn = words_of("test/accuracy")
    assert "The baseline's test accuracy is" in text and "![Effects on test accuracy]" in text
    assert "| accuracy, points | interval* |" in text and "| loss, nats | loss verdict |" in text
    assert "changes are undecided: better, faster and worse." in head and "points [" in text.split("**Undecided:**")[1]
    assert "← worse\nbetter →" in drawn and "test accuracy, ablation minus" in drawn
    assert "by which ablations are settled" not in text


def test_which_runs_failed_is_asked_of_the_record():
    runs = [fake("a", 0, 10.0, status=status) for status in ("ok", "commonest_class", "at_chance", "diverged")]
    for (must_learn, metric), failed in {
        (True, "test/accuracy"): [False, True, True, True],
        (True, "test/loss"): [False, False, True, True],
        (False, "test/accuracy"): [False, False, False, True],
        (False, "test/loss"): [False, False, False, True],
    }.items():
        assert [run.failed(must_learn, metric) for run in runs] == failed
