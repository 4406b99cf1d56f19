import json

import numpy as np
import pytest

from butfor import data

GOOD = {
    "x_train": np.zeros((20, 4), np.float64), "y_train": np.arange(20) % 2,
    "x_test": np.ones((4, 4), np.float64), "y_test": np.arange(4) % 2,
}  # fmt: skip


def prepare(folder, arrays, **largest):
    np.savez(folder / "mine.npz", **arrays)
    settings = {"name": "npz", "folder": None, "file": str(folder / "mine.npz"), "validation": 0.1}
    settings["largest"] = {"train_size": 0, "batch_size": 1, **largest}
    data.prepare(settings, folder / "a.npz", folder / "m.json", folder / "s.json", folder)
    return data.load(folder / "a.npz", folder / "m.json")


def test_a_users_own_file_is_stored_and_loaded(tmp_path):
    found = prepare(tmp_path, GOOD)
    assert found.classes == 2 and found.x_train.dtype == np.float32 and found.y_test.dtype == np.int32


def test_the_manifest_says_what_the_data_are_not_where_they_were(tmp_path):
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        prepare(tmp_path / place, GOOD)
    manifests = [(tmp_path / place / "m.json").read_text() for place in ("one", "two")]
    assert manifests[0] == manifests[1]
    changed = {**GOOD, "x_test": GOOD["x_test"] * 2}
    assert json.loads(manifests[0])["fingerprint"] != prepare(tmp_path, changed).fingerprint


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x_test": None}, "missing x_test"),
        ({"y_train": np.zeros(3, int)}, "20 images and 3 labels"),
        ({"y_train": np.linspace(0, 1, 20)}, "whole numbers from 0"),
        ({"y_train": np.zeros(20, int), "y_test": np.zeros(4, int)}, "at least 2 classes"),
        ({"y_test": np.full(4, 7)}, "all of them in the training labels"),
        ({"x_test": np.full((4, 4), np.nan)}, "NaN"),
        ({"x_test": np.ones((4, 5))}, "one shape"),
    ],
)
def test_data_that_cannot_be_trained_on_are_refused(tmp_path, change, words):
    arrays = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(data.DataError, match=words):
        prepare(tmp_path, arrays)


@pytest.mark.parametrize("key", ["train_size", "batch_size"])
def test_a_recipe_that_asks_for_more_images_than_there_are_is_refused_before_training(tmp_path, key):
    with pytest.raises(data.DataError, match=f"{key}: expected at most the 18"):
        prepare(tmp_path, GOOD, **{key: 19})


def test_the_split_is_drawn_by_seed_and_shares_no_row():
    train, held = data.split(1000, 0.1, None, seed=1)
    assert len(held) == 100 and not set(train) & set(held) and len(set(train) | set(held)) == 1000
    np.testing.assert_array_equal(data.split(1000, 0.1, None, seed=1)[1], held)
    assert (data.split(1000, 0.1, None, seed=2)[1] != held).any()
    np.testing.assert_array_equal(data.split(1000, 0.1, 50, seed=1)[0], train[:50])
