"""Elements of a stream that are single examples, with targets that have axes of their own, such as masks: told from batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.data.several_inputs import each

Array = npt.NDArray[Any]
AXES = {"segmentation": 2, "sequence": 1}  # that the targets of an example have at least
CHANNELS = (1, 3, 4)


def is_single(inputs: Any, targets: Array, task: str) -> bool:
    """Whether an element is one example, as far as its targets and the task that a study names tell."""
    axes = AXES.get(task, 0)
    if task == "segmentation" and targets.ndim == 3:  # a batch of masks, or a mask with an axis for its classes
        alone = [x for _, x in each(inputs) if x.ndim == 3 and x.shape[:2] == targets.shape[:2]]
        return any(targets.shape[2] == 1 or x.shape[2] != targets.shape[2] for x in alone)
    return targets.ndim <= axes


def may_be_single(stream: Any, inputs: Any, targets: Array, task: str) -> bool:
    """Whether a stream's first element may as well be an example as a batch: inputs and targets have two axes in common, and
    nothing says that the first is the batch's."""
    if targets.ndim < 2 or task in AXES or _always_batches(stream):
        return False
    alike = [x for _, x in each(inputs) if np.ndim(x) > 1 and x.shape[:2] == targets.shape[:2]]
    square = targets.shape[0] == targets.shape[1]
    coloured = any(x.ndim == 3 and targets.ndim == 2 and x.shape[-1] in CHANNELS for x in alike)
    return bool(alike) and (_has_fixed_sizes(stream) or square or coloured)


def _always_batches(stream: Any) -> bool:
    """Whether it is Keras's kind of batches, or TensorFlow's with a last one that may be smaller."""
    if "PyDataset" in [kind.__name__ for kind in type(stream).__mro__]:
        return True
    sizes = _first_sizes(stream)
    return bool(sizes) and all(size is None for size in sizes)


def _has_fixed_sizes(stream: Any) -> bool:
    sizes = _first_sizes(stream)
    return bool(sizes) and all(size is not None for size in sizes)


def _first_sizes(stream: Any) -> list[int | None]:
    """How long the first axes of inputs and targets are, as a tf.data.Dataset says; none of another stream."""
    spec = getattr(stream, "element_spec", None)
    parts = spec if isinstance(spec, tuple) else ()
    leaves = [leaf for part in parts for leaf in (part.values() if isinstance(part, dict) else [part])]
    shapes = [leaf.shape for leaf in leaves if getattr(leaf, "shape", None) is not None and leaf.shape.rank]
    return [shape[0] for shape in shapes]
