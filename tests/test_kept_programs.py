"""Compiled programs that jobs share as files, and XLA's use of them."""

import json
import os
import signal
import subprocess
import sys

import pytest

from butfor.process import kept_programs
from butfor.process.kept_programs import job_folder_of_programs
from butfor.workflow.parameters import KERAS
from conftest import ROOT, resolved


def compiled(kept, **programs):
    """What a job finds, which leaves programs of its own."""
    with job_folder_of_programs(kept, "recipe") as place:
        found = {path.stem: path.read_text() for path in place.glob("*.pb")}
        for name, text in programs.items():
            (place / f"{name}.pb").write_text(text)
    return found


def test_what_one_job_has_compiled_the_next_one_finds(tmp_path):
    assert compiled(tmp_path / "kept", one="1") == {}
    assert compiled(tmp_path / "kept", two="2") == {"one": "1"}
    assert compiled(tmp_path / "kept") == {"one": "1", "two": "2"}
    assert len(list((tmp_path / "kept").iterdir())) == 2  # nothing of the jobs' own is left


def test_a_job_that_compiles_nothing_leaves_no_folder(tmp_path):
    assert compiled(tmp_path / "compiled" / "mark") == {}
    assert not (tmp_path / "compiled").exists()


def test_a_program_that_two_jobs_compile_at_once_is_kept_once(tmp_path):
    with job_folder_of_programs(tmp_path, "recipe") as place:
        (place / "one.pb").write_text("1")
        assert compiled(tmp_path, one="1 in other bytes") == {}
    assert compiled(tmp_path) == {"one": "1 in other bytes"}
    assert len(list(tmp_path.iterdir())) == 1


def test_a_program_that_is_damaged_is_dropped(tmp_path):
    compiled(tmp_path, one="1", two="2")
    damaged = next(path for path in tmp_path.iterdir() if path.name.endswith("-one.pb"))
    damaged.write_text("")
    assert compiled(tmp_path) == {"two": "2"}
    assert not damaged.exists()


def test_a_job_that_failed_keeps_nothing_and_the_next_one_of_its_recipe_goes_without(tmp_path):
    compiled(tmp_path, one="1")
    with pytest.raises(RuntimeError), job_folder_of_programs(tmp_path, "recipe") as place:
        (place / "broken.pb").write_text("?")
        raise RuntimeError
    with job_folder_of_programs(tmp_path, "recipe") as place:
        assert place is None
    assert compiled(tmp_path) == {"one": "1"}


def test_a_job_that_is_killed_is_noticed_and_one_that_lives_is_let_alone(tmp_path):
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from butfor.process.kept_programs import job_folder_of_programs\n"
        "with job_folder_of_programs(Path(sys.argv[1]), 'recipe') as place:\n    print(place, flush=True)\n    time.sleep(600)"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], env=env, stdout=subprocess.PIPE, text=True) as job:
        place = job.stdout.readline().strip()
        assert compiled(tmp_path) == {}
        assert os.path.isdir(place)
        job.send_signal(signal.SIGKILL)
    with job_folder_of_programs(tmp_path, "another recipe") as other:
        assert other is not None
    assert not os.path.isdir(place)


def test_a_job_that_is_just_beginning_is_not_taken_for_one_that_was_cut_short(tmp_path):
    """Between making its lock file and locking it; two jobs share one arm's seeds, so they begin together."""
    beginning = tmp_path / ".recipe-1.lock"
    beginning.touch()
    with job_folder_of_programs(tmp_path, "recipe") as place:
        assert place is not None
    assert beginning.exists()


def test_the_newest_programs_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_programs, "MOST_BYTES", 5)
    compiled(tmp_path, old="aaa")
    for path in tmp_path.iterdir():
        os.utime(path, (1, 1))
    compiled(tmp_path, new="bbb")
    assert compiled(tmp_path) == {"new": "bbb"}


JOB = """
import json, sys
from butfor.process.log import log_to
task = json.loads(sys.argv[1])
log_to(task["log"])
from butfor.training.arm_job import train_arm
train_arm(task["training"], task["arrays"], task["manifest"], threads=1, runs=task["runs"])
"""
WITHOUT = {"TF_XLA_FLAGS": "--tf_xla_persistent_cache_directory="}  # the user's own setting, which stays


@pytest.mark.cases
def test_an_arm_that_draws_its_weights_otherwise_takes_what_another_has_compiled_to_the_bit(tmp_path, digits):
    recipe = {"model": {"name": "mlp", "widths": [8]}, "epochs": 1, "batch_size": 50, "loop": "xla", "train_size": 500}

    def trained(folder, initialiser, **environment):
        training = {"arm": initialiser, "recipe": resolved(**recipe, initialiser=initialiser), "seeds": [0]}
        training |= {"engine": KERAS, "validation": 0.1}
        paths = dict(zip(("arrays", "manifest"), map(str, digits), strict=True))
        runs = tmp_path / folder / "runs" / initialiser / "look1"
        task = {"training": training, "runs": str(runs), "log": str(tmp_path / f"{initialiser}.log"), **paths}
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
        subprocess.run([sys.executable, "-c", JOB, json.dumps(task)], env=environment, check=True)
        programs = (tmp_path / folder / "compiled").glob("*/*.pb")
        record = json.loads((runs / "seed_0.json").read_text())
        return sorted((path.name, path.stat().st_mtime_ns) for path in programs), record["history"], record["metrics"]

    compiled, *_ = trained("kept", "he_normal", TF_XLA_FLAGS="")
    assert compiled
    found = trained("kept", "glorot_uniform", TF_XLA_FLAGS="")
    assert found[0] == compiled
    assert trained("alone", "glorot_uniform", **WITHOUT) == ([], *found[1:])
