"""Keras without the libraries that it imports only to draw, tabulate and wrap models: half of what its import takes."""

from __future__ import annotations

import sys

UNUSED = ("matplotlib", "pandas", "pyarrow", "scipy", "sklearn")  # Keras does without where they are not installed


def load() -> None:
    """Import Keras as if the UNUSED libraries were missing; whoever imports one of them afterwards finds it."""
    hidden = [library for library in UNUSED if library not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        import keras  # noqa: F401
    finally:
        for library in hidden:
            del sys.modules[library]
