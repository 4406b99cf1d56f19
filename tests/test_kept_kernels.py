"""What runs begin with is kept for those that begin with the same, as far as memory allows."""

import numpy as np
import yaml

from butfor.fingerprint import fingerprint
from butfor.study.settings import study_and_plan
from butfor.training.kept_kernels import KeptKernels, most_kept
from conftest import ROOT

SHAPES = [(784, 256), (256, 128), (128, 10)]


def test_the_kernels_of_the_example_study_are_kept_where_there_is_memory():
    _, plan = study_and_plan(yaml.safe_load((ROOT / "config/config.yaml").read_text()), ROOT / "config" / "schema.yaml")
    kinds = {fingerprint(arm.recipe["initialiser"]) for arm in plan.arms.values()}
    needed = len(kinds) * 30 * sum(4 * np.prod(shape) for shape in SHAPES)
    assert needed <= most_kept(2**40) and most_kept(2**32) == 2**27


def test_those_that_were_asked_for_last_are_kept():
    drawn, kept = [], KeptKernels(most=2 * 4 * 10)

    def draw(settings, key, shape):
        drawn.append(key)
        return np.full(shape, key, np.float32)

    for key in (1, 2, 1, 3, 1, 2):
        assert kept.drawn(draw, {"name": "normal"}, key, (10,))[0] == key
    assert drawn == [1, 2, 3, 2]
