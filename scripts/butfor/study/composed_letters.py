"""Names in composed letters: of the two spellings of an accent or a Korean syllable the one, so that a name is the same folder
and the same arm however it was typed. Standard library only."""

from __future__ import annotations

import unicodedata
from typing import Any

NAMED = ("from", "arm", "family", "only")  # keys of ablations and claims whose value is a name, or a list of names


def composed(written: dict[str, Any]) -> dict[str, Any]:
    """A study as written, with the names of study, data sets, arms and claims in composed letters."""
    with_names = {"study": _name, "data": _keys, "ablations": _composed, "claims": _composed}
    return {key: with_names[key](value) if key in with_names else value for key, value in written.items()}


def place_of(name: str) -> str:
    """What stands for the folder of that name, on every file system: case and spelling of letters may not count."""
    return unicodedata.normalize("NFC", name).casefold()


def _composed(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key, value): _name(each) if key in NAMED else _composed(each) for key, each in value.items()}
    return value


def _keys(value: Any) -> Any:
    return {_key(key, value): each for key, each in value.items()} if isinstance(value, dict) else value


def _key(key: Any, beside: dict[Any, Any]) -> Any:
    """The key in composed letters; as it is where that is there too, so that both are seen, and refused as the same folder."""
    return key if _name(key) in beside else _name(key)


def _name(value: Any) -> Any:
    if isinstance(value, list):
        return [_name(each) for each in value]
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value
