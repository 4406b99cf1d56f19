"""Keys that a study file gives twice, of which YAML silently takes the last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from butfor.errors import StudyError


class DuplicateKeyError(StudyError):
    """A study file that says two things of the same key."""


def refuse_duplicate_keys(paths: Iterable[Path]) -> None:
    """Raise DuplicateKeyError if one of the YAML files has a key twice in one mapping."""
    for path in paths:
        try:
            tree = yaml.compose(path.read_text(), yaml.SafeLoader)
        except yaml.YAMLError:  # Snakemake has read it, so it is JSON with tabs, which no YAML may have
            continue
        for first, second in _duplicates(tree, set()):
            raise DuplicateKeyError(
                f"{path}, line {second.start_mark.line + 1}: expected {second.value} once, received it in line"
                f" {first.start_mark.line + 1} as well. Take one of them out."
            )


def _duplicates(node: yaml.Node | None, seen: set[int]) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    if node is None or id(node) in seen:  # what an alias names is one node in many places
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys:
                    yield keys[key.value], key
                keys[key.value] = key
            yield from _duplicates(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _duplicates(item, seen)
