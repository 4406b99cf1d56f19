"""The explanation of a mistake in a study file: where it is, what was expected, what was received, what to write."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable
from typing import Any

from jsonschema.exceptions import ValidationError

LONGEST_VALUE = 200  # characters of a received value that a message quotes
TYPE_NAMES = {
    "number": "a number",
    "integer": "a whole number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def explain(error: ValidationError, where: str = "") -> str:
    """The message of an error, in one line; `where`: the place of the validated value in the study file."""
    return " ".join(_message(error, where).split())


def _message(error: ValidationError, where: str) -> str:
    path = ".".join([where, *map(str, error.absolute_path)] if where else map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        return _unknown_key_message(error, path)
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"{missing}: expected this key{f' in {path}' if path else ''}, received none. {_standalone_hint(missing)}".strip()
    hint = _similar_name(error.instance, error.schema["choices"]) if error.validator == "choices" else ""
    return f"{path}: expected {_expected(error)}, received {_received(error.instance)}.{_remedy(error)}{hint}"


def _unknown_key_message(error: ValidationError, path: str) -> str:
    keys = list(error.schema.get("properties", {}))
    unknown = next(key for key in error.instance if key not in keys)
    inside = f" in {path}" if path else ""
    return (
        f"{unknown}: unknown key{inside}. Expected one of {', '.join(keys) or 'nothing'}.{_similar_name(unknown, keys)}"
    )


def _similar_name(name: Any, names: Iterable[str]) -> str:
    similar = difflib.get_close_matches(str(name), list(names), n=1, cutoff=0.5)
    return f" Did you mean {similar[0]}?" if similar else ""


def _standalone_hint(missing: str) -> str:
    return "A file without a study name is laid over config/config.yaml." if missing == "study" else ""


def _expected(error: ValidationError) -> str:
    rule, limit = str(error.validator), error.validator_value
    if rule == "choices":
        return str(error.message)
    if rule == "type":
        return " or ".join(TYPE_NAMES[name] for name in ([limit] if isinstance(limit, str) else limit))
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
    text = "null" if value is None else repr(value)
    short = text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
    return f"the text {short}" if isinstance(value, str) else short


def _remedy(error: ValidationError) -> str:
    """What to write instead, for the traps of YAML and of nested --config values."""
    value = error.instance
    if isinstance(value, bool):
        names = "off, no and false" if value is False else "on, yes and true"
        none = " To switch the part off, write none." if value is False and error.validator == "choices" else ""
        return f" YAML reads {names} as {str(value).lower()}.{none}"
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
