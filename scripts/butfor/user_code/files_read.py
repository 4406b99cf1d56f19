"""The files that a user's own code reads, noticed while it runs: a table, weights of an earlier training.

What is opened by Python is noticed (NumPy, pandas, json and the like open so); what a library opens by itself, as HDF5's
does, is not, and can be declared by `depends`. Libraries, caches, temporary files and the system's own are left out.
Standard library only.
"""

from __future__ import annotations

import json
import os
import site
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from butfor.file_digests import file_digest
from butfor.fingerprint import fingerprint
from butfor.records.files import write_atomically
from butfor.user_code.call import load
from butfor.user_code.location import files, is_own, locate, root_of

SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/run", "/usr", "/lib", "/opt/conda")
NEVER = {"__pycache__", ".snakemake", ".git", "site-packages", "dist-packages", ".venv"}
MOST_STATES = 20  # of the files of one call that are kept in mind
CODE = (".py", ".pyc", ".pyi", ".so", ".pth")  # code counts by its meaning, see location.files

_hooked: list[bool] = []  # the hook cannot be taken out again


@dataclass
class _Opened:
    """The files that have been opened in a call, by what for."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)


_watched: list[_Opened] = []  # of the calls that run
_imports: dict[str, set[str]] = {}  # the files that modules have read while they were imported


@dataclass
class FilesRead:
    """The files that a call has read: their digests, by path relative to the working folder or to the code's own."""

    digests: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path, token: str, made_of: str = "") -> None:
        """Note them in a file, and keep what it held of other contents. token: what the start has passed for them, see token_of;
        made_of: and for all that the call's outcome follows from."""
        earlier = [state for state in _states(path) if state["files"] != self.digests and state["token"] != token]
        note = {"token": token, "made_of": made_of, "files": self.digests, "earlier": earlier[:MOST_STATES]}
        write_atomically(path, json.dumps(note, indent=1))


def made_of(noted: Path) -> str:
    """What the outcome of a call was made from, as it has noted; "" before its first time."""
    try:
        return str(json.loads(noted.read_text())["made_of"])
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def token_of(noted: Path, digest: Callable[[str], str]) -> str:
    """What stands for the files that a call is to read again, by what it has noted; "" before its first time.

    The same as at the last call, or at an earlier one, while they are what they were then, or are gone, and else a digest of
    what they are now: a call is repeated if it differs from the last. digest: of a file, by its noted path; "" if there is none.
    """

    def now(state: dict[str, Any]) -> dict[str, str]:
        return {path: digest(path) or before for path, before in state["files"].items()}

    states = _states(noted)
    for state in states:  # earlier ones only where the last is another: a folder's digest takes its time
        if now(state) == state["files"]:
            return str(state["token"])
    return fingerprint(sorted(now(states[0]).values())) if states else ""


def _states(noted: Path) -> list[dict[str, Any]]:
    """What a file has noted: the last call's files with the token that stood for them, then those of earlier calls."""
    try:
        content = json.loads(noted.read_text())
        states = [content, *content.get("earlier", [])]
        return [{"token": str(state["token"]), "files": dict(state["files"])} for state in states]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return []


def resolved(path: str, root: Path) -> Path:
    """The file of a noted path: in the working folder, else in the code's own."""
    return next((place for folder in (Path.cwd(), root) if (place := folder / path).is_file()), Path(path))


@contextmanager
def noticed(reference: str) -> Iterator[FilesRead]:
    """A context that notices the files that the code of `module:function` reads in it; none for a built-in name."""
    read = FilesRead()
    if not is_own(reference):
        yield read
        return
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    began = time.time()
    opened = _Opened(set(_read_at_import(reference)))
    _watched.append(opened)
    try:
        yield read
    finally:
        _watched.remove(opened)
        root, declared = root_of(reference), locate(reference).with_suffix(".yaml")
        for path in sorted(opened.read - opened.written):
            if os.path.isfile(path) and _counts(path, root, began) and Path(path) != declared:
                read.digests[_relative(path, root)] = file_digest(path)


def _read_at_import(reference: str) -> set[str]:
    """The files that the module reads while it is imported, which it does once in a process; what its functions have cached
    is forgotten, so that each call reads its files itself."""
    module = reference.split(":")[0]
    if module not in _imports:
        opened = _Opened()
        _watched.append(opened)
        with suppress(Exception, SystemExit):  # the call itself will say what is wrong
            load(reference)
        _watched.remove(opened)
        _imports[module] = opened.read - opened.written
    own = {str(path) for path in files(reference)}
    for loaded in [each for each in list(sys.modules.values()) if getattr(each, "__file__", None) in own]:
        for value in vars(loaded).values():
            if callable(forget := getattr(value, "cache_clear", None)):
                forget()
    return _imports[module]


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watched or event not in ("open", "sqlite3.connect"):
        return
    path = os.fsdecode(arguments[0]) if isinstance(arguments[0], bytes) else arguments[0]
    if not isinstance(path, str):
        return
    writes = event == "open" and _writes(*arguments[1:3])
    for opened in list(_watched):
        (opened.written if writes else opened.read).add(os.path.abspath(path))


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return bool(set(mode) & set("wxa"))
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _counts(path: str, root: Path, began: float) -> bool:
    """Whether a file is one of the user's, by its place; a temporary one, if it was there when the call `began`."""
    place = Path(path)
    if place.suffix in CODE or NEVER & {*place.parts} or _inside(path, _libraries()):
        return False
    if _inside(path, [os.getcwd(), str(root)]):
        return True
    if _inside(path, [tempfile.gettempdir()]):
        return os.stat(path).st_ctime < began
    home = os.path.expanduser("~")
    caches = [f"{home}/.cache", f"{home}/.keras", f"{home}/.config", os.environ.get("KERAS_HOME", "")]
    return not _inside(path, [*SYSTEM, *caches])


def _libraries() -> list[str]:
    paths = sysconfig.get_paths()
    standard = [paths["stdlib"], paths["purelib"], paths["platlib"]]
    return [*standard, *site.getsitepackages(), site.getusersitepackages(), sys.prefix, sys.base_prefix]


def _inside(path: str, folders: list[str]) -> bool:
    return any(folder and path.startswith(folder.rstrip("/") + "/") for folder in folders)


def _relative(path: str, root: Path) -> str:
    for folder in (Path.cwd(), root):
        if Path(path).is_relative_to(folder):
            return Path(path).relative_to(folder).as_posix()
    return path
