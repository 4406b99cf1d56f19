"""The device that TensorFlow trains on."""

from __future__ import annotations

import os

import keras
import tensorflow as tf
from tensorflow.python.framework import config

from butfor.process.gpu_shares import take_share
from butfor.process.start_settings import announced
from butfor.records import provenance


def use_device(threads: int) -> str:
    """Set the CPU threads, take a share of a GPU, which grows its memory as needed, and name the device that trains."""
    if provenance.gpus():
        take_share(provenance.visible_gpus(), announced().gpu_share)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", gpus[0].name))
    return f"CPU, {threads} thread" + ("s" if threads > 1 else "")


def set_arithmetic(deterministic: bool, matmul_precision: str) -> None:
    """Have GPUs give the same bits each time, XLA's programs included, and round what they multiply, or not.

    deterministic: can be asked for, and not be taken back in the same process. matmul_precision: float32 or tf32.
    """
    if deterministic and tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(matmul_precision == "tf32")


def _determinism() -> str:
    if not tf.config.list_physical_devices("GPU"):
        return "on a CPU"
    return "required" if config.is_op_determinism_enabled() else "not required"


def numerics() -> dict[str, str]:
    """The settings by which sums are rounded otherwise, beside the device."""
    tf32 = tf.config.list_physical_devices("GPU") and tf.config.experimental.tensor_float_32_execution_enabled()
    return {
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "keras": f"{keras.config.floatx()}, {keras.config.image_data_format()}, epsilon {keras.config.epsilon():g}",
        "deterministic": _determinism(),
        "precision": str(keras.config.dtype_policy().name) + (", tf32" if tf32 else ""),
    }
