"""A study file checked against `config/schema.yaml` and completed with its defaults.

Whatever is wrong ends in one ConfigError that says what, what was expected, what was received, and what to write.
"""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from jsonschema.exceptions import ValidationError

from butfor.ablations import BASELINE
from butfor.arm import Recipe
from butfor.catalogue import TRAIN_IMAGES
from butfor.errors import StudyError
from butfor.plan import Plan, make_plan

Schema = dict[str, Any]

TYPE_WORDS = {
    "number": "a number",
    "integer": "a whole number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


class ConfigError(StudyError):
    """A study file that cannot be run, in words for the person who wrote it."""


def load_schema(path: Path) -> Schema:
    """The schema file as a dictionary."""
    schema: Schema = yaml.safe_load(path.read_text())
    return schema


def study_and_plan(config: dict[str, Any], schema_path: Path) -> tuple[dict[str, Any], Plan]:
    """A study file's settings, checked and completed, and its plan. Raises ConfigError or PlanError."""
    root = load_schema(schema_path)
    settings = complete_study(config, root)
    recipe = root["$defs"]["recipe"]

    def resolve(arm: str, written: Recipe) -> Recipe:
        return complete(written, recipe, root, "recipe" if arm == BASELINE else f"ablations.{arm}")  # type: ignore[no-any-return]

    plan = make_plan(settings, resolve, parts(root))
    if settings["data"]["name"] in TRAIN_IMAGES:
        plan.check_images(TRAIN_IMAGES[settings["data"]["name"]])
    return settings, plan


def complete(value: Any, schema: Schema, root: Schema, where: str = "") -> Any:
    """`value` with every default filled in and every name alone written as {name: ...}; raises ConfigError."""
    value = _with_defaults(value, schema, root)
    errors = sorted(_validator(root)(schema).iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    if errors:
        raise ConfigError(explain(errors[0], where))
    return value


def parts(root: Schema) -> dict[str, Any]:
    """The parts of a recipe: each key that can be switched off, with the value that does so."""
    return {key: sub["without"] for key, sub in root["$defs"]["recipe"]["properties"].items() if "without" in sub}


def complete_study(config: dict[str, Any], root: Schema) -> dict[str, Any]:
    """A whole study file, checked and completed; its ablations stay as written, for the plan to resolve."""
    settings: dict[str, Any] = complete({k: v for k, v in config.items() if k != "pathvars"}, root, root)
    settings.setdefault("results", f"results/{settings['study']}")
    looks = settings["seeds"] if isinstance(settings["seeds"], list) else [settings["seeds"]]
    if looks != sorted(set(looks)):
        raise ConfigError(f"seeds: expected looks that rise, such as [5, 10, 20], received {looks}.")
    if settings["data"]["name"] == "npz" and not settings["data"]["file"]:
        raise ConfigError("data.file: expected the path of an .npz file because data.name is npz, received null.")
    settings["looks"] = looks
    return settings


def _with_defaults(value: Any, schema: Schema, root: Schema) -> Any:
    schema = {**_resolved(schema, root), **schema}
    if "choices" in schema:
        return _choice_with_defaults(value, schema["choices"], root)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        filled = {key: sub["default"] for key, sub in properties.items() if "default" in sub and key not in value}
        other = schema.get("additionalProperties")
        other = other if isinstance(other, dict) else {}
        return {
            key: _with_defaults(item, properties.get(key, other), root) for key, item in {**value, **filled}.items()
        }
    return _as_typed(value, schema.get("type"))


def _as_typed(value: Any, kind: Any) -> Any:
    """A number in the one spelling its type has (0 as 0.0 where fractions are allowed), so that equal recipes compare
    equal and a library that insists on floats gets them."""
    kinds = kind if isinstance(kind, list) else [kind]
    if "number" in kinds and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if "integer" in kinds and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _choice_with_defaults(value: Any, choices: Schema, root: Schema) -> Any:
    settings = {"name": value} if isinstance(value, str) else value
    if not isinstance(settings, dict) or settings.get("name") not in choices:
        return settings
    return _with_defaults(settings, choices[settings["name"]] or {}, root)


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    return root["$defs"][reference.rsplit("/", 1)[1]] if reference else schema


def _validator(root: Schema) -> Any:
    """Draft 2020-12 with `choices`, and with references into `root` whichever part of it is validated."""

    def choices(validator: Any, named: Schema, instance: Any, schema: Schema) -> Iterator[ValidationError]:
        name = instance.get("name") if isinstance(instance, dict) else instance
        if not isinstance(name, str) or name not in named:
            yield ValidationError(f"one of {', '.join(named)}", validator="choices", instance=name)
            return
        properties = {"name": {}, **(named[name] or {}).get("properties", {})}
        yield from validator.descend(instance, {"properties": properties, "additionalProperties": False})

    def reference(validator: Any, ref: str, instance: Any, schema: Schema) -> Iterator[ValidationError]:
        yield from validator.descend(instance, _resolved({"$ref": ref}, root))

    return jsonschema.validators.extend(jsonschema.Draft202012Validator, {"choices": choices, "$ref": reference})


def explain(error: ValidationError, where: str = "") -> str:
    """One message: where, what was expected, what was received, what to write."""
    path = ".".join([where, *map(str, error.absolute_path)] if where else map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        return _explain_unknown_key(error, path)
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"{missing}: expected this key{f' in {path}' if path else ''}, received none. {_standalone_hint(missing)}".strip()
    return f"{path}: expected {_expected(error)}, received {_received(error.instance)}.{_remedy(error)}"


def _explain_unknown_key(error: ValidationError, path: str) -> str:
    known = list(error.schema.get("properties", {}))
    unknown = next(key for key in error.instance if key not in known)
    inside = f" in {path}" if path else ""
    close = difflib.get_close_matches(str(unknown), known, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"{unknown}: unknown key{inside}. Expected one of {', '.join(known) or 'nothing'}.{hint}"


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
    bounds = {
        "minimum": f"at least {limit}",
        "maximum": f"at most {limit}",
        "exclusiveMinimum": f"more than {limit}",
        "exclusiveMaximum": f"less than {limit}",
        "minItems": f"at least {limit} in the list",
        "minProperties": f"at least {limit} entries",
        "maxProperties": f"at most {limit} entries",
        "pattern": "letters, digits, '_', '-' and '.', beginning with a letter or digit",
    }
    return bounds.get(rule, str(error.message)) + (f" {error.schema['unit']}" if "unit" in error.schema else "")


def _received(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value!r}"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else repr(value)


def _remedy(error: ValidationError) -> str:
    """What to write instead, for the traps of YAML and of nested --config values."""
    value = error.instance
    if isinstance(value, bool):
        word = "off, no and false" if value is False else "on, yes and true"
        none = " To switch the part off, write none." if value is False and error.validator == "choices" else ""
        return f" YAML reads {word} as {str(value).lower()}.{none}"
    if isinstance(value, datetime.date):
        return f" YAML reads a bare date as a date: put it in quotes, '{value}'."
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return ""
        mantissa, exponent, power = value.partition("e")
        decimal = f"{mantissa}.0e{power}" if exponent and "." not in mantissa else value
        return (
            f" YAML reads {value} as text: write {decimal} or {number!r} without quotes."
            " (Nested values given with --config arrive as text too: put them in a file and add it with --configfile.)"
        )
    if value is None:
        return " To switch a part off, write none."
    return ""
