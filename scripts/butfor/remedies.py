"""What to write instead of a value that a study file cannot have."""

from __future__ import annotations

import datetime
import difflib
import math
import re
from collections.abc import Iterable
from typing import Any

from jsonschema.exceptions import ValidationError

from butfor import spoken_units

SAME = {  # what a choice is called elsewhere: its name here
    "xaviernormal": "glorot_normal", "xavieruniform": "glorot_uniform", "kaimingnormal": "he_normal",
    "kaiminguniform": "he_uniform",
    "xavier": "glorot_normal", "kaiming": "he_normal", "randomnormal": "normal", "randomuniform": "uniform",
    "batchnorm": "batch", "batchnormalization": "batch", "layernorm": "layer", "layernormalization": "layer",
    "momentum": "sgd", "nesterov": "sgd", "reducelronplateau": "reduce_on_plateau", "plateau": "reduce_on_plateau",
    "sgdr": "cosine_restarts", "cosineannealing": "cosine", "cosinedecay": "cosine", "onecyclelr": "one_cycle",
    "steplr": "step", "multisteplr": "piecewise", "exponentiallr": "exponential", "linear": "polynomial",
    "valloss": "trained_loss", "valaccuracy": "accuracy", "valacc": "accuracy", "valmae": "mae", "valmeanabsoluteerror": "mae",
    "globalnorm": "global_norm", "l2": "coupled", "adamw": "decoupled", "dense": "mlp", "convnet": "cnn",
    "resnet": "residual_cnn",
    "accuracy": "test/accuracy", "testaccuracy": "test/accuracy", "testloss": "test/loss", "loss": "test/loss",
    "better": "helps", "improves": "helps", "worse": "hurts", "equal": "same", "nodifference": "same", "diverges": "fails",
    "sometimesfails": "fails more", "failsmoreoften": "fails more", "unstable": "fails more",
}  # fmt: skip

MOST_WEIGHTS = 20  # of classes, that are written out
FEW_CHOICES = 3  # more are not written out
CLOSE = 0.7  # from this similarity on, a name is taken for a slip of the pen
WORDS = {
    **dict.fromkeys(("true", "yes", "on"), "true"),
    **dict.fromkeys(("false", "no", "off"), "false"),
}  # that YAML reads as one of the two


def remedy(error: ValidationError, path: str) -> str:
    """What to write instead, for the traps of YAML and of nested --config values."""
    value, unit = error.instance, error.schema.get("unit", "")
    if weights := _weights_remedy(path, value):
        return f" {weights}"
    if (
        error.validator == "choices"
        and isinstance(value, int | float | str)
        and (chosen := _choice_remedy(error, value))
    ):
        return chosen + _adamw_remedy(path, value)
    if isinstance(value, list) and error.validator in ("type", "anyOf", "choices", "duration"):
        return _levels_remedy(path, value)
    if isinstance(value, bool):
        return _truth_remedy(error, value)
    if isinstance(value, datetime.date):
        return f" YAML reads a bare date as a date: put it in quotes, '{value}'."
    if value == "none" and error.validator == "duration":
        return " For no time at all, write 0."
    if (share := _share(error)) is not None:
        return f" For {value:g} %, write {share:g}."
    if (number := spoken_units.number(value, unit, error.validator_value)) is not None:
        whole = math.ceil(number) if error.validator_value == "integer" else number
        return f" Write {whole:.10g} ({unit})."
    if isinstance(value, str) and (plain := _plain_remedy(error, value)):
        return plain
    if isinstance(value, str):
        return _text_remedy(error, value)
    if value is None and error.validator_value != "string":
        return _null_remedy(error.schema)
    return " Put it in quotes if it is meant as text." if error.validator_value == "string" else ""


def _share(error: ValidationError) -> float | None:
    """What a number from 2 to 100 means as a share, where one is expected; None where it means none that may be."""
    value, most = error.instance, error.validator_value
    is_share = error.schema.get("exclusiveMaximum") == 1 or error.schema.get("unit", "").startswith(("share", "prob"))
    if not is_share or error.validator not in ("maximum", "exclusiveMaximum") or not 2 <= value <= 100:
        return None
    return float(value / 100) if value / 100 < most else None


def _levels_remedy(path: str, value: list[Any]) -> str:
    """Several values where one is expected: under `set`, as a sweep is written elsewhere, or parts that are to be left out."""
    section, _, inside = path.partition(".")
    arm, _, key = inside.partition(".")
    levels = ", ".join(map(str, value[:5])) + (", …" if len(value) > 5 else "")
    if section == "ablations" and key == "set":
        change = f"{value[0]}: …" if isinstance(value[0], str) else "key: value"
        removed = (
            f"{arm}: {{remove_each: [{levels}]}} to take each of them out, or " if isinstance(value[0], str) else ""
        )
        return f" Write {removed}{arm}: {{set: {{{change}}}}} for one arm with other values."
    if section == "ablations" and key:
        return f" Several values are levels, each an arm of its own: write {arm}: {{each: {{{key}: [{levels}]}}}}."
    if section in ("ablations", "claims"):
        parts = section == "ablations" and all(isinstance(part, str) for part in value)
        removed = f"To take each part out, write ablations: {{parts: {{remove_each: [{levels}]}}}}."
        return f" {removed}" if parts else f" Give each a name: {section}: {{name: {{…}}, other: {{…}}}}."
    key = path.rpartition(".")[2]
    each = f"{{{key}: {{each: {{{key}: [{levels}]}}}}}}"
    return f" Several values are levels of an ablation: write one here, and ablations: {each}."


def _null_remedy(schema: Any) -> str:
    """A value that was left blank."""
    if "without" not in schema:
        return " Write a value, or leave the key out."
    return f" To switch the part off, write {schema['without']}."


def _truth_remedy(error: ValidationError, value: bool) -> str:
    names = "off, no and false" if value is False else "on, yes and true"
    none = " To switch the part off, write none." if value is False and error.validator == "choices" else ""
    if value is True and error.validator == "choices":
        none = f" To switch the part on, name one: {', '.join(name for name in error.schema['choices'] if name != 'none')}."
    if value is True and "object" in error.validator_value and "null" in error.validator_value:
        none = " For the defaults, write {}."
    quoted = " Put it in quotes if it is meant as text." if error.validator_value == "string" else ""
    return f" YAML reads {names} as {str(value).lower()}.{none}{quoted}"


def _own_remedy(error: ValidationError, value: str) -> str:
    """What to write for a file or a function of one's own where a name is expected."""
    if error.validator == "enum" and value.endswith(".npz"):
        return f" For a file of arrays, write data: {{name: npz, file: {value}}}."
    module, _, function = value.rpartition(".")
    if "own" in error.schema and re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)+", value):
        return f" For a function of your own, write {module}:{function}"
    return ""


def _text_remedy(error: ValidationError, value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        return _word_remedy(error, value) or _own_remedy(error, value)
    mantissa, exponent, power = value.partition("e")
    decimal = f"{mantissa}.0e{power}" if exponent and "." not in mantissa else value
    whole = number.is_integer() and (error.validator_value == "integer" or value.strip().isdigit())
    return (
        f" YAML reads {value} as text: write {int(number) if whole else f'{decimal} or {number!r}'} without quotes."
        f"{_in_a_file(error, str(int(number)) if whole else decimal)}"
    )


def _word_remedy(error: ValidationError, value: str) -> str:
    """What to write for a word that YAML would read as true or false, had it not come as text."""
    word = WORDS.get(value.lower()) if error.validator == "type" and "boolean" in error.validator_value else None
    return f" Write {word} without quotes.{_in_a_file(error, word)}" if word else ""


def _in_a_file(error: ValidationError, plain: str) -> str:
    """The line that works where a nested value came with --config, all of whose inner values Snakemake takes for text."""
    *blocks, key = error.absolute_path
    if not blocks or not all(isinstance(each, str) for each in (*blocks, key)):
        return ""
    line = f"{key}: {plain}"
    for block in reversed(blocks):
        line = f"{block}: {{{line}}}" if line else line
    return (
        " (Nested values given with --config arrive as text: put them in a file instead, such as more.yaml with"
        f" {line}, and add it after the study's: --configfile study.yaml more.yaml.)"
    )


def missing_key_remedy(error: ValidationError, path: str, missing: str) -> str:
    """What to write where a key is missing: the study's name, or the name of a choice under which only a setting was set."""
    if missing == "study":
        return "A file without a study name is laid over config/config.yaml."
    if missing == "of" and path.endswith("loss"):
        return "Name the class: loss: {name: keras, of: LogCosh}."
    if missing != "name" or not isinstance(error.instance, dict):
        return ""
    if weights := _weights_remedy(path, error.instance):
        return weights
    for word in ("type", "class", "kind", "_target_", "class_name"):
        if word in error.instance:
            written = str(error.instance[word])
            return f"Write name: {':'.join(written.rsplit('.', 1))} instead of {word}: {written}."
    block = path.rpartition(".")[2]
    settings = [key for key in error.instance if key != "name"]
    if path.startswith("ablations.") and settings:
        return f"To change one setting and keep the others, write {block}.{settings[0]}: {error.instance[settings[0]]}."
    choices = error.schema.get("choices", {}) if isinstance(error.schema, dict) else {}
    able = [name for name, choice in choices.items() if {*settings} <= {*(choice or {}).get("properties", {})}]
    return f"Write {block}: {{name: {able[0]}, …}}; names: {', '.join(able)}." if settings and able else ""


def _weights_remedy(path: str, value: Any) -> str:
    """What to write for weights of classes as Keras takes them, by class, or as a bare list."""
    key = path.removesuffix(".weights").rpartition(".")[2]
    if key != "class_weight" or not isinstance(value, dict | list) or not value:
        return ""
    by_class = {str(name): weight for name, weight in (value.items() if isinstance(value, dict) else enumerate(value))}
    if not all(name.isdecimal() and type(weight) in (int, float) for name, weight in by_class.items()):
        return ""
    count = max(2, *(int(name) + 1 for name in by_class))
    if count > MOST_WEIGHTS:
        return ""
    listed = ", ".join(f"{by_class.get(str(n), 1):g}" for n in range(count))
    return f"Write {key}: {{name: given, weights: [{listed}]}}: a weight for each class, in the order of their numbers."


def _choice_remedy(error: ValidationError, value: Any) -> str:
    """The choice that a name means, or those that have a setting for a number."""
    choices = error.schema["choices"]
    if isinstance(value, str):
        of_keras = (
            value.isidentifier() and "keras" in choices and value.replace("_", "").lower() not in ("none", "null")
        )
        named = "".join(part[0].upper() + part[1:] for part in value.split("_") if part)
        similar = similar_name(value, choices)
        return similar + (f" For a class of Keras's own, write {{name: keras, of: {named}}}." if of_keras else "")
    if isinstance(value, bool):
        return ""
    settings = []
    for name, choice in choices.items():
        counted = [
            key for key, sub in (choice or {}).get("properties", {}).items() if sub.get("type") in ("number", "integer")
        ]
        settings += [f"{{name: {name}, {counted[0]}: {value}}}"] if counted else []
    if len(settings) > FEW_CHOICES:
        return ""
    return f" Write {' or '.join(settings)}." if settings else ""


def _adamw_remedy(path: str, value: Any) -> str:
    """Where the optimiser that decays weights by itself has its rate."""
    if isinstance(value, str) or path.rpartition(".")[2] != "weight_decay":
        return ""
    return f" adamw has a rate of its own: optimiser: {{name: adamw, weight_decay: {value}}}."


def similar_name(value: str, names: Iterable[str]) -> str:
    """The name that is meant: the same in other letters, what another tool calls it, or a similar one."""
    names = list(names)
    plain = re.sub(r"[^a-z0-9]", "", value.lower())
    same = [name for name in names if re.sub(r"[^a-z0-9]", "", name.lower()) == plain]
    close = same or [name for name in (SAME.get(plain),) if name in names]
    similar = difflib.get_close_matches(value.lower(), names, cutoff=CLOSE)
    close = close or [name for name in similar if _digits(name) == _digits(value)]
    return f" Did you mean {close[0]}?" if close else ""


def _digits(name: str) -> str:
    """The numbers in a name, by which similar names mean other things."""
    return re.sub(r"\D", "", name)


def _plain_remedy(error: ValidationError, value: str) -> str:
    """What to write for text in the words of people: shares in percent, names in other letters, one part of a list."""
    unit = error.schema.get("unit", "")
    percent = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", value.strip())
    if percent and unit.startswith(("share", "probability")):
        return f" Write {float(percent[1]) / 100:g}."
    if percent and "point" in unit:
        return f" Write {percent[1]} ({unit})."
    if "${" in value:
        return " Variables are not filled in: write the value."
    if error.validator == "enum":
        return similar_name(value, map(str, error.validator_value))
    lists = [form for form in error.schema.get("anyOf", []) if form.get("items") == {"type": "string"}]
    return f" Write [{value}]." if lists else ""
