import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from butfor.records import files, record, stored_record
from butfor.records.records_by_arm import RecordsByArm
from butfor.records.results_folder import ask_for
from butfor.records.tables import load_history, load_study, load_table, records_in

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


RATES = [[], [0.1, 0.2], [np.float32(0.1), 0.2], np.float32([0.0, 1e-45, 1 / 3]), np.float32([-0.0, np.nan, np.inf])]


@pytest.mark.parametrize("rates", RATES, ids=str)
def test_a_record_is_one_json_object_of_its_fields_in_their_order(tmp_path, rates):
    """To the byte, twice: what is kept of the first is told again."""
    layers = {"start": [{"counts": np.arange(3), "quantiles": np.array([0.1, np.nan]), "few": np.float32([0.1])}]}
    example = dataclasses.replace(EXAMPLE, learning_rate=list(rates), layers=layers, right="ä", parameters=np.int64(3))
    fields = {each.name: getattr(example, each.name) for each in dataclasses.fields(example)}
    told = {**fields, "parameters": 3, "history": [{"epoch": 1, "train/loss": "nan"}]}
    told |= {"penalty": {"start": {"kernels": "inf"}}, "learning_rate": [in_json(rate) for rate in rates]}
    told["layers"] = {"start": [{"counts": [0, 1, 2], "quantiles": [0.1, "nan"], "few": [0.1]}]}
    for _ in range(2):
        record.write(tmp_path / "r.json", example)
        assert (tmp_path / "r.json").read_text() == files.sealed(json.dumps(told, ensure_ascii=False))


def in_json(rate):
    """In the shortest spelling of its precision."""
    return float(str(rate)) if np.isfinite(rate) else str(float(rate))


NAMES = ["inf", "nan", "-inf", "yes", "1e3", "__init__", "CON", "null"]


@pytest.mark.parametrize("name", NAMES)
def test_a_users_word_stays_a_word(tmp_path, name):
    """Of an arm, a layer or a setting, though numbers that are not finite are written as such words."""
    recipe = {"model": {"name": name, "own": name}}
    layers = {"end": [{"layer": name, "activation": name, "weights": {"rms": float("inf")}}]}
    example = dataclasses.replace(EXAMPLE, arm=name, recipe=recipe, layers=layers, history=[], learning_rate=[])
    record.write(tmp_path / "runs" / name / "look1" / "seed_1.json", example)
    assert record.read(tmp_path / "runs" / name / "look1" / "seed_1.json") == example
    assert load_study(tmp_path)["arm"].tolist() == [name]


@pytest.mark.parametrize("kind", ["cosine", "constant", "drawn", "broken"])
def test_the_rates_of_a_long_training_take_little_space_and_lose_nothing(tmp_path, kind):
    steps = 422_000
    rates = {
        "cosine": 0.0005 * (1 + np.cos(np.pi * np.arange(steps) / steps)),
        "constant": np.full(steps, 0.001),
        "drawn": np.random.default_rng(0).normal(size=steps),
        "broken": np.r_[np.full(steps - 2, 0.1), np.nan, np.inf],
    }[kind].astype(np.float32)
    record.write(tmp_path / "r.json", dataclasses.replace(EXAMPLE, learning_rate=rates))
    back = record.read(tmp_path / "r.json").learning_rate
    assert back.tobytes() == rates.tobytes()
    assert (tmp_path / "r.json").stat().st_size < (60_000 if kind != "drawn" else 6 * steps)


@pytest.mark.parametrize("damage", ["cut", "format", "key", "number"])
def test_a_damaged_record_is_named(tmp_path, damage):
    path = tmp_path / "r.json"
    record.write(path, EXAMPLE)
    text = path.read_text()
    changed = {
        "cut": text[:50],
        "format": text.replace(f'"format": {record.FORMAT}', '"format": 9'),
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


def test_only_the_runs_that_the_study_asks_for_are_loaded_unless_all_are_asked_for(tmp_path):
    for arm in ("a", "taken_out"):
        record.write(tmp_path / "runs" / arm / "look1" / "seed_1.json", dataclasses.replace(EXAMPLE, arm=arm))
    record.write(tmp_path / "earlier" / "f00" / "seed_2.json", dataclasses.replace(EXAMPLE, seed=2))
    assert load_study(tmp_path)["arm"].tolist() == ["a", "taken_out"]  # nothing is known of what is asked for
    ask_for(tmp_path, ["a"], ["look1", "look2"])
    assert load_study(tmp_path)["arm"].tolist() == ["a"]
    assert sorted(load_study(tmp_path, earlier=True)["arm"]) == ["a", "a", "taken_out"]
    assert len(load_history(tmp_path)) == 1 and len(load_history(tmp_path, earlier=True)) == 3


def test_of_many_records_only_the_small_part_stays_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(stored_record, "MOST", 30_000)
    for seed in range(10):
        rows = [{"epoch": epoch, "train/loss": float("nan")} for epoch in range(500)]
        path = tmp_path / "runs" / "a" / "look1" / f"seed_{seed}.json"
        record.write(path, dataclasses.replace(EXAMPLE, seed=seed, fingerprint="many", history=rows))
    monkeypatch.setattr(stored_record, "_large_parts", stored_record._LargeParts())
    records = records_in([tmp_path / "runs" / "a" / "look1"])
    assert with_large_parts(records) == 1
    assert [record.seed for record in records] == list(range(10)) and len({id(one.recipe) for one in records}) == 1
    assert all(len(record.history) == 500 for record in records) and with_large_parts(records) == 1
    assert dataclasses.asdict(records[0])["metrics"] == EXAMPLE.metrics
    del records
    assert not stored_record._large_parts._holders and not stored_record._large_parts._total, (
        "parts outlive their records"
    )


def with_large_parts(records):
    return sum("history" in vars(record) for record in records)


def test_records_are_read_by_arm_in_the_order_of_their_seeds(tmp_path):
    arms, looks = ("b", "a", 'größer "als@x'), {"look1": (2, 10), "look2": (1,)}
    folders = [tmp_path / "runs" / arm / look for look in looks for arm in arms]
    for folder in folders:
        for seed in looks[folder.name]:
            record.write(folder / f"seed_{seed}.json", dataclasses.replace(EXAMPLE, arm=folder.parent.name, seed=seed))
    by_arm = RecordsByArm([*folders, tmp_path / "runs" / "missing" / "look1"])
    assert all(list(by_arm.of(arm)) == [1, 2, 10] for arm in arms) and by_arm.of("missing") == {}
    assert all(one.arm == arm and one.seed == seed for arm in arms for seed, one in by_arm.of(arm).items())
    path = tmp_path / "runs" / "a" / "look1" / "seed_10.json"
    path.write_text(path.read_text()[:5])
    with pytest.raises(record.RecordError, match="seed_10"):
        RecordsByArm(folders)


def test_words_in_tables_stay_words(tmp_path):
    pd.DataFrame({"arm": ["nan", "1e3", "inf", "NA"], "effect": [0.5, None, 1.0, 2.0]}).to_csv(tmp_path / "t.csv")
    table = load_table(tmp_path / "t.csv")
    assert table["arm"].tolist() == ["nan", "1e3", "inf", "NA"] and table["effect"].isna().tolist() == [
        False,
        True,
        False,
        False,
    ]
