"""What is written with an indentation of 1 is, to the letter, what the standard library writes."""

import json
import random
import string

import pytest

from butfor.records.indented_json import indented

FLAT = [None, True, 1, -2.5, 1e-300, float("nan"), float("inf"), "", 'a "b"\n, : [', "größer\u2028", "한국어", 10**30]


def nested(generator, depth):
    kind = generator.choice(["flat", "list", "dict", "tuple"]) if depth else "flat"
    if kind == "flat":
        return generator.choice(FLAT)
    values = [nested(generator, depth - 1) for _ in range(generator.randrange(4))]
    if kind == "dict":
        keys = ["", 'k"\n', "größe", 3, 2.5, True, None, *string.ascii_letters]
        return dict(zip(generator.sample(keys, len(values)), values, strict=True))
    return tuple(values) if kind == "tuple" else values


@pytest.mark.parametrize("is_ascii", [True, False])
def test_indented_json_is_that_of_the_standard_library(is_ascii):
    generator = random.Random(0)
    for _ in range(3000):
        value = nested(generator, generator.randrange(6))
        assert indented(value, is_ascii) == json.dumps(value, indent=1, ensure_ascii=is_ascii)


def test_what_json_has_not_is_refused():
    for value in ({1, 2}, [object()], {"a": [b"bytes"]}, {("a", "key"): 1}):
        with pytest.raises(TypeError):
            indented(value)
