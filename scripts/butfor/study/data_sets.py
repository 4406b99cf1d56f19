"""The data sets of a study: one, or several by name, on each of which the arms are trained.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from butfor.errors import Errors, Place, StudyFileError
from butfor.fingerprint import fingerprint
from butfor.study.composed_letters import place_of

Settings = dict[str, Any]
ONLY = ""  # the name of the data set of a study of one
NAME = re.compile(r"[^\W_](?:[\w.-]{0,62}[\w-])?")


class DataSetError(StudyFileError):
    """Data sets that cannot be told from one another, or from the settings of one."""


def named(written: Any, keys: set[str]) -> dict[str, Any]:
    """The data sets as they are written, by name; empty where `data` is one. keys: those of one data set. Raises DataSetError.

    It is several where it holds mappings under other names than the settings of one, or nothing but such names.
    """
    if not isinstance(written, dict) or "name" in written:
        return {}
    others = [key for key in written if key not in keys]
    if not any(isinstance(written[key], dict) for key in others) and len(others) < 2:
        return {}
    if shared := [key for key in written if key in keys]:
        raise DataSetError(
            f"data: expected one data set, with a name, or several by name, received {', '.join(shared)} beside"
            f" {', '.join(map(str, others))}. Write {shared[0]} inside each data set that it is of.",
            ("data", shared[0]),
        )
    for name in others:
        _check_name(name, others)
    return {name: {"name": item} if isinstance(item, str) else item for name, item in written.items()}


def completed(written: dict[str, Any], complete: Callable[[Any, str], Settings], errors: Errors) -> dict[str, Settings]:
    """The data sets by name, completed; in the place of one that is wrong, another, so that its name is known.

    complete: fills in the defaults of one at a place in the study file. errors: takes what is wrong.
    """
    done: dict[str, Settings] = {}
    for name, item in written.items():
        own = Errors()
        with own.collected():
            if not isinstance(item, dict) or "name" not in item:
                raise DataSetError(
                    f"data.{name}: expected a data set, with its name, received {item!r}. Write {name}: {{name: digits}}."
                )
            done[name] = complete(item, f"data.{name}")
        if name not in done:
            done[name] = complete({"name": "npz"}, f"data.{name}")
        for error in own.every:
            errors.add(DataSetError(str(error), ("data", name, *getattr(error, "at", ()))))
    return done


def fingerprint_of_all(fingerprints: dict[str, str]) -> str:
    """What stands for the arrays of all data sets, by those of each: of the only one, its own."""
    known = {name: mark for name, mark in fingerprints.items() if mark}
    return known[ONLY] if [*known] == [ONLY] else fingerprint(sorted(known.items())) if known else ""


def place(name: str) -> Place:
    """Where a data set's settings stand in the study file."""
    return ("data", name) if name else ("data",)


def _check_name(name: Any, names: list[Any]) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise DataSetError(
            f"data: expected names of at most 64 letters of any alphabet, digits, '_', '-' and '.', beginning with a letter or"
            f" digit and not ending with '.', received"
            f" {name!r}. Rename it.",
            ("data", name),
        )
    if len([other for other in names if place_of(str(other)) == place_of(name)]) > 1:
        raise DataSetError(
            f"data: expected names that differ where case does not count, received {name} twice. Rename one.",
            ("data", name),
        )
