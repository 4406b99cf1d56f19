"""Learning-rate schedules of the user's own: worked out, checked, tried first, and part of what a run is made from."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from butfor.checks.footprints.steps import rate_fault
from butfor.data.limits import left_to_train
from butfor.outlook.alike_arms import alike_arms
from butfor.user_code.location import OwnCodeError
from butfor.user_code.own_schedule import rates_of, realised_rates
from butfor.workflow import schedule_trials, tried_functions
from butfor.workflow.arm_code import NO_CODE, ArmCode
from conftest import resolved
from test_record import EXAMPLE

CODE = """
import numpy as np

def wsd(steps, length, steps_per_epoch, cooldown=0.5):
    print("what it prints is no error of its")
    return np.minimum(1.0, (length - steps) / (cooldown * length))

def by_epoch(steps, length, steps_per_epoch):
    return 0.5 ** (steps // steps_per_epoch)

def half(steps, length, steps_per_epoch):
    return 0.5

def endless(steps, length, steps_per_epoch):
    with np.errstate(divide="ignore"):
        return 1 / steps

def rising(steps, length, steps_per_epoch):
    return 0.5 - steps / length

def short(steps, length, steps_per_epoch):
    return np.ones(3)

def by_step(step):
    return 1.0

def fails(steps, length, steps_per_epoch):
    raise KeyError("no table")
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("own_rates", None)
    (tmp_path / "own_rates.py").write_text(CODE)

    def recipe(function, epochs=2, warmup=0, **settings):
        schedule = {"name": f"own_rates:{function}", **({"settings": settings} if settings else {})}
        return resolved(schedule=schedule, epochs=epochs, warmup=warmup, learning_rate=0.1)

    return recipe


def test_it_multiplies_the_learning_rate_from_the_end_of_the_warm_up(own):
    np.testing.assert_allclose(rates_of(own("wsd"), 4), 0.1 * np.minimum(1, (8 - np.arange(8)) / 4), rtol=1e-6)
    np.testing.assert_allclose(rates_of(own("wsd", cooldown=0.25), 4), [0.1] * 7 + [0.05], rtol=1e-6)
    np.testing.assert_allclose(rates_of(own("by_epoch"), 4), [0.1] * 4 + [0.05] * 4, rtol=1e-6)
    warmed = rates_of(own("by_epoch", warmup="2 steps"), 4)
    np.testing.assert_allclose(warmed, [0, 0.05, *[0.1] * 4, *[0.05] * 2], rtol=1e-6)
    np.testing.assert_allclose(rates_of(own("half"), 4), [0.05] * 8, rtol=1e-6)


def test_its_rates_are_held_against_those_that_a_run_used(own):
    recipe = own("wsd")
    history = [{"validation/loss": 1.0, "validation/accuracy": 0.5}] * 2
    used = realised_rates(recipe, 4, history)
    run = replace(EXAMPLE, recipe=recipe, steps_per_epoch=4, learning_rate=list(used), history=history)
    assert rate_fault(run) == ""
    other = replace(run, learning_rate=[*used[:5], used[4], *used[6:]])
    assert rate_fault(other) == "expected the learning rate 0.075 at step 5, received 0.1"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            "endless",
            r"own_rates:endless: expected numbers of 0 or more, received inf at step 0 after the warm-up, of 8\.",
        ),
        ("rising", r"own_rates:rising: expected numbers of 0 or more, received -0\.125 at step 5"),
        (
            "short",
            r"own_rates:short: expected .* at each of 8 steps, received an array of the shape \(3,\)\. Write it for an",
        ),
        ("by_step", r"own_rates:by_step: expected by_step\(steps, length, steps_per_epoch\), received by_step\(step\)"),
        (
            "fails",
            r"own_rates:fails: working out the learning rates, it raised KeyError: 'no table' in .*own_rates\.py, line",
        ),
        ("nowhere", r"own_rates:nowhere: expected a function nowhere in .*own_rates\.py, found none"),
    ],
)
def test_one_that_gives_no_rates_is_refused_with_what_it_gave(own, function, message):
    with pytest.raises(OwnCodeError, match=message):
        rates_of(own(function), 4)


def test_an_argument_that_it_does_not_take_is_named(own):
    with pytest.raises(
        OwnCodeError,
        match=r"expected by_epoch\(steps, length, steps_per_epoch, cooldown\), .* Write def by_epoch",
    ):
        rates_of(own("by_epoch", cooldown=0.1), 4)
    with pytest.raises(
        OwnCodeError, match=r"unexpected keyword argument 'cooldwon'\. Did you mean cooldown\?$"
    ) as refused:
        rates_of(own("wsd", cooldwon=0.1), 4)
    assert refused.value.written == "cooldwon"


def test_a_start_tries_each_once_for_its_code_and_settings(own, monkeypatch):
    asked, run = [], tried_functions.subprocess.run
    monkeypatch.setattr(tried_functions.subprocess, "run", lambda *a, **k: asked.append(k["input"]) or run(*a, **k))
    files = SimpleNamespace(code=lambda name: name)
    schedule_trials.try_schedules({"baseline": resolved(schedule="cosine")}, files)
    assert asked == []
    for _ in range(2):
        schedule_trials.try_schedules({"baseline": resolved(), "wsd": own("wsd")}, files)
    assert len(asked) == 1
    with pytest.raises(
        OwnCodeError, match=r"^own_rates:rising: .* Tried with epochs of 100 steps, before anything trains\.$"
    ):
        schedule_trials.try_schedules({"wsd": own("wsd"), "rising": own("rising")}, files)
    assert len(asked) == 2
    assert '"own_rates:wsd"' not in asked[1]


def test_its_code_is_that_of_the_arms_that_name_it_alone(own):
    class Files:
        def code(self, name):
            return f"code of {name}"

    recipes = {"baseline": resolved(), "wsd": own("wsd"), "half": own("half")}
    code = ArmCode(recipes, {}, Files(), "trains", "watches")
    assert code.of("baseline") == ("trains", NO_CODE)
    assert len({code.of(arm)[1] for arm in recipes}) == 3


def test_arms_are_not_taken_for_alike_by_a_schedule_that_a_plan_does_not_run(own):
    arms = {
        name: SimpleNamespace(name=name, recipe=recipe, placebo=False, data_set="")
        for name, recipe in {"fails": own("fails"), "again": own("fails"), "half": own("half")}.items()
    }
    assert left_to_train(100, 0.1) == 90
    plan = SimpleNamespace(arms=arms, validation={"": 0.1})
    assert alike_arms(plan, {"": 100}) == [["fails", "again"]]
