"""What the report says of metrics that early stopping watched and that never changed."""

import dataclasses

import pytest

from butfor.report.constant_monitors import constant_monitors
from test_record import EXAMPLE

OWN = {"name": "recall_at_90", "score": "mine:recall", "options": {}, "higher_is_better": True}
FLAT, MOVED = [0.0, 0.0, 0.0], [0.0, 0.1, 0.1]


def run(arm, curve, monitor=OWN, key="early_stopping"):
    name = monitor if isinstance(monitor, str) else monitor["name"]
    recipe = {**EXAMPLE.recipe, key: {"name": "patience", "monitor": monitor}}
    history = [{"epoch": n, f"validation/{name}": figure} for n, figure in enumerate(curve, 1)]
    return dataclasses.replace(EXAMPLE, arm=arm, recipe=recipe, history=history)


def test_arms_are_named_in_most_of_whose_runs_the_watched_metric_never_changed():
    undefined = [float("nan"), float("nan")]
    records = [run("fs", curve) for curve in (FLAT, MOVED, undefined)] + [run("whole", FLAT), run("whole", MOVED)]
    (said,) = constant_monitors(records, {})
    assert said.startswith("**Nothing was watched:** in `fs`, recall_at_90 was the same in every epoch of most runs")


@pytest.mark.parametrize(
    "record",
    [
        run("loss", FLAT, "loss"),
        run("plateau", FLAT, key="schedule"),
        run("short", [0.0]),
        run("falls", [0.2, 0.1]),
        EXAMPLE,
    ],
    ids=lambda record: record.arm,
)
def test_nothing_is_said_of_a_loss_a_plateau_one_epoch_or_a_metric_that_moves(record):
    assert constant_monitors([record], {}) == []
