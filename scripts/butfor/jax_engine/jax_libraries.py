"""What a training by Keras on JAX imports, imported with this module."""

from butfor.jax_engine import keras_on_jax

keras_on_jax.load()
