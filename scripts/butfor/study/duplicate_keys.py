"""Duplicate keys in a study file, of which YAML silently takes the last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from butfor.errors import StudyError


class DuplicateKeyError(StudyError):
    """A study file with the same key twice in a mapping."""


def refuse_duplicate_keys(trees: Mapping[Path, yaml.Node]) -> None:
    """Raise DuplicateKeyError if one of the YAML files has a key twice in a mapping. trees: by path, see composed_yaml."""
    for path, tree in trees.items():
        for first, second in _duplicates(tree, set()):
            raise DuplicateKeyError(
                f"{path}, line {second.start_mark.line + 1}: expected {second.value} once, received it in line"
                f" {first.start_mark.line + 1} as well. Remove one of them."
            )


def _duplicates(node: yaml.Node, visited: set[int]) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """The pairs of equal keys below a node; visited: the ids of the nodes that were searched, because aliases share nodes."""
    if id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys:
                    yield keys[key.value], key
                keys[key.value] = key
            yield from _duplicates(value, visited)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _duplicates(item, visited)
