"""The declaration of a user's model: the YAML file beside it."""

from __future__ import annotations

from typing import Any

import jsonschema
import yaml

from butfor.explanation import explain
from butfor.user_code.location import OwnCodeError, locate

NAMES = {"type": "array", "items": {"type": "string"}}
DECLARATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["uses"],
    "properties": {
        "description": {"type": "string"},
        "uses": NAMES,
        "layers": NAMES,
        "dropouts": {"type": "integer", "minimum": 0},
        "properties": {"type": "object", "additionalProperties": {"type": "object", "required": ["default"]}},
    },
}


def declaration(reference: str) -> dict[str, Any]:
    """The content of the YAML file beside a user's own model. Raises OwnCodeError."""
    path = locate(reference).with_suffix(".yaml")
    if not path.is_file():
        raise OwnCodeError(
            f"{reference}: expected {path.name} beside {path.stem}.py, with `uses:`, the recipe keys that the model reads."
        )
    try:
        content: dict[str, Any] = yaml.safe_load(path.read_text())
        jsonschema.validate(content, DECLARATION)
        for setting in content.get("properties", {}).values():
            jsonschema.Draft202012Validator.check_schema(setting)
    except yaml.YAMLError as failure:
        raise OwnCodeError(f"{path}: expected YAML: {' '.join(str(failure).split())}") from failure
    except jsonschema.SchemaError as failure:
        raise OwnCodeError(
            f"{path}: properties: expected JSON Schema for each setting: {failure.message}."
        ) from failure
    except jsonschema.ValidationError as failure:
        raise OwnCodeError(explain(failure, str(path))) from failure
    return content
