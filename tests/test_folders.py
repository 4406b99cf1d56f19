"""Folders as data: arrays, images by class and texts by class, and what is refused with the line to write."""

import json
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from butfor.data import inputs
from butfor.data.dataset import load
from butfor.data.place_digests import place_digest
from butfor.data.prepare import prepare
from butfor.data.sources.vocabulary import tokens, vocabulary
from butfor.errors import StudyError
from butfor.records.results_folder import DATA_FILES_READ, data_file
from butfor.study.settings import study_and_plan
from butfor.workflow.own_files import OwnFiles
from conftest import SCHEMA

OWN = "def build(recipe, shape, classes, parts): ...\n"


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Prepares what `data` of a study file says, and gives the data set and its manifest."""
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(OWN)
    Path("mine.yaml").write_text("uses: []")

    def prepared(data, model="mine:build"):
        recipe = {"model": model, "batch_size": 2}
        study = {"study": "s", "data": yaml.safe_load(f"{{{data}}}"), "recipe": recipe}
        settings, plan = study_and_plan({**study, "ablations": {"a": {"set": {"learning_rate": 0.1}}}}, SCHEMA)
        paths = tmp_path / "a.npz", tmp_path / "m.json"
        prepare({**settings["data"], "largest": plan.largest()}, *paths, tmp_path / "s.json")
        return load(*paths), json.loads(paths[1].read_text())

    return prepared


def drawn(path, pixels):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels)).save(path)


def grey(value, height=4, width=4):
    return np.full((height, width), value, np.uint8)


@pytest.fixture
def pictures(read):
    """Ten grey images of each of two classes, 0 to 9 and 100 to 109."""
    for number in range(10):
        drawn(f"pictures/dark/{number}.png", grey(number))
        drawn(f"pictures/light/{number}.png", grey(100 + number))
    return read


def test_images_by_class_are_read_and_split(pictures):
    data, manifest = pictures("name: images, folder: pictures, test: {share: 0.5, by: stratified}")
    assert manifest["labels"] == ["dark", "light"] and data.pixels  # though none is brighter than 109
    assert data.x_train.dtype == np.uint8 and data.x_train.shape == (10, 4, 4)
    for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        np.testing.assert_array_equal(x[:, 0, 0] >= 100, y)
        assert y.sum() == 5


def test_images_in_colours_are_brought_to_a_size_and_parts_are_taken_as_they_lie(read):
    red = np.zeros((4, 6, 3), np.uint8)
    red[..., 0] = 200
    for part in ("train", "test"):
        for number in range(5):
            drawn(f"p/{part}/1/{number}.png", red)
            drawn(f"p/{part}/10/{number}.png", grey(number))
    data, manifest = read("name: images, folder: p, size: [2, 3]")
    assert data.x_train.shape == (10, 2, 3, 3) and manifest["labels"] == ["1", "10"]
    assert data.x_train[0, 0, 0].tolist() == [200, 0, 0] and data.x_test[-1, 0, 0].tolist() == [4, 4, 4]
    assert read("name: images, folder: p, size: [4, 6], colour: grey")[0].x_train.shape == (10, 4, 6)
    with pytest.raises(StudyError, match=r"received 10 of 4x6, 10 of 4x4 \(such as p/.*Write size: \[4, 6\]"):
        read("name: images, folder: p")
    with pytest.raises(StudyError, match=r"data.test: expected a folder of classes, received p, which has a test part"):
        read("name: images, folder: p, test: {share: 0.5}")


def test_images_turned_by_a_camera_stand_upright_and_deep_ones_keep_their_values(read):
    for number in range(20):
        turned = Image.fromarray(np.arange(12, dtype=np.uint8).reshape(2, 6) * 20)
        exif = turned.getexif()
        exif[0x0112] = 6
        Path(f"t/{number % 2}").mkdir(parents=True, exist_ok=True)
        turned.save(f"t/{number % 2}/{number}.{('png', 'jpg', 'tif', 'webp')[number // 2 % 4]}", exif=exif)
        drawn(f"deep/{number % 2}/{number}.png", np.full((2, 2), 1000 * number, np.uint16))
    upright, _ = read("name: images, folder: t, colour: grey, test: {share: 0.5, by: stratified}")
    assert upright.x_train.shape == (10, 6, 2)
    assert (
        np.abs(upright.x_train.astype(int) - np.arange(12).reshape(2, 6)[::-1].T * 20).max() < 30
    )  # some are JPEG and WebP
    deep, _ = read("name: images, folder: deep, test: {share: 0.5, by: stratified}")
    assert (
        sorted(np.concatenate([deep.x_train, deep.x_test])[:, 0, 0]) == list(range(0, 20000, 1000)) and not deep.pixels
    )


def test_damaged_images_are_named_all_at_once(pictures):
    drawn("pictures/dark/3.png", np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8))
    Path("pictures/dark/3.png").write_bytes(Path("pictures/dark/3.png").read_bytes()[:2000])  # its beginning is whole
    with pytest.raises(StudyError, match=r"received 1 that are not: pictures/dark/3.png \(.*take them out"):
        pictures("name: images, folder: pictures, size: [4, 4]")
    Path("pictures/dark/3.png").write_bytes(b"")
    Path("pictures/light/2.png").write_text("no image")
    with pytest.raises(StudyError, match=r"received 2 that are not: pictures/dark/3.png .*; pictures/light/2.png"):
        pictures("name: images, folder: pictures")


@pytest.mark.parametrize(
    ("change", "data", "words"),
    [
        (lambda: drawn("pictures/loose.png", grey(0)), "folder: pictures", r"1 beside these folders \(loose.png\)"),
        (lambda: Path("pictures/none").mkdir(), "folder: pictures", "received none in none"),
        (lambda: None, "folder: picture", "data.folder: expected an existing folder.*Did you mean pictures?"),
        (lambda: None, "folder: pictures, test: {by: group, column: x}", "expected by: random or stratified"),
        (lambda: drawn("a/train/x/0.png", grey(0)), "folder: a", "a folder test beside train.*Write folder: a/train"),
        (lambda: None, "folder: pictures, target: y", "data.target: expected with csv, parquet or texts"),
    ],
)
def test_a_folder_that_is_no_such_data_is_refused(pictures, change, data, words):
    change()
    with pytest.raises(StudyError, match=words):
        pictures(f"name: images, {data}")


TEXTS = [
    "The cat sat on the mat. THE CAT!", "It's  a\tdog,\nisn't\x0bit?",
    "Émile's café—où? ÉTÉ été", "고양이가 매트에, 앉았다. 고양이가",
    "", "a b c d e f g h", "non\u00a0breaking space\u3000wide", "x_y (z) [w] {v} `u` ~t~ \\s/ ^r^ <q> |p| @o $n %m &l *k +j =i",
    "same same other other third", "ﬁn İstanbul ǅ ß ＡＢＣ", "1 22 333 1 22 1", "\ufeffmark",
]  # fmt: skip


@pytest.mark.parametrize(("size", "length"), [(1000, 12), (8, 3), (3, 1)])
def test_words_have_the_numbers_that_keras_gives_them(size, length):
    layer = keras.layers.TextVectorization(max_tokens=size, output_sequence_length=length)
    layer.adapt(TEXTS)
    words = vocabulary(TEXTS, size)
    assert ["", "[UNK]", *words] == layer.get_vocabulary()
    asked = [*TEXTS, "the dog has never sat"]
    np.testing.assert_array_equal(tokens(asked, words, length), np.asarray(layer(asked)))


def test_texts_by_class_and_in_a_column_are_the_same_data_and_stay_unscaled(read):
    rows = []
    for number in range(16):
        sentiment, part = ("good", "bad")[number % 2], "train" if number < 12 else "test"
        text = f"It is a {sentiment} film, number{number}!" + " word" * 300
        Path(f"t/{part}/{sentiment}").mkdir(parents=True, exist_ok=True)
        Path(f"t/{part}/{sentiment}/{number:02}.txt").write_text(text)
        rows.append({"review": text, "sentiment": sentiment, "part": part})
    pd.DataFrame(rows).sort_values(["part", "sentiment"], kind="stable").to_csv("t.csv", index=False)
    folder, manifest = read("name: texts, folder: t, length: 210, vocabulary: 12")
    column, other = read(
        "name: texts, file: t.csv, text: review, target: sentiment, part: part, length: 210, vocabulary: 12"
    )
    assert folder.fingerprint == column.fingerprint and manifest["vocabulary"] == other["vocabulary"]
    for path in Path("t").rglob("*.txt"):
        path.write_text(path.read_text().replace("film", "flim"))  # the same numbers, of other words
    renamed, again = read("name: texts, folder: t, length: 210, vocabulary: 12")
    assert (renamed.x_train == folder.x_train).all() and again["vocabulary"] != manifest["vocabulary"]
    assert renamed.fingerprint != folder.fingerprint
    assert manifest["vocabulary"][:5] == ["word", "it", "is", "film", "a"] and len(manifest["vocabulary"]) == 10
    assert (
        folder.x_train[0, :6].tolist() == [3, 4, 6, 8, 5, 1] and folder.x_test[-1, 5] == 1
    )  # a word of no training text
    scaled = folder.scaled({"input_scaling": {"name": "auto"}, "model": {"name": "mine:build"}})
    assert scaled.x_train.dtype == np.float32 and scaled.x_train[0, 0] == 3
    Path("t/train/bad/01.txt").write_text(" ".join(f"w{number}" for number in range(210)))
    many, _ = read("name: texts, folder: t, length: 210")
    assert 128 < many.x_train.max() < 256 and not many.pixels  # they would be divided by 255
    with pytest.raises(StudyError, match=r"begins with keras.layers.Embedding.* received mlp in baseline"):
        read("name: texts, folder: t", model="mlp")
    Path("t/test/bad/13.txt").write_bytes("나쁘다".encode("cp949"))
    with pytest.raises(StudyError, match=r"other bytes in 1 files \(t/test/bad/13.txt\). Write encoding: cp949"):
        read("name: texts, folder: t")


def test_rows_without_a_text_are_named_by_where_they_are(read):
    rows = [
        ("" if number in (3, 7) else f"text {number}", number % 2, "train" if number < 12 else "test")
        for number in range(16)
    ]
    pd.DataFrame(rows, columns=["review", "sentiment", "part"]).to_csv("t.csv", index=False)
    with pytest.raises(
        StudyError, match=r"none in 2 of 12 rows of the train part, of the file the rows 4, 8, counted from 1\."
    ):
        read("name: texts, file: t.csv, text: review, target: sentiment, part: part, length: 4")


def test_a_folder_of_arrays_is_read_in_blocks(read, monkeypatch):
    rng = np.random.default_rng(0)
    arrays = {"x_train": rng.normal(size=(50, 3)), "x_test": rng.normal(size=(20, 3))}
    arrays |= {f"y_{part}": np.arange(len(arrays[f"x_{part}"])) % 2 for part in ("train", "test")}
    Path("arrays").mkdir()
    np.savez("arrays.npz", **arrays)
    for name, array in arrays.items():
        np.save(f"arrays/{name}.npy", array)
    monkeypatch.setattr(inputs, "BLOCK", 100)
    mapped, _ = read("name: npy, folder: arrays")
    whole, _ = read("name: npz, file: arrays.npz")
    assert mapped.fingerprint == whole.fingerprint
    np.save("arrays/x_train.npy", (arrays["x_train"] * 90).round().clip(0, 200))
    np.save("arrays/x_test.npy", np.full((20, 3), 40))
    pixels, _ = read("name: npy, folder: arrays")
    assert pixels.x_train.dtype == np.uint8
    arrays["x_train"][40, 1] = np.nan
    np.save("arrays/x_train.npy", arrays["x_train"])
    with pytest.raises(StudyError, match=r"NaN or infinity in x_train, column 1 \(1 of 50 rows\)"):
        read("name: npy, folder: arrays")
    np.save("arrays/x_train.npy", np.array([{}] * 50))
    with pytest.raises(StudyError, match="received Python objects in x_train"):
        read("name: npy, folder: arrays")
    Path("arrays/x_train.npy").write_bytes(b"no array")
    with pytest.raises(StudyError, match=r"x_train.npy: expected a whole .npy file"):
        read("name: npy, folder: arrays")
    Path("arrays/x_train.npy").unlink()
    with pytest.raises(StudyError, match="missing x_train; found"):
        read("name: npy, folder: arrays")


def test_data_are_read_again_where_a_file_below_has_another_content_or_the_settings_are_others(pictures):
    data = {
        "name": "images",
        "folder": "pictures",
        "arrays": {},
        "task": "auto",
        "depends": [],
        "file": None,
        "size": None,
        "validation": 0.1,
    }

    def made_from(**other):
        return OwnFiles("results", lambda *_: "").data({**data, **other})

    Path("results/data").mkdir(parents=True)
    noted = {"data.folder": place_digest(Path("pictures"))}
    data_file(Path("results"), DATA_FILES_READ, "").write_text(
        json.dumps({"token": "t", "made_of": "", "files": noted})
    )
    first = made_from()
    assert first["files"] == "t"
    Path("pictures").rename("moved")
    assert made_from(folder="moved") == first
    assert made_from(folder="moved", size=[2, 2]) != first
    before = Path("moved/dark/0.png").read_bytes()
    drawn("moved/dark/0.png", grey(50))
    assert made_from(folder="moved") != first
    Path("moved/dark/0.png").write_bytes(before)
    assert made_from(folder="moved") == first
    drawn("moved/dark/more.png", grey(7))
    assert made_from(folder="moved") != first
