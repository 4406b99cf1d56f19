"""Named random streams: every use of chance in a run has its own, derived from the seed and a name.

Because a stream depends on nothing but `(seed, name)`, taking one part out of a recipe (a dropout layer, say) leaves
the draws of all other parts as they were. That is what makes two arms comparable in pairs.
"""

from __future__ import annotations

import hashlib

import numpy as np


def key(seed: int, *name: str) -> int:
    """The stream's key: a 31-bit integer made from the seed and the stream's name, the same on every machine.

    31 bits, because TensorFlow's stateless generators take int32 seeds.
    """
    text = "/".join((str(seed), *name))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def generator(seed: int, *name: str) -> np.random.Generator:
    """A NumPy generator at the start of the stream called `name` for this seed."""
    digest = hashlib.sha256("/".join((str(seed), *name)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
