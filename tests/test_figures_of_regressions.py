"""Pictures of regressions: one name and one unit for one number, and curves of what decides."""

import math
from dataclasses import replace

import pytest

from butfor.figures.curves import curves
from butfor.figures.gaps import gaps
from butfor.figures.loss_by_rate import rates
from butfor.figures.run_curves import sheet
from butfor.figures.stopping import stopping
from butfor.figures.style import unit_below
from butfor.report import arm_story
from butfor.study.asked_metrics import completed
from butfor.study.metric_catalogue import CATALOGUE
from butfor.study.metrics import MAE, METRICS, SQUARES
from butfor.study.study_metrics import RECORDED, metrics_of
from test_figures import line, record, words

pytestmark = pytest.mark.usefixtures("loud_figures")
OF_NUMBERS = RECORDED["regression"]
ARMS = ["baseline", "other"]


def of_numbers(arm="baseline", seed=0, **more):
    """A run that is measured by the mean squared error, 1 - level at its end, and the mean absolute one, its level."""
    known = record(arm, seed, **more)
    renamed = [{name.replace("accuracy", "mae"): value for name, value in row.items()} for row in known.history]
    metrics = {name.replace("accuracy", "mae"): value for name, value in known.metrics.items()}
    return replace(known, history=renamed, metrics=metrics)


RECORDS = [of_numbers(level=0.4), of_numbers("other", level=0.64)]


def decided_by(metric, records=RECORDS):
    figure = curves(records, ARMS, metric)
    return figure, [axes.get_title(loc="left") for axes in figure.axes], words(figure).replace("\n", " ")


def asked(**settings):
    study = {"task": "regression", "metrics": completed(settings)}
    return metrics_of(study)[f"test/{next(iter(settings))}"]


def test_a_number_has_the_same_unit_wherever_it_is_shown():
    assert OF_NUMBERS["test/mae"].unit.name == CATALOGUE["mae"].unit == MAE.recorded_unit == MAE.unit.short
    assert OF_NUMBERS["test/loss"].unit == OF_NUMBERS["gap/loss"].unit == SQUARES.unit
    assert SQUARES.unit.short == SQUARES.unit.name == CATALOGUE["mse"].unit == SQUARES.recorded_unit
    assert OF_NUMBERS["gap/rmse"].unit == OF_NUMBERS["test/rmse"].unit == OF_NUMBERS["test/mae"].unit


def test_pictures_of_a_regression_give_gaps_and_losses_in_its_units_and_name_the_mae_as_the_tables_do():
    watching = [of_numbers(early_stopping={"name": "patience", "monitor": "mae"}, epochs=3)]
    drawn = [gaps(RECORDS, ARMS), curves(RECORDS, ARMS), stopping(watching, ARMS[:1])]
    written = [words(figure) for figure in drawn]
    assert "MAE, test − train\n(units of the target)" in written[0]
    assert "loss, test − train\n(squared units of the target)" in written[0]
    assert "validation MAE (units of the target)" in written[1] and "baseline (MAE)" in written[2]
    everything = "".join([*written, sheet(RECORDS[:1]).partition("</svg>")[0].replace('id="', "")])
    assert "MAE" in everything and "mae (" not in everything and "mae," not in everything and "(mae)" not in everything
    levels = [of_numbers(learning_rate=0.1), of_numbers("other", learning_rate=0.01)]
    assert "final loss (squared units of the target)" in words(rates(levels, ARMS))


def test_the_loss_that_trains_is_drawn_where_every_run_has_it_and_told_from_the_squared_error():
    pinball = {
        "loss": {"name": "pinball", "share": 0.9},
        "early_stopping": {"name": "patience", "monitor": "trained_loss"},
    }

    def measured(each, **recipe):
        history = [{**row, "validation/trained_loss": 1 / row["epoch"]} for row in each.history]
        return replace(each, history=history, recipe={**each.recipe, **pinball, **recipe})

    own = [measured(each) for each in RECORDS]
    last = "validation loss that trains (units of the loss)"
    assert decided_by(OF_NUMBERS["test/mae"], own)[1][-1] == last
    assert last not in decided_by(OF_NUMBERS["test/mae"], [own[0], RECORDS[1]])[1]
    assert "baseline (loss that trains)" in words(stopping(own[:1], ARMS[:1]))
    regression = replace(RECORDS[1], data={**RECORDS[1].data, "task": "regression"}, recipe=own[1].recipe)
    plain = {**pinball["early_stopping"], "monitor": "loss"}
    regression = replace(regression, recipe={**regression.recipe, "early_stopping": plain})
    assert "other (mean squared error)" in words(stopping([regression], ARMS[1:])).replace("\n", " ")
    of_classes = [measured(record(), loss={"name": "focal"})]
    assert "validation loss that trains (nats)" in words(curves(of_classes, ARMS[:1]))


def test_the_story_of_an_arm_names_what_its_curves_show_as_the_pictures_do(monkeypatch):
    monkeypatch.setattr(arm_story, "_records", lambda _, arm: [each for each in RECORDS if each.arm == arm])
    assert arm_story._curves("results", ARMS)[0] == "validation MAE, mean by epoch"


def test_curves_begin_with_what_decides():
    _, titles, said = decided_by(OF_NUMBERS["test/mae"])
    assert titles == ["validation MAE (units of the target)", "validation loss (squared units of the target)"]
    assert "Verdicts are on test MAE; its course on validation examples comes first." in said
    assert "The loss is the mean squared error." in said
    _, titles, _ = decided_by(OF_NUMBERS["test/loss"])
    assert titles == ["validation loss (squared units of the target)", "validation MAE (units of the target)"]
    classified = curves([record(), record("other")], ARMS, METRICS["test/loss"])
    assert [axes.get_title(loc="left") for axes in classified.axes] == [
        "validation loss (nats)",
        "validation accuracy (share)",
    ]


def test_curves_show_a_metric_that_follows_from_what_is_recorded_in_the_unit_that_the_study_gives_it():
    figure, titles, said = decided_by(OF_NUMBERS["test/rmse"])
    assert titles == ["validation RMSE (units of the target)", "validation MAE (units of the target)"]
    assert line(figure.axes[0])[1][-1] == pytest.approx(math.sqrt(0.6)) and "test RMSE" in said
    figure, titles, _ = decided_by(asked(rmse={"unit": "cm", "scale": 100.0}))
    assert titles[0] == "validation RMSE (cm)" and line(figure.axes[0])[1][-1] == pytest.approx(100 * math.sqrt(0.6))


def test_curves_show_the_loss_that_was_trained_where_what_decides_is_measured_at_the_end_alone():
    for each in (records := [of_numbers(), of_numbers("other")]):
        each.history[-1]["objective"] = 0.125
    figure, titles, said = decided_by(asked(pinball={"alpha": 0.9}), records)
    assert titles == ["training loss (as the optimiser saw it)", "validation MAE (units of the target)"]
    assert line(figure.axes[0])[1][-1] == 0.125
    assert "Verdicts are on test pinball loss, which is measured at the end alone. First comes the loss" in said
    assert "mean squared error" not in said


def test_a_unit_has_a_line_of_its_own_where_there_is_no_room_for_it():
    assert unit_below("MAE (units of the target)", 3.0) == "MAE (units of the target)"
    assert unit_below("MAE (units of the target)", 1.0) == "MAE\n(units of the target)"
