"""Trainings with Keras in the tests' own process."""

from butfor.engine.device import use_device
from butfor.engine.keras_engine import KerasEngine
from butfor.training.arm_runs import ArmRuns

use_device(threads=1)


def arm_runs(recipe, data, name="baseline", validation=0.1):
    """The runs of an arm with a recipe."""
    return ArmRuns(KerasEngine, {"arm": name, "recipe": recipe, "validation": validation}, data, "test")
