import io
import json
import os
import pickle
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from butfor.data import published
from butfor.data.dataset import DataError, load, split
from butfor.data.prepare import prepare
from conftest import NEEDS

GOOD = {
    "x_train": np.zeros((20, 4), np.float64), "y_train": np.arange(20) % 2,
    "x_test": np.ones((4, 4), np.float64), "y_test": np.arange(4) % 2,
}  # fmt: skip


def prepared(folder, arrays, named=None, **largest):
    np.savez(folder / "mine.npz", **arrays)
    settings = {
        "name": "npz",
        "folder": None,
        "file": str(folder / "mine.npz"),
        "arrays": named or {},
        "validation": 0.1,
    }
    settings["largest"] = {**NEEDS, **largest}
    prepare(settings, folder / "a.npz", folder / "m.json", folder / "s.json", folder)
    return load(folder / "a.npz", folder / "m.json")


def test_a_users_own_file_is_stored_and_loaded(tmp_path):
    found = prepared(tmp_path, {**GOOD, "x_test": GOOD["x_test"] / 2})
    assert found.classes == 2 and found.x_train.dtype == np.float32 and found.y_test.dtype == np.int32


def test_the_manifest_says_what_the_data_are_not_where_they_were(tmp_path):
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        prepared(tmp_path / place, GOOD)
    manifests = [(tmp_path / place / "m.json").read_text() for place in ("one", "two")]
    assert manifests[0] == manifests[1]
    changed = {**GOOD, "x_test": GOOD["x_test"] * 2}
    assert json.loads(manifests[0])["fingerprint"] != prepared(tmp_path, changed).fingerprint


COLUMNS = np.ones((20, 4))
COLUMNS[3:6, 2] = np.nan


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x_test": None}, r"missing x_test; found x_train \(20, 4\).*Name those"),
        ({"x_test": None, "y_test": None}, "Split a test part off"),
        ({"y_train": np.zeros(3, int)}, r"x_train \(20, 4\) and y_train \(3,\)"),
        ({"y_train": np.zeros(20, int), "y_test": np.zeros(4, int)}, "at least 2 classes in y_train, received 0"),
        ({"y_test": np.full(4, 7)}, "received 7 in y_test only. Leave these examples out"),
        ({"x_test": np.full((4, 4), np.nan)}, r"NaN or infinity in x_test, column 0 \(4 of 4 rows\)"),
        ({"x_train": COLUMNS}, r"in x_train, column 2 \(3 of 20 rows\), counted from 0. Fill"),
        ({"x_test": np.ones((4, 5))}, "one shape"),
        ({"x_train": np.ones(20)}, r"x_train.reshape\(-1, 1\)"),
        ({"x_train": np.full((20, 4), "a")}, r"array of numbers.*astype\('float32'\)"),
        ({"x_train": np.full((20, 4), 1 / 3), "x_test": np.full((4, 4), 85)}, "one range.*input_scaling: none"),
    ],
)
def test_data_that_cannot_be_trained_on_are_refused(tmp_path, change, words):
    arrays = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(DataError, match=words) as raised:
        prepared(tmp_path, arrays)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("key", ["train_size", "batch_size"])
def test_a_recipe_that_asks_for_more_images_than_there_are_is_refused_before_training(tmp_path, key):
    with pytest.raises(DataError, match=f"{key}: expected at most the 18"):
        prepared(tmp_path, GOOD, **{key: 19})


def cifar_files(folder, batches):
    """An archive of pickled batches, as CIFAR-10 is published."""
    path = folder / "cifar.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, batch in batches.items():
            content = batch if isinstance(batch, bytes) else pickle.dumps(batch)
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return {"cifar-10-python.tar.gz": path}


def pickled_by_python_2(pixels, label):
    """A batch as Python 2 pickled it: an array by names that NumPy has moved since, texts as bytes."""
    kind = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    content = pixels.tobytes()
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01"
    array += b"(" + b"".join(b"M" + length.to_bytes(2, "little") for length in pixels.shape) + b"t" + kind
    array += b"\x89T" + len(content).to_bytes(4, "little") + content + b"tb"
    return b"\x80\x02}(U\x04data" + array + b"U\x06labels](K" + bytes([label]) + b"eu."


class Evil:
    def __reduce__(self):
        return os.mkdir, ("made by a pickle",)


@pytest.mark.parametrize("batch", [Evil(), {b"data": Evil(), b"labels": [0]}, {b"data": np.save, b"labels": [0]}])
def test_nothing_but_arrays_is_unpickled(tmp_path, monkeypatch, batch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pickle.UnpicklingError, match=r"expected arrays only, received (posix|numpy)"):
        published.read("cifar10", cifar_files(tmp_path, {"data_batch_1": batch}), {})
    assert not (tmp_path / "made by a pickle").exists()


def test_mnist_and_cifar10_are_read_from_their_published_forms(tmp_path):
    """The forms, not the data: those cannot be had everywhere."""
    images, labels = np.arange(40, dtype=np.uint8).reshape(10, 2, 2), np.arange(10, dtype=np.uint8)
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=labels, x_test=images[:2], y_test=labels[:2])
    mnist = published.read("mnist", {"mnist.npz": tmp_path / "mnist.npz"}, {})
    assert mnist["y_train"].dtype == np.int32 and mnist["x_test"].shape == (2, 2, 2)
    batches = {}
    for name, label in [("data_batch_2", 2), ("data_batch_1", 1), ("test_batch", 9), ("batches.meta", 0)]:
        pixels = np.full((1, 3072), label, np.uint8)
        pixels[0, 1024] = 77  # the first green pixel
        batches[name] = pickled_by_python_2(pixels, label)
    cifar = published.read("cifar10", cifar_files(tmp_path, batches), {})
    assert cifar["y_train"].tolist() == [1, 2] and cifar["y_test"].tolist() == [9]
    assert cifar["x_train"].shape == (2, 32, 32, 3) and cifar["x_train"][0, 0, 0].tolist() == [1, 77, 1]


def test_the_split_is_drawn_by_seed_and_shares_no_row():
    train, held = split(1000, 0.1, None, seed=1)
    assert len(held) == 100 and not set(train) & set(held) and len(set(train) | set(held)) == 1000
    np.testing.assert_array_equal(split(1000, 0.1, None, seed=1)[1], held)
    assert (split(1000, 0.1, None, seed=2)[1] != held).any()
    np.testing.assert_array_equal(split(1000, 0.1, 50, seed=1)[0], train[:50])


@pytest.mark.parametrize("file", ["arrays.npz", "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_damaged_arrays_are_not_trained_on(digits, tmp_path, file, damage):
    paths = [Path(shutil.copy(path, tmp_path)) for path in digits]
    load(*paths)
    whole = bytearray((tmp_path / file).read_bytes())
    at = whole.index(b'"fingerprint": "') + 20 if file == "manifest.json" else len(whole) // 2
    whole[at] ^= 1
    (tmp_path / file).write_bytes(whole if damage == "flipped" else whole[:at])
    with pytest.raises(DataError, match=r"damaged; the arrays have been deleted"):
        load(*paths)
    assert not paths[0].exists()


NAMES = [
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("X_train", "Y_train", "X_test", "Y_test"),
    ("trainX", "trainY", "testX", "testY"),
    ("X_tr", "y_tr", "X_te", "y_te"),
    ("training_data", "training_targets", "testing_data", "testing_targets"),
    ("x_train", "y_train", "x_test", "label_test"),
]


@pytest.mark.parametrize("names", NAMES, ids=lambda names: names[0])
def test_arrays_under_other_names_are_answered_with_the_line_that_names_them(tmp_path, names):
    brought = dict(zip(names, GOOD.values(), strict=True))
    with pytest.raises(DataError, match=r"missing .*; found .* \(20, 4\)") as raised:
        prepared(tmp_path, brought)
    line = str(raised.value).partition("Write data: {…, arrays: ")[2].removesuffix("}.")
    named = yaml.safe_load(line)
    assert prepared(tmp_path, brought, named=named).fingerprint == prepared(tmp_path, GOOD).fingerprint


@pytest.mark.parametrize("extra", ["x_val", "X_validation", "val_images", "sample_weight", "x_dev"])
def test_an_array_that_would_be_left_out_is_refused(tmp_path, extra):
    brought = {**GOOD, extra: np.zeros((3, 4))}
    with pytest.raises(
        DataError, match=rf"received {extra}. butfor draws .*validation: official.*arrays: {{x_train: x_train"
    ):
        prepared(tmp_path, brought)
    with pytest.raises(DataError, match="received groups"):
        prepared(tmp_path, {**GOOD, "groups": np.zeros(20)})
    prepared(tmp_path, {**GOOD, "feature_names": np.array(["a", "b", "c"])})
    prepared(tmp_path, brought, named={"x_train": "x_train"})
