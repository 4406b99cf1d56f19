"""The location of a user's own model or data set: `module:function`, in a Python file of theirs.

The file is looked for in the working folder (`--directory`), then beside the Snakefile, then on the Python path. A
model's file has a YAML file of the same name beside it, which declares what the model uses, so that a study can be
checked before anything is imported or trained:

    description: what it is
    uses: [initialiser, l2, dropout]     # the recipe keys that the function reads
    layers: [hidden_1, logits]           # names for layer_initialisers, if it takes them (optional)
    dropouts: 1                          # dropout layers, if a list of rates may be given (optional)
    properties: {hidden: {type: integer, minimum: 1, default: 32}}    # its own settings, as in config/schema.yaml
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from butfor.errors import StudyError

REFERENCE = re.compile(r"([^\W\d]\w*)(\.[^\W\d]\w*)*:[^\W\d]\w*")
WORKFLOW = Path(__file__).resolve().parents[3]


class OwnCodeError(StudyError):
    """A user's own model or data set that cannot be found, fails, or differs from its declaration."""


def is_own(name: str) -> bool:
    """Whether the name of a model or data set is a `module:function`."""
    return ":" in name


def locate(reference: str) -> Path:
    """The file that holds `module:function`. Raises OwnCodeError."""
    if not REFERENCE.fullmatch(reference):
        raise OwnCodeError(
            f"{reference!r}: expected module:function, in Python's names, with dots between packages and modules."
        )
    module, name = reference.split(":")
    path = root_of(reference) / _file(module)
    if not _assigned_names(_tree(path)) & {name, "*"}:
        raise OwnCodeError(f"{reference}: expected a function {name} in {path}, found none.")
    return path


def files(name: str) -> list[Path]:
    """The file of a user's own model or data set and those that it imports from the same folder, sorted; none for a built-in
    name. Raises OwnCodeError.
    """
    if not is_own(name):
        return []
    closure, waiting = set(), [locate(name)]
    while waiting:
        path = waiting.pop()
        if path not in closure:
            closure.add(path)
            waiting += _imported_files(path, root_of(name))
    return sorted(closure)


def _file(module: str) -> Path:
    return Path(*module.split(".")).with_suffix(".py")


def root_of(reference: str) -> Path:
    """The folder from which the module of `module:function` is imported. Raises OwnCodeError."""
    file = _file(reference.split(":")[0])
    for folder in (Path.cwd(), WORKFLOW, *map(Path, sys.path)):
        if (folder / file).is_file():
            return folder.resolve()
    raise OwnCodeError(
        f"{reference}: expected the file {file} in {Path.cwd()}, in {WORKFLOW} or on the Python path, found none."
    )


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except SyntaxError as failure:
        raise OwnCodeError(f"{path}, line {failure.lineno}: expected Python: {failure.msg}.") from failure


def _assigned_names(tree: ast.Module) -> set[str]:
    """The names that a module defines, imports or assigns, as far as that can be seen without running it."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
    return names


def _imported_files(path: Path, root: Path) -> Iterator[Path]:
    """The files below `root` that a file imports."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            beside = list(path.relative_to(root).parts[: -node.level]) if node.level else []
            package = ".".join([*beside, *([node.module] if node.module else [])])
            modules = [package, *(f"{package}.{alias.name}".strip(".") for alias in node.names)]
        else:
            continue
        yield from (root / _file(module) for module in modules if module and (root / _file(module)).is_file())
