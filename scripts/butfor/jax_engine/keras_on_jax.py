"""Keras with JAX as its backend, and with butfor's settings."""

from __future__ import annotations

import importlib.util
import os
import sys

from butfor.errors import StudyError


class BackendError(StudyError):
    """A process in which Keras cannot run on JAX."""


def load() -> None:
    """Import JAX and then Keras on it, and nothing of TensorFlow. Raises BackendError."""
    if importlib.util.find_spec("jax") is None:
        raise BackendError(
            "engine jax: expected the package jax, which is not installed. Give `make ENGINE=jax setup`, or leave ENGINE"
            " out for Keras on TensorFlow."
        )
    earlier = os.environ.get("KERAS_BACKEND")
    os.environ["KERAS_BACKEND"] = "jax"
    import jax  # noqa: F401

    if "keras" not in sys.modules:
        import keras  # noqa: F401
    from keras import config  # type: ignore[attr-defined]

    if config.backend() != "jax":
        os.environ["KERAS_BACKEND"] = earlier or config.backend()
        raise BackendError(
            f"engine jax: expected Keras not yet imported, received Keras on {config.backend()} in this process. Train"
            " with one engine in a process."
        )
    _without_tensorflow()
    from butfor.engine.keras_import import load as pinned

    pinned()
    os.environ["KERAS_BACKEND"] = "jax"


def _without_tensorflow() -> None:
    """Have Keras find no TensorFlow: it imports it, for some seconds, where an optimiser is only to tell its settings."""
    from keras.src.utils import module_utils  # type: ignore[import-not-found,unused-ignore]

    if "tensorflow" not in sys.modules:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]
        try:
            module_utils.tensorflow.available  # noqa: B018 - which Keras asks once
        finally:
            del sys.modules["tensorflow"]
