"""Models of the user's own that raise, hang, print without end or end their process: each is a named failure."""

import json
import os
import re
import shutil
import sys
from functools import partial

import pytest

from butfor.engine.user_models import build
from butfor.process import failure_note
from butfor.records.record import read
from butfor.training import build_job
from butfor.user_code.location import OwnCodeError
from conftest import KERAS, ROOT, resolved
from preloaded import Preloaded

pytestmark = pytest.mark.cases
MODEL = {"name": "moody:build"}
RECIPE = {"epochs": 2, "batch_size": 32, "loop": "graph", "learning_rate": 0.01}
# Keras's import takes longer than a training.
LIBRARIES = "butfor.engine.keras_engine", "butfor.training.arm_job"


@pytest.fixture
def moody(tmp_path, monkeypatch):
    """The moody model in the working folder."""
    for name in ("moody.py", "moody.yaml"):
        shutil.copy(ROOT / "tests" / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


@pytest.fixture(scope="module")
def jobs():
    """Starts training jobs, each a process of its own that begins with its libraries imported."""
    where = {**os.environ, "PYTHONPATH": os.pathsep.join([f"{ROOT / 'scripts'}", f"{ROOT / 'tests'}"])}
    server = Preloaded("moody_training", LIBRARIES, where)
    yield partial(server.run, environment=where, timeout=300)
    server.close()


@pytest.fixture
def trained(moody, digits, jobs):
    """Trains a mood in a process of its own; gives its exit code, its log, and what the partial report is told."""

    def train(mood, max_minutes=None, seeds=(0,)):
        recipe = resolved(**RECIPE, model={**MODEL, "mood": mood})
        training = {"arm": "arm", "seeds": list(seeds), "recipe": recipe, "validation": 0.1, "engine": KERAS}
        asked = {"training": training, "arrays": f"{digits[0]}", "manifest": f"{digits[1]}", "max_minutes": max_minutes}
        done = jobs([json.dumps(asked)], moody)
        return done.returncode, (moody / "job.log").read_text(errors="replace"), failure_note.read_notes(moody)

    return train


def test_an_error_while_training_is_one_line_with_the_users_own_lines_before_it(trained):
    code, log, (note,) = trained("raises")
    assert code == 1 and note["seed"] == 0 and note["log"] == "job.log"
    assert "moody:build: training arm, seed 0, it raised" in note["why"] and "I am in no mood" in log
    assert log.splitlines()[-1].startswith("OwnCodeError: moody:build: training arm, seed 0, it raised")
    assert "ValueError: I am in no mood in " in note["why"] and 'moody.py", line' in log


@pytest.mark.parametrize("mood", ["ends", "dies"])
def test_a_process_that_ends_itself_leaves_a_note_that_says_so(trained, mood):
    code, log, (note,) = trained(mood)
    assert code == {"ends": 0, "dies": -9}[mood]
    assert note["why"] == failure_note.NO_MESSAGE and "epoch 1 of 2" in log


def test_one_seed_that_raises_is_named_and_the_seeds_before_it_are_kept(trained, moody):
    code, _log, (note,) = trained("late", seeds=(0, 1, 2, 3))
    assert code == 1 and note["seed"] == 2 and "KeyError" in note["why"] and "moody.py, line" in note["why"]
    assert len(list(moody.glob("runs/arm/.unfinished/*/seed_*.json"))) == 2
    assert not (moody / "runs/arm/look1").exists()


@pytest.mark.parametrize("mood", ["sleeps", pytest.param("holds", marks=pytest.mark.long)])
def test_a_training_that_hangs_is_ended_and_says_where_it_was(trained, mood):
    code, log, (note,) = trained(mood, max_minutes=0.5)
    assert code == -9 and note["seed"] == 0 and "took longer than max_minutes 0.5" in note["why"]
    assert log.splitlines()[-1] == note["why"]
    assert re.search(r'moody\.py", line \d+ in (_hold_the_lock|<lambda>)', log)


def test_a_log_keeps_the_beginning_of_what_is_printed_without_end_and_butfors_own_lines(trained, moody):
    code, log, notes = trained("prints")
    assert code == 0 and not notes
    assert (moody / "job.log").stat().st_size < 17 * 2**20
    assert "more than 16 MiB were printed" in log and "seed 0 · epoch 2 of 2" in log and "seed 0: test acc" in log
    assert "x" * 1000 in log


def test_what_a_model_changes_of_its_process_changes_no_record(trained, moody):
    told = []
    for mood in ("calm", "careless"):
        code, log, notes = trained(mood)
        assert code == 0 and not notes, log
        record = read(moody / "runs/arm/look1/seed_0.json")
        told.append((record.history, record.metrics, record.draws))
    assert told[0] == told[1]


def test_outputs_that_are_not_numbers_are_a_failed_training_and_a_record(trained, moody):
    code, _log, notes = trained("nan")
    assert code == 0 and not notes
    assert read(moody / "runs/arm/look1/seed_0.json").status == "diverged"


def test_a_wrong_shape_in_training_only_is_named(trained):
    code, _log, (note,) = trained("shape")
    assert code == 1 and "moody:build: training arm, seed 0, it raised" in note["why"]


@pytest.mark.parametrize(("mood", "words"), [("integers", "received int32 (64, 10)")])
def test_what_can_be_seen_while_building_is_refused_then(moody, digits_data, mood, words):
    with pytest.raises(OwnCodeError, match=re.escape(words)):
        build(resolved(**RECIPE, model={**MODEL, "mood": mood}), digits_data, "arm")


def test_each_model_that_ends_or_hangs_while_it_is_built_is_named_and_the_others_are_built(moody, digits):
    moods = ["raises", "ends", "holds", "calm"]
    recipes = {mood: resolved(**RECIPE, model={**MODEL, "building": mood}) for mood in moods}
    paths = [moody / "built" / f"{mood}.json" for mood in moods]
    build_job.build_all(KERAS, recipes, *digits, paths, "look1", max_minutes=0.4)
    raises, ends, holds, calm = map(build_job.failure, paths)
    assert "building it for raises, it raised ValueError: I am in no mood in " in raises
    assert ends == f"moody:build: building ends, {failure_note.NO_MESSAGE}."
    assert holds == "TimeLimitError: building holds: ended, because it took longer than max_minutes 0.4."
    assert calm is None and json.loads(paths[3].read_text())[-1]["layer"] == "mood"
