"""A vocabulary: the numbers of words, as Keras's TextVectorization has them by default, made without TensorFlow.

Letters A to Z become small, ASCII punctuation is taken out, and ASCII white space parts words; whatever else letters are, they
stay as they are. 0 fills up, 1 is any word outside the vocabulary, and the most frequent words follow; of words as frequent,
the last by its bytes comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
PUNCTUATION = b"!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"
FILLED, UNKNOWN, FIRST = 0, 1, 2  # the numbers of no word, of a word outside the vocabulary, and of the most frequent


def vocabulary(texts: Iterable[str], size: int | None) -> list[str]:
    """The words of the texts that get numbers, from FIRST on, at most `size` numbers with those of no and of any other word; all
    of them without a size."""
    counts: Counter[bytes] = Counter()
    for text in texts:
        counts.update(_words(text))
    ranked = sorted(counts.items(), key=lambda item: (item[1], item[0]), reverse=True)
    return [word.decode() for word, _ in ranked[: None if size is None else size - FIRST]]


def tokens(texts: list[str], words: list[str], length: int) -> Array:
    """The numbers of the first `length` words of each text, int32 `(n, length)`."""
    numbers = {word.encode(): number for number, word in enumerate(words, start=FIRST)}
    rows = np.full((len(texts), length), FILLED, np.int32)
    for row, text in enumerate(texts):
        known = [numbers.get(word, UNKNOWN) for word in _words(text)[:length]]
        rows[row, : len(known)] = known
    return rows


def numbered(texts: list[str], words: list[str]) -> tuple[Array, Array]:
    """All words of the texts by their places among `words`, int32, one text after another, and where each ends. Each word is one
    of them."""
    places = {word.encode(): place for place, word in enumerate(words)}
    sequences = [np.array([places[word] for word in _words(text)], np.int32) for text in texts]
    return np.concatenate(sequences), np.cumsum([len(numbers) for numbers in sequences])


def _words(text: str) -> list[bytes]:
    return text.encode("utf-8", "replace").lower().translate(None, PUNCTUATION).split()
