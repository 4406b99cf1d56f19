"""The lines of a study's files on which its keys stand, and which of its blocks were merged from several files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from butfor.errors import Place, StudyError, StudyFileError
from butfor.user_code.location import OwnCodeError

SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


OVERRIDES = "--config"


class WrittenLines:
    """The places of keys in the files of a study, the last of which has the last word."""

    def __init__(self, paths: Iterable[Path | str], overrides: Mapping[str, Any]) -> None:
        """overrides: what --config says, over all files."""
        self._trees = {_shown(path): _tree(Path(path)) for path in paths}
        if overrides:
            self._trees[OVERRIDES] = yaml.compose(json.dumps(overrides, default=str), SAFE)

    def message(self, error: StudyError) -> str:
        """The message of an error after its file and line, as far as they are known, and with what merging had to do with it."""
        if isinstance(error, OwnCodeError):
            written = error.written or str(error).partition(": ")[0].strip("'")
            return "".join(f"{place}: " for place in self._naming(written)) + str(error)
        if not isinstance(error, StudyFileError):
            return str(error)
        return f"{self._where(error.at)}: {error}{self._merged(error.at)}"

    def _naming(self, reference: str) -> list[str]:
        """Where a user's own code, or what is wrong with it, is named first, if anywhere."""
        lines = [(name, line) for name, tree in self._trees.items() for line in _lines_of(tree, reference)]
        return [_line(name, line) for name, line in lines[:1]]

    def _where(self, place: Place) -> str:
        depths = {name: _study_in(tree, place)[:2] for name, tree in self._trees.items()}
        depth = max((depth for depth, _ in depths.values()), default=0)
        if depth == 0:
            return " and ".join(self._trees) or OVERRIDES
        name, line = [(name, line) for name, (reached, line) in depths.items() if reached == depth][-1]
        return _line(name, line)

    def _merged(self, place: Place) -> str:
        """Where a block that an error is about, or is in, was put together from several files."""
        for block in (place, place[:-1]):
            nodes = [(name, *_study_in(tree, block)) for name, tree in self._trees.items()]
            parts = [
                _line(name, line)
                for name, depth, line, node in nodes
                if depth == len(block) and isinstance(node, yaml.MappingNode)
            ]
            if len(block) > 1 and len(parts) > 1:
                return (
                    f" Snakemake merges the mappings of config files key by key, here {'.'.join(map(str, block))} of"
                    f" {' and '.join(parts)}: write all of it in one of them."
                )
        return ""


def _shown(path: Path | str) -> str:
    """The shorter of the two ways to name a file."""
    return min(os.path.relpath(path), str(path), key=len)


def _line(name: str, line: int) -> str:
    return name if name == OVERRIDES else f"{name}, line {line}"


def _tree(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text(encoding="utf-8-sig"), SAFE)
    except (yaml.YAMLError, OSError, ValueError):  # Snakemake has read it, as JSON perhaps
        return None


def _lines_of(node: yaml.Node | None, value: str) -> Iterator[int]:
    """The lines on which a value stands in a tree."""
    if isinstance(node, yaml.ScalarNode) and node.value == value:
        yield node.start_mark.line + 1
    elif isinstance(node, yaml.CollectionNode):
        for item in node.value:
            for inner in item if isinstance(item, tuple) else (item,):
                yield from _lines_of(inner, value)


def _study_in(tree: yaml.Node | None, place: Place) -> tuple[int, int, yaml.Node | None]:
    """What is found at a place in the study that is the tree, or that an outer workflow has under one of the tree's keys."""
    outer = _reached(tree, place)
    if outer[0] or not isinstance(tree, yaml.MappingNode):
        return outer
    return max((_reached(value, place) for _, value in tree.value), key=lambda reached: reached[0], default=outer)


def _reached(node: yaml.Node | None, place: Place) -> tuple[int, int, yaml.Node | None]:
    """How far a path of keys leads into a tree, the line of the last of them, and what stands there."""
    depth, line = 0, 1
    for step in place:
        inner = _inside(node, step)
        if inner is None:
            break
        depth, (line, node) = depth + 1, inner
    return depth, line, node


def _inside(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    """The line of a key, or of a place in a list, and what stands there."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line + 1, item
    if not isinstance(node, yaml.MappingNode):
        return None
    merged = [value for key, value in node.value if key.value == "<<"]
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and str(key.value) == str(step):
            return key.start_mark.line + 1, value
    return next((inner for value in merged if (inner := _inside(value, step))), None)
