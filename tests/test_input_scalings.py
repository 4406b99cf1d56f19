"""Inputs are scaled by what they are, never by their type."""

import json

import numpy as np
import pytest

from butfor.data.dataset import DataError, load
from butfor.data.prepare import prepare
from butfor.recipe.input_scalings import scaling
from conftest import NEEDS, resolved
from numpy_engine import NumpyEngine

GENERATOR = np.random.default_rng(0)
PIXELS = GENERATOR.integers(0, 256, (60, 4, 4))
PIXELS[0, 0, 0] = 255
Y = np.arange(60) % 3
TYPES = ["uint8", "int64", "uint16", "float32", "float64"]
OWN = {"model": "own:build"}


def prepared(folder, x_train, x_test, auto="built in"):
    np.savez(folder / "my.npz", x_train=x_train, y_train=Y, x_test=x_test, y_test=Y)
    largest = {**NEEDS, "auto": auto}
    settings = {"name": "npz", "file": str(folder / "my.npz"), "arrays": {}, "validation": 0.1, "largest": largest}
    prepare(settings, folder / "a.npz", folder / "m.json", folder / "s.json")
    return load(folder / "a.npz", folder / "m.json")


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("test", TYPES)
@pytest.mark.parametrize("train", TYPES)
def test_equal_values_are_equal_whatever_their_types(tmp_path, train, test, rows):
    x = PIXELS.reshape(60, 16) if rows else PIXELS
    data = prepared(tmp_path, x.astype(train), x.astype(test))
    assert data.fingerprint == prepared(tmp_path, x.astype("uint8"), x.astype("uint8")).fingerprint
    scaled = data.scaled(resolved())
    assert scaled.scaling == "pixels" and scaled.input_range == (x.min() / 255, 1.0)


def test_an_engine_sees_the_same_values_of_bytes_and_of_fractions(tmp_path):
    whole = prepared(tmp_path, PIXELS, PIXELS).scaled(resolved())
    halves = prepared(tmp_path, PIXELS, PIXELS + 0.5).scaled(resolved())
    assert whole.x_train.dtype == np.uint8 and halves.x_train.dtype == np.float32 and halves.scaling == "pixels"
    np.testing.assert_allclose(halves.x_train, PIXELS / np.float32(255), rtol=1e-6)
    np.testing.assert_allclose(halves.x_test, (PIXELS + 0.5) / 255, rtol=1e-6)


@pytest.mark.parametrize(
    ("x", "recipe", "expected"),
    [
        (PIXELS.reshape(60, 16), {}, "pixels"),
        (PIXELS.reshape(60, 16), OWN, "none"),
        (PIXELS, OWN, "pixels"),
        (PIXELS // 16, {}, "none"),
        (PIXELS * 2, {}, "none"),
        (PIXELS - 100, {}, "none"),
        (PIXELS / 255, {}, "none"),
        (PIXELS > 99, {}, "none"),
        (PIXELS, {"input_scaling": "none"}, "none"),
        (PIXELS // 16, {"input_scaling": "pixels"}, "pixels"),
    ],
)
def test_auto_scales_pixels_and_nothing_else(tmp_path, x, recipe, expected):
    data = prepared(tmp_path, x, x)
    recipe = {
        **resolved(**{k: v for k, v in recipe.items() if k != "model"}),
        "model": {"name": recipe.get("model", "mlp")},
    }
    assert scaling(recipe, data.x_train, data.pixels) == data.scaled(recipe).scaling == expected
    unit = 255 if expected == "pixels" else 1
    np.testing.assert_allclose(data.scaled(recipe).input_range, (x.min() / unit, x.max() / unit))


def test_tokens_of_a_byte_stay_tokens(tmp_path):
    tokens = PIXELS.reshape(60, 16).astype(np.uint8)
    recipe = {**resolved(), "model": {"name": "own:build"}}
    scaled = prepared(tmp_path, tokens, tokens, auto="own").scaled(recipe)
    np.testing.assert_array_equal(scaled.x_train, tokens)
    assert scaled.x_train.dtype == np.float32


def test_rows_that_two_kinds_of_models_would_see_differently_are_refused(tmp_path):
    rows = PIXELS.reshape(60, 16)
    with pytest.raises(DataError, match=r"may be pixels or tokens.*recipe: \{input_scaling: pixels\}"):
        prepared(tmp_path, rows, rows, auto="mixed")
    assert prepared(tmp_path, rows, rows, auto="").scaled(resolved(input_scaling="none")).scaling == "none"


def test_parts_of_different_ranges_are_refused_unless_the_study_says_how_they_are_scaled(tmp_path):
    with pytest.raises(DataError, match=r"one range, received x_train from \d to 255 and x_test from \S+ to 1\."):
        prepared(tmp_path, PIXELS, PIXELS / 255)
    assert (
        prepared(tmp_path, PIXELS, PIXELS / 255, auto="").scaled(resolved(input_scaling="pixels")).scaling == "pixels"
    )


def test_the_manifest_holds_what_was_found_and_the_source_tells_the_translation(tmp_path):
    np.savez(tmp_path / "my.npz", x_train=PIXELS, y_train=Y + 1, x_test=PIXELS, y_test=Y + 1)
    largest = NEEDS
    settings = {"name": "npz", "file": str(tmp_path / "my.npz"), "arrays": {}, "validation": 0.1, "largest": largest}
    prepare(settings, tmp_path / "a.npz", tmp_path / "m.json", tmp_path / "s.json")
    manifest = json.loads((tmp_path / "m.json").read_text())
    assert manifest["pixels"] is True and manifest["labels"] == ["1", "2", "3"] and manifest["classes"] == 3
    assert "my.npz (labels 1 = 0, 2 = 1, 3 = 2)" in json.loads((tmp_path / "s.json").read_text())["source"]


def test_digits_are_trained_as_before(digits_data):
    """Bytes are handed to an engine as they are, which divides them: the bits of earlier records."""
    assert digits_data.scaled(resolved()).x_train is digits_data.x_train
    rates = np.ones(1, np.float32)
    recipe = resolved(model={"name": "mlp", "widths": [4]})
    engine = NumpyEngine(recipe, digits_data.scaled(recipe), rates)
    np.testing.assert_array_equal(engine._parts["train"][0], digits_data.x_train.astype(np.float32) / np.float32(255))
