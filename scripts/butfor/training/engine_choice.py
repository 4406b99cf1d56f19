"""The engine that a study names."""

from __future__ import annotations

import importlib

from butfor.errors import StudyError
from butfor.training.protocol import Engine


class EngineError(StudyError):
    """An engine that cannot be loaded."""


def engine_named(name: str) -> type[Engine]:
    """The class that `module:Class` names. Loading it imports the engine's libraries. Raises EngineError."""
    module, _, kind = name.partition(":")
    try:
        engine: type[Engine] = getattr(importlib.import_module(module), kind)
    except (ModuleNotFoundError, AttributeError) as failure:
        raise EngineError(
            f"{name}: expected an engine, module:Class, that Python can import: {failure}. Correct BUTFOR_ENGINE, or leave it"
            " out for Keras."
        ) from failure
    return engine
