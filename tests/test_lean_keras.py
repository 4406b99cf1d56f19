"""Keras without the libraries it brings along for other things than training."""

import subprocess
import sys

from butfor import lean_keras
from conftest import ROOT

CODE = """
import sys
from butfor import lean_keras
lean_keras.load()
import butfor.arm_job, butfor.building, butfor.rate_search
print(*sorted(set(lean_keras.UNUSED) & set(sys.modules)), sep=",")
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
    assert done.stdout.splitlines() == ["", "0.5 1"]


def test_what_is_imported_already_stays():
    import scipy

    lean_keras.load()
    assert sys.modules["scipy"] is scipy
