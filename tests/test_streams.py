"""Data that stream: inputs that stay on disk while they are trained on, and functions that return batches in turn."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from butfor.data import dataset, overlap, scratch_arrays, streamed_array
from butfor.data.dataset import load
from butfor.data.overlap import shared_examples
from butfor.data.prepare import prepare
from butfor.data.sources import texts
from butfor.data.sources.images import from_images
from butfor.data.sources.single_examples import is_single, may_be_single
from butfor.data.stored_arrays import streamed_arrays
from butfor.data.streamed_array import StreamedArray
from butfor.engine.data_parts import part_of
from butfor.errors import StudyError
from butfor.recipe.input_scalings import SCALINGS
from butfor.study.settings import study_and_plan
from butfor.training.arm_runs import ArmRuns
from conftest import SCHEMA, resolved
from numpy_engine import NumpyEngine

ROWS = "import numpy as np\nx = np.arange(120.).reshape(60, 2) * [1, 3]\ny = np.arange(60) % 3\n"


@pytest.fixture
def stored(tmp_path):
    """A file of arrays of several kinds, with what was stored."""
    generator = np.random.default_rng(0)
    arrays = {
        "bytes": generator.integers(0, 256, (50, 4, 3), dtype=np.uint8),
        "numbers": generator.normal(size=(50, 7)).astype(np.float32) * np.arange(1, 8, dtype=np.float32),
        "one": generator.normal(size=(50, 1)).astype(np.float32),
    }
    arrays["numbers"][4:6, 0] = 1e30, -1e30  # between blocks of five, so that their sums by themselves would be others
    np.savez(tmp_path / "a.npz", **arrays)
    return streamed_arrays(tmp_path / "a.npz", tuple(arrays)), arrays


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Prepares what `mine.py` returns, whose text is given, and gives the data set and its manifest."""
    monkeypatch.chdir(tmp_path)

    def prepared(text, data="name: 'mine:load'", stream=None, model="mlp", study=()):
        for name in ("mine", "mine.py"):
            sys.modules.pop(name, None)
        Path("mine.py").write_text(text)
        written = {"study": "s", "data": yaml.safe_load(f"{{{data}}}"), "recipe": {"model": model, "batch_size": 2}}
        settings, plan = study_and_plan(
            {**written, **dict(study), "ablations": {"a": {"set": {"learning_rate": 0.1}}}}, SCHEMA
        )
        paths = tmp_path / "a.npz", tmp_path / "m.json"
        prepare({**settings["data"], "largest": plan.largest()}, *paths, tmp_path / "s.json")
        return load(*paths, stream), json.loads(paths[1].read_text())

    return prepared


def test_rows_read_from_disk_are_those_of_the_array(stored):
    streamed, arrays = stored
    rows = np.array([49, 0, 1, 2, 2, 30, 7, 8], np.int32)
    for name, array in arrays.items():
        found = streamed[name]
        assert (found.shape, found.dtype, len(found), found.size) == (array.shape, array.dtype, 50, array.size)
        for asked in (rows, slice(3, 40, 5), slice(None), rows[:0]):
            assert np.array_equal(found[asked], array[asked]) and found[asked].dtype == array.dtype
        assert np.array_equal(found, array) and (found.min(), found.max()) == (array.min(), array.max())
        with pytest.raises(IndexError):
            found[np.array([50])]


@pytest.mark.parametrize("name", SCALINGS)
def test_scalings_fitted_block_by_block_are_the_same_to_the_bit(stored, name, monkeypatch):
    monkeypatch.setattr(streamed_array, "VALUES", 40)
    streamed, arrays = stored
    for key, array in arrays.items():
        known = SCALINGS[name](lambda array=array: iter([array[:41]]))(array)
        found = streamed[key].scaled(SCALINGS[name](streamed[key].first(41).blocks))
        assert found.dtype == known.dtype
        one_feature = name == "standard" and key == "one"  # NumPy sums a row of numbers in pairs of pairs
        assert np.allclose(found[:], known, rtol=1e-6) if one_feature else np.array_equal(found[:], known)
    assert len(list(streamed["numbers"].blocks())) == 10


def test_inputs_stay_on_disk_where_they_would_take_much_of_the_memory(digits, monkeypatch, caplog):
    caplog.set_level("INFO")
    held = load(*digits)
    values = held.x_train.size + held.x_test.size
    for memory, expected in ((4 * values * dataset.SHARE, np.ndarray), (4 * values * dataset.SHARE - 1, StreamedArray)):
        monkeypatch.setattr(dataset, "memory_limit", lambda memory=memory: memory)
        assert type(load(*digits).x_train) is expected
    assert "read from disk batch by batch" in caplog.text
    assert type(load(*digits, False).x_train) is np.ndarray
    assert type(load(*digits, True).x_test) is StreamedArray


@pytest.mark.parametrize("scaling", ["auto", "standard"])
def test_a_training_on_streamed_inputs_leaves_the_same_record(digits, scaling, monkeypatch):
    monkeypatch.setattr(streamed_array, "VALUES", 64 * 100)
    recipe = resolved(
        model={"name": "mlp", "widths": [16]}, dropout=0.1, epochs=2, batch_size=32, input_scaling=scaling
    )
    records, predictions = [], []
    for stream in (False, True):
        runs = ArmRuns(NumpyEngine, {"arm": "a", "recipe": recipe, "validation": 0.1}, load(*digits, stream), "cpu")
        left = {**runs.train(seed=3).__dict__, "timing": None, "machine": None}
        records.append(json.dumps(left, default=lambda value: value.tolist()))
        predictions.append(runs.predict(3, ["test"])["test"])
    assert records[0] == records[1] and np.array_equal(*predictions)


def test_stored_arrays_that_are_damaged_are_told_from_those_that_are_whole(digits, tmp_path):
    whole = digits[0].read_bytes()
    for number, broken in enumerate((whole[:-5000], whole[:3000] + b"x" + whole[3001:])):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(broken)
        with pytest.raises(StudyError, match="was damaged; the arrays have been deleted"):
            load(path, digits[1], stream=True)
        assert not path.exists()


def test_test_examples_are_looked_for_in_the_training_part_each_once():
    train, test = np.array([[1], [2], [2], [3]]), np.array([[2], [2], [4], [3]])
    assert shared_examples(train, test) == 3


def test_examples_are_compared_whole_whatever_their_sums_and_blocks(monkeypatch):
    draws = np.random.default_rng(0)
    train, test = (draws.integers(0, 256, (50, 3, 5), np.uint8) for _ in range(2))
    test[7:19] = train[20:32]
    test[30:33] = train[41]
    test[33] = train[45]
    test[33, 2, 4] ^= 1  # which makes it another
    expected = len({bytes(x) for x in train} & {bytes(x) for x in test[:30]}) + 3
    assert shared_examples(train, test) == expected == 15
    monkeypatch.setattr(overlap, "BLOCK", 40)  # two examples
    assert shared_examples(train, test) == 15
    assert len(set(overlap._sums(test))) == 48 and not set(overlap._sums(test[33:])) & set(overlap._sums(train))
    several = [{"a": x[:, :2], "b": x[:, 2:]} for x in (train, test)]
    assert shared_examples(*several) == 15
    monkeypatch.setattr(overlap, "_sums", lambda inputs: np.zeros(50, np.uint64))
    assert shared_examples(train, test) == shared_examples(*several) == 15


IN_TURN = """
class Batches:  # as keras.utils.PyDataset
    def __init__(self, rows, size=16):
        self.rows, self.size = rows, size
    @property
    def num_batches(self):
        return -(-len(self.rows) // self.size)
    def __getitem__(self, place):
        rows = self.rows[place * self.size : (place + 1) * self.size]
        return x[rows], y[rows]

class Pipeline:  # as tf.data.Dataset, here of single examples
    def __init__(self, rows, shuffled=False, count=None):
        self.rows, self.shuffled, self.count = rows, shuffled, len(rows) if count is None else count
    def cardinality(self):
        return np.int64(self.count)
    def __iter__(self):
        raise TypeError("tensors")
    def as_numpy_iterator(self):
        rows = np.random.permutation(self.rows) if self.shuffled else self.rows
        return ((x[row], y[row]) for row in rows)

def gone_through(start, stop):
    def batches():
        for row in range(start, stop, 5):
            yield x[row : min(row + 5, stop)], y[row : min(row + 5, stop)]
    return batches

readings = []
def two_in_turn():  # as shuffle() leaves them: the same at first
    readings.append(None)
    return iter([(x[:24], y[:24]), (x[24:48], y[24:48])][:: -1 if len(readings) == 4 else 1])
"""


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "returned",
    [
        "Batches(range(48)), Batches(range(48, 60))",
        "Pipeline(range(48)), Pipeline(range(48, 60))",
        "{'test': gone_through(48, 60), 'train': gone_through(0, 48)}",
    ],
)
def test_batches_in_turn_are_the_same_data_as_arrays(read, returned, stream, caplog):
    caplog.set_level("INFO")
    known, about = read(ROWS + "def load():\n    return x[:48], y[:48], x[48:], y[48:]")
    found, told = read(f"{ROWS}{IN_TURN}\ndef load():\n    return {returned}", stream=stream)
    assert told == about and found.fingerprint == known.fingerprint
    assert "train: 48 examples, read once in their order, in " in caplog.text
    assert all(np.array_equal(getattr(found, name), getattr(known, name)) for name in dataset.ARRAYS)


def test_weights_in_turn_are_those_of_the_training_examples(read):
    text = "def load():\n    return lambda: iter([(x[:48], y[:48], y[:48] + 1.0)]), Batches(range(48, 60))"
    assert np.array_equal(read(ROWS + IN_TURN + text)[0].w_train, np.arange(48) % 3 + 1)


def test_several_inputs_in_turn_are_those_of_arrays(read):
    named = "lambda rows: {'wide': x[rows], 'long': np.arange(60)[rows, None] * 1.5}"
    own = (Path(__file__).parent / "moody.py").read_text()
    Path("net.py").write_text(own)
    Path("net.yaml").write_text("uses: []")
    whole = f"{ROWS}{IN_TURN}several = {named}\ndef load():\n    return "
    known, about = read(whole + "several(slice(48)), y[:48], several(slice(48, 60)), y[48:]", model="net:build")
    parts = "[lambda a=a, b=b: iter([(several(slice(a, b)), y[a:b])]) for a, b in ((0, 48), (48, 60))]"
    found, told = read(whole + parts, model="net:build")
    assert told == about and found.fingerprint == known.fingerprint and {*found.x_train} == {"wide", "long"}


def test_a_validation_part_in_turn_is_the_official_one(read):
    text = f"{ROWS}{IN_TURN}\ndef load():\n    return [Batches(range(*part)) for part in ((40,), (40, 48), (48, 60))]"
    assert read(text, "name: 'mine:load', validation: official")[0].official == 8
    with pytest.raises(StudyError, match=r"received x_val, y_val.*validation: official"):
        read(text)


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("Pipeline(range(48), shuffled=True), Batches(range(48, 60))", "train: expected the same examples in the same order"),
        ("two_in_turn, Batches(range(48, 60))", "train: expected the same examples in the same order"),
        ("Pipeline(range(48), count=-1), Batches(range(48, 60))", r"train: expected a stream that ends.*take\(\)"),
        ("gone_through(0, 48)(), gone_through(48, 60)()", "train: expected a stream that can be read twice"),
        ("{'train': Batches(range(48))}", "none for test. Split one off"),
        ("Batches(range(0)), Batches(range(48, 60))", "train: expected an example or more"),
        ("lambda: iter([(x, y, y, y)]), Batches(range(9))", "received a tuple of 4 as number 0"),
        ("Batches(range(48)), lambda: iter([(x, y, y)])", "test: expected batches .* received weights as well"),
        ("lambda: iter([{'image': x, 'label': y}]), Batches(range(9))", "received a dictionary of image, label as number 0"),
        ("lambda: iter([(x, y[:7])]), Batches(range(9))", r"as many of both, received \(60, 2\) and targets of \(7,\)"),
        ("lambda: iter([(x, y), (x[:, :1], y)]), Batches(range(9))", r"float64 \(1,\) in batch 1. Cast, resize or pad"),
        ("lambda: iter([(x.astype(str), y)]), Batches(range(9))", "expected inputs that are numbers"),
    ],
)  # fmt: skip
def test_streams_that_cannot_be_held_to_their_word_are_refused(read, returned, words):
    with pytest.raises(StudyError, match=words):
        read(f"{ROWS}{IN_TURN}\ndef load():\n    return {returned}")


def test_a_stream_that_fills_the_disk_is_stopped_with_what_to_do(read, monkeypatch):
    disk = type("Disk", (), {"free": 300})
    monkeypatch.setattr("butfor.data.sources.batch_streams.shutil.disk_usage", lambda _: disk)
    endless = "def endless():\n    while True:\n        yield x[:5], y[:5]\n"
    with pytest.raises(
        StudyError, match=r"train: expected a stream that fits on the disk, received 20 examples so far"
    ):
        read(f"{ROWS}{IN_TURN}{endless}def load():\n    return endless, endless")


def test_images_larger_than_memory_are_read_onto_the_disk_and_texts_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(20):
        Path(f"pictures/{number % 2}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(f"pictures/{number % 2}/{number}.png")
    settings = {
        "folder": "pictures", "file": None, "size": None, "colour": "auto", "scratch": tmp_path, "length": 3, "encoding": "utf-8",
        "test": {"share": 0.5, "by": "stratified", "seed": 0, "column": None},
    }  # fmt: skip
    in_memory = from_images(settings).arrays
    monkeypatch.setattr(scratch_arrays, "memory_limit", lambda: 100)
    on_disk = from_images(settings).arrays
    assert type(in_memory["x_train"]) is np.ndarray and type(on_disk["x_train"]) is np.memmap
    assert all(np.array_equal(in_memory[name], on_disk[name]) for name in in_memory)
    disk = type("Disk", (), {"free": 2000})
    monkeypatch.setattr("butfor.data.sources.images.shutil.disk_usage", lambda _: disk)
    with pytest.raises(
        StudyError, match=r"fit twice into .* received 20 of \(8, 8\)\. Write a smaller size, or .* results:"
    ):
        from_images(settings)


def test_texts_that_would_take_more_than_half_of_the_memory_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(20):
        Path(f"words/{number % 2}").mkdir(parents=True, exist_ok=True)
        Path(f"words/{number % 2}/{number}.txt").write_text("one two three")
    settings = {
        "folder": "words", "file": None, "test_file": None, "validation_file": None, "encoding": "utf-8", "vocabulary": 10,
        "length": 3, "test": {"share": 0.5, "by": "stratified", "seed": 0, "column": None},
    }  # fmt: skip
    size = 20 * len("one two three")
    monkeypatch.setattr(texts, "memory_limit", lambda: 2 * size)
    assert texts.from_texts(settings).arrays["x_train"].shape == (10, 3)
    for changed in ({}, {"length": 4}):  # the texts, then the numbers of their words
        monkeypatch.setattr(texts, "memory_limit", lambda changed=changed: 2 * size - 1 + 2 * len(changed))
        with pytest.raises(
            StudyError, match=r"words: expected texts that take half .* smaller length.*tf\.data\.Dataset"
        ):
            texts.from_texts({**settings, **changed})


def test_several_streamed_inputs_come_as_those_that_are_held(tmp_path):
    """In portions of two batches, the last of which is filled up."""
    x = {"image": np.arange(60.0, dtype=np.float32).reshape(20, 3), "row": np.arange(20.0, dtype=np.float32)[:, None]}
    np.savez(tmp_path / "a.npz", **x)
    y, order = np.arange(20), np.arange(20, dtype=np.int32).reshape(5, 4)
    for portion in part_of(streamed_arrays(tmp_path / "a.npz", list(x)), y).batches(order, 5):
        for step in range(int(portion.steps)):
            rows, places = portion.rows[step], portion.places[step]
            assert all((portion.inputs[name].numpy()[places] == x[name][rows]).all() for name in x)
            assert (portion.targets.numpy()[places] == y[rows]).all()


MASKS = """
import numpy as np
rng = np.random.default_rng(0)
x, y = rng.normal(size=(12, 6, {width}, 3)).astype("float32"), rng.integers(0, 2, (12, 6, {width}{more}))
y[0].flat[:2] = 0, 1

def load():
    def part(start, stop, size={size}):
        def pairs():
            for at in range(start, stop, size or 1):
                yield (x[at : at + size], y[at : at + size]) if size else (x[at], y[at])
        return pairs
    return part(0, 8), part(8, 12)
"""


@pytest.mark.parametrize(("width", "size", "more"), [(6, 0, ""), (5, 0, ""), (5, 0, ", 1"), (5, 4, ""), (5, 4, ", 1")])
def test_single_examples_with_masks_are_not_cut_along_their_first_axis(read, width, size, more):
    text = MASKS.format(width=width, size=size, more=more)
    data, _ = read(text, study={"task": "segmentation"}, model="zoo:build")
    assert data.x_train.shape == (8, 6, width, 3) and data.y_train.shape[:3] == (8, 6, width)
    if size or more:
        return
    with pytest.raises(StudyError, match=r"may be one example as well as a batch of 6. Write .batch\(32\)"):
        read(text, model="zoo:build")


def test_steps_of_a_sequence_are_one_example():
    x, y = np.zeros((7, 2)), np.zeros(7)
    assert is_single(x, y, "sequence") and not is_single(x, y, "classification")
    image, grey = np.zeros((6, 5, 3)), np.zeros((4, 6, 5))
    assert is_single(image, np.zeros((6, 5, 2)), "segmentation") and not is_single(grey, grey, "segmentation")
    assert not is_single(x[None], y[None], "sequence") and is_single(x, np.zeros(()), "auto")


@pytest.mark.cases
def test_what_may_be_an_example_as_well_as_a_batch_is_asked_about():
    import tensorflow as tf

    images, masks = np.zeros((9, 6, 5, 3), "float32"), np.zeros((9, 6, 5), "int32")
    single = tf.data.Dataset.from_tensor_slices((images, masks))
    asked = {
        "single": (single, images[0], masks[0]),
        "batches": (single.batch(6), images[:6], masks[:6]),
        "grey": (tf.data.Dataset.from_tensor_slices((masks, masks)), masks[0], masks[0]),
        "rows": (iter([]), np.zeros((32, 10)), np.zeros((32, 3))),
    }
    found = {name: may_be_single(*given, "auto") for name, given in asked.items()}
    assert found == {"single": True, "batches": False, "grey": True, "rows": False}
