"""Data of one's own: points in the plane on three spirals, one class each. `data: examples.spirals_data:load`"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ARMS, TURNS, NOISE = 3, 2.25, 0.03
Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]


def load() -> tuple[Array, Labels, Array, Labels]:
    """Training points `(3000, 2)` and their spirals, then the same for 1500 test points; the same at every call."""
    generator = np.random.default_rng(2024)
    return (*_points(3000, generator), *_points(1500, generator))


def _points(number: int, generator: np.random.Generator) -> tuple[Array, Labels]:
    spiral = generator.integers(ARMS, size=number)
    radius = np.sqrt(generator.uniform(0.02, 1, number))
    angle = 2 * np.pi * (TURNS * radius + spiral / ARMS)
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (points + generator.normal(0, NOISE, points.shape)).astype(np.float32), spiral.astype(np.int32)
