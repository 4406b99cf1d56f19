"""A long training that was killed goes on from its checkpoint, to the bit as if nothing had happened."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from butfor.process import progress
from butfor.records import results_folder
from butfor.records.record import read
from butfor.training import checkpoint
from butfor.training.arm_job import train_arm
from butfor.training.checkpoint import Checkpoint
from butfor.training.trajectory import Trajectory
from conftest import KERAS, NUMPY, ROOT, resolved

MLP = {"name": "mlp", "widths": [16]}
RECIPES = {
    "restarts, dropout, adam, stopped early": {
        "dropout": 0.3,
        "schedule": {"name": "cosine_restarts", "first_decay": 1, "t_mul": 2},
        "early_stopping": {"name": "patience", "monitor": "loss", "patience": 2},
        "learning_rate": 0.03,
    },
    "plateau, momentum, batch normalisation, noisy inputs": {
        "optimiser": {"name": "sgd", "momentum": 0.9},
        "schedule": {"name": "reduce_on_plateau", "patience": 1, "factor": 0.5, "min_delta": 0.2},
        "normalisation": "batch",
        "input_dropout": 0.1,
        "learning_rate": 0.3,
    },
    "best weights restored, graph loop": {
        "early_stopping": {
            "name": "patience",
            "monitor": "accuracy",
            "patience": 20,
            "min_delta": 0.9,
            "restore_best": True,
        },
        "loop": "graph",
        "dropout": 0.2,
        "learning_rate": 0.05,
    },
}


MARKS = {"plat": pytest.mark.cases, "best": pytest.mark.long}
PLAIN = {"loop": "graph"}


class Killed(BaseException):
    """As a kill -9, at a place of our choice."""


def job(settings, epochs=7, engine=KERAS):
    return {
        "arm": "a",
        "seeds": [3],
        "recipe": resolved(model=MLP, epochs=epochs, **settings),
        "validation": 0.1,
        "engine": engine,
    }


def train(task, digits, folder):
    train_arm(task, *digits, threads=1, runs=folder)
    return read(folder / "seed_3.json")


def same(one, other):
    """The same to the bit, time and machine aside."""
    bare = [dataclasses.replace(run, timing={}, machine={}) for run in (one, other)]
    return json.dumps(dataclasses.asdict(bare[0]), default=str) == json.dumps(dataclasses.asdict(bare[1]), default=str)


@pytest.mark.parametrize(
    "settings",
    [pytest.param(settings, id=name, marks=MARKS.get(name[:4], [])) for name, settings in RECIPES.items()],
)
def test_a_run_cut_off_after_any_epoch_ends_as_if_it_had_not_been(settings, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "MOST", 1e9)
    task = job(settings)
    whole = train(task, digits, tmp_path / "whole" / "a" / "look1")
    assert len(whole.history) > 3 and whole.restored_epoch != 2
    if "reduce_on_plateau" in str(settings):
        assert whole.learning_rate[3 * whole.steps_per_epoch] < whole.learning_rate[0]
    add, epochs = Trajectory.add, []

    def killed(self, row, rates):
        epochs.append(row["epoch"])
        if len(epochs) in (2, 5):
            raise Killed
        return add(self, row, rates)

    monkeypatch.setattr(Trajectory, "add", killed)
    monkeypatch.setattr(Trajectory, "repeat", _uncounted(Trajectory.repeat, add))
    folder = tmp_path / "cut" / "a" / "look1"
    for _ in range(2):
        with pytest.raises(Killed):
            train(task, digits, folder)
    resumed = train(task, digits, folder)
    assert epochs[:7] == [1, 2, 2, 3, 4, 4, 5] if len(whole.history) > 4 else epochs[:6] == [1, 2, 2, 3, 4, 4]
    assert same(whole, resumed)
    assert len(resumed.timing["epochs_ended"]) == len(resumed.history)
    assert sorted(path.name for path in folder.iterdir()) == ["seed_3.json"]


def _uncounted(repeat, add):
    def uncounted(self, history, rates, best):
        self.add = lambda row, used: add(self, row, used)
        repeat(self, history, rates, best)
        del self.add

    return uncounted


def test_runs_under_a_minute_keep_nothing(digits, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(Checkpoint, "write", lambda self, *_: written.append(self))
    train(job(PLAIN, 2, NUMPY), digits, tmp_path / "a" / "look1")
    assert not written and checkpoint.EVERY == 60


def test_another_recipe_code_or_data_set_never_goes_on_from_it(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "MOST", 1e9)
    folder = tmp_path / "a" / "look1"
    with monkeypatch.context() as patch:
        patch.setattr(Trajectory, "add", _killed_in(3, Trajectory.add))
        with pytest.raises(Killed):
            train(job(PLAIN, engine=NUMPY), digits, folder)
    (kept,) = folder.parent.glob(".unfinished/*/seed_3.checkpoint.npz")
    gone_on = []
    monkeypatch.setattr(Trajectory, "repeat", lambda self, history, *_: gone_on.append(len(history)))
    train(job(PLAIN | {"dropout": 0.1}, engine=NUMPY), digits, folder)
    train({**job(PLAIN, engine=NUMPY), "code": "other"}, digits, folder)
    assert gone_on == [] and kept.exists()


def _killed_in(epoch, add):
    def killed(self, row, rates):
        if row["epoch"] == epoch:
            raise Killed
        return add(self, row, rates)

    return killed


def kept(path):
    box = Checkpoint(path)
    box.write({"variables": [np.arange(3.0), np.float32([1.5])], "best": []}, {"history": [{"loss": float("inf")}]})
    return box


def test_what_was_kept_comes_back(tmp_path):
    arrays, values = kept(tmp_path / "seed_0.checkpoint.npz").read()
    assert [value.tolist() for value in arrays["variables"]] == [[0, 1, 2], [1.5]] and arrays["best"] == []
    assert arrays["variables"][1].dtype == np.float32 and values == {"history": [{"loss": float("inf")}]}
    assert [path.name for path in tmp_path.iterdir()] == ["seed_0.checkpoint.npz"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_a_damaged_checkpoint_is_not_taken_up(tmp_path, damage):
    path = tmp_path / "seed_0.checkpoint.npz"
    box = kept(path)
    whole = bytearray(path.read_bytes())
    if damage == "flipped":
        place = whole.index(np.arange(3.0).tobytes()) + 5
        whole[place] ^= 1
    path.write_bytes({"cut": whole[: len(whole) // 2], "flipped": whole, "empty": b"", "other": b"text"}[damage])
    assert box.read() is None


def test_a_checkpoint_that_cannot_be_written_stops_nothing(tmp_path):
    box = kept(tmp_path / "seed_0.checkpoint.npz")
    (tmp_path / "seed_0.checkpoint.part").mkdir()
    box.write({"variables": []}, {})
    assert box.read()[1]["history"]
    (tmp_path / "seed_0.checkpoint.part").rmdir()
    (tmp_path / "seed_0.checkpoint.part").write_text("cut off in the middle")
    box.remove()
    assert not list(tmp_path.iterdir())


TRAIN = """
import json, sys
from pathlib import Path
from butfor.training import checkpoint
checkpoint.EVERY = 0.0
from butfor.training.arm_job import train_arm
task, arrays, manifest, runs = sys.argv[1:]
train_arm(json.loads(task), Path(arrays), Path(manifest), 1, Path(runs))
"""


@pytest.mark.cases
@pytest.mark.long  # trainings are killed in tests/faults, and cut off after an epoch here
def test_a_process_killed_at_random_moments_loses_nothing(digits, tmp_path):
    task = job(RECIPES["restarts, dropout, adam, stopped early"] | {"early_stopping": "none"}, epochs=400)
    task["recipe"]["early_stopping"] = {"name": "none"}
    whole = train(task, digits, tmp_path / "whole" / "a" / "look1")
    folder = tmp_path / "cut" / "a" / "look1"
    chance = np.random.default_rng(0)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    words = [sys.executable, "-c", TRAIN, json.dumps(task), *map(str, digits), str(folder)]

    def reached():
        files = list(folder.parent.glob(f".unfinished/*/*{results_folder.PROGRESS_SUFFIX}"))
        return len(progress.read(files[0])) - 1 if files else 0

    last = 0
    for _ in range(2):
        process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while reached() < last + 20 and process.poll() is None:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        last = reached()
    assert 40 <= last < 400
    assert same(whole, train(task, digits, folder))
    shutil.rmtree(tmp_path)
