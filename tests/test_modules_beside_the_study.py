"""A user's own modules that lie beside the study's file, in a folder that is none of those in which Python looks."""

import sys

import yaml

from butfor.workflow.planning import find_modules_beside

MODULE = """import numpy as np
from beside_it import SCALE


def load():
    x = SCALE * np.random.default_rng(0).normal(size=(400, 8)).astype("float32")
    y = (x[:, 0] > 0).astype(int)
    return x[:300], y[:300], x[300:], y[300:]
"""
STUDY = {
    "study": "there",
    "seeds": 2,
    "data": "my_own:load",
    "recipe": {"model": {"name": "mlp", "widths": [8]}, "dropout": 0.1, "epochs": 1},
    "ablations": {"no_dropout": {"set": {"dropout": 0.0}}},
    "tracking": {"mlflow": False},
}


def test_a_job_finds_them_and_what_they_import_and_a_change_is_noticed(workflow_copy):
    copy = workflow_copy("beside")
    there = copy.folder / "studies" / "one"
    there.mkdir(parents=True)
    (there / "my_own.py").write_text(MODULE)
    (there / "beside_it.py").write_text("SCALE = 1.0\n")
    (there / "study.yaml").write_text(yaml.safe_dump(STUDY))
    words = "--configfile", "studies/one/study.yaml", "--until", "data"
    done = copy.run(*words)
    assert done.returncode == 0 and (copy.folder / "results/there/data/arrays.npz").exists(), done.stderr
    assert copy.would_run(*words) == {}
    (there / "beside_it.py").write_text("SCALE = 2.0\n")
    assert copy.would_run(*words) == {"data": 1}


def test_their_folder_comes_last_so_that_no_module_of_a_library_s_is_hidden(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", ["/first", "/second"])
    find_modules_beside(["/first/study.yaml", f"{tmp_path}/study.yaml", f"{tmp_path}/more.yaml"])
    assert sys.path == ["/first", "/second", str(tmp_path)]
