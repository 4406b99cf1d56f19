"""The explanation of a mistake in a study file: where it is, what was expected, what was received, what to write."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from jsonschema.exceptions import ValidationError

from butfor.remedies import CLOSE, missing_key_remedy, remedy

FEW_KEYS = 12  # more are not listed where it is known what is meant
LONGEST_VALUE = 200  # characters of a received value that a message quotes
LARGEST_WHOLE = 1e15  # of a float, that is shown without a point
TYPE_NAMES = {
    "number": "a number",
    "integer": "a whole number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def explain(error: ValidationError, where: str = "", key: str = "", advice: str | None = None) -> str:
    """The message of an error, in one line.

    where: the place of the validated value in the study file. key: which of its faulty_keys it is about (the first, if not
    said). advice: what is known of an unknown key (if nothing is said: a similar name).
    """
    return " ".join(_message(error, where, key, advice).split())


def faulty_keys(error: ValidationError) -> list[Any]:
    """The keys that an error is about: those that are unknown, or those that are missing."""
    if error.validator == "additionalProperties":
        return [key for key in error.instance if key not in error.schema.get("properties", {})]
    return [key for key in error.validator_value if key not in error.instance] if error.validator == "required" else []


def _message(error: ValidationError, where: str, key: str, advice: str | None) -> str:
    path = ".".join([where, *map(str, error.absolute_path)] if where else map(str, error.absolute_path))
    keys = faulty_keys(error)
    if keys and error.validator == "additionalProperties":
        return _unknown_key_message(error, path, key or keys[0], advice)
    if keys:
        missing = key or keys[0]
        hint = missing_key_remedy(error, path, missing)
        return f"{missing}: expected this key{f' in {path}' if path else ''}, received none. {hint}"
    return f"{path}: expected {_expected(error)}, received {_received(error.instance)}.{remedy(error, path)}"


def _unknown_key_message(error: ValidationError, path: str, unknown: str, advice: str | None) -> str:
    keys = list(error.schema.get("properties", {}))
    inside = f" in {path}" if path else ""
    advice = _similar_name(unknown, [name for name in keys if name not in error.instance]) if advice is None else advice
    expected = "" if advice and len(keys) > FEW_KEYS else f" Expected one of {', '.join(keys) or 'nothing'}."
    return f"{unknown}: unknown key{inside}.{expected} {advice}"


def _similar_name(name: Any, names: Iterable[str]) -> str:
    similar = difflib.get_close_matches(str(name), list(names), n=1, cutoff=CLOSE)
    return f" Did you mean {similar[0]}?" if similar else ""


def _expected(error: ValidationError) -> str:
    rule, limit = str(error.validator), error.validator_value
    if rule == "choices":
        return str(error.message)
    if rule == "type":
        unit = f" ({error.schema['unit']})" if "unit" in error.schema else ""
        names = [limit] if isinstance(limit, str) else limit
        keys = list(error.schema.get("properties", {}))
        inside = f" of {', '.join(keys)}" if 0 < len(keys) <= FEW_KEYS else ""
        after = {"number": unit, "integer": unit, "object": inside}
        return " or ".join(TYPE_NAMES[name] + after.get(name, "") for name in names)
    if rule == "enum":
        return "one of " + ", ".join(map(str, limit))
    if rule == "anyOf":
        return str(error.schema.get("form") or error.schema.get("description", "another form"))
    most = f"at most {limit}"
    bounds = {
        "minimum": f"at least {limit}",
        "maximum": most,
        "exclusiveMinimum": f"more than {limit}",
        "exclusiveMaximum": f"less than {limit}",
        "minItems": f"at least {limit} in the list",
        "maxItems": f"{most} in the list",
        "maxLength": f"{most} characters",
        "minProperties": f"at least {limit} {'entry' if limit == 1 else 'entries'}",
        "maxProperties": f"{most} entries",
        "pattern": str(error.schema.get("form", f"text that matches {limit}")),
    }
    unit = error.schema.get("unit", "")
    unit = unit.removesuffix("s") if limit == 1 and unit.isalpha() else unit
    unit = f"({unit})" if unit.startswith("share") else unit
    return f"{bounds.get(rule, error.message)} {unit}".rstrip()


def _received(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    whole = isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE
    text = "null" if value is None else repr(int(value) if whole else value)  # which may have been made a fraction
    short = text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
    return f"the text {short}" if isinstance(value, str) else short
