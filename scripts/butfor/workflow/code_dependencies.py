"""The code that a rule's results depend on: what its entry script imports, whichever file it is in.

A fingerprint stands for the parsed code of all modules of the library that an entry script imports, directly or through
others, inside functions too. Comments, docstrings, layout and the texts of errors and log messages do not count; nor does
what surrounds a job and changes no number: `process/`, how errors are worded, where files lie. Standard library only.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from butfor.file_digests import FileDigests
from butfor.process.kept_beside_code import kept_beside_code
from butfor.records.files import write_atomically

LIBRARY = Path(__file__).resolve().parents[1]
CACHE = "code.json"
SURROUNDINGS = tuple(f"{LIBRARY.name}.{name}" for name in ("process", "errors", "records.results_folder"))
WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
LOGGERS = ("log", "logger", "logging")
LOG_METHODS = ("debug", "info", "warning", "error", "exception", "critical")


@dataclass(frozen=True)
class Source:
    """A parsed file of Python: a digest of its code, and the names with dots of what it uses of the library, which are
    modules, or functions and classes in them.
    """

    digest: str
    names: tuple[str, ...]


def kept_code(otherwise: Path) -> Path:
    """The file in which starts in all folders keep what is parsed, or one in the folder `otherwise`."""
    return kept_beside_code(CACHE) or otherwise / CACHE


class CodeDependencies:
    """The dependencies of the library's modules on each other; files are parsed once and stored in the file `cache`."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._digests = FileDigests(cache.with_name(f"files_of_{cache.name}"))
        self._parsed_texts = _read(cache)  # by the digest of each file
        self._sources: dict[str, Source] = {}
        self._used: set[str] = set()
        self._changed = False

    def fingerprint(self, *entries: Path | str) -> str:
        """16 hexadecimal digits that stand for the code of the entries' closure; entries: paths of scripts, names of modules."""
        digests = sorted((os.path.basename(path), self._source(path).digest) for path in self._closure(*entries))
        return hashlib.sha256(json.dumps(digests).encode()).hexdigest()[:16]

    def closure(self, *entries: Path | str) -> list[Path]:
        """The files of the entries and of all modules that they import, directly or through others, sorted."""
        return sorted(map(Path, self._closure(*entries)))

    def _closure(self, *entries: Path | str) -> set[str]:
        waiting = [path for entry in entries for path in ([str(entry)] if isinstance(entry, Path) else _files(entry))]
        closure: set[str] = set()
        while waiting:
            path = waiting.pop()
            if path not in closure:
                closure.add(path)
                waiting += [file for name in self._source(path).names for file in _files(name)]
        return closure

    def save(self) -> None:
        """Write the cache, if anything in it is new; without it the next start takes a second longer."""
        self._digests.save()
        if self._changed:
            sources = {text: asdict(self._parsed_texts[text]) for text in self._used}
            with contextlib.suppress(OSError):  # a folder that cannot be written to, a full disk
                write_atomically(self._cache, json.dumps({"parser": _parser(), "sources": sources}))
            self._changed = False

    def _source(self, path: str) -> Source:
        if path not in self._sources:
            text = self._digests.of(path)
            if text not in self._parsed_texts:
                with open(path, "rb") as file:
                    content = file.read()
                text = hashlib.sha256(content).hexdigest()[:16]
                self._parsed_texts[text], self._changed = _parsed(content, path), True
            self._used.add(text)
            self._sources[path] = self._parsed_texts[text]
        return self._sources[path]


def _read(cache: Path) -> dict[str, Source]:
    """The content of the cache; empty if there is none, it is damaged, or another version of this file has written it."""
    try:
        content = json.loads(cache.read_text())
        sources = content["sources"] if content["parser"] == _parser() else {}
        return {text: Source(source["digest"], tuple(source["names"])) for text, source in sources.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


@cache
def _parser() -> str:
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


@cache
def _files(name: str) -> tuple[str, ...]:
    """The files that Python reads to import a name with dots: its packages, and the module that it is or is in."""
    if any(name == place or name.startswith(f"{place}.") for place in SURROUNDINGS):
        return ()
    files: tuple[str, ...] = ()
    place = str(LIBRARY.parent)
    for part in name.partition(":")[0].split("."):
        place = f"{place}/{part}"
        if _is_file(f"{place}.py"):
            return (*files, f"{place}.py")
        if not _is_file(f"{place}/__init__.py"):
            break
        files = (*files, f"{place}/__init__.py")
    return files


_is_file = cache(os.path.isfile)


def _parsed(content: bytes, path: str) -> Source:
    tree = ast.parse(content, filename=path)
    return Source(hashlib.sha256(repr(_plain(tree)).encode()).hexdigest()[:16], tuple(sorted(set(_names(tree)))))


def _names(tree: ast.Module) -> Iterator[str]:
    """The names that a file imports of the library, and those in its texts, by which modules are loaded or run."""
    root = LIBRARY.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == root)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == root:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(f"{root}."):
            yield node.value


def _plain(node: Any, in_message: bool = False) -> Any:
    """A syntax tree as plain values, the same in every version of Python; in_message: inside what is raised or logged."""
    if isinstance(node, list):
        return [_plain(item, in_message) for item in node]
    if not isinstance(node, ast.AST):
        return node
    if isinstance(node, ast.Constant):
        return "text" if in_message and isinstance(node.value, str) else (type(node.value).__name__, repr(node.value))
    in_message = in_message or isinstance(node, ast.Raise) or _is_log_call(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = node.body[1:]
    return type(node).__name__, [
        (name, _plain(value, in_message)) for name, value in fields.items() if value not in (None, [])
    ]


def _is_log_call(node: ast.AST) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
        return False
    return function.attr in LOG_METHODS and function.value.id in LOGGERS
