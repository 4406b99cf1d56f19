"""Folds that one engine trains on JAX, whose programs are those of the largest."""

import json

import pytest

from jax_process import said_by

pytestmark = pytest.mark.services


def test_folds_of_other_numbers_of_steps_share_one_program_and_are_those_of_one_each_to_the_bit(tmp_path):
    recipe = {"schedule": "cosine", "l2": 1e-4, "normalisation": "batch"}
    (run,) = json.loads(said_by("fold_runs.py", [recipe], tmp_path))
    assert run["engines"] == 1 and len(run["left"]) == 3
    for together, apart in run["left"].values():
        assert together == apart
