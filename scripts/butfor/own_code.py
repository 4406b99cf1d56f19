"""The user's own model or data: `module:function`, in a Python file of theirs.

The file is looked for in the working folder (`--directory`), then beside the Snakefile, then on the Python path. A
model's file has a YAML file of the same name beside it, which says what the model uses, so that a study is checked
before anything is imported or trained:

    description: what it is
    uses: [initialiser, l2, dropout]     # the recipe keys that the function reads
    layers: [hidden_1, logits]           # names for layer_initialisers, if it takes them (optional)
    dropouts: 1                          # dropout layers, if a list of rates may be given (optional)
    properties: {hidden: {type: integer, minimum: 1, default: 32}}    # its own settings, as in config/schema.yaml
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from butfor.arm import fingerprint
from butfor.errors import StudyError
from butfor.explain import explain

WRITTEN = re.compile(r"([^\W\d]\w*)(\.[^\W\d]\w*)*:[^\W\d]\w*")
RAISED_INSIDE = re.compile(r"^\w+(Error|Exception|Exit): .*", re.MULTILINE)
FILE_LINE = re.compile(r'File "([^"\n]+)", line (\d+)')
LONGEST = 300  # characters of what user code raised that a message repeats
WORKFLOW = Path(__file__).resolve().parents[2]
NAMES = {"type": "array", "items": {"type": "string"}}
DECLARATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["uses"],
    "properties": {
        "description": {"type": "string"},
        "uses": NAMES,
        "layers": NAMES,
        "dropouts": {"type": "integer", "minimum": 0},
        "properties": {"type": "object", "additionalProperties": {"type": "object", "required": ["default"]}},
    },
}


class OwnCodeError(StudyError):
    """A user's own model or data that cannot be found or does not keep to its declaration."""


def is_own(name: str) -> bool:
    """Whether the name of a model or data set is a `module:function`."""
    return ":" in name


def locate(reference: str) -> Path:
    """The file that `module:function` lives in. Raises OwnCodeError."""
    if not WRITTEN.fullmatch(reference):
        raise OwnCodeError(f"{reference!r}: expected module:function, names of Python with dots between modules.")
    module, name = reference.split(":")
    path = _root(reference) / _file(module)
    if not _bound(_tree(path)) & {name, "*"}:
        raise OwnCodeError(f"{reference}: expected a function {name} in {path}, found none.")
    return path


def files(name: str) -> list[Path]:
    """The file of an own model or data set and those it imports from beside it, by file; none for a built-in name.

    Raises OwnCodeError.
    """
    if not is_own(name):
        return []
    found, waiting = set(), [locate(name)]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(path, _root(name))
    return sorted(found)


def mark(recipe: dict[str, Any], data: dict[str, Any]) -> str:
    """16 hexadecimal digits that stand for a recipe, a data set and the text of the user's files for them."""
    own = [*files(recipe["model"]["name"]), *files(data["name"])]
    return fingerprint([recipe, data, *(path.read_text() for path in own)])


def declaration(reference: str) -> dict[str, Any]:
    """What the YAML file beside an own model says. Raises OwnCodeError."""
    path = locate(reference).with_suffix(".yaml")
    if not path.is_file():
        raise OwnCodeError(
            f"{reference}: expected {path.name} beside {path.stem}.py, with `uses:`, the recipe keys that the model reads."
        )
    try:
        declared: dict[str, Any] = yaml.safe_load(path.read_text())
        jsonschema.validate(declared, DECLARATION)
        for setting in declared.get("properties", {}).values():
            jsonschema.Draft202012Validator.check_schema(setting)
    except yaml.YAMLError as failure:
        raise OwnCodeError(f"{path}: expected YAML: {' '.join(str(failure).split())}") from failure
    except jsonschema.SchemaError as failure:
        raise OwnCodeError(
            f"{path}: properties: expected JSON Schema for each setting: {failure.message}."
        ) from failure
    except jsonschema.ValidationError as failure:
        raise OwnCodeError(explain(failure, str(path))) from failure
    return declared


def load(reference: str) -> Callable[..., Any]:
    """The function that `module:function` names. Raises OwnCodeError."""
    path, (module, name) = locate(reference), reference.split(":")
    root = str(_root(reference))
    if sys.path[0] != root:
        sys.path.insert(0, root)
    importlib.invalidate_caches()
    if _origin(module) != path.resolve():
        raise OwnCodeError(
            f"{reference}: expected {path}, but Python finds another {module.split('.')[0]} first:"
            f" {_origin(module) or 'a package without that module'}. Rename yours."
        )
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


@contextmanager
def answers_for(reference: str, doing: str) -> Iterator[None]:
    """Whatever is raised inside is laid to `module:function`, in one line that says what it was `doing`, with the user's
    own lines of the traceback as the error's note; nothing is done for a built-in name. Raises OwnCodeError."""
    try:
        yield
    except StudyError:
        raise
    except (Exception, SystemExit) as error:
        if not is_own(reference):
            raise
        theirs = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_theirs(frame.filename)]
        inner = RAISED_INSIDE.search(
            str(error)
        )  # TensorFlow tells an error of a Python function in its own error's text
        what = inner[0] if inner else f"{type(error).__name__}: {error}"
        places = [(frame.filename, frame.lineno) for frame in theirs]
        places += [place for place in FILE_LINE.findall(str(error)) if _is_theirs(place[0])]
        where = f" in {places[-1][0]}, line {places[-1][1]}" if places else ""
        raised = OwnCodeError(f"{reference}: {doing}, it raised {' '.join(what.split())[:LONGEST]}{where}.")
        raised.add_note("".join(traceback.format_list(theirs) if theirs else traceback.format_exception(error)))
        raise raised from error


def _is_theirs(filename: str) -> bool:
    """Whether a line of a traceback is in no library and not butfor's."""
    path = Path(filename)
    libraries = {"site-packages", "dist-packages", Path(ast.__file__).parent.name}
    return path.is_file() and not libraries & {*path.parts} and WORKFLOW / "scripts" not in path.resolve().parents


def _file(module: str) -> Path:
    return Path(*module.split(".")).with_suffix(".py")


def _root(reference: str) -> Path:
    file = _file(reference.split(":")[0])
    for folder in (Path.cwd(), WORKFLOW, *map(Path, sys.path)):
        if (folder / file).is_file():
            return folder.resolve()
    raise OwnCodeError(
        f"{reference}: expected the file {file} in {Path.cwd()}, in {WORKFLOW} or on the Python path, found none."
    )


def _origin(module: str) -> Path | None:
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(found.origin).resolve() if found and found.origin else None


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except SyntaxError as failure:
        raise OwnCodeError(f"{path}, line {failure.lineno}: expected Python: {failure.msg}.") from failure


def _bound(tree: ast.Module) -> set[str]:
    """The names that a module gives a value; not run, so one that it gives in an unusual way is not seen."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
    return names


def _imported(path: Path, root: Path) -> Iterator[Path]:
    """The files below `root` that the file imports."""
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
