"""Calls of a user's function: loaded by name, with its errors attributed to it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from butfor.errors import StudyError, did_you_mean
from butfor.process import system_errors
from butfor.user_code.location import WORKFLOW, OwnCodeError, is_own, locate, root_of

RAISED_INSIDE = re.compile(r"^ *(\w+(?:Error|Exception|Exit): .*)", re.MULTILINE)  # AutoGraph indents it
WHERE_IN_GRAPH = re.compile(
    r'^Detected at node .*\n(?:\s*(?:File "|<stack ).*\n)+', re.MULTILINE
)  # longer than what is said of it
FILE_LINE = re.compile(r'File "([^"\n]+)", line (\d+)')
LONGEST = 300  # characters of a user's error that a message quotes


def load(reference: str) -> Callable[..., Any]:
    """The function that `module:function` names. Raises OwnCodeError."""
    path, (module, name) = locate(reference), reference.split(":")
    root = str(root_of(reference))
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


def check_arguments(
    reference: str, function: Callable[..., Any], names: tuple[str, ...], more: Iterable[str] = ()
) -> None:
    """Raises OwnCodeError if a function cannot be called with the arguments that these names are for, and with `more` by name."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # it tells none
        return
    try:
        signature.bind(*names, **dict.fromkeys(more))
    except TypeError as failure:
        name, wanted = reference.rpartition(":")[2], f"({', '.join((*names, *more))})"
        unknown = next((each for each in more if f"'{each}'" in str(failure)), "")
        meant = did_you_mean(unknown, [each for each in signature.parameters if each not in (*names, *more)])
        remedy = meant or f" Write def {name}{wanted}, whether it uses all of them or not."
        raise OwnCodeError(
            f"{reference}: expected {name}{wanted}, received {name}{signature}: {failure}.{remedy}", written=unknown
        ) from None


@contextmanager
def attribute_errors_to(reference: str, task: str) -> Iterator[None]:
    """A context whose errors become an OwnCodeError of `module:function`: one line that names the `task`, with the user's
    lines of the traceback as its note. Errors of a built-in name and StudyErrors pass unchanged, and so does what the system
    refused to others, such as room on a disk.
    """
    try:
        yield
    except StudyError:
        raise
    except (Exception, SystemExit) as error:
        if not is_own(reference):
            raise
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_of_user(frame.filename)]
        if not frames and system_errors.sentence(error):  # a full disk, where butfor writes
            raise
        inner = RAISED_INSIDE.search(str(error))  # TensorFlow quotes the error of a Python function in its own
        sentence = inner[1] if inner else f"{type(error).__name__}: {WHERE_IN_GRAPH.sub('', str(error))}"
        description = " ".join(sentence.split())[:LONGEST].removesuffix(".")
        places = [(frame.filename, frame.lineno) for frame in frames]
        places += [place for place in FILE_LINE.findall(str(error)) if _is_of_user(place[0])]
        place = f" in {places[-1][0]}, line {places[-1][1]}" if places else ""
        own_error = OwnCodeError(f"{reference}: {task}, it raised {description}{place}.")
        own_error.add_note("".join(traceback.format_list(frames) if frames else traceback.format_exception(error)))
        raise own_error from error


def _is_of_user(filename: str) -> bool:
    """Whether a file of a traceback belongs neither to a library nor to butfor."""
    path = Path(filename)
    libraries = {"site-packages", "dist-packages", Path(ast.__file__).parent.name}
    return path.is_file() and not libraries & {*path.parts} and WORKFLOW / "scripts" not in path.resolve().parents


def _origin(module: str) -> Path | None:
    """The file that Python would import a module from, if any."""
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin).resolve() if spec and spec.origin else None
