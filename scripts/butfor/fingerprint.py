"""Fingerprints: short digests that stand for plain values and arrays. Standard library only."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def digest(array: Any) -> str:
    """16 hexadecimal digits that stand for the bytes of a NumPy array, in its order of rows."""
    # Not `tobytes`, which copies under Python's lock what hashing reads without it.
    return hashlib.sha256(array.ravel().view("u1").data).hexdigest()[:16]


def canonical(value: Any) -> Any:
    """A plain value with sorted keys, and tuples as lists, so that equal recipes compare equal."""
    if isinstance(value, dict):
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    return value


def fingerprint(value: Any) -> str:
    """16 hexadecimal digits that stand for a plain value: equal for equal values, whatever the order of keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
