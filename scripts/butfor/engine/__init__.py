"""Keras on TensorFlow: the one wing that imports either."""

from butfor.engine.keras_import import load

load()
