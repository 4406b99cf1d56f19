"""Keras on JAX: the second engine, and the one wing that imports jax.

Keras takes its backend once in a process, so that this is imported before anything of `engine`, of which it uses only
files that know nothing of TensorFlow.
"""

from butfor.jax_engine.keras_on_jax import load

load()
