"""Pictures show the records' numbers, for whatever a study leaves: diverged, missing, shallow and deep arms, one seed."""

import itertools
import json
import math
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import seaborn

from butfor.figures import gallery, picture_kinds, seed_band, style
from butfor.figures.coincidence import told_apart
from butfor.figures.cost_effect import Place, cost_effect, front_of
from butfor.figures.curves import curves
from butfor.figures.depth import depth, gradients
from butfor.figures.distributions import distributions
from butfor.figures.draw import comparable, draw
from butfor.figures.effects import effects
from butfor.figures.effects_by_metric import effects_by_metric
from butfor.figures.final_weights import weights
from butfor.figures.gaps import gaps
from butfor.figures.layers import layer_table, spread_evenly
from butfor.figures.line_names import name_lines
from butfor.figures.loss_by_rate import rates
from butfor.figures.outliers import outliers_at_the_end, outliers_on_the_way
from butfor.figures.panels import Measure
from butfor.figures.rates_used import schedules
from butfor.figures.sensitivity import Effects, sensitivity
from butfor.figures.stopping import stopping
from butfor.records.record import Record, write
from butfor.study import summary
from butfor.study.changed_numbers import ChangedNumber, numbers_changed
from butfor.study.metrics import METRICS
from conftest import ROOT, resolved

pytestmark = pytest.mark.usefixtures("loud_figures")
EPOCHS = 4
ACCURACY, LOSS = METRICS["test/accuracy"], METRICS["test/loss"]
VERDICT = {"margin": 0.5, "loss_margin": None, "alpha": 0.05}
STUDY = """
data: {name: digits}
seeds: 2
recipe: {model: {name: mlp, widths: [8, 8], activation: sigmoid}, optimiser: sgd, learning_rate: 0.1}
ablations:
  deep: {set: {model: {name: mlp, widths: 8, depth: 9}}, family: networks}
  rates: {each: {learning_rate: {slow: 0.01, fast: 10.0, exploding: 1000.0}}}
  decay: {each: {schedule: {falling: cosine, stepping: step}}}
  starts:
    each: {initialiser: {one: ones, constant: constant, glorot: glorot_normal, lecun: lecun_normal, zero: zeros, wide: normal}}
  deep_starts: {each: {initialiser: {deep_glorot: glorot_normal}}, from: deep, family: starts}
  penalised: {set: {l1: 0.1}, family: regularisers}
  dropped_with_a_name_that_is_as_long_as_a_name_may_be: {set: {dropout: 0.5}, family: regularisers}
  stopped: {set: {early_stopping: {name: patience, patience: 1, monitor: accuracy}}, family: regularisers}
"""


def spread(rms, zero=0.25):
    counts = [int(100 * zero), 10, 20, 30] if math.isfinite(rms) else []
    return {
        "rms": rms,
        "zero": zero,
        "near_zero": zero,
        "saturated_sigmoid": 0.5,
        "saturated_tanh": 0.5,
        "histogram": {"low": -2.0, "high": 6.0, "counts": counts},
    }


def layers_of(depth, rms=1.0, gradient=1.0, activation="sigmoid"):
    """Layers whose activations grow tenfold, and whose gradients shrink tenfold, from one to the next."""
    names = [*(f"hidden_{place}" for place in range(1, depth + 1)), "logits"]
    return [
        {
            "layer": name,
            "activation": activation if name != "logits" else "linear",
            "shape": [8, 8],
            "weights": {**spread(0.1, zero=0.1 * (place + 1) / (depth + 1)), "largest_norm": 1.0},
            "biases": None,
            "activations": {**spread(rms * 10.0**place), "separation": 1.0},
            "gradient": {"norm": gradient * 10.0**-place, "rms": 1.0},
        }
        for place, name in enumerate(names)
    ]


def record(arm="baseline", seed=0, status="ok", depth=2, level=0.5, epochs=EPOCHS, start=None, **recipe):
    """A run whose figures follow from its level: validation accuracy rises to it, and the loss falls to 1 - level."""
    diverged = status == "diverged"
    history = [
        {
            "epoch": epoch,
            "objective": 1.0,
            "train/accuracy": level + 0.1,
            "train/loss": math.nan if diverged else 0.9 - level,
            "validation/accuracy": level * epoch / epochs,
            "validation/loss": math.inf if diverged else 1.0 - level * epoch / epochs,
            "order": "",
        }
        for epoch in range(1, epochs + 1)
    ]
    losses = {
        f"{part}/loss": 1.0 - level + away for part, away in (("train", -0.1), ("validation", 0.0), ("test", 0.1))
    }
    metrics = {**losses, "train/accuracy": level + 0.1, "validation/accuracy": level, "test/accuracy": level}
    broken = layers_of(depth, rms=math.nan, gradient=math.inf)
    return Record(
        arm=arm, seed=seed, status=status, reason="", recipe=resolved(**recipe), fingerprint="", data={}, loop="xla",
        parameters=1, history=history, learning_rate=[0.1, 0.05, 0.0, 0.1], steps_per_epoch=2,
        stopped_epoch=epochs, restored_epoch=epochs, metrics={} if diverged else metrics, structure=[], optimiser={},
        first_loss={}, penalty={}, draws={}, chance={}, machine={"device": "CPU"}, timing={"seconds": {}},
        layers={"start": start or layers_of(depth), "end": broken if diverged else layers_of(depth)},
    )  # fmt: skip


def arm_plans(text, planned):
    study, plan = planned(text)
    return {**plan.summary(), "verdict": study["verdict"]}, plan


def line(axes, place=0):
    """The numbers of one line of a panel."""
    drawn = [item for item in axes.lines if len(item.get_xdata())]
    return drawn[place].get_xdata(), np.array(drawn[place].get_ydata(), float)


def words(figure):
    """Everything that is written in a figure."""
    figure.draw_without_rendering()
    return "\n".join(item.get_text() for item in figure.findobj(lambda item: hasattr(item, "get_text")))


def test_a_study_has_the_pictures_that_its_changes_call_for(planned):
    study, _ = arm_plans(STUDY, planned)
    names = gallery.figures(study)
    assert names[0] == "effects" and len(set(names)) == len(names)
    by_family = {
        family: {p.kind for p in gallery.pictures(study) if p.family == family} for family in summary.families(study)
    }
    assert by_family == {
        "networks": {"curves", "depth", "distributions", "gradients"},
        "rates": {"curves", "rates", "sensitivity"},
        "decay": {"curves", "schedules"},
        "starts": {"curves", "depth", "distributions", "gradients"},
        "regularisers": {"curves", "weights", "gaps", "stopping"},
    }


def test_the_palette_is_seaborns():
    assert seaborn.color_palette("colorblind").as_hex() == style.PALETTE


def test_what_is_mirrored_is_drawn_without_seaborn():
    code = "import sys; import butfor.tracking.run_files; print('seaborn' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_arms_with_different_references_never_share_a_picture(planned):
    study, _ = arm_plans(STUDY, planned)
    references = {arm["name"]: arm["reference"] for arm in study["arms"]}
    for picture in (picture for picture in gallery.pictures(study) if picture.family):
        reference, *others = picture.arms
        assert {references[arm] for arm in others} == {reference} and f"`{reference}`" in picture.caption
    assert {"depth_starts@baseline", "depth_starts@deep"} <= set(gallery.figures(study))


def test_only_the_first_picture_of_initialisers_corrects_the_tuning_notes(planned):
    study, _ = arm_plans(STUDY, planned)
    assert [p.kind for p in gallery.pictures(study) if picture_kinds.HE_NOTE in p.caption] == ["depth"]


@pytest.mark.parametrize(
    ("missing", "seeds"),
    [
        pytest.param("baseline", 2, marks=[pytest.mark.cases, pytest.mark.long]),
        pytest.param("glorot", 1, marks=[pytest.mark.cases, pytest.mark.long]),
        pytest.param("everything", 1, marks=pytest.mark.cases),
    ],
)
def test_every_picture_draws_whatever_the_study_left(planned, tmp_path, missing, seeds):
    study, plan = arm_plans(STUDY, planned)
    for arm in plan.arms.values():
        for seed in range(seeds):
            if missing not in (arm.name, "everything"):
                status = {"exploding": "diverged", "fast": "at_chance"}.get(arm.name, "ok")
                depth = 9 if "deep" in arm.name else 2
                start = layers_of(depth, rms=0.0, gradient=math.nan) if arm.name == "zero" else None
                made = record(arm.name, seed, status, depth, start=start, **arm.recipe)
                write(tmp_path / "runs" / arm.name / f"seed_{seed}.json", made)
    verdicts = ["void: nothing changed", "unproven", "helps", "inconclusive", "something new"]
    rows = [
        {
            "arm": arm.name,
            "reference": arm.reference,
            "metric": "test/accuracy",
            "verdict": verdicts[place % 5],
            "remark": "",
            "effect": None if place % 2 else 1.0,
            "low": None,
            "high": None,
            "failed_ablation": place % 3,
            "failed_reference": 1,
        }
        for place, arm in enumerate(plan.ablations)
    ]
    (tmp_path / "contrasts.json").write_text(json.dumps(rows))
    for processes in (1, 3):
        folders = [tmp_path / "runs" / arm for arm in plan.arms]
        draw(study, folders, tmp_path / "contrasts.json", tmp_path / f"by_{processes}", processes=processes)
    alone, shared = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("by_1", "by_3")
    )
    assert set(alone) == {f"{name}.{kind}" for name in gallery.figures(study) for kind in ("png", "svg")}
    assert alone == shared, "the same to the byte"


def test_of_more_arms_than_a_picture_can_show_those_with_the_largest_effects_are_shown(planned, tmp_path, monkeypatch):
    levels = ", ".join(f"d{n}: {n / 200}" for n in range(1, 121))
    study, plan = arm_plans(
        f"data: {{name: digits}}\nablations: {{many: {{each: {{dropout: {{{levels}}}}}}}}}", planned
    )
    names = [arm.name for arm in plan.ablations]
    effects = {arm: 0.01 * place for place, arm in enumerate(names)} | {names[0]: None, names[1]: -9.0, names[2]: None}
    failed = {names[0]: "hurts", names[2]: "inconclusive"}
    rows = [
        {"arm": arm, "metric": "test/accuracy", "effect": effect, "verdict": failed.get(arm, "inconclusive")}
        | {"low": None, "high": None, "reference": "baseline", "remark": "", "decimals": 2}
        for arm, effect in effects.items()
    ]
    shown, asked = {}, {}

    def noted(name):
        def drawn(_, arms, *more, **how):
            shown[name], asked[name] = (arms, *more), how
            return style.sheet(1.0)

        return drawn

    monkeypatch.setattr("butfor.figures.curves.curves", noted("curves"))
    monkeypatch.setattr("butfor.figures.gaps.gaps", noted("gaps"))
    monkeypatch.setattr("butfor.figures.draw.effects", lambda rows, *more: noted("effects")(0, rows, *more))
    (tmp_path / "contrasts.json").write_text(json.dumps(rows))
    draw(study, [], tmp_path / "contrasts.json", tmp_path / "figures")
    assert shown["curves"] == shown["gaps"] == (["baseline", *names[:2], *names[-38:]],), "in the order of the plan"
    assert asked["curves"]["metric"] == ACCURACY and not asked["gaps"], "curves are to show what decides"
    drawn, *_, said = shown["effects"]
    assert [row["arm"] for row in drawn] == [*names[:2], *names[-98:]]
    assert said == "Shown are the 100 of 120 ablations with the largest effects."
    of_family = [
        picture for picture in gallery.pictures(study) if picture.family and picture.kind != picture_kinds.SENSITIVITY
    ]
    assert all("the 40 of 120 ablations" in picture.caption for picture in of_family)


def test_curves_show_the_mean_over_seeds_and_the_worst_and_best(planned):
    records = [record(seed=0, level=0.4), record(seed=1, level=0.8), record("other", level=0.6)]
    accuracy, loss = curves(records, ["baseline", "other"]).axes
    epochs, mean = line(accuracy)
    assert list(epochs) == [1, 2, 3, 4] and mean == pytest.approx([0.15, 0.3, 0.45, 0.6])
    ends = accuracy.collections[0].get_paths()[0].vertices
    at_end = ends[ends[:, 0] == 4][:, 1]
    assert (at_end.min(), at_end.max()) == pytest.approx((0.4, 0.8))
    assert line(loss, 1)[1] == pytest.approx([0.85, 0.7, 0.55, 0.4])


def test_a_mean_ends_where_the_first_run_stops_and_the_others_go_on_as_thin_lines(planned):
    stopped, other = record(seed=1, level=0.8), record("other", level=0.6)
    del stopped.history[2:]
    accuracy, _ = curves([record(seed=0, level=0.4), stopped, other], ["baseline", "other"]).axes
    epochs, mean = line(accuracy)
    assert list(epochs) == [1, 2] and mean == pytest.approx([0.15, 0.3])
    drawn = [each for each in accuracy.lines if each.get_linewidth() == seed_band.THIN]
    assert [list(each.get_xdata()) for each in drawn] == [[2, 3, 4]] and drawn[0].get_ydata()[-1] == pytest.approx(0.4)
    band = accuracy.collections[0].get_paths()[0].vertices
    assert band[:, 0].max() == 2


def test_a_picture_of_some_ablations_says_which_and_why(planned):
    study, _ = arm_plans(
        "ablations: {decayed: {set: {l2: 0.1}}, both: {set: {dropout: 0.5, l2: 0.2}}, slow: {set: {learning_rate: 0.1}}}",
        planned,
    )
    shown = {picture.kind: picture for picture in gallery.pictures(study) if picture.family}
    assert shown["gaps"].which == "Shown are the ablations that change l2 and dropout." and shown["curves"].which == ""
    assert shown["gaps"].title == "Generalisation gaps: the ablations"


def test_many_arms_get_a_panel_each_with_the_reference_behind_them():
    arms = ["baseline", *(f"arm_{place}" for place in range(6))]
    figure = curves([record(arm, level=0.4 + 0.05 * place) for place, arm in enumerate(arms)], arms)
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in panels] == arms[1:] * 2
    for place, axes in enumerate(panels[:6], start=1):
        assert line(axes, 0)[1][-1] == pytest.approx(0.4) and line(axes, 1)[1][-1] == pytest.approx(0.4 + 0.05 * place)


def test_what_ends_far_away_is_named_and_does_not_squeeze_the_rest():
    arms = ["baseline", "near", "far"]
    records = [record(), record("near", level=0.55), record("far", level=-1000.0)]
    figure = curves(records, arms)
    assert all(np.diff(axes.get_ylim()) < 2 for axes in figure.axes)
    assert "far ↓ −1e+03" in words(figure) and "far ↑ 1e+03" in words(figure)
    table = layer_table([record(), record("far", start=layers_of(2, rms=1e9))], "start")
    assert outliers_at_the_end(table, "rms", ["baseline", "far"], log=True) == ["far"]


def test_what_was_far_on_the_way_does_not_squeeze_the_rest_either():
    table = pd.DataFrame(
        [
            {"arm": arm, "seed": 0, "epoch": epoch, "loss": value}
            for arm, values in {"baseline": (1.0, 0.6), "near": (1.5, 0.5), "far": (400.0, 0.7)}.items()
            for epoch, value in enumerate(values)
        ]
    )
    assert outliers_at_the_end(table, "loss", ["baseline", "near", "far"]) == []
    assert outliers_on_the_way(table, "loss", ["baseline", "near", "far"], "epoch") == ["far"]


def test_arms_are_drawn_with_the_seeds_that_all_of_them_have():
    records = [record("baseline", seed=seed) for seed in range(4)] + [record("a", seed=seed) for seed in (1, 2)]
    assert sorted((r.arm, r.seed) for r in comparable(records)) == [
        ("a", 1),
        ("a", 2),
        ("baseline", 1),
        ("baseline", 2),
    ]
    assert comparable([]) == []


def test_depth_shows_geometric_means_of_hidden_layers_and_marks_zeros_and_overflows():
    starts = [layers_of(2, rms=1.0), layers_of(2, rms=100.0), layers_of(4, rms=0.0), layers_of(4, rms=math.inf)]
    records = [record(seed=seed, start=start) for seed, start in enumerate(starts[:2])]
    records += [record("none", start=starts[2]), record("all", start=starts[3])]
    size, saturated = depth(records, ["baseline", "none", "all"]).axes
    places, rms = line(size)
    assert list(places) == [1, 2] and rms == pytest.approx([10.0, 100.0])
    assert size.get_yscale() == "log" and line(saturated)[1] == pytest.approx([0.5, 0.5])
    marks = {item.get_marker(): list(item.get_xdata()) for item in size.lines if item.get_marker() in ("v", "^")}
    assert marks == {"v": [1, 2, 3, 4], "^": [1, 2, 3, 4]}


@pytest.mark.parametrize(("activation", "share"), [("relu", 0.25), ("sigmoid", 0.5), ("tanh", 0.5), ("gelu", None)])
def test_saturation_goes_by_the_activation_function(activation, share):
    figure = depth([record(start=layers_of(3, activation=activation))], ["baseline", "other"])
    assert len(figure.axes) == (1 if share is None else 2)
    assert share is None or line(figure.axes[1])[1] == pytest.approx([share] * 3)


def test_gradients_are_shown_for_every_layer():
    records = [record(seed=0, start=layers_of(3, gradient=1.0)), record(seed=1, start=layers_of(3, gradient=100.0))]
    (axes,) = gradients(records, ["baseline", "other"]).axes
    places, norms = line(axes)
    assert list(places) == [1, 2, 3, 4] and norms == pytest.approx([10.0, 1.0, 0.1, 0.01])


def test_layers_are_named_where_all_arms_have_the_same_and_numbered_elsewhere():
    def labels(*starts):
        records = [record(f"arm{place}", start=start) for place, start in enumerate(starts)]
        (axes,) = gradients(records, [r.arm for r in records]).axes
        axes.figure.canvas.draw()
        return [label.get_text() for label in axes.get_xticklabels()]

    few, other = layers_of(1), [{**row, "layer": f"own_{row['layer']}"} for row in layers_of(1)]
    assert labels(few, few) == [row["layer"] for row in few]
    assert not {*labels(few, other)} & {row["layer"] for row in few}
    assert "hidden_1" not in labels(layers_of(30))


@pytest.mark.parametrize(("largest", "words"), [(3.0, ["0.2", "0.5", "1", "2"]), (1e9, ["10^{0}"])])
def test_a_logarithmic_scale_writes_all_its_numbers_alike(largest, words):
    axes = style.sheet(2.0).subplots()
    axes.plot([0.3, largest])
    style.logarithmic(axes)
    axes.figure.canvas.draw()
    shown = [label.get_text() for label in [*axes.get_yticklabels(), *axes.get_yticklabels(minor=True)]]
    assert all(any(word in label for label in shown) for word in words)
    assert len({"10^" in label for label in shown if label}) == 1


def test_distributions_show_the_first_and_the_last_hidden_layer_of_at_most_six():
    figure = distributions([record(depth=30), record("shallow", depth=2)], ["baseline", "shallow"])
    visible = [axes for axes in figure.axes if axes.get_visible()]
    titles = [axes.get_title() for axes in visible]
    assert titles == [
        "hidden_1",
        "hidden_7",
        "hidden_13",
        "hidden_18",
        "hidden_24",
        "hidden_30",
        "hidden_1",
        "hidden_2",
    ]
    values, edges, _ = visible[0].patches[0].get_data()
    assert list(values) == [25, 10, 20, 30] and (edges[0], edges[-1]) == (-2.0, 6.0)
    assert visible[0].get_xlabel() == "−2 … 6"
    start = layers_of(2)
    start[0]["activations"]["histogram"] = {"low": 0.0, "high": 1.0, "counts": [0, 5, 0]}
    start[1]["activations"]["histogram"] = {"low": 0.0, "high": 1.0, "counts": [80, 10, 10]}
    constant, towering = distributions([record(start=start)], ["baseline"]).axes
    assert constant.get_xlabel() == "all at 0.5" and towering.texts[0].get_text() == "80 %"
    assert spread_evenly([1, 2]) == [1, 2] and spread_evenly([]) == []


def test_weights_are_densities_and_shares_near_zero_per_seed():
    figure = weights([record(), record("l1", seed=0), record("l1", seed=1)], ["baseline", "l1"])
    histogram, *shares = figure.axes
    density, edges, _ = histogram.patches[-1].get_data()
    assert (density * np.diff(edges)).sum() == pytest.approx(1.0) and histogram.get_yscale() == "log"
    assert [axes.get_title() for axes in shares] == ["hidden_1", "hidden_2", "logits"]
    for place, axes in enumerate(shares, start=1):
        dots = np.concatenate([np.asarray(item.get_offsets()) for item in axes.collections])
        assert sorted(dots[:, 1].round()) == [0, 1, 1] and dots[:, 0] == pytest.approx([0.1 * place / 3] * 3)


def test_gaps_are_training_minus_the_other_images_at_the_end_and_by_epoch():
    figure = gaps([record(level=0.5), record("diverged", status="diverged")], ["baseline", "diverged"])
    accuracy, loss, accuracy_by_epoch, loss_by_epoch = figure.axes
    assert np.asarray(accuracy.collections[0].get_offsets())[0, 0] == pytest.approx(10.0)
    assert np.asarray(loss.collections[0].get_offsets())[0, 0] == pytest.approx(0.2)
    assert line(accuracy_by_epoch)[1] == pytest.approx([47.5, 35.0, 22.5, 10.0])
    assert line(loss_by_epoch)[1] == pytest.approx([0.475, 0.35, 0.225, 0.1])


def test_stopping_shows_the_best_epoch_of_the_monitored_figure():
    watched = record("watched", early_stopping={"name": "patience", "monitor": "accuracy"})
    watched.history[1]["validation/accuracy"] = 0.99
    (axes,) = stopping([record(), watched], ["baseline", "watched", "missing"]).axes
    found = {marker: [item.get_xdata()[0] for item in axes.lines if item.get_marker() == marker] for marker in "|ox"}
    assert found == {"|": [4, 4], "o": [4, 4], "x": [4, 2]}
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "baseline (cross-entropy)",
        "watched (accuracy)",
        "missing (no run)",
    ]


def test_rates_show_losses_by_rate_and_count_what_diverged():
    records = [
        record(learning_rate=0.1, level=0.4),
        record(seed=1, learning_rate=0.1, level=0.6),
        record("slow", learning_rate=0.01, level=0.1, status="at_chance"),
        record("fast", learning_rate=10.0, status="diverged"),
    ]
    figure = rates(records, ["baseline", "slow", "fast"])
    (axes,) = figure.axes
    levels, validation = line(axes)
    assert (
        list(levels) == [0.01, 0.1, 10.0] and validation[:2] == pytest.approx([0.9, 0.5]) and math.isnan(validation[2])
    )
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log") and "1 of 1" in words(figure)
    hollow = [item for item in axes.lines if item.get_markerfacecolor() == "white"]
    assert [list(item.get_ydata()) for item in hollow] == [pytest.approx([0.9]), pytest.approx([0.8])]


def test_schedules_show_the_rate_of_each_step_but_not_zero():
    (axes,) = schedules([record(seed=1), record(seed=0)], ["baseline", "missing"]).axes
    epochs, used = line(axes)
    assert list(epochs) == [0.0, 0.5, 1.5] and used == pytest.approx([0.1, 0.05, 0.1])


def test_effects_are_drawn_where_the_contrasts_put_them():
    row = {
        "arm": "no_dropout",
        "verdict": "void: nothing changed",
        "remark": "",
        "effect": 0.4,
        "low": 0.1,
        "high": 0.7,
        "reference": "baseline",
        "metric": "test/accuracy",
        "failed_ablation": 0,
        "failed_reference": 0,
    }
    far = {**row, "arm": "far", "verdict": "hurts", "effect": -60.0, "low": -70.0, "high": -50.0}
    near = {**row, "arm": "near", "verdict": "inconclusive"}
    figure = effects([row, near, far], {"no_dropout": [0.3, 0.5]}, ACCURACY, VERDICT)
    (axes,) = figure.axes
    drawn = [list(item.get_xdata()) for item in axes.lines]
    assert [0.3, 0.5] in drawn and [0.1, 0.7] in drawn and [0.4] in drawn
    written = words(figure)
    assert "◀ −60 [−70, −50]" in written and "void: nothing changed" in written
    parted = {**row, "typical_note": "the mean and the typical run disagree", "typical": 0.15}
    (axes,) = effects([parted], {"no_dropout": [0.3, 0.5]}, ACCURACY, VERDICT).axes
    assert [0.15] in [list(item.get_xdata()) for item in axes.lines if item.get_marker() == "D"]


def test_a_wide_interval_among_few_is_drawn_whole_and_one_that_leaves_the_axis_is_marked():
    row = {"arm": "a", "reference": "baseline", "metric": "test/accuracy", "verdict": "inconclusive", "remark": ""}
    row |= {"effect": -2.0, "low": -6.0, "high": 2.0}
    wide = {**row, "arm": "b", "effect": -20.0, "low": -40.0, "high": 0.0}
    (axes,) = effects([row, wide], {}, ACCURACY, VERDICT).axes
    assert axes.get_xlim()[0] < -40
    cut = {**row, "arm": "c", "effect": -3.0, "low": -400.0, "high": 394.0}
    (axes,) = effects([row, {**row, "arm": "d"}, cut], {}, ACCURACY, VERDICT).axes
    assert axes.get_xlim()[0] > -100 and {item.get_marker() for item in axes.lines} >= {"<", ">"}


def test_the_axis_of_every_metric_leaves_room_for_the_others_and_an_effect_beyond_it_has_its_number():
    near = [
        judged(arm, effect, "inconclusive", low=effect - 0.3, high=effect + 0.3)
        for arm, effect in (("a", 0.4), ("b", -0.2))
    ]
    far = judged("far", -40.25, low=-43.13, high=-37.38)
    none = judged("none", None, remark="every run failed (2/2)", failed_ablation=2)
    rows = [*near, far, none]
    on_loss = [{**row, "metric": "test/loss", "effect": row["effect"] and -row["effect"], "low": None} for row in rows]
    beside = judged("a", 0.0, "no meaningful difference", metric="gap/accuracy")
    figure = effects_by_metric([*rows, *on_loss, beside], [ACCURACY, LOSS], VERDICT, ["none", "far", "b", "a"])
    written = words(figure)
    assert "◀ −40.2 [−43.1, −37.4]" in written
    assert "+40.25 ▶" in written and "◀ every run failed (2/2)" in written and "every run failed (2/2) ▶" in written
    assert all(axes.get_xlim()[0] > -5 and axes.get_xlim()[1] < 5 for axes in figure.axes)
    assert "no meaningful difference" not in written and "hurts" in written, "of metrics that are drawn"
    narrow = words(effects_by_metric([far, *near], [ACCURACY] * 3, VERDICT, ["far", "b", "a"]))
    assert "◀ −40.2 [−43.1, −37.4]" in narrow
    exact = {**far, "effect": -40.25161, "low": -40.25172, "high": -40.25150, "decimals": 4}
    assert "◀ −40.2516\n" in words(effects_by_metric([exact, *near], [ACCURACY] * 3, VERDICT, ["far", "b", "a"]))


def test_effects_name_in_the_legend_only_what_is_drawn_and_have_their_number_beside_their_row():
    far = judged("far", -40.0, low=-43.0, high=-37.0)
    near = judged("near", 0.4, "inconclusive", low=0.1, high=0.7)
    assert "one pair of runs" not in words(effects([near, far], {}, ACCURACY, VERDICT))
    figure = effects([near, far], {"near": [0.3, 0.5]}, ACCURACY, VERDICT)
    assert "one pair of runs" in words(figure)
    beside = {
        text.get_position()[1]: text.get_text() for text in figure.axes[0].texts if text.get_position()[0] == 1.01
    }
    assert beside == {0: "−40.0", 1: "+0.40"}


def test_effects_on_a_loss_without_a_margin_are_better_to_the_left():
    row = {"reference": "baseline", "metric": "test/loss", "remark": "", "failed_ablation": 0, "failed_reference": 0}
    better = {**row, "arm": "better", "verdict": "helps", "effect": -0.1234, "low": -0.2, "high": -0.05}
    worse = {**row, "arm": "worse", "verdict": "hurts", "effect": 0.3, "low": 0.2, "high": 0.4}
    none = {**row, "arm": "none", "verdict": "hurts", "effect": None, "low": None, "high": None, "failed_ablation": 2}
    figure = effects([better, worse, {**none, "remark": "every run failed (2/2)"}], {}, LOSS, VERDICT)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["none", "worse", "better"]
    written = words(figure)
    assert "← better\nworse →\ntest loss, ablation minus reference (nats)" in written and "margin" not in written
    assert "every run failed (2/2) ▶" in written and axes.texts[0].get_ha() == "right"
    assert "accuracy" not in written and "points" not in written


def test_effects_of_which_nothing_is_known_are_drawn_all_the_same():
    row = {
        "arm": "a",
        "reference": "baseline",
        "metric": "test/loss",
        "verdict": "inconclusive",
        "remark": "",
        "effect": None,
    }
    row |= {"low": None, "high": None, "failed_ablation": 0, "failed_reference": 0}
    assert "no finished pair" in words(effects([row], {}, LOSS, VERDICT))


def test_the_critical_difference_joins_the_arms_that_do_not_differ():
    """Each group once, the longest only; and a study of six data sets has the picture."""
    from butfor.figures.critical_difference import critical_difference

    ranks = {"ranks": {"a": 1.2, "b": 2.0, "c": 3.1, "d": 3.7}, "p": 0.001, "critical": 1.3}
    (axes,) = critical_difference(ranks, "test accuracy").axes
    thick = [line.get_xdata() for line in axes.lines if line.get_linewidth() == 3.5]
    assert [tuple(np.round(ends, 2)) for ends in thick] == [(1.16, 2.04), (1.96, 3.14), (3.06, 3.74)]
    words = [text.get_text().strip() for text in axes.texts]
    assert {"a  1.20", "d  3.70", "critical difference 1.30"} <= set(words)
    assert not critical_difference(None, "test accuracy").axes[0].lines
    arms = [{"name": f"baseline@{n}", "reference": None, "family": "", "primary": False} for n in range(6)]
    study = {"arms": arms, "looks": []}
    assert "critical_difference" in gallery.figures(study)
    assert "critical_difference" not in gallery.figures({**study, "arms": arms[:5]})


def judged(arm, effect, verdict="hurts", **more):
    return {
        "arm": arm, "reference": "baseline", "metric": "test/accuracy", "decimals": 2, "effect": effect, "low": None,
        "high": None, "verdict": verdict, "remark": "", "failed_ablation": 0, "failed_reference": 0, **more,
    }  # fmt: skip


def test_lines_that_lie_on_the_references_are_left_out_and_named_with_their_distance():
    """One within the spread of the reference's runs; not one that parts at the end, nor one without the same seeds and epochs."""
    ends = {"baseline": (0.4, 0.5, 0.6), "same": (0.41, 0.51, 0.61), "apart": (0.46, 0.56, 0.66), "short": (0.4, 0.5)}
    records = [record(arm, seed, level=level) for arm, own in ends.items() for seed, level in enumerate(own)]
    written = words(curves(records, list(ends)))
    assert "Not drawn, because their lines would lie on that of baseline" in written.replace("\n", " ")
    assert "of its runs: same." in written.replace("\n", " ") and "validation accuracy 0.01" in written.replace(
        "\n", " "
    )
    assert {"baseline", "apart", "short"} <= set(written.split("\n")) and "same" not in written.split("\n")


def test_of_two_ablations_none_is_left_out_and_of_one_seed_only_what_is_identical():
    table = pd.DataFrame(
        [
            {"arm": arm, "seed": 0, "epoch": epoch, "loss": value}
            for arm, value in {"baseline": 1.0, "same": 1.0, "near": 1.0001, "other": 2.0}.items()
            for epoch in (1, 2)
        ]
    )
    measures = [Measure("loss", "loss (nats)")]
    assert told_apart(table, ["baseline", "same", "near"], "epoch", measures) == (["baseline", "same", "near"], "")
    kept, said = told_apart(table, ["baseline", "same", "near", "other"], "epoch", measures)
    assert kept == ["baseline", "near", "other"] and "same" in said


def test_the_names_of_lines_keep_their_order_and_their_distance():
    axes = style.sheet(2.0).subplots()
    axes.set(ylim=(0.0, 1.0))
    name_lines(axes, style.lines_of(["a", "b", "c"]), {"a": 0.5, "b": 0.501, "c": -9.0})
    heights = {text.get_text(): text.xy[1] for text in axes.texts}
    assert heights["b"] - heights["a"] > 0.05 and heights["c ↓ −9"] < heights["a"]


def test_an_early_stopping_that_never_acted_is_said_not_drawn():
    figure = stopping([record(epochs=4, early_stopping={"name": "patience"}) for _ in range(2)], ["baseline"])
    assert figure.axes, "these were to train longer"
    ran = [record(seed=seed, **{"early_stopping": {"name": "none"}}) for seed in range(2)]
    for one in ran:
        one.recipe["epochs"] = EPOCHS
    figure = stopping(ran, ["baseline"])
    assert not figure.axes and "there was nothing to stop: baseline." in words(figure).replace("\n", " ")


def test_numbers_that_ablations_change_alone_are_found_and_their_effects_drawn_at_their_values(planned):
    text = """
data: {name: digits}
recipe: {learning_rate: 0.1, dropout: 0.2}
ablations:
  rates: {each: {learning_rate: {slow: 0.001, fast: 1.0}}}
  lone: {set: {dropout: 0.5}, family: rates}
  both: {set: {learning_rate: 0.3, dropout: 0.0}, family: rates}
"""
    study, _ = arm_plans(text, planned)
    baseline, *others = study["arms"]
    numbers = numbers_changed(others, baseline)
    assert numbers == {
        "learning_rate": {
            "slow": ChangedNumber("learning_rate", 0.001, 0.1), "fast": ChangedNumber("learning_rate", 1.0, 0.1),
        }
    }  # fmt: skip
    rows = {"slow": judged("slow", -3.0, low=-4.0, high=-2.0), "fast": judged("fast", None, remark="every run failed")}
    figure = sensitivity(numbers, Effects(rows, {}, ACCURACY, VERDICT), "baseline")
    (axes,) = figure.axes
    x, y = next(
        (item.get_xdata(), item.get_ydata())
        for item in axes.lines
        if len(item.get_xdata()) == 2 and item.get_color() == style.BLUE
    )
    assert list(x) == pytest.approx([-3.0, -1.0]) and list(y) == [-3.0, 0.0], "the reference's value is at 0"
    (fast,) = (text for text in axes.texts if "every run failed" in text.get_text())
    assert fast.get_text() == "◀ every run failed" and fast.get_rotation() == 90 and fast.get_va() == "bottom", "down"
    assert "learning_rate (logarithmic)" in words(figure)


def test_values_close_to_each_other_leave_room_for_the_label_of_the_references_and_of_the_ends():
    places = {value: value for value in (0.0, 0.1, 0.102, 0.15, 0.2, 1.0)}
    numbers = {
        "dropout": {f"arm_{value}": ChangedNumber("dropout", value, 0.102) for value in places if value != 0.102}
    }
    rows = {arm: judged(arm, -1.0, low=-1.2, high=-0.8) for arm in numbers["dropout"]}
    rows["arm_1.0"] = judged("arm_1.0", 50.0, "helps", low=49.5, high=50.5)
    figure = sensitivity(
        {"dropout": numbers["dropout"], "l2": numbers["dropout"]}, Effects(rows, {}, ACCURACY, VERDICT), "b"
    )
    assert "+50.00 [+49.50, +50.50] ▶" in words(figure)
    for axes in figure.axes:
        labels = [label.get_window_extent() for label in axes.get_xticklabels()]
        assert {"0", "0.102", "1"} <= {label.get_text() for label in axes.get_xticklabels()}
        assert all(left.x1 < right.x0 for left, right in itertools.pairwise(labels))


def test_the_front_holds_what_nothing_else_is_both_cheaper_and_better_than():
    places = [Place(arm, cost, cost, cost, effect, "helps") for arm, cost, effect in
              (("a", 1.0, -2.0), ("b", 2.0, 1.0), ("c", 3.0, 0.5), ("d", 4.0, 3.0))]  # fmt: skip
    assert [place.arm for place in front_of(places, True)] == ["a", "b", "d"]
    assert [place.arm for place in front_of(places, False)] == ["a"]
    void = places[1]._replace(verdict="void: nothing changed")
    assert [place.arm for place in front_of([places[0], void, *places[2:]], True)] == ["a", "c", "d"]


def test_costs_are_drawn_by_median_seconds_and_by_parameters_where_those_differ():
    runs = [record("baseline"), record("small", level=0.4)]
    for run, seconds, parameters in zip(runs, (4.0, 2.0), (100, 50), strict=True):
        run.timing["seconds"]["train"], run.__dict__["parameters"] = seconds, parameters
    effects_known = Effects({"small": judged("small", -1.0)}, {}, ACCURACY, VERDICT)
    by_parameters, by_seconds = cost_effect(runs, effects_known, "baseline").axes
    at = [(item.get_xdata()[0], item.get_ydata()[0]) for item in by_seconds.lines if item.get_marker() == "o"]
    assert at == [(2.0, -1.0)] and "parameters" in by_parameters.get_xlabel()
    assert "No run has been timed" in words(cost_effect([], effects_known, "baseline"))


def test_effects_of_one_seed_are_drawn_within_the_axis():
    rows = [judged("a", -2.0, "inconclusive"), judged("b", 3.0, "inconclusive")]
    (axes,) = effects(rows, {"a": [-2.0], "b": [3.0]}, ACCURACY, VERDICT).axes
    low, high = axes.get_xlim()
    assert low < -2.0 and high > 3.0 and "▶" not in words(axes.figure)


def test_a_line_that_parts_only_at_the_end_is_drawn():
    table = pd.DataFrame(
        [
            {"arm": arm, "seed": seed, "epoch": epoch, "loss": seed + (away if epoch == 9 else 0.0)}
            for arm, away in {"baseline": 0.0, "same": 0.2, "parts": 0.4, "other": 5.0}.items()
            for seed in (0, 1)
            for epoch in range(10)
        ]
    )
    kept, _ = told_apart(table, ["baseline", "same", "parts", "other"], "epoch", [Measure("loss", "loss (nats)")])
    assert kept == ["baseline", "parts", "other"]
