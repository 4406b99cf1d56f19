"""What an arm is called in a table or a figure of a paper: `w/o dropout`, `dropout 0.2 → 0.5`, `initialiser zeros`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from butfor.arm_names import anywhere
from butfor.study.recipe_words import in_short
from butfor.study.summary import ArmPlan, Study, arm_of

LONGEST = 48  # letters; an arm that changes more is called by its name
FULL = "full recipe"
PROPER = {
    "he": "He", "glorot": "Glorot", "lecun": "LeCun", "l1": "L1", "l2": "L2", "adam": "Adam", "adamw": "AdamW", "sgd": "SGD",
    "rmsprop": "RMSprop", "adagrad": "Adagrad", "nadam": "Nadam", "relu": "ReLU", "gelu": "GELU", "elu": "ELU", "selu": "SELU",
    "ema": "EMA", "mixup": "Mixup", "cutmix": "CutMix", "cutout": "Cutout",
}  # fmt: skip
Parts = Mapping[str, Any]


def row_labels(study: Study, parts: Parts) -> dict[str, str]:
    """Plain text for every arm of the study, by its name without the data set. parts: the recipe keys that can be taken out, each
    with the value that does so. A `label` of the study's own comes first."""
    arms = {anywhere(arm["name"]): arm for arm in reversed(study["arms"])}
    short = {name: _label(study, arm, parts, short=True) for name, arm in arms.items()}
    counts = Counter(short.values())
    return {
        name: label if counts[label] == 1 else _label(study, arms[name], parts, short=False)
        for name, label in short.items()
    }


def taken_out(recipe: Mapping[str, Any], key: str, parts: Parts) -> bool:
    """Whether a recipe is without a part."""
    value, without = recipe.get(key), parts.get(key)
    name = value.get("name") if isinstance(value, dict) else value
    return key in parts and name == without and not isinstance(name, bool) ^ isinstance(without, bool)


def _label(study: Study, arm: ArmPlan, parts: Parts, short: bool) -> str:
    if own := arm.get("label"):
        return str(own)
    if not arm["changed"]:
        return (
            FULL
            if arm["reference"] is None and anywhere(arm["name"]) == "baseline"
            else words_of(anywhere(arm["name"]))
        )
    base = arm_of(study, arm["reference"] or study["arms"][0]["name"])["recipe"]
    removed = [key for key in arm["changed"] if taken_out(arm["recipe"], key, parts)]
    added = [key for key in arm["changed"] if key not in removed and taken_out(base, key, parts)]
    without = [f"w/o {', '.join(map(words_of, removed))}"] if removed else []
    new = [f"with {_added(key, arm['recipe'][key], short)}" for key in added]
    others = [_setting(key, base, arm["recipe"], short) for key in arm["changed"] if key not in (*removed, *added)]
    label = ", ".join([*without, *others, *new])
    return label if len(label) <= LONGEST else words_of(anywhere(arm["name"]))


def _setting(key: str, base: Any, own: Any, short: bool) -> str:
    """What one key is set to; of a plain value, also what it was."""
    for step in key.split("."):
        base = base.get(step) if isinstance(base, dict) else None
        own = own.get(step) if isinstance(own, dict) else None
    if isinstance(own, dict):
        inner = [name for name in own if isinstance(base, dict) and base.get(name) != own[name]]
        if isinstance(base, dict) and base.get("name") == own.get("name") and len(inner) == 1:
            return _setting(inner[0], base, own, short)
        return f"{words_of(key)} {words_of(str(own.get('name'))) if short and 'name' in own else _value(own)}"
    return f"{words_of(key)} {_value(base)} → {_value(own)}"


def _added(key: str, value: Any, short: bool) -> str:
    """A part that the reference is without, with what it is set to."""
    shown = words_of(str(value["name"])) if short and isinstance(value, dict) and "name" in value else _value(value)
    return words_of(key) if value is True else f"{words_of(key)} {shown}"


def words_of(name: str) -> str:
    """A name as words, those of people and the like with their capitals."""
    words = name if any(letter.isdigit() for letter in name) else name.replace(".", " ")
    return " ".join(PROPER.get(word, word) for word in words.replace("_", " ").split(" "))


def _value(value: Any) -> str:
    """A setting in short: `normal (stddev 0.05)`."""
    return words_of(in_short(value).replace("(", " (").replace("=", " "))


def family_title(family: str) -> str:
    """A family's name as a heading."""
    words = {"others": "other"}.get(family, family).replace("_", " ")
    return words[:1].upper() + words[1:]


def below(title: str, label: str) -> str:
    """A label in a row below its family's title, which need not say it again: `zeros` below Initialisers."""
    words = label.split(" ")
    for count in (3, 2, 1):
        if " ".join(words[:count]).lower() in (title.lower(), title.lower().removesuffix("s")) and words[count:]:
            return " ".join(words[count:])
    return label
