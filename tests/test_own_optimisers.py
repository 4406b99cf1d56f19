"""Optimisers beside the built-in choices: any class of keras.optimizers, and classes of the user's own."""

import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from butfor.checks.footprints.steps import decay_fault, optimiser_fault
from butfor.engine.keras_optimisers import RateTable, optimiser
from butfor.engine.optimiser_kinds import UNFIT
from butfor.engine.optimiser_trial import try_optimiser
from butfor.errors import StudyError
from butfor.outlook.probes import _has_code_of_its_own
from butfor.recipe.jax_limits import UnsupportedError, refuse_recipe
from butfor.study.recipe_words import changes, in_short, values_set
from butfor.study.written_lines import WrittenLines
from butfor.user_code.location import OwnCodeError
from butfor.workflow import optimiser_trials, tried_functions
from conftest import KERAS, resolved
from keras_training import arm_runs

CODE = """
import keras
import tensorflow as tf

class SignSgd(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.001, beta=0.9, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta, self.beside = beta, {1, 2}

    def build(self, variables):
        if not self.built:
            super().build(variables)
            self.means = self.add_optimizer_variables(variables, "mean")

    def update_step(self, gradient, variable, learning_rate):
        mean = self.means[self._get_variable_index(variable)]
        self.assign(mean, self.beta * mean + (1 - self.beta) * gradient)
        self.assign_sub(variable, learning_rate * keras.ops.sign(mean))

    def get_config(self):
        return {**super().get_config(), "beta": self.beta, "beside": self.beside}

class Slowing(keras.optimizers.Optimizer):
    def __init__(self, learning_rate, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.steps = tf.Variable(0.0)

    def update_step(self, gradient, variable, learning_rate):
        self.steps.assign_add(1.0)
        self.assign_sub(variable, learning_rate * gradient / self.steps)

class Bare(keras.optimizers.Optimizer):
    def __init__(self, learning_rate):
        super().__init__(learning_rate)

class Strict(keras.optimizers.SGD):
    def __init__(self, learning_rate, steps=1, **kwargs):
        if steps < 1:
            raise ValueError("steps below 1")
        super().__init__(learning_rate, **kwargs)

class Popping(keras.optimizers.SGD):
    def __init__(self, learning_rate, **kwargs):
        if kwargs.pop("nu") < 1:
            raise ValueError("nu below 1")
        super().__init__(learning_rate, **kwargs)

class Slipping(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        print("what it prints is no error of its")
        self.assign_sub(variable, learning_rate * keras.ops.sgn(gradient))

class Untold(keras.optimizers.SGD):
    def get_config(self):
        return {"nu": self.nu}

def function(learning_rate):
    return keras.optimizers.SGD(learning_rate)
"""
SMALL = {"model": {"name": "mlp", "widths": [8]}, "epochs": 1, "batch_size": 64, "loop": "graph", "learning_rate": 0.01}
CLASSES = sorted(
    name
    for name, kind in vars(keras.optimizers).items()
    if isinstance(kind, type) and issubclass(kind, keras.optimizers.Optimizer) and name not in UNFIT
)


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("own_steps", None)
    (tmp_path / "own_steps.py").write_text(CODE)
    return lambda name, **settings: {"name": f"own_steps:{name}", "settings": settings}


def of_keras(name, **settings):
    return {"name": "keras", "of": name, "settings": settings}


def made(**recipe):
    return optimiser(resolved(**recipe), RateTable(np.full(4, 0.1, np.float32)))


def trained(data, **recipe):
    return arm_runs(resolved(**{**SMALL, **recipe}), data).train(0)


def losses(run):
    return [row["validation/loss"] for row in run.history]


def test_any_class_of_keras_is_made_with_its_settings_and_those_of_other_keys():
    nadam = made(optimiser=of_keras("Nadam", beta_1=0.8), clipping={"name": "norm", "limit": 1.0}, ema="weights")
    assert isinstance(nadam, keras.optimizers.Nadam)
    assert (nadam.beta_1, nadam.clipnorm, nadam.use_ema) == (0.8, 1.0, True)
    assert {"Adadelta", "Adafactor", "Adamax", "Ftrl", "Lamb", "Muon", "Nadam"} <= {*CLASSES}
    for name in CLASSES:
        assert type(made(optimiser=of_keras(name))).__name__ == name


@pytest.mark.parametrize("name", ["Muon", "Nadam"])
def test_one_trains_as_keras_has_it_and_is_proven(name, digits_data):
    settings = {"Nadam": {"beta_1": 0.8}}.get(name, {})
    run = trained(digits_data, optimiser=of_keras(name, **settings))
    assert run.status == "ok"
    assert optimiser_fault(run) == decay_fault(run) == ""
    assert "expected" not in run.trial  # no rule from a publication is held against its step
    again = trained(digits_data, optimiser=of_keras(name, **settings))
    assert losses(again) == losses(run)
    loops = [trained(digits_data, optimiser=of_keras(name, **settings), loop="fit").history]
    assert [row["validation/loss"] for row in loops[0]] == pytest.approx(
        [row["validation/loss"] for row in run.history]
    )


def test_what_a_run_was_not_trained_by_is_seen(digits_data):
    run = trained(digits_data, optimiser=of_keras("Nadam", beta_1=0.8))
    run.recipe["optimiser"] = of_keras("Nadam", beta_1=0.7)
    assert optimiser_fault(run) == "expected the optimiser's beta_1 0.7, received 0.8"
    run.recipe["optimiser"] = of_keras("Adamax", beta_1=0.8)
    assert optimiser_fault(run) == "expected the optimiser's class Adamax, received Nadam"
    run.recipe["optimiser"] = of_keras("Nadam", beta_1=0.8, weight_decay=0.1)
    assert decay_fault(run) == "expected the optimiser's weight_decay 0.1, received None"


@pytest.mark.parametrize("loop", ["graph", "xla"])
def test_a_class_of_the_users_own_trains(loop, own, digits_data):
    run = trained(digits_data, optimiser=own("SignSgd", beta=0.8), loop=loop)
    assert (run.status, run.optimiser["class"], run.optimiser["beta"]) == ("ok", "SignSgd", 0.8)
    assert "beside" not in run.optimiser  # a record holds plain values
    assert optimiser_fault(run) == ""
    other = trained(digits_data, optimiser=own("SignSgd", beta=0.1), loop=loop)
    assert losses(other) != losses(run)


def test_what_one_keeps_beside_its_variables_does_not_reach_the_next_seed(own, digits_data):
    def runs():
        return arm_runs(resolved(**{**SMALL, "optimiser": own("Slowing")}), digits_data)

    second, both = runs().train(1), runs()
    both.train(0)
    assert losses(both.train(1)) == losses(second)
    assert not both.engine.resumable()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (of_keras("Adan"), r"^optimiser\.of: expected a class of keras\.optimizers, received Adan\..* There are Adadelta"),
        (of_keras("NAdam"), r"received NAdam\. Did you mean Nadam\? There are"),
        (of_keras("ScheduleFreeAdamW"), r"received ScheduleFreeAdamW\. There are"),
        (of_keras("Optimizer"), r"received Optimizer\. There are"),
        (
            of_keras("Nadam", betta_1=0.1),
            r"^optimiser\.settings\.betta_1: expected an argument of keras\.optimizers\.Nadam, received betta_1\."
            r" Did you mean beta_1\? It takes beta_1, beta_2, epsilon, weight_decay, ",
        ),
        (of_keras("Lion", beta_1=2), r"^optimiser\.settings: keras\.optimizers\.Lion does not take {'beta_1': 2}: "),
        (
            {"name": "own_steps:SignSgd", "settings": {"betta": 1}},
            r"^optimiser\.settings\.betta: expected an argument of own_steps:SignSgd, received betta\. Did you mean beta\? It",
        ),
        (
            {"name": "own_steps:Bare", "settings": {"betta": 1}},
            r"^optimiser\.settings\.betta: expected .* own_steps:Bare, received betta\. It takes learning_rate alone\.$",
        ),
        ({"name": "own_steps:Popping", "settings": {"nu": 0}}, r"^own_steps:Popping: making .* ValueError: nu below 1 in "),
        ({"name": "own_steps:function", "settings": {}}, r"^own_steps:function: expected a class made of .* a function\."),
        ({"name": "own_steps:Bare", "settings": {}}, r"^own_steps:Bare: expected a class that takes learning_rate, clipnorm"),
        ({"name": "own_steps:Strict", "settings": {"steps": 0}}, r"^own_steps:Strict: making .* ValueError: steps below 1 in "),
    ],
)  # fmt: skip
def test_one_that_cannot_be_made_is_refused_with_what_to_write(own, settings, message):
    with pytest.raises(OwnCodeError, match=message):
        made(optimiser=settings, clipping={"name": "norm", "limit": 1.0})


@pytest.mark.parametrize(
    ("settings", "beside", "message"),
    [
        ("{clipnorm: 1.0, use_ema: true}", "", "received clipnorm, use_ema. Write clipping for clipnorm, ema for use_ema."),
        ("{learning_rate: 0.1}", "", "received learning_rate. Write learning_rate for learning_rate."),
        ("{weight_decay: 0.1}", "weight_decay: {name: decoupled, rate: 0.1}", "weight_decay: expected none or coupled beside"),
    ],
)  # fmt: skip
def test_settings_that_are_keys_of_a_recipe_are_sent_there(planned, settings, beside, message):
    study = f"""
data: digits
recipe:
  optimiser: {{name: keras, of: Nadam, settings: {settings}}}
  {beside}
ablations: {{no_decay: {{set: {{epochs: 3}}}}}}
"""
    with pytest.raises(StudyError) as refused:
        planned(study)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("nadam", "of: Nadam}."),
        ("Muon", "of: Muon}."),
        ("schedule_free", "of: ScheduleFree}."),
        ("Adam", "Did you mean adam?"),
    ],
)
def test_the_name_of_another_class_says_how_it_is_written(written, remedy):
    with pytest.raises(StudyError) as refused:
        resolved(optimiser=written)
    assert remedy in str(refused.value)


def test_a_class_is_named_in_words_by_its_own_name():
    before, after = resolved(), resolved(optimiser=of_keras("Nadam", beta_1=0.8))
    assert in_short(of_keras("Muon")) == "Muon"
    assert in_short({"name": "mine:wsd", "settings": {"cooldown": 0.2}}) == "mine:wsd(cooldown=0.2)"
    assert values_set(after, before, ["optimiser"]) == ["optimiser: adam → Nadam(beta_1=0.8)"]
    assert values_set(before, after, ["optimiser"])[0].startswith("optimiser: Nadam → adam(")
    (text,) = changes(resolved(optimiser=of_keras("Nadam", beta_1=0.9)), after, ["optimiser"])
    assert text == "optimiser.settings.beta_1 0.8 → 0.9"


def test_a_plan_builds_what_is_not_built_in_and_jax_refuses_it(own):
    assert not _has_code_of_its_own(resolved())
    for settings in (of_keras("Nadam"), own("SignSgd")):
        assert _has_code_of_its_own(resolved(optimiser=settings))
        with pytest.raises(
            UnsupportedError, match=r"optimiser: expected one of sgd, adagrad, rmsprop, adam, adamw, lion, received"
        ):
            refuse_recipe(resolved(optimiser=settings))


def test_a_start_tries_each_once_for_its_code_and_settings(own, monkeypatch):
    asked, run = [], tried_functions.subprocess.run
    monkeypatch.setattr(tried_functions.subprocess, "run", lambda *a, **k: asked.append(k["input"]) or run(*a, **k))
    files = SimpleNamespace(code=lambda name: name)
    recipes = {
        "baseline": resolved(),
        "sign": resolved(optimiser=own("SignSgd"), clipping={"name": "norm", "limit": 1.0}),
    }
    optimiser_trials.try_optimisers({"baseline": resolved()}, files)
    assert asked == []
    for _ in range(2):
        optimiser_trials.try_optimisers({**recipes, "longer": {**recipes["sign"], "epochs": 9}}, files)
    assert len(asked) == 1 and asked[0].count("own_steps") == 1
    with pytest.raises(
        OwnCodeError, match=r"^own_steps:Slipping: taking a step .* has no attribute 'sgn' in "
    ) as refused:
        optimiser_trials.try_optimisers({**recipes, "slips": resolved(optimiser=own("Slipping"))}, files)
    assert len(asked) == 2 and "SignSgd" not in asked[1]
    assert refused.value.written == ""
    with pytest.raises(OwnCodeError, match=r"^optimiser\.of: .*NAdam") as refused:
        optimiser_trials.try_optimisers({"typo": resolved(optimiser=of_keras("NAdam"))}, files)
    assert refused.value.written == "NAdam"
    monkeypatch.setenv("BUTFOR_ENGINE", "own:Engine")
    optimiser_trials.try_optimisers({"typo": resolved(optimiser=of_keras("NAdam"))}, files)
    assert len(asked) == 3


@pytest.mark.parametrize(("name", "message"), [("Slipping", "taking a step with"), ("Untold", "telling its settings")])
def test_one_of_the_users_own_takes_a_step_and_tells_its_settings(own, name, message):
    try_optimiser(resolved(optimiser=own("SignSgd")))
    try_optimiser(resolved(optimiser=of_keras("Muon"), ema="weights", accumulation=2))
    with pytest.raises(OwnCodeError, match=rf"^own_steps:{name}: {message}"):
        try_optimiser(resolved(optimiser=own(name)))
    with pytest.raises(
        OwnCodeError, match=r"^optimiser\.settings: keras\.optimizers\.Nadam does not take {'beta_1': 'high'}: "
    ):
        try_optimiser(resolved(optimiser=of_keras("Nadam", beta_1="high")))


def test_a_start_and_a_dry_run_end_with_a_slip_and_its_line(workflow_copy):
    copy = workflow_copy("slip", KERAS)
    ablations = {"nadam": {"set": {"optimiser": {"name": "keras", "of": "NAdam"}}}}
    copy.write({"study": "slip", "seeds": 2, "data": "digits", "ablations": ablations})
    done = copy.run("-n")
    assert done.returncode == 1
    assert "config.yaml, line 9: optimiser.of: expected a class of keras.optimizers, received NAdam." in done.stderr


def test_what_is_wrong_is_told_after_its_line(tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text("recipe: {epochs: 1}\nablations:\n  nadam: {set: {optimiser: {name: keras, of: NAdam}}}\n")
    lines = WrittenLines([study], {})
    assert lines.message(OwnCodeError("optimiser.of: expected", written="NAdam")).endswith(
        "line 3: optimiser.of: expected"
    )
    assert lines.message(OwnCodeError("keras: expected")).endswith("line 3: keras: expected")
