"""Keras without the libraries it brings along for other things than training."""

import subprocess
import sys

from butfor.engine import keras_import
from conftest import ROOT

CODE = """
import sys
import butfor.training.arm_job, butfor.training.rate_search, butfor.training.build_job
print("keras" in sys.modules)
import butfor.engine.keras_engine
from butfor.engine.keras_import import UNUSED
print("keras" in sys.modules, *sorted(set(UNUSED) & set(sys.modules)))
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
    assert done.stdout.splitlines() == ["False", "True", "0.5 1"]


def test_what_is_imported_already_stays():
    import scipy

    keras_import.load()
    assert sys.modules["scipy"] is scipy
