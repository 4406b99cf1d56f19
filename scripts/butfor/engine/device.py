"""The device that TensorFlow trains on."""

from __future__ import annotations

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
