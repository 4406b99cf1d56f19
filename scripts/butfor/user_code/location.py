"""The location of a user's own model or data set: `module:function`, in a Python file of theirs.

The file is looked for in the working folder (`--directory`), then beside the Snakefile, then on the Python
path, and last beside the study file. A
model's file has a YAML file of the same name beside it, which declares what the model uses, so that a study can be
checked before anything is imported or trained:

    description: what it is
    uses: [initialiser, l2, dropout]     # the recipe keys that the function reads
    depends: [weights.npy, "maps/*.png"] # files that it reads otherwise than by Python's `open` (optional)
    layers: [hidden_1, logits]           # names for layer_initialisers, if it takes them (optional)
    dropouts: 1                          # dropout layers, if a list of rates may be given (optional)
    properties: {hidden: {type: integer, minimum: 1, default: 32}}    # its own settings, as in config/schema.yaml
"""

from __future__ import annotations

import ast
import difflib
import os
import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from butfor.errors import StudyError

REFERENCE = re.compile(r"([^\W\d]\w*)(\.[^\W\d]\w*)*:[^\W\d]\w*")
WORKFLOW = Path(__file__).resolve().parents[3]


class OwnCodeError(StudyError):
    """A user's own code that cannot be found, fails, or differs from its declaration. written: the word of the study file that is
    wrong, if that is not the name of the code."""

    def __init__(self, message: str, written: str = "") -> None:
        super().__init__(message)
        self.written = written


def is_own(name: str) -> bool:
    """Whether the name of a model or data set is a `module:function`."""
    return ":" in name


def locate(reference: str) -> Path:
    """The file that holds `module:function`. Raises OwnCodeError."""
    module, _, name = reference.partition(":")
    if not REFERENCE.fullmatch(reference) or module.endswith(".py"):
        raise OwnCodeError(
            f"{reference!r}: expected module:function, in Python's names, with dots between packages and modules."
            f"{_advice(module, name)}"
        )
    path = root_of(reference) / _file(module)
    names = _assigned_names(_tree(path))
    if not names & {name, "*"}:
        meant = difflib.get_close_matches(name, sorted(names), n=1)
        hint = f" Did you mean {module}:{meant[0]}?" if meant else ""
        raise OwnCodeError(f"{reference}: expected a function {name} in {path}, found none.{hint}")
    return path


def arguments(reference: str) -> list[str]:
    """The names of the parameters of `module:function`, as far as they can be seen without running it."""
    name = reference.partition(":")[2]
    for node in _tree(locate(reference)).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return []


def _advice(module: str, name: str) -> str:
    """What to write for the path of a file; empty if that is not plain."""
    meant = module.removesuffix(".py").removeprefix("./").replace("/", ".")
    if REFERENCE.fullmatch(f"{meant}:{name}"):
        return f" Write {meant}:{name}"
    file = meant.rpartition(".")[2]
    if REFERENCE.fullmatch(f"{file.replace('-', '_')}:{name}") and "-" in file:
        return f" Python imports no file with a - in its name: rename {file}.py to {file.replace('-', '_')}.py."
    return ""


def files(name: str) -> list[Path]:
    """The files that Python reads to import a user's own model or data set: its module, the packages that it is in, and those
    of the user's modules and packages that these import, sorted; none for a built-in name. Raises OwnCodeError.
    """
    if not is_own(name):
        return []
    root, path = root_of(name), locate(name)
    roots, closure, waiting = _roots(root), set(), [path, *_files_of(name.split(":")[0], [root])]
    while waiting:
        path = waiting.pop()
        if path not in closure:
            closure.add(path)
            waiting += _imported_files(path, roots)
    return sorted(closure)


def _file(module: str) -> Path:
    return Path(*module.split(".")).with_suffix(".py")


def root_of(reference: str) -> Path:
    """The folder from which the module of `module:function` is imported. Raises OwnCodeError."""
    file = _file(reference.split(":")[0])
    for folder in (Path.cwd(), WORKFLOW, *map(Path, sys.path)):
        if (folder / file).is_file():
            return folder.resolve()
    places = ", ".join(f"in {folder}" for folder in dict.fromkeys([Path.cwd().resolve(), WORKFLOW]))
    raise OwnCodeError(
        f"{reference}: expected the file {file} {places}, beside the study file or on the Python path, found none."
        f"{_meant(reference, file)}"
    )


def _meant(reference: str, file: Path) -> str:
    """What to write where the file lies a folder further down, as beside a study, or one of nearly that name is there."""
    name = reference.partition(":")[2]
    below = sorted(place.relative_to(Path.cwd()) for place in Path.cwd().glob(f"*/{file}"))
    modules = [".".join(place.with_suffix("").parts) for place in below]
    if named := [f"{module}:{name}" for module in modules if REFERENCE.fullmatch(f"{module}:{name}")]:
        return f" It lies in {below[0]}, and modules are named from the working folder: write {named[0]}."
    beside = {place.stem for place in (Path.cwd() / file.parent).glob("*.py")}
    similar = difflib.get_close_matches(file.stem, sorted(beside), n=1)
    return f" Did you mean {'.'.join([*file.parent.parts, similar[0]])}:{name}?" if similar else ""


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


def _roots(root: Path) -> list[Path]:
    """The folders in which Python looks for a user's modules: the code's own, and those of the Python path that hold neither
    libraries nor butfor, such as that of a package installed as editable."""
    libraries = [sys.prefix, sys.base_prefix, sysconfig.get_paths()["stdlib"], str(WORKFLOW / "scripts")]
    others = [os.path.abspath(path) for path in sys.path if os.path.isdir(path or ".")]
    own = [path for path in others if not any(path == lib or path.startswith(f"{lib}/") for lib in libraries)]
    return list(dict.fromkeys([root, Path.cwd(), *(folder for folder in map(Path, own) if not _installed(folder))]))


def _installed(folder: Path) -> bool:
    """Whether an installer put libraries into a folder, as where a cluster's modules or `pip install --target` add one to the
    Python path: TensorFlow would be read as the user's own code there, for minutes at every start."""
    return any(folder.glob("*.dist-info"))


def _files_of(module: str, roots: list[Path]) -> list[Path]:
    """The files that Python reads to import a module of the user's: its packages, and the module or package itself."""
    parts = module.split(".")
    for root in roots:
        paths = []
        for depth in range(1, len(parts) + 1):
            place = root.joinpath(*parts[:depth])
            candidates = (place / "__init__.py", place.with_suffix(".py"))
            paths += [candidate for candidate in candidates if candidate.is_file()][:1]
        if paths:
            return paths
    return []


def _imported_files(path: Path, roots: list[Path]) -> Iterator[Path]:
    """The user's files that a file imports, whether the name after `import` is a module or something in one."""
    home = next((root for root in roots if path.is_relative_to(root)), path.parent)
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            beside = list(path.relative_to(home).parts[: -node.level]) if node.level else []
            package = ".".join([*beside, *([node.module] if node.module else [])])
            modules = [package, *(f"{package}.{alias.name}".strip(".") for alias in node.names)]
        else:
            continue
        for module in modules:
            yield from _files_of(module, roots) if module else ()
