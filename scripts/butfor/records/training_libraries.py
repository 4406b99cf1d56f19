"""The libraries that have trained a run, as its record tells them. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping

BACKENDS = {"jax": "JAX", "tensorflow": "TensorFlow"}  # by key of `machine`; the first that is there has trained
KERAS = "Keras"


def training_libraries(machine: Mapping[str, object]) -> dict[str, str]:
    """What trained, by its name with its version: the library that computes, then Keras; nothing of an engine of the user's own.

    machine: a record's, which has JAX only where that trained, and TensorFlow in any case."""
    if "jax" not in machine and "keras" not in str(machine.get("engine", "keras")):
        return {}
    backends = {name: str(machine[key]) for key, name in BACKENDS.items() if key in machine}
    keras = {KERAS: str(machine["keras"])} if "keras" in machine else {}
    return dict([*list(backends.items())[:1], *keras.items()])
