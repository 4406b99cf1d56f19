"""Numbers that YAML reads otherwise than they look: times with colons count in sixties, and a leading 0 in eights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from butfor import spoken_units
from butfor.errors import Errors, StudyError

COUNTED = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
EIGHTS = re.compile(r"[-+]?0[0-7_]*[1-7][0-7_]*")


class MisreadNumberError(StudyError):
    """A number in a study file that means another one to YAML."""


def refuse_misread_numbers(trees: Mapping[Path, yaml.Node]) -> None:
    """Raise MisreadNumberError, or SeveralErrors of them, if one of the YAML files has a number with a colon or a leading 0.
    trees: by path, see composed_yaml."""
    errors = Errors()
    for path, tree in trees.items():
        for number in _misread(tree, set()):
            meant = yaml.safe_load(number.value)
            minutes = spoken_units.number(number.value, "minutes")
            remedy = (
                "Leave the 0 out"
                if minutes is None
                else f"If it is a time, write {minutes:g} where minutes are asked for"
            )
            errors.add(
                MisreadNumberError(
                    f"{path}, line {number.start_mark.line + 1}: expected a plain number, received {number.value}, which YAML"
                    f" reads as {meant}. {remedy}, or put it in quotes if it is text."
                )
            )
    errors.end()


def _misread(node: yaml.Node, visited: set[int]) -> Iterator[yaml.ScalarNode]:
    if id(node) in visited:  # aliases share nodes
        return
    visited.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        if node.tag in COUNTED and not node.style and (":" in node.value or EIGHTS.fullmatch(node.value)):
            yield node
        return
    for item in node.value:
        for inner in item if isinstance(item, tuple) else (item,):
            yield from _misread(inner, visited)
