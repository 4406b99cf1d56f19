"""Keras without the libraries that it imports only to draw, tabulate and wrap models (half of what its import takes), and
with settings of butfor's own in place of those in the user's `keras.json` and environment, which could change results.
"""

from __future__ import annotations

import gc
import logging
import os
import sys

from butfor.engine.import_notices import without_notices

UNUSED = ("matplotlib", "pandas", "pyarrow", "scipy", "sklearn")  # Keras does without where they are not installed
SETTINGS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
log = logging.getLogger(__name__)


def load() -> None:
    """Import Keras as if the UNUSED libraries were missing; whoever imports one of them afterwards finds it."""
    hidden = [library for library in UNUSED if library not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    os.environ["KERAS_BACKEND"] = "tensorflow"
    collects = gc.isenabled()
    gc.disable()  # what the libraries are made of is no garbage, and to look through it took a quarter of their import
    try:
        with without_notices():
            import keras  # noqa: F401
    finally:
        for library in hidden:
            del sys.modules[library]
        gc.freeze()
        if collects:
            gc.enable()
    logging.getLogger("tensorflow").addFilter(
        lambda record: "triggered tf.function retracing" not in record.getMessage()
    )
    for name, (theirs, ours) in pin().items():
        log.warning("Keras's configuration says %s %s; here it is %s", name, theirs, ours)


def pin(precision: bool = True) -> dict[str, tuple[object, object]]:
    """Give Keras the SETTINGS; those that were others, with what they were and are. precision: whether its policy too."""
    import keras

    before = {name: getattr(keras.config, name)() for name in SETTINGS}
    if precision:
        keras.config.set_dtype_policy("float32")
    for name, ours in SETTINGS.items():
        getattr(keras.config, f"set_{name}")(ours)
    for limit in ("set_max_epochs", "set_max_steps_per_epoch"):  # for debugging; not in every version
        getattr(keras.config, limit, lambda steps: None)(None)
    return {name: (before[name], ours) for name, ours in SETTINGS.items() if before[name] != ours}
