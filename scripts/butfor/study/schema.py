"""The schema of study files: values are checked against it and completed with its defaults.

It is JSON Schema with a few keywords of our own.

`choices`, `own` and `duration` are explained at the head of `config/schema.yaml`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from jsonschema.exceptions import ValidationError

from butfor.errors import Errors, StudyFileError
from butfor.explanation import explain, faulty_keys
from butfor.recipe import durations
from butfor.study import other_words
from butfor.user_code import declaration, location

Schema = dict[str, Any]
SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the fast one: every start and every job reads the schema


class ConfigError(StudyFileError):
    """A setting that is unknown or does not follow the schema."""


def load_schema(path: Path) -> Schema:
    """The schema file as a dictionary, one for all that read the same text, who leave it as it is."""
    return _parsed(path.read_text("utf-8"))


@functools.lru_cache(maxsize=2)
def _parsed(text: str) -> Schema:
    """Parsed once: it takes ten times as long as to check a study, and one start reads it at several places."""
    schema: Schema = yaml.load(text, Loader=SAFE)  # noqa: S506 - safe, both of them
    return schema


def complete(value: Any, schema: Schema, root: Schema, where: str = "") -> Any:
    """A value with every default filled in and every name alone as {name: ...}. Raises ConfigError, or SeveralErrors of them,
    each with the path inside the value.

    schema: that of the value. root: the whole schema, to which references refer. where: the value's place in the study file.
    """
    written, value = value if not where else {}, _with_defaults(value, schema, root)
    mistakes, reported = Errors(), set()
    errors = sorted(_validator(root)(schema).iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    for error in map(_closest, errors):
        for key in faulty_keys(error) or [""]:
            place = (*error.absolute_path, *([key] if key else []))
            if place not in reported:  # the first of what is wrong with a value
                advice = other_words.advice(key, error, root, _keys_at(written, error.absolute_path))
                mistakes.add(ConfigError(explain(error, where, key, advice), place))
            reported.add(place)
    mistakes.end()
    return value


def completer(schema: Schema, root: Schema) -> Callable[[Any], Any]:
    """What completes values of one schema as `complete` does, many of them in little time. Raises ConfigError for one that is
    wrong, without what is wrong with it."""
    validator = _validator(root)(schema)

    def completed(value: Any) -> Any:
        value = _with_defaults(value, schema, root)
        if not validator.is_valid(value):
            raise ConfigError("a value that does not follow its schema")
        return value

    return completed


def parts(root: Schema) -> dict[str, Any]:
    """The parts of a recipe: each key that can be switched off, with the value that does so."""
    return {key: sub["without"] for key, sub in root["$defs"]["recipe"]["properties"].items() if "without" in sub}


def _keys_at(value: Any, path: Iterable[str | int]) -> frozenset[str]:
    """The keys that were written at a place, rather than filled in."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return frozenset()
    return frozenset(value) if isinstance(value, dict) else frozenset()


def _closest(error: ValidationError) -> ValidationError:
    """The error to report where a value fits none of several forms: that of the form whose type it has."""
    return next((inner for inner in error.context or () if inner.validator not in ("type", "const")), error)


def _with_defaults(value: Any, schema: Schema, root: Schema) -> Any:
    schema = {**_resolved(schema, root), **schema}
    if "choices" in schema:
        return _choice_with_defaults(value, schema, root)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        filled = {key: sub["default"] for key, sub in properties.items() if "default" in sub and key not in value}
        other = schema.get("additionalProperties")
        other = other if isinstance(other, dict) else {}
        return {
            key: _with_defaults(item, properties.get(key, other), root) for key, item in {**value, **filled}.items()
        }
    forms = [schema, *schema.get("anyOf", [])]
    if isinstance(value, list):
        item: Schema = next((form["items"] for form in forms if "items" in form), {})
        return [_with_defaults(element, item, root) for element in value]
    return _as_typed(value, [kind for form in forms for kind in _kinds(form)], "duration" in schema)


def _kinds(schema: Schema) -> list[str]:
    kind = schema.get("type", [])
    return kind if isinstance(kind, list) else [kind]


def _as_typed(value: Any, kinds: list[str], is_duration: bool) -> Any:
    """A number in the type of its schema (0 as 0.0 where fractions are allowed), so that equal recipes compare equal and
    libraries that need floats get them.
    """
    if is_duration:
        try:
            return value if value is None else durations.canonical(value)
        except ValueError:
            return value  # which the validator reports
    if "number" in kinds and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if "integer" in kinds and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _choice_with_defaults(value: Any, schema: Schema, root: Schema) -> Any:
    settings = {"name": value} if isinstance(value, str) else value
    if isinstance(settings, dict) and settings and "name" not in settings:
        settings = {**_only_name(schema), **settings}
    if not isinstance(settings, dict) or not isinstance(settings.get("name"), str):
        return settings
    chosen = _chosen(settings["name"], schema)
    return settings if chosen is None else _with_defaults(settings, chosen, root)


def _only_name(schema: Schema) -> dict[str, str]:
    """The name of the one choice that there is beside none, which settings alone then mean."""
    names = [name for name in schema["choices"] if name != "none"]
    return {"name": names[0]} if len(names) == 1 and "own" not in schema else {}


def _chosen(name: str, schema: Schema) -> Schema | None:
    """The schema of a choice's settings; None if there is no choice of that name. Raises OwnCodeError."""
    if "own" in schema and location.is_own(name):
        own: Schema = {"properties": schema.get("own_settings", {})}
        return declaration.declaration(name) if schema["own"] == "model" else own
    return schema["choices"][name] or {} if name in schema["choices"] else None


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    return root["$defs"][reference.rsplit("/", 1)[1]] if reference else schema


_last: list[Any] = [None, None]  # a whole schema and its validator, which takes as long to make as to use


def _validator(root: Schema) -> Any:
    """A validator of Draft 2020-12 with our own keywords, and with references into `root` for any part of it."""
    if _last[0] is not root:
        _last[:] = root, _made_validator(root)
    return _last[1]


def _made_validator(root: Schema) -> Any:

    def choices(validator: Any, named: Schema, instance: Any, schema: Schema) -> Iterator[ValidationError]:
        name = instance.get("name") if isinstance(instance, dict) else instance
        chosen = _chosen(name, schema) if isinstance(name, str) else None
        if isinstance(instance, dict) and "name" not in instance:
            yield ValidationError(
                "name", validator="required", validator_value=["name"], instance=instance, schema=schema
            )
            return
        if chosen is None:
            yield ValidationError(f"one of {', '.join(named)}", validator="choices", instance=name)
            return
        properties = {"name": {}, **chosen.get("properties", {})}
        needed = chosen.get("required", [])
        yield from validator.descend(
            instance, {"properties": properties, "additionalProperties": False, "required": needed}
        )

    def duration(validator: Any, need: str, instance: Any, schema: Schema) -> Iterator[ValidationError]:
        if instance is None and need == "optional":
            return
        try:
            if durations.in_steps(durations.canonical(instance), 1) > 0 or need == "any":
                return
        except ValueError:
            pass
        longer = "" if need == "any" else " longer than 0"
        expected = f"a time{longer} such as 2 epochs or 500 steps"
        yield ValidationError(expected, validator="duration", instance=instance)

    def reference(validator: Any, ref: str, instance: Any, schema: Schema) -> Iterator[ValidationError]:
        yield from validator.descend(instance, _resolved({"$ref": ref}, root))

    keywords = {"choices": choices, "duration": duration, "$ref": reference}
    kinds = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("number", _is_finite)
    return jsonschema.validators.extend(jsonschema.Draft202012Validator, keywords, type_checker=kinds)


def _is_finite(_: Any, value: Any) -> bool:
    """Whether a value is a number that a recipe can hold: neither NaN nor infinite, nor too large for a float."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and -sys.float_info.max <= value <= sys.float_info.max
