"""Keras without the libraries it brings along for other things than training."""

import json
import os
import subprocess
import sys

import pytest

from butfor.engine import keras_import
from butfor.engine.import_notices import without_notices
from conftest import ROOT

CODE = """
import gc, sys
import butfor.training.arm_job, butfor.training.rate_search, butfor.training.build_job
print("keras" in sys.modules)
import butfor.engine.keras_engine
from butfor.engine.keras_import import UNUSED
print("keras" in sys.modules, *sorted(set(UNUSED) & set(sys.modules)))
print(gc.isenabled(), gc.get_freeze_count() > 100_000)
import scipy.special, pandas
print(scipy.special.expit(0.0), pandas.Series([1]).sum())
import keras
c = keras.config
print(c.floatx(), c.epsilon(), c.backend(), c.image_data_format(), c.dtype_policy().name, keras.layers.Dense(1).dtype)
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """What a process says that imports what trains, where the user has a configuration of Keras."""
    home = tmp_path_factory.mktemp("home")
    theirs = {"floatx": "float64", "epsilon": 0.1, "backend": "jax", "image_data_format": "channels_first"}
    (home / "keras.json").write_text(json.dumps(theirs))
    where = {
        "PYTHONPATH": str(ROOT / "scripts"), "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_HOME": str(home), "KERAS_BACKEND": "torch",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", CODE], env=where, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def test_a_training_imports_none_of_them_and_whoever_wants_one_finds_it(imported):
    assert imported.stdout.splitlines()[:4] == ["False", "True", "True True", "0.5 1"]
    assert "oneDNN" not in imported.stderr and "absl" not in imported.stderr


def test_what_is_imported_already_stays():
    import scipy

    keras_import.load()
    assert sys.modules["scipy"] is scipy


def test_the_user_s_own_configuration_of_keras_decides_nothing(imported):
    told = imported.stdout.splitlines()[4]
    assert told.split() == ["float32", "1e-07", "tensorflow", "channels_last", "float32", "float32"]
    assert "Keras's configuration says floatx float64; here it is float32" in imported.stderr


def test_other_lines_of_the_error_output_are_passed_on(capfd):
    with without_notices():
        os.write(2, b"I0000 00:00:17 port.cc:153] a notice\nE0000 00:00:17 a failure\nhalf a line")
    assert capfd.readouterr().err == "E0000 00:00:17 a failure\nhalf a line"
