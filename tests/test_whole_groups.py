"""Whole groups of examples are validated on: no patient is both trained on and validated on, and every seed trains on as many."""

import numpy as np
import pandas as pd
import pytest

from butfor.data.dataset import load, split
from butfor.data.prepare import prepare
from butfor.data.whole_groups import group_numbers, has_room, parted
from butfor.metrics.stored_data import StoredData
from butfor.study.arm import BASELINE
from butfor.workflow.joint_trainings import joint_trainings
from conftest import NUMPY, resolved
from keras_training import arm_runs

STUDY = "recipe: {batch_size: 8}\nablations: {a: {set: {dropout: 0.1}}}\n"
WAYS = {
    "folds": ("replicates: {folds: 4, groups: patient}\n", ""),
    "the test part": ("", ", test: {by: group, column: patient, share: 0.25}"),
}


@pytest.fixture
def table(tmp_path):
    """120 rows of 40 patients, of whom each has another value."""
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(40), rng.permutation(np.repeat([1, 3, 5], [14, 12, 14])))[:120]
    frame = pd.DataFrame({"a": patient + rng.normal(0, 0.1, len(patient)), "patient": [f"p{n}" for n in patient]})
    frame["y"] = np.where(rng.random(40)[patient] > 0.5, "yes", "no")
    frame.to_csv(tmp_path / "table.csv", index=False)
    return frame


def stored(planned, tmp_path, way, share="0.15"):
    """The files of the table's data set."""
    before, more = WAYS[way]
    data = f"data: {{name: csv, file: {tmp_path}/table.csv, target: y, validation: {share}{more}}}\n"
    settings, plan = planned(f"{before}{data}{STUDY}")
    files = [tmp_path / name for name in ("arrays.npz", "manifest.json", "source.json")]
    prepare({**settings["data"], "largest": plan.largest()}, *files, tmp_path / "files")
    return files[:2]


@pytest.mark.parametrize("way", WAYS)
def test_nobody_is_trained_on_and_validated_on(planned, tmp_path, table, way):
    files = stored(planned, tmp_path, way)
    data, metrics = load(*files), StoredData(*files, 0.15)
    sizes, validated = set(), []
    for seed in range(8):
        own = data.of_seed(seed)
        train, held = split(len(own.y_train), 0.15, None, seed, 0, own.together)
        patients = np.floor(own.x_train[:, 0].round()).astype(int)  # whom the only input tells
        assert len(held) and not {*patients[train]} & {*patients[held]}
        assert len(held) <= round(0.15 * len(patients)) == len(patients) - len(train)
        sizes.add((len(patients), len(train)))
        validated.append(frozenset(patients[held]))
        for part, rows in (("train", train), ("validation", held)):
            chosen = metrics.rows(part, seed, None)[0]
            stored_rows = data.x_train[chosen]
            assert np.array_equal(stored_rows, own.x_train[rows])
    assert len(set(validated)) > 4
    if way != "folds":
        assert len(sizes) == 1 and metrics.about["together"] > 20
    assert "validation parts are of whole groups" in (tmp_path / "source.json").read_text()


def test_an_engine_validates_on_whole_groups(planned, tmp_path, table):
    data = load(*stored(planned, tmp_path, "the test part"))
    arm = arm_runs(resolved(model={"name": "mlp", "widths": [4]}, batch_size=8, epochs=1), data, name=BASELINE)
    train, held = arm._split(3)
    assert not {*data.together[train]} & {*data.together[held]}
    assert len(arm.train(3).history) == 1


def test_groups_are_drawn_as_they_come_each_that_fits():
    groups = np.array([0, 0, 0, 1, 2, 2, 3, 3, 3, 3])
    order = np.array([9, 0, 3, 4, 5, 1, 2, 6, 7, 8])
    train, held = parted(order, groups, 3)
    assert held.tolist() == [0, 1, 2] and train.tolist() == [9, 3, 4, 5, 6, 7, 8]  # group 3 does not fit, 0 fills it
    train, held = parted(order, groups, 2)
    assert held.tolist() == [3] and train.tolist() == [0, 4, 5, 1, 2, 6, 7, 8]  # 9 is left over


def test_a_tiny_group_is_no_validation_part():
    groups = np.repeat(np.arange(10, dtype=np.int32), [2, *[100] * 9])
    assert not has_room(groups, 90) and has_room(groups, 100) and has_room(groups, 4)
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(902).astype(np.int32)
        train, held = parted(order, groups, 100)
        assert len(held) == 100 and len(train) == 802
    uneven = np.repeat(np.arange(3, dtype=np.int32), [1, 90, 200])
    first = np.concatenate([[0], np.arange(290, 0, -1)])
    assert len(parted(first, uneven, 90)[1]) == 90  # whoever draws the small one first


def test_where_no_group_fits_examples_are_drawn_one_by_one_and_the_source_says_so(planned, tmp_path, table):
    large = np.repeat(np.arange(4), 30)
    assert has_room(large, 30) and has_room(large, 60) and not has_room(large, 29)
    table.assign(patient=[f"p{n}" for n in large]).to_csv(tmp_path / "table.csv", index=False)
    files = stored(planned, tmp_path, "folds", "0.1")
    assert (
        load(*files).together is None
        and "since whole groups would not fill half" in (tmp_path / "source.json").read_text()
    )


def test_groups_that_only_metrics_ask_for_are_not_kept_whole(planned, tmp_path, table):
    data = f"data: {{name: csv, file: {tmp_path}/table.csv, target: y, groups: patient, test: {{share: 0.25}}}}\n"
    settings, plan = planned(f"{data}{STUDY}")
    files = [tmp_path / name for name in ("arrays.npz", "manifest.json", "source.json")]
    prepare({**settings["data"], "largest": plan.largest()}, *files, tmp_path / "files")
    assert load(*files[:2]).together is None


def test_groups_of_text_have_numbers_and_data_without_groups_are_split_as_ever():
    assert group_numbers(np.array(["b", "a", "b"])).tolist() == [1, 0, 1]
    plain = split(50, 0.1, None, 4)
    alone = split(50, 0.1, None, 4, 0, np.arange(50, dtype=np.int32))
    assert all(np.array_equal(a, b) for a, b in zip(plain, alone, strict=True))


@pytest.mark.parametrize(
    ("made", "jobs"),
    [({}, 1), ({"groups": "ward"}, 1), ({"read_as": {"test": {"by": "group"}}}, 0), ({"folds": {}}, 1)],
)
def test_parts_of_other_sizes_are_not_trained_side_by_side(made, jobs):
    targets = type("Targets", (), {"data": type("Data", (), {"made": {"": made}})})
    training = {"arm": BASELINE, "recipe": resolved(), "seeds": [0, 1], "engine": NUMPY}
    assert len(joint_trainings([training], targets)) == jobs
