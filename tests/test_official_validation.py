"""An official validation part: every seed validates on it, wherever the data come from, and it is never left out silently."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from butfor.data.dataset import load, split
from butfor.data.prepare import prepare
from butfor.errors import StudyError
from butfor.records.record import read as read_record
from butfor.study.settings import study_and_plan
from butfor.training.arm_job import train_arm
from butfor.workflow.own_files import OwnFiles
from conftest import SCHEMA

SIZES = {"train": 40, "val": 12, "test": 10}
STORED = "a.npz", "m.json"


@pytest.fixture
def arrays(tmp_path, monkeypatch):
    """Rows of numbers that lie far apart by part, with labels."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    made = {f"x_{part}": rng.normal(size=(size, 3)).astype(np.float32) for part, size in SIZES.items()}
    return made | {f"y_{part}": np.arange(size) % 2 for part, size in SIZES.items()}


def prepared(data):
    study = {"study": "s", "seeds": 2, "data": yaml.safe_load(f"{{{data}}}"), "recipe": {"batch_size": 8, "epochs": 1}}
    settings, plan = study_and_plan({**study, "ablations": {"a": {"set": {"dropout": 0.5}}}}, SCHEMA)
    prepare({**settings["data"], "largest": plan.largest()}, *STORED, "s.json")
    return load(*STORED), plan


def test_every_seed_validates_on_it_and_trains_on_the_others_alone(arrays):
    np.savez("t.npz", **arrays)
    data, plan = prepared("name: npz, file: t.npz, validation: official")
    assert data.official == 12 and json.loads(Path("s.json").read_text())["source"].endswith("official validation part")
    for seed in (0, 1):
        train, held = split(len(data.x_train), "official", None, seed, data.official)
        np.testing.assert_array_equal(data.x_train[held], arrays["x_val"])
        assert sorted(train) == list(range(40))
    assert (train != split(len(data.x_train), "official", None, 0, data.official)[0]).any()
    standard = data.scaled({"input_scaling": {"name": "standard"}}).x_train
    np.testing.assert_allclose(standard[:40].mean(axis=0), 0, atol=1e-6)  # by the training examples alone
    assert len(data.fitted_targets) == 40
    training = {**plan.training("baseline", plan.looks[0].name), "engine": "numpy_engine:NumpyEngine", "code": ""}
    train_arm({**training, "user_code": ""}, *STORED, 1, Path("runs/baseline/look1"))
    records = [read_record(Path(f"runs/baseline/look1/seed_{seed}.json")) for seed in (0, 1)]
    assert {(record.data["train"], record.data["validation"]) for record in records} == {(40, 12)}
    assert records[0].draws["validation"] == records[1].draws["validation"]


def test_where_its_border_lies_is_part_of_the_data(arrays):
    np.savez("t.npz", **arrays)
    first, _ = prepared("name: npz, file: t.npz, validation: official")
    moved = {**arrays, "x_train": arrays["x_train"], "y_train": arrays["y_train"]}
    for key in "xy":
        moved[f"{key}_train"] = np.concatenate([arrays[f"{key}_train"], arrays[f"{key}_val"][:2]])
        moved[f"{key}_val"] = arrays[f"{key}_val"][2:]
    np.savez("t.npz", **moved)
    second, _ = prepared("name: npz, file: t.npz, validation: official")
    np.testing.assert_array_equal(first.x_train, second.x_train)
    assert first.fingerprint != second.fingerprint


def test_it_is_found_in_every_source(arrays):
    np.savez("t.npz", **arrays)
    expected, _ = prepared("name: npz, file: t.npz, validation: official")
    Path("arrays").mkdir()
    np.savez("others.npz", **{name.replace("val", "dev"): array for name, array in arrays.items()})
    for name, array in arrays.items():
        np.save(f"arrays/{name}.npy", array)
    tables = []
    for part, word in (("train", "train"), ("val", "dev"), ("test", "test")):
        table = pd.DataFrame(arrays[f"x_{part}"].astype(float), columns=["a", "b", "c"])
        tables.append(table.assign(y=arrays[f"y_{part}"], part=word))
        tables[-1].to_csv(f"{part}.csv", index=False)
    pd.concat(tables).to_csv("t.csv", index=False)
    Path("loads.py").write_text("import numpy as np\ndef load():\n    return dict(np.load('t.npz'))\n")
    for source in (
        "name: npz, file: others.npz, arrays: {x_val: x_dev, y_val: y_dev}",
        "name: npy, folder: arrays",
        "name: csv, file: t.csv, target: y, part: part",
        "name: csv, file: train.csv, target: y, drop: [part], validation_file: val.csv, test_file: test.csv",
        "name: 'loads:load'",
    ):
        found, _ = prepared(f"{source}, validation: official")
        assert found.fingerprint == expected.fingerprint, source
    for part, size in SIZES.items():
        for number in range(size):
            Path(f"images/{part}/{number % 2}").mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((2, 2), number, np.uint8)).save(f"images/{part}/{number % 2}/{number:02}.png")
    images, _ = prepared("name: images, folder: images, validation: official")
    assert images.official == 12 and images.x_train[40:, 0, 0].tolist() == [*range(0, 12, 2), *range(1, 12, 2)]


def without(arrays, *keys):
    return {key: array for key, array in arrays.items() if key not in keys}


@pytest.mark.parametrize(
    ("stored", "data", "words"),
    [
        (lambda a: a, "name: npz, file: t.npz", "received x_val, y_val. .*validation: official"),
        (lambda a: without(a, "x_val"), "name: npz, file: t.npz, validation: official", "missing x_val; found"),
        (lambda a: a | {"x_val": np.ones((12, 4))}, "name: npz, file: t.npz, validation: official", r"x_val \(12, 4\)"),
        (
            lambda a: a | {"y_val": np.full(12, "a")},
            "name: npz, file: t.npz, validation: official",
            "targets of one kind",
        ),
        (lambda a: a, "name: digits, validation: official", "data.validation: expected a share, since digits has no"),
        (
            lambda a: a,
            "name: csv, file: t.csv, target: y, validation: official",
            "data.validation: expected validation_file",
        ),
        (lambda a: a, "name: csv, file: t.csv, target: y, validation_file: t.csv", "Write validation: official"),
        (
            lambda a: a,
            "name: csv, file: t.csv, target: y, part: part",
            "12 examples beside data.validation: 0.1. Write",
        ),
        (
            lambda a: a,
            "name: csv, file: t.csv, target: y, part: p, validation: official",
            "received none: it is the arrays",
        ),
        (lambda a: a, "name: npz, file: t.npz, validation: 0.9", "data.validation: expected at most 0.5"),
        (lambda a: a, "name: npz, file: t.npz, validation: offical", "data.validation: expected a share.*or official"),
    ],
)
def test_it_is_refused_where_it_is_not_said_or_not_there(arrays, stored, data, words):
    table = pd.DataFrame({"a": np.arange(52.0), "y": np.arange(52) % 2})
    table = table.assign(part=["train"] * 30 + ["val"] * 12 + ["test"] * 10, p=["train"] * 42 + ["test"] * 10)
    table.to_csv("t.csv", index=False)
    np.savez("t.npz", **stored(arrays))
    with pytest.raises(StudyError, match=words):
        prepared(data)


def test_data_are_read_again_where_it_is_used_from_now_on(tmp_path):
    own, settings = (
        OwnFiles(str(tmp_path), lambda *_: ""),
        {"name": "npz", "file": "t.npz", "arrays": {}, "depends": [], "task": "auto"},
    )
    shares = [own.data({**settings, "validation": validation}) for validation in (0.1, 0.2, "official")]
    assert shares[0] == shares[1] != shares[2]
