"""Optimisers: what Keras calls each, and what clips its gradients. Their settings have Keras's names in config/schema.yaml, so
that a record, which holds what Keras's optimiser says of itself, can be checked against the recipe.

Standard library only.
"""

from __future__ import annotations

OPTIMISERS = {
    "sgd": "SGD",
    "adagrad": "Adagrad",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
    "lion": "Lion",
}

CLIPPING = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}  # `limit` by Keras's setting
