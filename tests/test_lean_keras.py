"""Keras without the libraries it brings along for other things than training."""

import json
import os
import subprocess
import sys

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
"""


def test_a_training_imports_none_of_them_and_whoever_wants_one_finds_it():
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={"PYTHONPATH": str(ROOT / "scripts"), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["False", "True", "True True", "0.5 1"]
    assert "oneDNN" not in done.stderr and "absl" not in done.stderr


def test_what_is_imported_already_stays():
    import scipy

    keras_import.load()
    assert sys.modules["scipy"] is scipy


def test_the_user_s_own_configuration_of_keras_decides_nothing(tmp_path):
    theirs = {"floatx": "float64", "epsilon": 0.1, "backend": "jax", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(theirs))
    code = (
        "import butfor.engine.keras_engine, keras\n"
        "c = keras.config\n"
        "print(c.floatx(), c.epsilon(), c.backend(), c.image_data_format(), c.dtype_policy().name, keras.layers.Dense(1).dtype)"
    )
    where = {"PYTHONPATH": str(ROOT / "scripts"), "KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "torch"}
    done = subprocess.run([sys.executable, "-c", code], env=where, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["float32", "1e-07", "tensorflow", "channels_last", "float32", "float32"], done.stderr
    assert "Keras's configuration says floatx float64; here it is float32" in done.stderr


def test_other_lines_of_the_error_output_are_passed_on(capfd):
    with without_notices():
        os.write(2, b"I0000 00:00:17 port.cc:153] a notice\nE0000 00:00:17 a failure\nhalf a line")
    assert capfd.readouterr().err == "E0000 00:00:17 a failure\nhalf a line"
