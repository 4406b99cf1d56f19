"""The trial of Keras's metrics with the settings that a study gives them: each is made once, without data, so that settings which
Keras refuses are told at once and not after all trainings."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import keras
import tensorflow as tf

from butfor.engine.keras_scores import OF_LABELS


def refusal(name: str, settings: dict[str, Any]) -> str:
    """Why Keras's metric of that name cannot be made with these settings; empty if it can. Of how many classes the data have,
    nothing is known."""
    tf.config.set_visible_devices([], "GPU")  # trainings have those
    if name in OF_LABELS:
        settings = {"num_classes": _classes_named(settings), **settings}
    try:
        getattr(keras.metrics, name)(**settings)
    except Exception as failure:  # whatever Keras does with a setting that it does not expect
        return " ".join(str(failure).split()) or type(failure).__name__
    return ""


def _classes_named(settings: dict[str, Any]) -> int:
    """Of how many classes there must be at least."""
    named = settings.get("target_class_ids")
    numbers = [number for number in named if isinstance(number, int)] if isinstance(named, list) else []
    return max([1, *numbers]) + 1


def main() -> None:
    """Try the metrics in standard input, by their names in the study, and say of each what was wrong, a line each."""
    with contextlib.redirect_stdout(sys.stderr):
        whys = {name: refusal(*asked) for name, asked in json.load(sys.stdin).items()}
    lines = [
        f"metrics.{name}: expected settings that Keras takes, received others; Keras says: {why}"
        for name, why in whys.items()
        if why
    ]
    if lines:
        print(json.dumps({"message": "\n".join(lines)}))


if __name__ == "__main__":
    main()
