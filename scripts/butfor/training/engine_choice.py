"""The engine that a study names."""

from __future__ import annotations

import difflib
import importlib

from butfor.errors import StudyError
from butfor.training.protocol import Engine

BUILT_IN = ("tensorflow", "jax")  # as BUTFOR_ENGINE names them
CLOSE = 0.5  # such short names are alike in few letters


class EngineError(StudyError):
    """An engine that cannot be loaded."""


def engine_named(name: str) -> type[Engine]:
    """The class that `module:Class` names. Loading it imports the engine's libraries. Raises EngineError."""
    module, _, kind = name.partition(":")
    try:
        engine: type[Engine] = getattr(importlib.import_module(module), kind)
    except (ModuleNotFoundError, AttributeError) as failure:
        raise EngineError(
            f"{name}: expected an engine, module:Class, that Python can import: {failure}. {_built_in(name)}"
        ) from failure
    return engine


def _built_in(name: str) -> str:
    """What to write instead."""
    close = difflib.get_close_matches(name.lower(), BUILT_IN, n=1, cutoff=CLOSE)
    meant = f" Did you mean {close[0]}?" if close else ""
    return (
        f"For an engine of butfor write BUTFOR_ENGINE={' or '.join(BUILT_IN)}, or leave it out for TensorFlow.{meant}"
    )
