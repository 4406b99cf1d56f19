"""Convolutions by patches, by which JAX trains networks side by side: those of Keras."""

import json

import numpy as np
import pytest

from jax_process import said_by

pytestmark = pytest.mark.services

CONVOLVING = [
    {"model": {"name": "cnn", "filters": [4], "kernel": 3, "width": 8}, "dropout": 0.2, "batch_size": 64, "epochs": 2},
    {"model": {"name": "residual_cnn", "filters": [4, 8], "blocks": 1}, "batch_size": 64, "epochs": 1},
]


@pytest.fixture(scope="module")
def by_patches(tmp_path_factory):
    return json.loads(said_by("jax_patches.py", {"recipes": CONVOLVING}, tmp_path_factory.mktemp("compiled")))


def test_a_convolution_by_patches_is_that_of_keras_but_for_rounding(by_patches):
    for own, patches in by_patches["layers"]:
        for values, same in zip(patches, own, strict=True):
            np.testing.assert_allclose(values, same, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("recipe", range(len(CONVOLVING)))
def test_networks_convolve_by_patches_side_by_side_and_train_as_they_do_alone(by_patches, recipe):
    found = by_patches["trained"][recipe]
    assert found["kinds"] == ["butfor.jax_engine.patch_convolution"]
    for together, alone in zip(found["together"], found["alone"], strict=True):
        assert together["orders"] == alone["orders"] and together["reason"] == alone["reason"] == ""
        np.testing.assert_allclose(together["figures"], alone["figures"], rtol=5e-5)
        np.testing.assert_allclose(together["weights"], alone["weights"], rtol=5e-5)
