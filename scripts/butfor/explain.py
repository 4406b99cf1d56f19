"""What is wrong with a study file, in words: where, what was expected, what was received, what to write."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable
from typing import Any

from jsonschema.exceptions import ValidationError

LONGEST_VALUE = 200  # characters of what was received that a message repeats
TYPE_WORDS = {
    "number": "a number",
    "integer": "a whole number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def explain(error: ValidationError, where: str = "") -> str:
    """One message in one line: where, what was expected, what was received, what to write."""
    return " ".join(_explained(error, where).split())


def _explained(error: ValidationError, where: str) -> str:
    path = ".".join([where, *map(str, error.absolute_path)] if where else map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        return _explain_unknown_key(error, path)
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"{missing}: expected this key{f' in {path}' if path else ''}, received none. {_standalone_hint(missing)}".strip()
    close = _close(error.instance, error.schema["choices"]) if error.validator == "choices" else ""
    return f"{path}: expected {_expected(error)}, received {_received(error.instance)}.{_remedy(error)}{close}"


def _explain_unknown_key(error: ValidationError, path: str) -> str:
    known = list(error.schema.get("properties", {}))
    unknown = next(key for key in error.instance if key not in known)
    inside = f" in {path}" if path else ""
    return f"{unknown}: unknown key{inside}. Expected one of {', '.join(known) or 'nothing'}.{_close(unknown, known)}"


def _close(word: Any, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""


def _standalone_hint(missing: str) -> str:
    return "A file without a study name is laid over config/config.yaml." if missing == "study" else ""


def _expected(error: ValidationError) -> str:
    rule, limit = str(error.validator), error.validator_value
    if rule == "choices":
        return str(error.message)
    if rule == "type":
        return " or ".join(TYPE_WORDS[word] for word in ([limit] if isinstance(limit, str) else limit))
    if rule == "enum":
        return "one of " + ", ".join(map(str, limit))
    if rule == "anyOf":
        return str(error.schema.get("description", "another form")).rstrip(".").lower()
    most = f"at most {limit}"
    bounds = {
        "minimum": f"at least {limit}",
        "maximum": most,
        "exclusiveMinimum": f"more than {limit}",
        "exclusiveMaximum": f"less than {limit}",
        "minItems": f"at least {limit} in the list",
        "maxItems": f"{most} in the list",
        "maxLength": f"{most} characters",
        "minProperties": f"at least {limit} entries",
        "maxProperties": f"{most} entries",
        "pattern": str(error.schema.get("form", f"text that matches {limit}")),
    }
    return bounds.get(rule, str(error.message)) + (f" {error.schema['unit']}" if "unit" in error.schema else "")


def _received(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    shown = "null" if value is None else repr(value)
    cut = shown if len(shown) <= LONGEST_VALUE else f"{shown[:LONGEST_VALUE]}…"
    return f"the text {cut}" if isinstance(value, str) else cut


def _remedy(error: ValidationError) -> str:
    """What to write instead, for the traps of YAML and of nested --config values."""
    value = error.instance
    if isinstance(value, bool):
        word = "off, no and false" if value is False else "on, yes and true"
        none = " To switch the part off, write none." if value is False and error.validator == "choices" else ""
        return f" YAML reads {word} as {str(value).lower()}.{none}"
    if isinstance(value, datetime.date):
        return f" YAML reads a bare date as a date: put it in quotes, '{value}'."
    if value == "none" and error.validator == "duration":
        return " For no time at all, write 0."
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return ""
        mantissa, exponent, power = value.partition("e")
        decimal = f"{mantissa}.0e{power}" if exponent and "." not in mantissa else value
        whole = error.validator_value == "integer" and number.is_integer()
        return (
            f" YAML reads {value} as text: write {int(number) if whole else f'{decimal} or {number!r}'} without quotes."
            " (Nested values given with --config arrive as text too: put them in a file and add it with --configfile.)"
        )
    if value is None:
        return " To switch a part off, write none."
    return ""
