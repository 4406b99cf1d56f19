"""The declaration of a user's model: the YAML file beside it."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from butfor.explanation import explain
from butfor.user_code.location import OwnCodeError, is_own, locate

NAMES = {"type": "array", "items": {"type": "string"}}
DECLARATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["uses"],
    "properties": {
        "description": {"type": "string"},
        "uses": NAMES,
        "pretrained": {"type": "boolean"},
        "depends": NAMES,
        "layers": NAMES,
        "dropouts": {"type": "integer", "minimum": 0},
        "properties": {"type": "object", "additionalProperties": {"type": "object", "required": ["default"]}},
    },
}
OURS = {"default", "description", "unit", "without", "form", "duration", "choices"}  # words beside JSON Schema's own
WORDS = OURS | {"title", "examples", "$comment", *jsonschema.Draft202012Validator.VALIDATORS}


def declaration(reference: str) -> dict[str, Any]:
    """The content of the YAML file beside a user's own model. Raises OwnCodeError."""
    path = locate(reference).with_suffix(".yaml")
    if not path.is_file():
        raise OwnCodeError(
            f"{reference}: expected {path.name} beside {path.stem}.py, with `uses:`, the recipe keys that the model reads,"
            " received no such file. Write one: `uses: [dropout]`, say, or `uses: []` for a model that reads none;"
            " docs/own-model-and-data.md shows both files."
        )
    try:
        content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
        jsonschema.validate(content, DECLARATION)
        for name, setting in content.get("properties", {}).items():
            jsonschema.Draft202012Validator.check_schema(setting)
            _check_words(path, name, setting)
    except yaml.YAMLError as failure:
        raise OwnCodeError(f"{path}: expected YAML: {' '.join(str(failure).split())}") from failure
    except jsonschema.SchemaError as failure:
        raise OwnCodeError(
            f"{path}: properties: expected JSON Schema for each setting: {failure.message}."
        ) from failure
    except jsonschema.ValidationError as failure:
        raise OwnCodeError(explain(failure, str(path))) from failure
    return content


def parts(model: dict[str, Any]) -> dict[str, Any]:
    """The settings of a user's own model that are parts of a recipe, as `model.<setting>`, with the value that takes each out."""
    if not is_own(model["name"]):
        return {}
    settings = declaration(model["name"]).get("properties", {})
    return {f"model.{name}": setting["without"] for name, setting in settings.items() if "without" in setting}


def pretrained(model: dict[str, Any]) -> bool:
    """Whether the file of a user's own model says that its initial weights are read, the same for every seed."""
    return is_own(model["name"]) and bool(declaration(model["name"]).get("pretrained"))


def _check_words(path: Path, name: str, setting: dict[str, Any]) -> None:
    for word in setting:
        if word not in WORDS:
            close = difflib.get_close_matches(str(word), sorted(WORDS), n=1, cutoff=0.7)
            hint = (
                f"Did you mean {close[0]}?" if close else f"Words: {', '.join(sorted(OURS))}, and those of JSON Schema."
            )
            raise OwnCodeError(f"{path}: properties.{name}: expected words of JSON Schema, received {word}. {hint}")
    for value in ("default", "without"):
        if value in setting:
            try:
                jsonschema.validate(setting[value], {key: item for key, item in setting.items() if key not in OURS})
            except jsonschema.ValidationError as failure:
                raise OwnCodeError(
                    f"{path}: properties.{name}.{value}: {failure.message}. Mend the value or the rule."
                ) from failure
