"""The user's own model and data: found, held to their word before anything trains, and trained anew when they change."""

import contextlib
import dataclasses
import json
import sys
import textwrap
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from butfor.data.dataset import DataError, Dataset
from butfor.data.prepare import prepare
from butfor.engine.keras_engine import KerasEngine
from butfor.engine.user_models import build
from butfor.errors import StudyError
from butfor.records.results_folder import note_beside
from butfor.study.written_lines import WrittenLines
from butfor.training import build_job
from butfor.training.build_job import build_all, build_on_each, failure
from butfor.user_code import call, location
from butfor.user_code.location import OwnCodeError
from butfor.user_code.recipe_reading import Reading
from conftest import KERAS, resolved
from keras_training import use_device  # noqa: F401 - one thread, as in all tests

DENSE = ["initialiser", "layer_initialisers", "bias_initialiser", "normalisation"]
DENSE += ["l1", "l2", "activity_l1", "activity_l2", "max_norm"]
GOOD = {"uses": [*DENSE, "dropout"], "layers": ["hidden_1", "logits"], "dropouts": 1}
GOOD["properties"] = {"hidden": {"type": "integer", "minimum": 1, "default": 8}}
MODEL = """
    import keras


    def build(recipe, shape, classes, parts):
        inputs = keras.Input(shape)
        x = parts.dense(inputs, recipe["model"]["hidden"], "hidden_1", "relu")
        x = parts.dropout(x)
        outputs = keras.layers.Dense(classes, **parts.kernel("logits"))(x)
        return keras.Model(inputs, outputs)
"""
DROPOUT = "x = parts.dropout(x)"
LOGITS = 'outputs = keras.layers.Dense(classes, **parts.kernel("logits"))(x)'


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes a model and its declaration into the working folder, and gives the model's name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    module = f"own_{tmp_path.name}"

    def write(text=MODEL, declared=GOOD):
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(text))
        if declared is not None:
            (tmp_path / f"{module}.yaml").write_text(
                declared if isinstance(declared, str) else yaml.safe_dump(declared)
            )
        return f"{module}:build"

    return write


@pytest.fixture(scope="module")
def points():
    """20 points in the plane of 3 classes."""
    x, y = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32), (np.arange(20) % 3).astype(np.int32)
    return Dataset("points", "0", 3, x, y, x, y)


def held(own, points, old="", new="", declared=GOOD, **recipe):
    """Build the good model with a change."""
    assert old in MODEL
    name = own(MODEL.replace(old, new) if old else MODEL, declared)
    return build(resolved(**{"dropout": 0.3, **recipe, "model": name}), points, "an_arm")


def test_a_model_that_keeps_its_word_is_built_and_its_layers_are_told(own, points):
    rows = held(own, points)
    assert [row["layer"] for row in rows if row["parameters"]] == ["hidden_1", "logits"]


@pytest.mark.parametrize(
    "recipe",
    [
        {"dropout": 0.0},
        {"initialiser": "zeros"},
        *(pytest.param(other, marks=pytest.mark.long) for other in ({"dropout": [0.5]}, {"l1": 0.1})),
    ],
)
def test_no_recipe_of_such_a_model_is_refused(own, points, recipe):
    held(own, points, **recipe)


def test_an_arm_whose_structure_cannot_use_a_part_takes_it_out_with_a_model_of_another_file(own, points):
    linear = """
        import keras


        def build(recipe, shape, classes, parts):
            inputs = keras.Input(shape)
            return keras.Model(inputs, keras.layers.Dense(classes, name="logits")(inputs))
    """
    with pytest.raises(OwnCodeError, match="If this arm's structure cannot, name a model of another file"):
        build(resolved(model=own(linear, {"uses": ["dropout", "l2"]}), dropout=0.3, l2=1e-4), points, "linear")
    assert build(resolved(model=own(linear, {"uses": []}), dropout=0.0, l2=0.0), points, "linear")


def test_a_model_uses_the_augmentations_that_it_declares_and_no_others(own, points):
    augmented = "x = parts.dropout(parts.augmented(x))"
    held(own, points, DROPOUT, augmented, {**GOOD, "uses": [*GOOD["uses"], "noise"]}, noise=0.1)
    with pytest.raises(OwnCodeError, match="it reads flip, shift, which it does not declare"):
        held(own, points, DROPOUT, augmented)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("return keras.Model(inputs, outputs)", "return outputs", ["Keras model", "KerasTensor"]),
        ("return keras.Model(inputs, outputs)", "return keras.Sequential([keras.layers.Dense(4)])", ["('batch', 4)"]),
        (
            "return keras.Model(inputs, outputs)",
            "m = keras.Model(inputs, outputs); m.compile('sgd', 'mse'); return m",
            [
                "expected a model that is not compiled",
                "Leave out compile(), and",
                "load_model(…, compile=False)",
                "add_loss",
                "train_step",
            ],
        ),
        ("Dense(classes,", "Dense(7,", ["('batch', 3)", "('batch', 7)", "Dense(3), without an activation"]),
        (LOGITS, f"{LOGITS}; outputs = keras.layers.Lambda(keras.ops.softmax)(outputs)", ["probabilities", "softmax"]),
        (
            LOGITS,
            "outputs = keras.layers.Dense(classes, name='logits', kernel_initializer=lambda shape, dtype:"
            " __import__('tensorflow').random.normal(shape))(x)",
            ["same seed", "logits/kernel", "default_rng(parts.key(name))"],
        ),
        (
            "def build(recipe, shape, classes, parts)",
            "def build(recipe, shape)",
            ["expected build(recipe, shape, classes, parts), received build(recipe, shape)", "Write def build"],
        ),
        (
            DROPOUT,
            "x = keras.layers.Dropout(recipe['dropout'])(x)",
            ["uses the recipe's dropout, 0.3", "parts.dropout(x, place)"],
        ),
        (
            DROPOUT,
            "x = parts.dropout(keras.layers.GaussianNoise(0.1, seed=1)(x))",
            ["gaussian_noise", "same start", "Leave out the seed"],
        ),
        (DROPOUT, "x = parts.dropout(x); keras.config.set_floatx('float64')", ["floatx to float64", "dtype="]),
        (DROPOUT, "", ["declares dropout", "Take it out of `uses` in its YAML file", "a model of another file"]),
        (DROPOUT, "x = parts.dropout(parts.dropout(x))", ["received dropout_1 2 times", "parts.dropout(x, 2)"]),
        (DROPOUT, "x = parts.dropout(parts.dropout(x), 2)", ["expected 1", "received 2", "`dropouts`"]),
        (DROPOUT, "x = parts.input_dropout(parts.dropout(x))", ["reads input_dropout", "Write uses: ["]),
        (DROPOUT, "x = parts.dropout(x) * {**recipe}['batch_size']", ["batch_size"]),
        ('"hidden_1"', '"first"', ["hidden_1", "first"]),
    ],
)
def test_a_model_that_does_not_is_named_with_what_to_write(own, points, old, new, words):
    with pytest.raises(OwnCodeError) as raised:
        held(own, points, old, new)
    assert "\n" not in str(raised.value)
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize(
    ("task", "outputs", "ends", "probabilities"),
    [
        ("regression", (5,), "End it with keras.layers.Dense(5), without an activation.", False),
        ("regression", (16, 16, 1), "Conv2D(1, 1) on a tensor of shape ('batch', 16, 16, …), or Dense(256) and", False),
        ("regression", (16, 16, 1), "Reshape((16, 16, 1)), without an activation.", False),
        ("segmentation", (16, 16, 4), "Conv2D(4, 1) on a tensor of shape ('batch', 16, 16, …), or Dense(1024)", True),
        ("sequence", (6, 4), "Dense(4) on a tensor of shape ('batch', 6, …), or Dense(24) and Reshape((6, 4))", True),
    ],
)
def test_a_model_of_other_outputs_is_told_to_end_as_its_targets_need_it(
    own, points, task, outputs, ends, probabilities
):
    data = dataclasses.replace(points, task=task, outputs=outputs)
    with pytest.raises(OwnCodeError) as raised:
        held(own, data, "Dense(classes,", "Dense(7,")
    said = str(raised.value)
    assert f"{('batch', *outputs)}, received ('batch', 7)" in said and ends in said, said
    assert ("probabilities" in said) == probabilities


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LOGITS, "outputs = keras.layers.Dense(classes, name='logits')(x)"),
        (DROPOUT, "x = parts.dropout(keras.layers.GaussianNoise(0.1)(x))"),
    ],
)
def test_a_model_whose_layers_have_no_seeds_is_built(own, points, old, new):
    held(own, points, old, new, {**GOOD, "layers": ["hidden_1"]})


def test_a_model_with_a_single_output_for_two_classes_hears_that_they_need_two(own, points):
    two = dataclasses.replace(points, classes=2)
    with pytest.raises(
        OwnCodeError, match=r"'batch', 1\).*Dense\(2\), without an activation.*two classes, write task: binary"
    ):
        held(own, two, "Dense(classes,", "Dense(1, 'sigmoid',")


def shares(last):
    """A model of one class by itself, whose first outputs lie between 0 and 1."""
    small = 'bias_initializer=keras.initializers.Constant(0.5), kernel_initializer="zeros", name="logits"'
    hidden = "x + 0.01 * keras.layers.Dense(8)(x)"
    return f"outputs = {last.replace('LOGITS', f'(keras.layers.Dense(1, {small})({hidden}) + 0.01 * x[:, :1])')}"


@pytest.mark.parametrize("last", ["LOGITS", "1 / (1 + keras.ops.exp(-LOGITS))"], ids=["logits", "probabilities"])
def test_first_logits_between_0_and_1_are_not_taken_for_probabilities_but_those_from_elsewhere_are(own, points, last):
    two = dataclasses.replace(points, task="binary", classes=2, outputs=(1,))
    declared = {**GOOD, "layers": ["hidden_1"]}
    message = "from 0 to 1 for any weights, which are probabilities from elsewhere"
    with contextlib.nullcontext() if last == "LOGITS" else pytest.raises(OwnCodeError, match=message):
        held(own, two, LOGITS, shares(last), declared)


def test_a_sequential_model_is_built_and_its_layers_are_told(own, points):
    text = """
        import keras

        def build(recipe, shape, classes, parts):
            hidden = keras.layers.Dense(4, "relu", **parts.kernel("hidden_1"))
            return keras.Sequential([keras.Input(shape), hidden, keras.layers.Dense(classes, **parts.kernel("logits"))])
    """
    name = own(text, {"uses": ["initialiser", "layer_initialisers", "bias_initialiser", "l1", "l2", "max_norm"]})
    assert [row["layer"] for row in build(resolved(model=name), points, "an_arm")] == ["hidden_1", "logits"]


def test_a_step_of_the_user_s_own_may_branch_on_what_it_computes(own, points):
    """By AutoGraph, which reads users' code, and no other."""
    text = """
        import keras
        import tensorflow as tf

        class Halving(keras.Model):
            def train_step(self, data):
                x, y = data
                if tf.reduce_sum(x) > 1e9:
                    x = x / 2.0
                return keras.Model.train_step(self, (x, y))

        def build(recipe, shape, classes, parts):
            inputs = keras.Input(shape)
            return Halving(inputs, keras.layers.Dense(classes, **parts.kernel("logits"))(inputs))
    """
    name = own(text, {"uses": ["initialiser", "layer_initialisers", "bias_initialiser", "l1", "l2", "max_norm"]})
    engine = KerasEngine(resolved(model=name, batch_size=5, loop="graph"), points, np.full(8, 0.1, np.float32))
    engine.start(0)
    _, objective = engine.train_epoch(np.arange(20, dtype=np.int32).reshape(4, 5))
    assert 0 < objective < 10


def test_what_is_frozen_stays_and_what_is_added_to_the_loss_counts(own, points):
    text = """
        import keras

        class Added(keras.layers.Layer):
            def call(self, x):
                self.add_loss(3.0 + 0.0 * keras.ops.sum(x))
                return x

        def build(recipe, shape, classes, parts):
            inputs = keras.Input(shape)
            x = keras.layers.Dense(4, "relu", trainable=False, **parts.kernel("hidden_1"))(inputs)
            return keras.Model(inputs, keras.layers.Dense(classes, **parts.kernel("logits"))(Added()(x)))
    """
    name = own(text, {"uses": ["initialiser", "layer_initialisers", "bias_initialiser", "l1", "l2", "max_norm"]})
    recipe = resolved(model=name, batch_size=5, loop="graph")
    build(recipe, points, "an_arm")
    engine = KerasEngine(recipe, points, np.full(8, 0.1, np.float32))
    engine.start(0)
    before = engine.model.get_layer("hidden_1").kernel.numpy(), engine.model.get_layer("logits").kernel.numpy()
    _, objective = engine.train_epoch(np.arange(20, dtype=np.int32).reshape(4, 5))
    after = engine.model.get_layer("hidden_1").kernel.numpy(), engine.model.get_layer("logits").kernel.numpy()
    assert (before[0] == after[0]).all() and (before[1] != after[1]).any()
    assert 3.0 < objective < 10.0


def test_a_layer_that_two_builds_share_is_refused(own, points):
    shared = MODEL.replace("def build", "HIDDEN = keras.layers.Dense(4)\n\n\n    def build").replace(
        DROPOUT, "x = parts.dropout(HIDDEN(x))"
    )
    with pytest.raises(OwnCodeError, match=r"building it twice gave the same dense.*Make all of them in the function"):
        build(resolved(dropout=0.3, model=own(shared)), points, "an_arm")


def test_a_setting_of_its_own_that_it_does_not_read_is_refused_where_it_says_something(own, points):
    declared = {**GOOD, "properties": {**GOOD["properties"], "depth": {"type": "integer", "default": 1}}}
    name = own(MODEL, declared)
    build(resolved(dropout=0.3, model={"name": name, "hidden": 8, "depth": 1}), points, "an_arm")
    with pytest.raises(OwnCodeError, match="its setting depth is 2 in this arm, and was not read"):
        build(resolved(dropout=0.3, model={"name": name, "hidden": 8, "depth": 2}), points, "an_arm")


@pytest.mark.parametrize(
    "text",
    [
        """
        import keras

        def build(recipe, shape, classes, parts):
            inputs = keras.Input(shape)
            fixed = keras.initializers.HeNormal(seed=1)
            return keras.Model(inputs, keras.layers.Dense(classes, kernel_initializer=fixed)(inputs))
        """,
        """
        import keras

        class Noise(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.draws = keras.random.SeedGenerator(1)

            def call(self, x, training=False):
                return x + keras.random.normal((), seed=self.draws) if training else x

        def build(recipe, shape, classes, parts):
            inputs = keras.Input(shape)
            first = keras.initializers.HeNormal(seed=parts.key("weights"))
            return keras.Model(inputs, Noise()(keras.layers.Dense(classes, kernel_initializer=first)(inputs)))
        """,
    ],
)
def test_draws_that_do_not_follow_the_seed_are_refused(own, points, text):
    with pytest.raises(OwnCodeError, match=r"another seed gave .*parts\.key"):
        build(resolved(model=own(text, {"uses": []})), points, "an_arm")


def test_every_way_to_read_a_recipe_is_noted():
    for read_it in (
        lambda r: r["a"],
        lambda r: r.get("a"),
        lambda r: {**r},
        dict,
        lambda r: r.items(),
        lambda r: r | {},
    ):
        recipe = Reading({"a": 1})
        given = read_it(recipe)
        assert given in (1, {"a": 1}) or list(given) == [("a", 1)]
        assert recipe.keys_read == {"a"} or isinstance(given, dict), read_it


def test_a_model_that_cannot_be_built_says_why_in_its_file_and_beside_its_records(own, digits, tmp_path):
    name = own(MODEL.replace("(inputs, recipe", "(keras.layers.Flatten()(inputs), recipe"))
    good, bad = resolved(model=name, dropout=0.1), resolved(model=name, dropout=0.1)
    bad["dropout"] = [0.1, 0.2]
    paths = [tmp_path / "built" / "good.json", tmp_path / "built" / "bad.json"]
    build_all(KERAS, {"good": good, "bad": bad}, *digits, paths, "look1")
    assert json.loads(paths[0].read_text())[-1]["layer"] == "logits" and failure(paths[0]) is None
    assert failure(paths[1]).startswith("bad: ")
    note = json.loads(note_beside(tmp_path / "runs" / "bad" / "look1").read_text())
    assert (note["arm"], note["look"], note["seed"], note["why"]) == ("bad", "look1", None, failure(paths[1]))


def test_where_no_model_can_be_built_the_job_itself_fails_and_what_is_common_is_told_once(
    own, digits, tmp_path, monkeypatch, caplog
):
    here = SimpleNamespace(run=lambda words, input, **more: build_job._build_in_turn(json.loads(input)))
    monkeypatch.setattr(build_job, "subprocess", here)  # in place of a process, which the test above has
    monkeypatch.setattr(build_job, "log_to", lambda path: None)
    name = own(MODEL.replace("(inputs, recipe", "(keras.layers.Flatten()(inputs), recipe"))
    bad = {**resolved(model=name), "dropout": [0.1, 0.2]}
    arms, paths = {"one": bad, "two": bad}, [tmp_path / "1", tmp_path / "2"]
    everywhere = [[path] * len(arms) for path in digits]
    with pytest.raises(OwnCodeError, match=r"own models could be built \(one, two\); see above\.$"):
        build_on_each(KERAS, arms, *everywhere, paths, "look1", {})
    assert caplog.text.count("one: ") == 1 and "two: the same as of one" in caplog.text
    build_on_each(KERAS, arms, *everywhere, paths, "look1", {}, built_before=1)  # that the study has another is enough
    assert all(map(failure, paths))


ABLATION = "ablations: {a: {set: {dropout: 0.5}}}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("recipe: {model: {name: OWN, hiden: 3}}\n" + ABLATION, ["hiden", "recipe.model", "Did you mean hidden?"]),
        ("recipe: {model: {name: OWN, hidden: many}}\n" + ABLATION, ["recipe.model.hidden", "whole number", "'many'"]),
        ("recipe: {model: {name: OWN, hidden: 0}}\n" + ABLATION, ["recipe.model.hidden", "at least 1"]),
        ("recipe: {model: OWN}\nablations: {a: {set: {model.hiden: 3}}}", ["hiden", "Did you mean hidden?"]),
        ("recipe: {model: OWN, spatial_dropout: 0.3}\n" + ABLATION, ["spatial_dropout", "does not use it", "0.3"]),
        ("recipe: {model: OWN}\nablations: {a: {set: {shift: 2}}}", ["ablations.a.shift", "does not use it"]),
        ("recipe: {model: OWN, dropout: [0.1, 0.2]}\n" + ABLATION, ["dropout", "1 in a list"]),
        ("recipe: {model: OWN, layer_initialisers: {hidden_2: zeros}}\n" + ABLATION, ["no layer hidden_2", "logits"]),
        ("recipe: {model: 'nowhere:build'}\n" + ABLATION, ["nowhere:build", "nowhere.py", "found none"]),
        (
            "recipe: {model: OWNer}\n" + ABLATION,
            ["expected a function builder", "found none", "Did you mean own_", ":build?"],
        ),
        ("recipe: {model: xOWN}\n" + ABLATION, ["found none", "Did you mean own_", ":build?"]),
        ("recipe: {model: 'beside:build'}\n" + ABLATION, ["It lies in lab/beside.py", "write lab.beside:build."]),
        (
            "recipe: {model: OWN}\nablations: {a: {set: {spatial_dropout: 0}}}",
            ["same recipe", "settings are model.hidden."],
        ),
        ("data: 'nowhere:load'\n" + ABLATION, ["nowhere:load", "nowhere.py", "found none"]),
        ("data: OWNer\n" + ABLATION, ["expected a function builder", "found none"]),
    ],
)
def test_what_the_study_file_says_of_an_own_model_is_checked_while_planning(planned, own, tmp_path, text, words):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "beside.py").write_text("def build(): pass")
    with pytest.raises(StudyError) as raised:
        planned(text.replace("OWN", own()))
    assert "\n" not in str(raised.value)
    for word in words:
        assert word in str(raised.value)


def test_a_model_that_is_not_found_is_told_with_the_line_that_names_it(tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text("recipe:\n  epochs: 1\n  model: {name: 'nowhere:build'}\n")
    told = WrittenLines([study], {}).message(OwnCodeError("nowhere:build: expected a file."))
    assert told.endswith("study.yaml, line 3: nowhere:build: expected a file.")
    assert WrittenLines([study], {}).message(OwnCodeError("other:build: expected it.")) == "other:build: expected it."


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (None, [".yaml", "`uses:`", "received no such file", "`uses: [dropout]`"]),
        ("", ["a mapping"]),
        ("uses: [", ["expected YAML"]),
        ("description: x", ["uses", "expected this key"]),
        ("uses: dropout", ["uses", "a list"]),
        ("uses: [dropuot]", ["dropuot", "no key of a recipe"]),
        ("uses: [dropout]\nlayer: [a]", ["layer", "unknown key", "Did you mean layers?"]),
        ("uses: [dropout]\nproperties: {hidden: 32}", ["properties.hidden", "a mapping", "32"]),
        ("uses: [dropout]\nproperties: {hidden: {type: integer}}", ["default", "properties.hidden"]),
        ("uses: [dropout]\nproperties: {hidden: {type: int, default: 3}}", ["JSON Schema", "'int'"]),
    ],
)
def test_a_declaration_with_a_mistake_is_refused_while_planning(planned, own, declared, words):
    with pytest.raises(StudyError) as raised:
        planned(f"recipe: {{model: '{own(MODEL, declared)}'}}\n" + ABLATION)
    assert "\n" not in str(raised.value)
    for word in words:
        assert word in str(raised.value)


def test_a_model_with_a_syntax_error_is_refused_while_planning(planned, own):
    with pytest.raises(OwnCodeError, match="line 1: expected Python"):
        planned(f"recipe: {{model: '{own('def build(:')}'}}\n" + ABLATION)


def test_own_settings_may_have_the_names_of_a_built_in_models(planned, own):
    lists = {"default": [4], "type": "array"}
    name = own(MODEL, {**GOOD, "properties": {"widths": lists, "depth": {"default": 2}, "filters": lists}})
    assert planned(f"recipe: {{model: '{name}'}}\n" + ABLATION)[1].arms["a"].recipe["model"]["depth"] == 2


def test_another_module_of_the_same_name_is_not_taken_for_the_users(own, tmp_path):
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "mine.py").write_text("def build(): pass")
    with pytest.raises(OwnCodeError, match=r"another json first.*Rename yours"):
        call.load("json.mine:build")


def test_the_files_of_a_model_are_its_own_and_those_beside_it_that_it_imports(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab").mkdir()
    sources = {"lab/net.py": "import keras\nfrom lab import a\nfrom . import b\nfrom .c import f\ndef build(): pass"}
    sources |= {
        "lab/a.py": "import lab.d",
        "lab/b.py": "",
        "lab/c.py": "import lab.net",
        "lab/d.py": "",
        "lab/e.py": "",
    }
    for name, text in sources.items():
        (tmp_path / name).write_text(text)
    found = location.files("lab.net:build")
    assert [path.stem for path in found] == ["a", "b", "c", "d", "net"]
    assert location.files("mlp") == []


def test_libraries_on_the_python_path_are_not_the_users_own(tmp_path, monkeypatch):
    """Such as TensorFlow where a cluster's modules put it: 10 000 files would be read at every start."""
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "net.py").write_text("import heavy, mine\ndef build(): pass")
    for place, module in (("installed", "heavy"), ("editable", "mine")):
        (tmp_path / place).mkdir()
        (tmp_path / place / f"{module}.py").touch()
        monkeypatch.syspath_prepend(tmp_path / place)
    (tmp_path / "installed" / "heavy-1.0.dist-info").mkdir()
    (tmp_path / "editable" / "mine.egg-info").mkdir()
    monkeypatch.chdir(tmp_path / "study")
    assert {path.stem for path in location.files("net:build")} == {"net", "mine"}


def test_data_that_are_not_the_four_arrays_are_refused(own, tmp_path):
    name = own("def build(): return 1, 2")
    with pytest.raises(DataError, match="expected it to return x_train"):
        prepare(
            {"name": name, "arrays": {}, "validation": 0.1},
            *[tmp_path / part for part in ("a.npz", "m.json", "s.json", "files")],
        )


READ = """
    import keras, numpy as np

    def build(recipe, shape, classes, parts):
        inputs = keras.Input(shape)
        model = keras.Model(inputs, keras.layers.Dense(classes, **parts.kernel("logits"))(keras.layers.Flatten()(inputs)))
        model.set_weights([np.random.default_rng(3).normal(size=w.shape) for w in model.weights])
        return model
"""


def test_a_model_whose_weights_are_all_read_says_so(own, points):
    declared = {"uses": ["initialiser", "layer_initialisers", "bias_initialiser", "l1", "l2", "max_norm"]}
    with pytest.raises(
        OwnCodeError, match=r"another seed gave the same initial weights.*pretrained: true in own_.*yaml"
    ):
        build(resolved(model=own(READ, declared)), points, "an_arm")
    assert build(resolved(model=own(READ, {**declared, "pretrained": True})), points, "an_arm")


@pytest.mark.parametrize(
    "message",
    [
        'in user code:\n\n    File "/a/trainer.py", line 62, in step  **\n        loss = {0}\n\n    ValueError: my own words\n',
        "Graph execution error:\n\nDetected at node a/b defined at (most recent call last):\n{0}\nmy own words",
    ],
    ids=["AutoGraph", "a step of training"],
)
def test_the_words_of_an_error_are_told_before_where_tensorflow_met_it(message):
    places = "".join(f'  File "/a/file_{n}.py", line {n}, in step\n\n' for n in range(20))
    told = pytest.raises(OwnCodeError, match=r"it raised \w+Error: (Graph execution error: )?my own words")
    with told, call.attribute_errors_to("mine:build", "training"):
        raise ValueError(message.format(places))


def test_an_error_that_ends_with_a_full_stop_has_no_second_one():
    with pytest.raises(OwnCodeError, match=r"it raised ValueError: write this instead in \S+, line \d+\.\n"):  # noqa: SIM117
        with call.attribute_errors_to("mine:build", "training"):
            raise ValueError("write this instead.")
