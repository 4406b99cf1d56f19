"""The device that JAX trains on, how it computes there, and where it keeps what it has compiled."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras

from butfor.fingerprint import fingerprint
from butfor.process.gpu_shares import take_share
from butfor.process.start_settings import announced
from butfor.records import provenance
from butfor.records.processor import processor

CACHE_VARIABLE = "JAX_COMPILATION_CACHE_DIR"
WORTH_KEEPING = 0.3  # seconds of compilation
_options: dict[str, Any] = {}  # of XLA, for what is compiled from now on
# A function is called once for inputs of a kind, to be traced: models and numbers hold then what is that call's.
_tracing = threading.RLock()


def use_device(threads: int) -> str:
    """Set the CPU threads, which JAX takes once, take a share of a GPU, of whose memory only what is needed is used, and name the
    device that trains."""
    os.environ.setdefault("NPROC", str(threads))
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if provenance.gpus():
        take_share(provenance.visible_gpus(), announced().gpu_share)
    if on_cpu():
        return f"CPU, {threads} thread" + "s" * (threads > 1)
    return str(jax.devices()[0].device_kind)


def on_cpu() -> bool:
    """Whether the device is no accelerator."""
    return bool(jax.default_backend() == "cpu")


def set_arithmetic(deterministic: bool, matmul_precision: str) -> None:
    """Have GPUs give the same bits each time, and round what they multiply, or not. matmul_precision: float32 or tf32."""
    _options.clear()
    if deterministic and not on_cpu():
        _options["xla_gpu_deterministic_ops"] = True
    jax.config.update("jax_default_matmul_precision", "tensorfloat32" if matmul_precision == "tf32" else "highest")


def compiled(function: Callable[..., Any], **settings: Any) -> Any:
    """A function compiled by XLA, as jax.jit does, for the arithmetic that is set; any thread may call it."""

    @wraps(function)
    def traced(*given: Any) -> Any:
        with _tracing:
            return function(*given)

    return jax.jit(traced, compiler_options=dict(_options) or None, **settings)


def held(values: Any) -> Any:
    """A tree of arrays on the device. By a compiled call, whose arguments are put there in a quarter of `device_put`'s time."""
    return _copied(values)


_copied = jax.jit(lambda values: jax.tree.map(jnp.copy, values))


def precision() -> str:
    """Of products: float32, or tf32 where a GPU may round their factors so."""
    exact = str(jax.config.jax_default_matmul_precision) in ("highest", "float32")
    return "float32" if exact or on_cpu() else "tf32"


def numerics() -> dict[str, str]:
    """The settings by which sums are rounded otherwise, and the versions of JAX."""
    repeats = "required" if _options else "not required"
    return {
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "keras": f"{keras.config.floatx()}, {keras.config.image_data_format()}, epsilon {keras.config.epsilon():g}",
        "deterministic": "on a CPU" if on_cpu() else repeats,
        "precision": "float32" + (", tf32" if precision() == "tf32" else ""),
        **{library: provenance.version(library) for library in ("jax", "jaxlib")},
    }


@contextmanager
def compiled_in(folder: Path, threads: int) -> Iterator[None]:
    """A context in which JAX keeps what it compiles in a folder, and takes what lies there. Without effect where the user has set
    another for it."""
    if CACHE_VARIABLE not in os.environ:
        place = folder / "jax" / fingerprint([*processor(), threads])
        jax.config.update("jax_compilation_cache_dir", str(place))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", WORTH_KEEPING)
    yield
