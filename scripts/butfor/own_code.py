"""The user's own model or data: `module:function`, a Python file in the working folder or on the Python path.

A model's file has a YAML file of the same name beside it, which says what the model uses, so that a study is checked
before anything is imported or trained:

    description: what it is
    uses: [initialiser, l2, dropout]     # the recipe keys that the function reads
    layers: [hidden_1, logits]           # names for layer_initialisers, if it takes them (optional)
    dropouts: 1                          # dropout layers, if a list of rates may be given (optional)
    properties: {hidden: {type: integer, minimum: 1, default: 32}}    # its own settings, as in config/schema.yaml
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from butfor.errors import StudyError

DECLARED = ("description", "uses", "layers", "dropouts", "properties")


class OwnCodeError(StudyError):
    """A user's own model or data that cannot be found or does not keep to its declaration."""


def locate(reference: str) -> Path:
    """The file that `module:function` lives in. Raises OwnCodeError."""
    return _root(reference) / _file(reference)


def declaration(reference: str) -> dict[str, Any]:
    """What the YAML file beside an own model says. Raises OwnCodeError."""
    path = locate(reference).with_suffix(".yaml")
    if not path.is_file():
        raise OwnCodeError(
            f"{reference}: expected {path.name} beside {path.stem}.py, with `uses:`, the recipe keys that the model reads."
        )
    declared = yaml.safe_load(path.read_text())
    if not isinstance(declared, dict) or not isinstance(declared.get("uses"), list):
        raise OwnCodeError(f"{path}: expected `uses:` with a list of recipe keys, received {declared!r:.60}.")
    unknown = [key for key in declared if key not in DECLARED]
    if unknown:
        raise OwnCodeError(f"{path}: {unknown[0]}: unknown key. Expected one of {', '.join(DECLARED)}.")
    return declared


def load(reference: str) -> Callable[..., Any]:
    """The function that `module:function` names. Raises OwnCodeError."""
    root = str(_root(reference))
    if root not in sys.path:
        sys.path.insert(0, root)
    module, name = reference.split(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except AttributeError as failure:
        raise OwnCodeError(f"{reference}: there is no {name} in {locate(reference)}.") from failure
    return function  # type: ignore[no-any-return]


def _file(reference: str) -> Path:
    return Path(*reference.split(":")[0].split(".")).with_suffix(".py")


def _root(reference: str) -> Path:
    for folder in (Path.cwd(), *map(Path, sys.path)):
        if (folder / _file(reference)).is_file():
            return folder
    raise OwnCodeError(
        f"{reference}: expected the file {_file(reference)} in {Path.cwd()} or on the Python path, found none."
    )
