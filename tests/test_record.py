import dataclasses
import json

import numpy as np
import pytest

from butfor.records import files, record
from butfor.records.tables import load_history, load_study

EXAMPLE = record.Record(
    arm="a", seed=1, status="ok", reason="", recipe={"l2": 0.1, "schedule": {"name": "none"}}, fingerprint="f",
    data={"name": "d"}, loop="xla", parameters=3, history=[{"epoch": 1, "train/loss": float("nan")}],
    learning_rate=[np.float32(0.001), np.float32(1 / 3)], steps_per_epoch=2, stopped_epoch=1, restored_epoch=1,
    metrics={"test/accuracy": 0.5}, structure=[], optimiser={}, first_loss={},
    penalty={"start": {"kernels": float("inf")}}, layers={}, draws={}, chance={},
    machine={"device": "CPU"}, timing={"seconds": {"train": 1.0}},
)  # fmt: skip


def test_a_record_reads_back_as_it_was_written_nan_infinity_and_float32_included(tmp_path):
    record.write(tmp_path / "r.json", EXAMPLE)
    back = record.read(tmp_path / "r.json")
    np.testing.assert_array_equal(np.float32(back.learning_rate), np.float32(EXAMPLE.learning_rate))
    assert np.isnan(back.history[0]["train/loss"]) and back.penalty["start"]["kernels"] == float("inf")
    assert dataclasses.replace(back, history=[], learning_rate=[]) == dataclasses.replace(
        EXAMPLE, history=[], learning_rate=[]
    )
    json.loads((tmp_path / "r.json").read_text(), parse_constant=pytest.fail)


@pytest.mark.parametrize("damage", ["cut", "format", "key", "number"])
def test_a_damaged_record_is_named(tmp_path, damage):
    path = tmp_path / "r.json"
    record.write(path, EXAMPLE)
    text = path.read_text()
    changed = {
        "cut": text[:50],
        "format": text.replace('"format": 3', '"format": 9'),
        "number": text.replace('"test/accuracy": 0.5', '"test/accuracy": 0.7'),
        "key": text.replace('"loop"', '"lop"'),
    }
    path.write_text(changed[damage])
    with pytest.raises(record.RecordError, match=r"r\.json"):
        record.read(path)


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "r.json"
    record.write(path, EXAMPLE)
    with pytest.raises(TypeError):
        record.write(path, dataclasses.replace(EXAMPLE, draws={"bad": object()}))
    with pytest.raises(UnicodeEncodeError):
        files.write_atomically(path, "\ud800")
    assert record.read(path).arm == "a" and len(list(tmp_path.iterdir())) == 1


def test_a_whole_study_loads_with_one_call(tmp_path):
    for seed in (0, 1):
        record.write(tmp_path / "runs" / "a" / "look1" / f"seed_{seed}.json", dataclasses.replace(EXAMPLE, seed=seed))
    record.write(tmp_path / "runs" / "a" / ".unfinished" / "x" / "seed_9.json", EXAMPLE)
    for load in (load_study, load_history):
        with pytest.raises(FileNotFoundError, match="expected the results folder of a study"):
            load(tmp_path / "nope")
    table = load_study(tmp_path)
    assert table["seed"].tolist() == [0, 1]
    assert table["recipe.schedule.name"].tolist() == ["none", "none"] and table["test/accuracy"].mean() == 0.5
