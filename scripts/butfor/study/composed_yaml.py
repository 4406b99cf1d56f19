"""The YAML files of a study as trees that know their lines: read once, since this takes a while of a study of very many arms."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from butfor.study.schema import SAFE


def composed(paths: Iterable[Path | str]) -> dict[Path, yaml.Node]:
    """The trees of files that Snakemake has read, by their paths; none of an empty file, and none of JSON with tabs, which are no
    YAML."""
    trees = {}
    for path in map(Path, paths):
        try:
            tree = yaml.compose(path.read_text(encoding="utf-8-sig"), SAFE)
        except yaml.YAMLError:
            continue
        if tree is not None:
            trees[path] = tree
    return trees
