"""The device that TensorFlow trains on."""

from __future__ import annotations

import os

import keras
import tensorflow as tf


def use_device(threads: int) -> str:
    """Set the CPU threads, let GPUs grow their memory as needed, and name the device that trains."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", gpus[0].name))
    return f"CPU, {threads} thread" + ("s" if threads > 1 else "")


def numerics() -> dict[str, str]:
    """The settings by which sums are rounded otherwise, beside the device."""
    tf32 = tf.config.list_physical_devices("GPU") and tf.config.experimental.tensor_float_32_execution_enabled()
    return {
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "keras": f"{keras.config.floatx()}, {keras.config.image_data_format()}, epsilon {keras.config.epsilon():g}",
        "precision": str(keras.config.dtype_policy().name) + (", tf32" if tf32 else ""),
    }
