"""A study file that is no YAML: Snakemake says of it neither the line nor what is wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path

import yaml

from butfor.errors import StudyError
from butfor.study.schema import SAFE

TABS = "YAML is indented with spaces, never with tabs"
COMMA = "A comma, a quote or the end of the line may be missing before it"


class UnreadableYamlError(StudyError):
    """A study file that cannot be read as YAML."""


def refuse_unreadable_yaml(path: Path) -> None:
    """Raise UnreadableYamlError if a study file is no YAML, with the line and what is wrong there."""
    if not path.is_file():  # of a workflow that lies elsewhere than on this machine
        return
    text = path.read_text(encoding="utf-8-sig")
    try:
        if not _is_json(text):  # which may have tabs
            yaml.compose(text, SAFE)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        written = text.splitlines()[line - 1 : line] or [""]
        remedy = TABS if "\t" in written[0] else COMMA
        shown = min(os.path.relpath(path), str(path), key=len)
        raise UnreadableYamlError(
            f"{shown}, line {line}: expected YAML, received {written[0].strip()!r}: {error.problem}. {remedy}."
        ) from error


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
