"""Draws by counter: the generators that TensorFlow draws by, so that both engines draw the same from the same key.

Philox 4x32 with 10 rounds and Threefry 2x32 with 20 (Salmon et al. 2011). Initial weights are drawn on the host by Philox, as
TensorFlow draws them on a CPU; masks and augmentation in the compiled program by Threefry, as its loops under XLA do.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from butfor.jax_engine.rounded_functions import logarithm, sine_and_cosine

Tensor: TypeAlias = Any
Words = npt.NDArray[np.uint32]

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_SCRAMBLE = (0x3EC8F720, 0x02461E29)  # the key by which TensorFlow makes a seed into a key and a counter
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA
_LOW = np.uint64(0xFFFFFFFF)
_BLOCKS_A_GROUP = 256  # of four truncated normals each, whose draws TensorFlow begins that many blocks apart
_CUT = 2.0


def threefry(key: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Random words of a key `(2,)`, uint32, in a shape, in the order in which XLA's own generator gives them."""
    split = next((axis for axis, size in enumerate(shape) if size % 2 == 0), int(np.argmax(shape)))
    half = tuple((size + 1) // 2 if axis == split else size for axis, size in enumerate(shape))
    keys = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(_PARITY))
    one = jnp.arange(int(np.prod(half)), dtype=jnp.uint32).reshape(half) + keys[0]
    other = jnp.broadcast_to(keys[1], half)
    for turn in range(5):
        for rotation in _ROTATIONS[turn % 2]:
            one = one + other
            other = (other << jnp.uint32(rotation)) | (other >> jnp.uint32(32 - rotation))
            other = other ^ one
        one = one + keys[(turn + 1) % 3]
        other = other + keys[(turn + 2) % 3] + jnp.uint32(turn + 1)
    pairs = jnp.stack([one, other], axis=split + 1)  # neighbours along the axis that is split
    whole = tuple(2 * size if axis == split else size for axis, size in enumerate(half))
    return (
        jnp.take(pairs.reshape(whole), jnp.arange(shape[split]), axis=split) if whole != shape else pairs.reshape(whole)
    )


def uniform(key: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Draws from [0, 1), float32, of a key `(2,)`."""
    mantissas = (threefry(key, shape) >> jnp.uint32(9)) | jnp.uint32(0x3F800000)
    return mantissas.view(jnp.float32) - jnp.float32(1.0)


def philox(counters: npt.NDArray[np.uint64], key: tuple[int, int]) -> Words:
    """The blocks `(n, 4)` of words at counters `(n, 4)`, of which each holds 32 bits."""
    words = [counters[:, place].astype(np.uint64) for place in range(4)]
    keys = [np.uint64(part) for part in key]
    for _ in range(10):
        products = [np.uint64(factor) * words[2 * n] for n, factor in enumerate(_MULTIPLIERS)]
        words = [
            (products[1] >> np.uint64(32)) ^ words[1] ^ keys[0],
            products[1] & _LOW,
            (products[0] >> np.uint64(32)) ^ words[3] ^ keys[1],
            products[0] & _LOW,
        ]
        keys = [(part + np.uint64(step)) & _LOW for part, step in zip(keys, _KEY_STEPS, strict=True)]
    return np.stack(words, axis=1).astype(np.uint32)


class Stream:
    """Philox's blocks of one seed, from 0 to 2^31 - 1, as TensorFlow's stateless operations on a CPU take them."""

    def __init__(self, seed: int) -> None:
        mixed = philox(np.array([[seed, 0, 0, 0]], np.uint64), _SCRAMBLE)[0]
        self._key = int(mixed[0]), int(mixed[1])
        self._high = int(mixed[2]), int(mixed[3])

    def blocks(self, places: npt.NDArray[Any]) -> Words:
        """The blocks `(n, 4)` at some places, `(n,)`."""
        counters = np.empty((len(places), 4), np.uint64)
        counters[:, 0], counters[:, 1] = places & _LOW, places >> np.uint64(32)
        counters[:, 2:] = self._high
        return philox(counters, self._key)

    def uniform(self, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        """Draws from [0, 1)."""
        return _between_0_and_1(self._words(shape)).reshape(shape)

    def normal(self, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        """Draws from N(0, 1)."""
        count = int(np.prod(shape))
        words = self.blocks(np.arange(-(-count // 4), dtype=np.uint64))
        return _normals(words).reshape(-1)[:count].reshape(shape)

    def truncated(self, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        """Draws from N(0, 1), those beyond two standard deviations drawn again."""
        count = int(np.prod(shape))
        groups = np.arange(-(-count // 4), dtype=np.uint64) * np.uint64(_BLOCKS_A_GROUP)
        drawn, waiting, blocks = np.empty((len(groups), 4), np.float32), np.arange(len(groups)), 2
        while len(waiting):  # nearly all have four within the cut in their first two blocks
            places = groups[waiting, None] + np.arange(blocks, dtype=np.uint64)
            values = _normals(self.blocks(places.reshape(-1))).reshape(len(waiting), -1)
            within = np.abs(values) < _CUT
            enough = within.sum(axis=1) >= 4
            first = np.argsort(~within[enough], axis=1, kind="stable")[:, :4]
            drawn[waiting[enough]] = np.take_along_axis(values[enough], first, axis=1)
            waiting, blocks = waiting[~enough], 2 * blocks
        return drawn.reshape(-1)[:count].reshape(shape)

    def _words(self, shape: tuple[int, ...]) -> Words:
        count = int(np.prod(shape))
        return self.blocks(np.arange(-(-count // 4), dtype=np.uint64)).reshape(-1)[:count]


def _between_0_and_1(words: Words) -> npt.NDArray[np.float32]:
    mantissas = (words & np.uint32(0x7FFFFF)) | np.uint32(0x3F800000)
    return mantissas.view(np.float32) - np.float32(1.0)


def _normals(words: Words) -> npt.NDArray[np.float32]:
    """Box and Muller 1958: two normals of each two words `(n, 4)`, rounded where TensorFlow's code rounds."""
    u = _between_0_and_1(words)
    radius = np.sqrt(np.float32(-2.0) * logarithm(np.maximum(u[:, 0::2], np.float32(1e-7))))
    sines, cosines = sine_and_cosine((2.0 * np.pi * u[:, 1::2].astype(np.float64)).astype(np.float32))
    return np.stack([sines * radius, cosines * radius], axis=2).reshape(len(words), 4)
