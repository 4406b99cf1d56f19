"""The manual of study files as markdown: every key of config/schema.yaml with its type, range, unit, default and meaning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]
HEAD = "| key | what it may be | |\n| --- | --- | --- |\n"
ENTRIES = {"metrics": "metric", "ablations": "ablation", "claims": "claim"}  # keys whose values are named by the user
NUMBERS = {"integer": "whole number", "number": "number"}
OTHERS = {
    "string": "text", "boolean": "true or false", "array": "list", "object": "settings by name", "null": "null",
}  # fmt: skip


def reference(path: Path) -> str:
    """The sections of the page, without its first heading."""
    root = yaml.safe_load(path.read_text("utf-8"))
    keys = {key: _resolved(schema, root) for key, schema in root["properties"].items()}
    groups = {key: schema for key, schema in keys.items() if schema.get("properties")}
    alone = {key: schema for key, schema in keys.items() if key not in groups}
    sections = [f"## Keys of the study\n\n{_table(alone, root)}"]
    for key, schema in groups.items():
        sections.append(f"## `{key}`\n\n{schema['description']}\n\n{_table(schema['properties'], root)}")
        sections += _below(key, schema["properties"], root)
    for key, name in ENTRIES.items():
        entry = root["$defs"][name]
        text = entry.get("description", keys[key]["description"])
        sections.append(f"## An entry of `{key}`\n\n{text}\n\n{_table(entry['properties'], root)}")
    return "\n\n".join(sections)


def _resolved(schema: Schema, root: Schema) -> Schema:
    """A schema with what it refers to; what it says itself goes first."""
    return {**root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], **schema} if "$ref" in schema else schema


def _below(key: str, properties: Schema, root: Schema) -> Iterator[str]:
    """A section for each key of a group that has settings or choices of its own."""
    for name, schema in properties.items():
        schema = _resolved(schema, root)
        if schema.get("properties"):
            yield f"### `{key}.{name}`\n\n{schema['description']}\n\n{_table(schema['properties'], root)}"
        elif "choices" in schema:
            rows = [
                f"| `{choice}` | {_meaning(what)} | {_settings(what, root)} |\n"
                for choice, what in schema["choices"].items()
            ]
            head = "| choice | | its settings |\n| --- | --- | --- |\n"
            yield f"### `{key}.{name}`\n\n{schema['description']}\n\n{head}{''.join(rows)}"


def _settings(choice: Schema, root: Schema) -> str:
    return "<br>".join(
        f"`{name}`: {_kind(schema, root)}{_default(schema)}. {_meaning(schema)}"
        for name, schema in choice.get("properties", {}).items()
    )


def _table(properties: Schema, root: Schema) -> str:
    rows = [(name, _resolved(schema, root)) for name, schema in properties.items()]
    return HEAD + "".join(
        f"| `{name}` | {_kind(schema, root)}{_default(schema)} | {_meaning(schema)} |\n" for name, schema in rows
    )


def _meaning(schema: Schema) -> str:
    words = [schema["description"]] if "description" in schema else []
    if "unit" in schema:
        words.append(f"Unit: {schema['unit']}.")
    if "without" in schema:
        words.append(f"A part: `{_written(schema['without'])}` takes it out.")
    if "for" in schema:
        words.append(f"Only of {', '.join(schema['for'])}.")
    return _escaped(" ".join(words))


def _default(schema: Schema) -> str:
    if "default" not in schema or schema["default"] in ({}, [], "", None):
        return ""
    return f"; unless said `{_escaped(_written(schema['default']))}`"


def _written(value: Any) -> str:
    """A value as one writes it in YAML, in a line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, allow_unicode=True).strip()
    return text.removesuffix("...").strip()


def _kind(schema: Schema, root: Schema) -> str:
    """What a value may be, in words."""
    schema = _resolved(schema, root)
    if "choices" in schema:
        return f"one of {len(schema['choices'])} choices below" + (
            ", or your own, `module:function`" if "own" in schema else ""
        )
    if "form" in schema:
        return _escaped(schema["form"])
    if "enum" in schema:
        return ", ".join(f"`{_written(value)}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{_written(schema['const'])}`"
    if "duration" in schema:
        return "a duration, in epochs or steps"
    if "anyOf" in schema:
        return " or ".join(_kind(form, root) for form in schema["anyOf"])
    return " or ".join(_plain(kind, schema, root) for kind in _kinds(schema))


def _kinds(schema: Schema) -> list[str]:
    kind = schema.get("type", "object")
    return kind if isinstance(kind, list) else [kind]


def _plain(kind: str, schema: Schema, root: Schema) -> str:
    if kind in NUMBERS:
        return f"{NUMBERS[kind]}{_range(schema)}"
    if kind == "array" and schema.get("items"):
        return f"list of: {_kind(schema['items'], root)}"
    return OTHERS[kind]


def _range(schema: Schema) -> str:
    ends = [
        *(f"at least {schema[key]}" for key in ("minimum",) if key in schema),
        *(f"more than {schema[key]}" for key in ("exclusiveMinimum",) if key in schema),
        *(f"at most {schema[key]}" for key in ("maximum",) if key in schema),
        *(f"less than {schema[key]}" for key in ("exclusiveMaximum",) if key in schema),
    ]
    return f", {' and '.join(ends)}" if ends else ""


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
