"""Several inputs by name: read from wherever they lie, trained on as plain Keras trains, and refused where they do not fit."""

from __future__ import annotations

import sys
import textwrap
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from butfor.checks.footprints.scaled_inputs import scaling_fault
from butfor.data.dataset import DataError, Dataset, load
from butfor.data.overlap import shared_examples
from butfor.data.prepare import prepare
from butfor.engine.keras_engine import KerasEngine
from butfor.engine.model_cost import operations
from butfor.engine.user_models import build
from butfor.metrics.stored_data import StoredData
from butfor.recipe.input_scalings import NUMBERS
from butfor.study.schema import complete, load_schema
from butfor.tracking.model_artifacts import description
from butfor.user_code.location import OwnCodeError
from conftest import NEEDS, SCHEMA, resolved
from keras_training import arm_runs, use_device

use_device(threads=1)
RNG = np.random.default_rng(0)
IMAGE, TABLE = RNG.integers(0, 256, (120, 6, 6)).astype(np.uint8), RNG.normal(size=(120, 3)).astype(np.float32)
LABELS = ((IMAGE[:, :3].mean((1, 2)) > IMAGE[:, 3:].mean((1, 2))) + (TABLE[:, 0] > 0)).astype(np.int32)
WEIGHTS = RNG.exponential(size=100).astype(np.float32)
TRAIN, TEST = ({"image": IMAGE[part], "table": TABLE[part]} for part in (slice(100), slice(100, 120)))
DATA = Dataset("two", "f", 3, TRAIN, LABELS[:100], TEST, LABELS[100:], w_train=WEIGHTS,
               pixels={"image": True, "table": False})  # fmt: skip
ORDER = RNG.permutation(100).astype(np.int32).reshape(5, 20)
MODEL = """
    import keras


    def build(recipe, shape, classes, parts):
        image, table = (keras.Input(shape[name], name=name) for name in ("image", "table"))
        x = keras.layers.Concatenate()([parts.flatten(image), table])
        x = keras.layers.Dense(16, "relu", name="hidden")(x)
        return keras.Model({"image": image, "table": table}, keras.layers.Dense(classes, name="logits")(x))
"""
SUBCLASS = """
    import keras


    class Both(keras.Model):
        def __init__(self, classes):
            super().__init__()
            self.hidden, self.last = keras.layers.Dense(16, "relu", name="hidden"), keras.layers.Dense(classes, name="logits")

        def call(self, inputs):
            flat = keras.ops.reshape(inputs["image"], (-1, 36))
            return self.last(self.hidden(keras.ops.concatenate([flat, inputs["table"]], axis=1)))


    def build(recipe, shape, classes, parts):
        return Both(classes)
"""
TABLE_ALONE = ('{"image": image, "table": table}', "table"), ("[parts.flatten(image), table]", "[table, table]")
LISTED = (('{"image": image, "table": table}', "[table, image]"),)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes a model into the working folder, with changes, and gives a recipe with it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    module = f"own_{tmp_path.name}"

    def recipe(text=MODEL, changes=(), **keys):
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(text))
        (tmp_path / f"{module}.yaml").write_text("uses: []\n")
        small = {"batch_size": 20, "epochs": 1, "learning_rate": 0.01}
        return resolved(**{**small, "model": {"name": f"{module}:build"}, **keys})

    return recipe


@pytest.mark.parametrize(
    ("loop", "weighed"),
    [
        ("graph", "given"),
        *(
            pytest.param(loop, weighed, marks=[pytest.mark.cases] + [pytest.mark.long] * (weighed == "none"))
            for loop, weighed in (
                ("graph", "none"),
                ("fit", "none"),
                ("fit", "given"),
                ("xla", "none"),
                ("xla", "given"),
            )
        ),
    ],
)
def test_every_loop_trains_as_plain_keras_does(own, loop, weighed):
    recipe = own(loop=loop, sample_weight=weighed)
    engine = KerasEngine(recipe, DATA.scaled(recipe), np.full(10, 0.01, np.float32))
    engine.start(3)
    taken = engine.try_step(ORDER, 0)
    assert taken.unknown == "" and taken.objective == pytest.approx(taken.loss, rel=1e-5)
    engine.start(3)
    plain = engine._source.build(3)
    optimiser = keras.optimizers.Adam(0.01, epsilon=recipe["optimiser"]["epsilon"])
    plain.compile(optimiser, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    engine.train_epoch(ORDER)
    rows = ORDER.reshape(-1)
    inputs = {"image": TRAIN["image"][rows] / np.float32(255), "table": TRAIN["table"][rows]}
    counts = WEIGHTS[rows] if weighed == "given" else None
    plain.fit(inputs, LABELS[rows], sample_weight=counts, batch_size=20, shuffle=False, verbose=0)
    for ours, theirs in zip(engine.weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-6)


@pytest.mark.filterwarnings("ignore:The structure of")
@pytest.mark.parametrize(
    ("text", "changes"),
    [
        pytest.param(MODEL, LISTED, marks=pytest.mark.cases),
        pytest.param(SUBCLASS, (), marks=pytest.mark.cases),
        pytest.param(MODEL, TABLE_ALONE, marks=pytest.mark.cases),
    ],
    ids=["list", "subclass", "one of two"],
)
def test_models_of_any_kind_take_them_by_name(own, text, changes):
    recipe = own(text, changes, loop="graph")
    assert build(recipe, DATA.scaled(recipe), "an_arm")
    record = arm_runs(recipe, DATA).train(0)
    assert record.metrics and record.data["inputs"]["image"] == [0.0, 1.0]
    assert record.trial["unknown"] == "" and record.trial["objective"] == pytest.approx(record.trial["expected"])


@pytest.mark.cases
def test_mixup_mixes_each_input_alike(own):
    record = arm_runs({**own(loop="graph"), "mixup": 0.4}, DATA).train(0)
    assert record.trial["objective"] == pytest.approx(record.trial["expected"], rel=1e-5)


@pytest.mark.parametrize("given", ["[image, table]", '{"image": image, "table": table}'])
def test_a_model_with_other_names_is_told_what_to_write(own, given):
    """Also where only a dictionary says which is which, by whose keys a kept model is not fed."""
    recipe = own(changes=[("shape[name], name=name", "shape[name]"), ('{"image": image, "table": table}', given)])
    with pytest.raises(
        OwnCodeError,
        match=r'called as those of the data, image, table, .*keras.Input\(shape\["image"\], name="image"\)',
    ):
        build(recipe, DATA, "an_arm")


@pytest.mark.cases
def test_a_kept_model_is_described_by_the_names_of_its_inputs(own, tmp_path):
    runs = arm_runs(own(loop="graph"), DATA)
    record = runs.train(0)
    runs.engine.save(tmp_path / "kept.keras")
    inputs = description(tmp_path / "kept.keras", record, "run").signature.inputs
    assert {x.name: x.shape for x in inputs.inputs} == {"image": (-1, 6, 6), "table": (-1, 3)}
    assert operations(runs.engine.model, DATA.input_shape) == 2 * (39 * 16 + 16 * 3) + 16 + 3


def stored(tmp_path, models="own", **settings):
    keys = load_schema(SCHEMA)
    data = complete(settings, keys["properties"]["data"], keys, "data")
    paths = tmp_path / "arrays.npz", tmp_path / "manifest.json"
    prepare({**data, "largest": {**NEEDS, "models": models, "auto": models}}, *paths, tmp_path / "source.json")
    return load(*paths)


def from_function(tmp_path, returned, name="two"):
    (tmp_path / f"{name}.py").write_text(
        f"import numpy as np\n\n\ndef load():\n    d = np.load('all.npz')\n    return {returned}\n"
    )
    return {"name": f"{name}:load"}


@pytest.fixture
def lying(tmp_path, monkeypatch):
    """The same arrays as people have them."""
    monkeypatch.chdir(tmp_path)
    flat = {"img": TRAIN["image"], "tab": TRAIN["table"], "img_t": TEST["image"], "tab_t": TEST["table"]}
    flat |= {"y_train": LABELS[:100], "y_test": LABELS[100:]}
    np.savez("all.npz", **flat)
    for part, inputs in (("x_train", TRAIN), ("x_test", TEST)):
        (tmp_path / "folder" / part).mkdir(parents=True)
        for name, x in inputs.items():
            np.save(tmp_path / "folder" / part / f"{name}.npy", x)
    np.save("folder/y_train.npy", LABELS[:100])
    np.save("folder/y_test.npy", LABELS[100:])
    return tmp_path


def test_they_are_the_same_wherever_they_lie(lying):
    arrays = {"x_train": {"image": "img", "table": "tab"}, "x_test": {"table": "tab_t", "image": "img_t"}}
    by_name = "{'x_train': {'image': d['img'], 'table': d['tab']}, 'y_train': d['y_train'],"
    by_name += " 'x_test': {'image': d['img_t'], 'table': d['tab_t']}, 'y_test': d['y_test']}"
    found = [
        stored(lying, name="npz", file="all.npz", arrays=arrays),
        stored(lying, name="npy", folder="folder"),
        stored(lying, **from_function(lying, by_name)),
    ]
    assert len({each.fingerprint for each in found[:3]}) == 1
    for each in found:
        assert each.pixels == {"image": True, "table": False} and each.x_test["image"].dtype == np.uint8
        np.testing.assert_array_equal(each.x_train["table"], TRAIN["table"])
    in_pairs = "((d['img'], d['tab']), d['y_train']), ((d['img_t'], d['tab_t']), d['y_test'])"
    in_order = "[d['img'], d['tab']], d['y_train'], [d['img_t'], d['tab_t']], d['y_test']"
    for number, returned in enumerate((in_pairs, in_order)):
        told = stored(lying, **from_function(lying, returned, f"unnamed_{number}"))
        assert told.input_shape == {"input_1": (6, 6), "input_2": (3,)}
    inputs = StoredData(lying / "arrays.npz", lying / "manifest.json", 0.1).inputs("test", 0)
    np.testing.assert_array_equal(inputs["input_2"], TEST["table"])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ("'x_test': {'image': d['img_t']}", r"the inputs of x_train in x_test, image, table, received image\."),
        ("'x_test': {'image': d['img_t'], 'table': d['tab_t'][:, :2]}", r"\(3,\) in x_train/table and \(2,\) in x_test/table"),
        ("'x_test': {'image': d['img_t'], 'table': d['tab_t'] * np.nan}", r"infinity in x_test/table, column 0 \(20 of 20"),
        ("'x_test': {'image': d['img_t'], 'table': d['tab_t'][:7]}", r"received x_test/table \(7, 3\) and y_test \(20,\)"),
        ("'x_test': {'image': d['img_t'], 'a/b': d['tab_t']}", "names of inputs without /, received 'a/b' in x_test"),
        ("'y_test': {'one': d['y_test']}", "expected y_test as one array, received several, y_test/one"),
    ],
    ids=["missing", "shape", "gaps", "length", "name", "targets"],
)  # fmt: skip
def test_what_does_not_fit_is_named(lying, changed, words, request):
    text = "{'x_train': {'image': d['img'], 'table': d['tab']}, 'y_train': d['y_train'], 'y_test': d['y_test'],"
    text += f" 'x_test': {{'image': d['img_t'], 'table': d['tab_t']}}, **{{{changed}}}}}"
    with pytest.raises(DataError, match=words):
        stored(lying, **from_function(lying, text, f"wrong_{request.node.callspec.id}"))


def test_built_in_models_refuse_them_with_the_line_to_write(lying):
    with pytest.raises(DataError, match=r'has the inputs image, table, .*Write recipe: \{model: "my_model:build"\}'):
        stored(lying, "built in", name="npy", folder="folder")


def with_station(lying, station, kind):
    text = "{'y_train': d['y_train'], 'y_test': d['y_test']"
    for part, end in (("train", ""), ("test", "_t")):
        count = 100 if part == "train" else 20
        made = f"({station.format(count=count)}).astype('{kind}')"
        text += f", 'x_{part}': {{'image': d['img{end}'], 'table': d['tab{end}'], 'station': {made}}}"
    return stored(lying, **from_function(lying, text + "}", f"of_{kind}_{sum(map(ord, station))}"))


def test_rows_of_integers_are_left_by_what_is_fitted_to_values(lying):
    ids = "(np.arange({count}) % 40).reshape(-1, 1)"
    whole, fractions = with_station(lying, ids, "int64"), with_station(lying, ids, "float64")
    assert (whole.numbers, fractions.numbers) == (("station",), ())
    assert whole.fingerprint != fractions.fingerprint  # the same values, of which a training makes others
    for scaling in ("standard", "unit"):
        recipe = resolved(input_scaling=scaling)
        scaled, moved = whole.scaled(recipe), fractions.scaled(recipe)
        assert scaled.scaling == {"image": scaling, "table": scaling, "station": NUMBERS}
        assert scaled.input_range["station"] == (0.0, 39.0) and scaled.x_train["station"].dtype == np.float32
        assert set(moved.scaling.values()) == {scaling} and moved.input_range["station"][1] < 2
        np.testing.assert_array_equal(scaled.x_train["image"], moved.x_train["image"])
        record = SimpleNamespace(recipe=recipe, data={"scaling": scaled.scaling})
        assert scaling_fault(record) == ""
        record.data["scaling"] = NUMBERS
        assert scaling_fault(record) == f"expected the scaling {scaling}, received {NUMBERS}"
    assert whole.scaled(resolved(input_scaling="pixels")).scaling["station"] == "pixels"
    assert whole.scaled(resolved()).scaling["station"] == "none"
    assert whole.only(["station"]).scaled(resolved(input_scaling="unit")).scaling == {"station": NUMBERS}


def test_bytes_that_look_like_pixels_and_images_are_scaled(lying):
    assert with_station(lying, "np.arange({count} * 3).reshape(-1, 3) % 256", "uint8").numbers == ()
    assert with_station(lying, "np.arange({count} * 3).reshape(-1, 3) % 9", "uint8").numbers == ("station",)
    assert with_station(lying, "np.arange({count} * 4).reshape(-1, 2, 2)", "int64").numbers == ()


def test_columns_of_a_table_are_inputs_in_groups_and_weights(lying):
    rows = "".join(f"{n},{n * 2},{'ab'[n % 2]},{n % 3},{n % 2 + 1}\n" for n in range(60))
    (lying / "t.csv").write_text(f"age,dose,ward,y,count\n{rows}")
    groups = {"numbers": ["dose", "age"], "ward": ["ward"]}
    data = stored(lying, name="csv", file="t.csv", target="y", inputs=groups, weights="count",
                  test={"share": 0.2, "seed": 0, "by": "random", "column": None})  # fmt: skip
    assert data.input_shape == {"numbers": (2,), "ward": (2,)} and set(data.w_train) == {1.0, 2.0}
    np.testing.assert_array_equal(data.x_train["numbers"][:, 0], 2 * data.x_train["numbers"][:, 1])
    np.testing.assert_array_equal(data.w_train, data.x_train["ward"][:, 1] + 1)
    assert data.scaled(resolved()).scaling == {"numbers": "standard", "ward": "standard"} and data.numbers == ()
    assert stored(lying, name="csv", file="t.csv", target="y", weights="count", test={
        "share": 0.2, "seed": 0, "by": "random", "column": None}).input_shape == (4,)  # fmt: skip


def test_an_example_is_shared_if_all_its_inputs_are():
    alike = {"image": TRAIN["image"][:2], "table": np.stack([TRAIN["table"][0], TRAIN["table"][5]])}
    assert shared_examples(TRAIN, alike) == 1 and shared_examples(TRAIN, TEST) == 0


def test_some_are_left_out_by_name():
    assert DATA.only(["table"]).input_shape == {"table": (3,)} and DATA.only(["table"]).pixels == {"table": False}


def test_an_official_validation_part_follows_the_training_part_in_each_input(lying):
    arrays = {"x_train": {"image": "img", "table": "tab"}, "x_test": {"table": "tab_t", "image": "img_t"}}
    names = {**arrays, "x_val": arrays["x_test"], "y_val": "y_test"}
    data = stored(lying, name="npz", file="all.npz", arrays=names, validation="official")
    assert data.official == 20 and data.input_shape == {"image": (6, 6), "table": (3,)}
    np.testing.assert_array_equal(data.x_train["table"][100:], TEST["table"])
    scaled = data.scaled(resolved(input_scaling="standard"))
    assert abs(scaled.x_train["table"][:100].mean()) < 1e-6 < abs(scaled.x_train["table"].mean())
