"""The words of texts that are divided into folds: each fold's vocabulary is made of the texts that it trains on.

What is stored numbers all words of all texts; a fold renumbers the most frequent ones of its own, and takes the others for any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.data.sources.vocabulary import FIRST, UNKNOWN

Array = npt.NDArray[Any]
WORDS, ENDS = "words", "word_ends"  # what the arrays are called where they are stored


@dataclass(frozen=True)
class CountedWords:
    """Every word of each text, from 0, one text after another, and where each ends; the words by number, and how many numbers
    a fold has for its own, with those of no and of any other word."""

    numbers: Array
    ends: Array
    vocabulary: Sequence[str]
    size: int

    @classmethod
    def of(cls, stored: Mapping[str, Any], vocabulary: Sequence[str], size: int) -> CountedWords:
        """Those that are stored."""
        return cls(stored[WORDS], stored[ENDS], vocabulary, size)

    @property
    def arrays(self) -> dict[str, Array]:
        """As they are stored."""
        return {WORDS: self.numbers, ENDS: self.ends}

    @property
    def digest(self) -> str:
        """What stands for them."""
        return hashlib.sha256(self.numbers.tobytes() + self.ends.tobytes()).hexdigest()

    def most_frequent(self, texts: Array) -> Array:
        """The words that have numbers where these texts are trained on, the most frequent first; of words as frequent the last by
        its bytes, as in `vocabulary`."""
        of = np.repeat(np.isin(np.arange(len(self.ends)), texts), np.diff(self.ends, prepend=0))
        counts = np.bincount(self.numbers[of], minlength=len(self.vocabulary))
        by_bytes = np.empty(len(self.vocabulary), np.int64)
        by_bytes[sorted(range(len(self.vocabulary)), key=lambda word: self.vocabulary[word].encode())] = np.arange(
            len(self.vocabulary)
        )
        ranked = np.lexsort((by_bytes, counts))[::-1]
        return ranked[counts[ranked] > 0][: self.size - FIRST]

    def renumbered(self, inputs: Array, texts: Array) -> Array:
        """Stored inputs by the numbers that words have where these texts are trained on."""
        chosen = self.most_frequent(texts)
        numbers = np.full(FIRST + len(self.vocabulary), UNKNOWN, inputs.dtype)
        numbers[0] = 0
        numbers[FIRST + chosen] = FIRST + np.arange(len(chosen))
        return numbers[inputs.astype(np.int64)]
