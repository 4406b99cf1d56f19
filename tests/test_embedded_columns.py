"""Columns of categories whose vectors are learnt: what is stored, what models make of it, and what proves that they did."""

import dataclasses
import sys
import textwrap

import keras
import numpy as np
import pandas as pd
import pytest

from butfor.checks.manipulation import examine
from butfor.data.dataset import load
from butfor.data.prepare import prepare
from butfor.engine.keras_engine import KerasEngine
from butfor.engine.user_models import build
from butfor.errors import StudyError
from butfor.recipe.categories import Categorical, widths
from conftest import resolved
from keras_training import arm_runs

ROWS = 150
SETTINGS = {"model": {"name": "mlp", "widths": [8]}, "batch_size": 20, "epochs": 1, "learning_rate": 0.01}
ABLATION = "recipe: {batch_size: 8}\nablations: {a: {set: {dropout: 0.1}}}\n"
COLUMNS = [["ward", 1, 4, ""], ["city", 2, 4, ""]]


@pytest.fixture
def table(tmp_path):
    """Two numbers between which two columns of words stand, one with a word that the test rows alone have."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.normal(50, 9, ROWS), "ward": rng.choice(["a", "b", "c"], ROWS)})
    frame["city"] = rng.choice(["Łódź", "서울", "x/y"], ROWS)
    frame["dose"] = rng.normal(size=ROWS)
    frame["y"] = np.where((frame["ward"] == "a") ^ (frame["dose"] > 0), "yes", "no")
    frame["part"] = np.where(np.arange(ROWS) < 120, "train", "test")
    frame.loc[149, "ward"] = "unseen"
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def data(planned, tmp_path, table):
    """The data set, as its training process has it."""

    def of(more="embedded: all, part: part", study=""):
        text = f"{study}data: {{name: csv, file: {table}, target: y, {more}}}\n{ABLATION}"
        settings, plan = planned(text)
        files = [tmp_path / name for name in ("a.npz", "m.json", "s.json")]
        needs = {**plan.largest(), **({"models": "own"} if "inputs" in more else {})}
        prepare({**settings["data"], "largest": needs}, *files, tmp_path / "files")
        return load(*files[:2])

    return of


def test_words_become_numbers_from_1_and_0_is_one_that_no_training_row_has(data, table):
    got, frame = data(), pd.read_csv(table)
    assert [list(column) for column in got.categorical] == COLUMNS
    numbers = frame["ward"].map({"a": 1, "b": 2, "c": 3, "unseen": 0})
    np.testing.assert_array_equal(np.concatenate([got.x_train, got.x_test])[:, 1], numbers)
    assert got.x_train.shape == (120, 4) and got.x_test[-1, 1] == 0
    scaled = got.scaled(resolved(**SETTINGS))
    np.testing.assert_array_equal(scaled.x_train[:, 1:3], got.x_train[:, 1:3])
    assert abs(scaled.x_train[:, [0, 3]].mean()) < 1e-6
    assert [list(each) for each in data("embedded: [ward], part: part").categorical] == [["ward", 1, 4, ""]]
    assert data("embedded: [ward], part: part").x_train.shape[1] == 1 + 1 + 3 + 1  # the cities are columns of 0 and 1
    assert data("part: part").fingerprint != got.fingerprint and not data("part: part").categorical


def test_numbers_that_are_named_are_categories_and_several_inputs_have_their_own(data, table):
    frame = pd.read_csv(table).assign(age=np.arange(ROWS) % 70)  # of more values than a column of words may have
    frame.to_csv(table, index=False)
    got = data("inputs: {rows: [dose, city], ages: [age]}, embedded: [age, city], part: part")
    assert got.categorical == (Categorical("city", 1, 4, "rows"), Categorical("age", 0, 71, "ages"))
    np.testing.assert_array_equal(got.x_train["ages"][:, 0], np.arange(120) % 70 + 1)
    scaled = got.scaled(resolved(**SETTINGS))
    np.testing.assert_array_equal(scaled.x_train["rows"][:, 1], got.x_train["rows"][:, 1])


def test_a_folds_words_are_those_of_its_own_training_rows(data):
    whole = data("embedded: all, drop: [part]", "replicates: {folds: 5, stratified: false}\n")
    seed = next(s for s in range(5) if 149 in whole.folds.rows(whole.y_train, s)[1])
    row = list(whole.folds.rows(whole.y_train, seed)[1]).index(149)
    assert whole.x_train[149, 1] == 4 and whole.of_seed(seed).x_test[row, 1] == 0
    assert whole.of_seed((seed + 1) % 5).x_train[:, 1].max() == 4


def test_widths_are_fastais_or_those_that_a_recipe_asks_for():
    of = {size: widths(resolved(), [size])[0] for size in (2, 3, 10, 100, 1000, 10**6)}
    assert of == {2: 2, 3: 3, 10: 6, 100: 21, 1000: 77, 10**6: 600}  # emb_sz_rule
    assert widths(resolved(categories={"name": "embedded", "width": 5}), [3, 40]) == [5, 5]
    assert widths(resolved(categories="one_hot"), [3, 40]) == []


def plain_model(is_embedded):
    """The same network in plain Keras."""
    rows = keras.Input((4,))
    numbers = keras.ops.stack([rows[:, 0], rows[:, 3]], axis=1)
    columns = [keras.ops.cast(rows[:, at], "int32") for at in (1, 2)]
    if is_embedded:
        made = [keras.layers.Embedding(4, 3)(column) for column in columns]
    else:
        made = [keras.ops.one_hot(column, 4)[:, 1:] for column in columns]
    x = keras.layers.Dense(8, "relu")(keras.layers.Concatenate()([numbers, *made]))
    return keras.Model(rows, keras.layers.Dense(2)(x))


ALIKE = ("xla", "one_hot"), ("fit", "embedded")  # whose loop and whose kind the others have


@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize(
    ("loop", "categories"),
    [
        ("graph", "embedded"),
        *(
            pytest.param(loop, kind, marks=[pytest.mark.cases] + [pytest.mark.long] * ((loop, kind) in ALIKE))
            for loop in ("graph", "xla", "fit")
            for kind in ("embedded", "one_hot")
            if (loop, kind) != ("graph", "embedded")
        ),
    ],
)
def test_every_loop_trains_what_a_plain_keras_script_does(data, loop, categories, tmp_path):
    recipe = resolved(**SETTINGS, loop=loop, categories=categories)
    ready = data().scaled(recipe)
    engine = KerasEngine(recipe, ready, np.full(18, 0.01, np.float32))
    engine.start(3)
    plain = plain_model(categories == "embedded")
    plain.set_weights(engine.weights())
    plain.compile(
        keras.optimizers.Adam(0.01, epsilon=recipe["optimiser"]["epsilon"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    order = np.random.default_rng(0).permutation(120).astype(np.int32).reshape(6, 20)
    for _ in range(3):
        engine.train_epoch(order)
        rows = order.reshape(-1)
        plain.fit(ready.x_train[rows], ready.y_train[rows], batch_size=20, shuffle=False, verbose=0)
    for ours, theirs in zip(engine.weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-6)
    scores = engine.scores("test", np.arange(30, dtype=np.int32))
    np.testing.assert_allclose(scores, plain.predict(ready.x_test, verbose=0), atol=1e-5)
    if categories == "embedded":
        assert not engine.weights()[0][0].any() and engine.weights()[0][1:].any()
    if loop == "graph":
        engine.save(tmp_path / "kept.keras")
        kept = keras.models.load_model(tmp_path / "kept.keras")
        np.testing.assert_allclose(kept.predict(ready.x_test, verbose=0), scores, atol=1e-5)


def examined(reference, arm):
    recipes = [("baseline", None, [], reference.recipe), ("arm", "baseline", ["categories"], arm.recipe)]
    arms = [dict(zip(("name", "reference", "changed", "recipe"), each, strict=True)) for each in recipes]
    records = [dataclasses.replace(reference, arm="baseline"), dataclasses.replace(arm, arm="arm")]
    return examine({"arms": arms}, records)[1]


@pytest.mark.cases
def test_the_records_prove_what_became_of_categories(data):
    given = data()
    recipes = [
        resolved(**SETTINGS, loop="graph", input_dropout=0.1, categories=categories)
        for categories in ("embedded", "one_hot", {"name": "embedded", "width": 2})
    ]
    embedded, one_hot, narrow = (arm_runs(recipe, given).train(3) for recipe in recipes)
    check = examined(embedded, one_hot)
    assert (check["outcome"], check["problems"]) == ("proven", []), check
    assert "vectors of 3, 3, 8 inputs of hidden_1 → columns of 0 and 1, 8 inputs of hidden_1" in check["line"]
    assert examined(embedded, narrow)["outcome"] == "proven"
    ignored = examined(embedded, dataclasses.replace(embedded, recipe=one_hot.recipe))
    assert ignored["outcome"] == "void"
    assert any(each.startswith("categories: expected vectors of none") for each in ignored["problems"]), ignored
    wrong = {**one_hot.data, "categorical": {"ward": 4, "city": 9}}
    assert examined(embedded, dataclasses.replace(one_hot, data=wrong))["outcome"] == "unproven"


MODEL = """
    import keras


    def build(recipe, shape, classes, parts):
        rows = keras.Input(shape)
        ward = parts.categorical["ward"]
        x = keras.layers.Embedding(ward.size, 5, name="ward")(rows[:, ward.place])
        x = keras.layers.Concatenate()([x, parts.categories(rows)])
        return keras.Model(rows, keras.layers.Dense(classes, name="logits")(x))
"""


@pytest.mark.cases
def test_a_model_of_the_users_own_has_numbers_sizes_and_what_the_recipe_says(data, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    (tmp_path / "own_words.py").write_text(textwrap.dedent(MODEL))
    (tmp_path / "own_words.yaml").write_text("uses: [categories]\n")
    recipe = resolved(**{**SETTINGS, "model": {"name": "own_words:build"}}, loop="graph")
    given = data().scaled(recipe)
    built = build(recipe, given, "an arm")
    assert [row["shape"] for row in built if row["class"] == "Embedding"] == [[3], [3], [5]]
    fewer = build({**recipe, "categories": {"name": "one_hot"}}, given, "an arm")
    assert [row["layer"] for row in fewer if row["class"] == "Embedding"] == ["ward"]
    assert len(arm_runs(recipe, data()).train(0).metrics) > 3


def test_a_model_that_makes_nothing_of_categories_is_asked_for_nothing(planned):
    planned("recipe: {model: 'zoo:build'}\nablations: {a: {set: {batch_size: 8}}}\n")


@pytest.mark.parametrize(
    ("more", "recipe", "words"),
    [
        ("", "{categories: one_hot}", "recipe.categories: expected data with embedded columns, received none, and one_hot"),
        ("embedded: all", "{mixup: 0.2}", "data.embedded: expected recipes that leave the numbers of categories as they are"),
        ("embedded: all", "{noise: 0.2}", "received noise in baseline"),
        ("embedded: some", "{}", "expected all, or a list of columns"),
        ("embedded: all, columns: [age]", "{}", "expected columns of categories among the inputs, received none"),
        ("embedded: [part], drop: [part]", "{}", "received part, which is none"),
        ("embedded: [ward], types: {ward: number}", "{}", "received ward, which is a number by data.types"),
    ],
)  # fmt: skip
def test_what_cannot_be_embedded_is_refused_with_the_line_to_write(planned, tmp_path, table, more, recipe, words):
    with pytest.raises(StudyError) as refused:
        settings, plan = planned(
            f"data: {{name: csv, file: {table}, target: y, {more}}}\nrecipe: {recipe}\nablations: {{a: {{set: {{l2: 0.1}}}}}}"
        )
        files = [tmp_path / name for name in ("a.npz", "m.json", "s.json")]
        prepare({**settings["data"], "largest": plan.largest()}, *files, tmp_path / "files")
    assert words in str(refused.value), refused.value
