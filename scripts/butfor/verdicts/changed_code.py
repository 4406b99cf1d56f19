"""What a study brings beside its file, as its register keeps it: the user's functions, and what models read from files; and
what became another after there were data. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

OWN_CODE = "own_code"  # among a register's terms; not of studies without such code, nor of earlier versions
MOST_NAMED = 8


class OwnCode(TypedDict):
    """functions: by `module:function`, the fingerprint of its code. reading: by arm, the `function` of a model whose files are
    not those that it read first, or are declared, and the fingerprint of its code and of these."""

    functions: dict[str, str]
    reading: dict[str, dict[str, str]]


def changed_code(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What is other code, or reads other files, in the terms of a later entry of the register; empty where nothing is, or where
    one of them does not know."""
    old, new = before.get(OWN_CODE), after.get(OWN_CODE)
    if not old or not new:
        return ""
    others = [name for name, code in new["functions"].items() if old["functions"].get(name, code) != code]
    reading = {**old["reading"], **new["reading"]}
    same = {name for name, code in new["functions"].items() if old["functions"].get(name) == code}
    arms = [
        arm
        for arm, each in reading.items()
        if each["function"] in same and old["reading"].get(arm) != new["reading"].get(arm)
    ]
    read = f"what the model of {_few(arms)} reads from files" if arms else ""
    return " and ".join(filter(None, [f"the code of {_few(others)}" if others else "", read]))


def _few(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown
