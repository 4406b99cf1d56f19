"""The metrics that a study asks for: its `metrics`, checked and completed from the catalogue. Standard library only."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from typing import Any, cast

from butfor.errors import Errors, StudyFileError
from butfor.remedies import CLOSE
from butfor.study.metric_catalogue import CATALOGUE, SYNONYMS, KnownMetric
from butfor.study.summary import MetricTerms
from butfor.user_code import location

Settings = dict[str, Any]
GENERAL = ("score", "unit", "scale", "decimals", "margin", "primary")  # settings that every metric has
RECORDED = ("accuracy", "rmse", "mae")  # what every run measures while it trains, where its task has it
PARTS = ("test", "train", "validation", "gap")
PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")


class MetricError(StudyFileError):
    """A metric that a study asks for and that there is not, in words for the person who wrote it."""


def as_mapping(written: Any) -> Any:
    """The `metrics` of a study file as a mapping of names to settings, where they are a list of names, or of such mappings."""
    if isinstance(written, str):
        return {written: {}}
    if isinstance(written, list) and all(isinstance(entry, str | dict) for entry in written):
        merged: Settings = {}
        for entry in written:
            merged |= {entry: {}} if isinstance(entry, str) else entry
        written = merged
    return {name: entry or {} for name, entry in written.items()} if isinstance(written, dict) else written


def completed(written: Settings) -> dict[str, MetricTerms]:
    """The metrics by name, each with all that is to be known of it. Raises MetricError, or SeveralErrors of them."""
    found, asked = Errors(), {}
    for name, settings in written.items():
        with found.collected():
            asked[name] = _completed(name, settings)
    primary = [name for name, terms in asked.items() if terms["primary"]]
    if len(primary) > 1:
        found.add(MetricError(f"metrics: expected one primary metric, received {' and '.join(primary)}.", ("metrics",)))
    found.end()
    return asked


def primary_of(asked: dict[str, MetricTerms]) -> str | None:
    """The name in rows of the metric that decides, if one is said to."""
    return next((f"test/{name}" for name, terms in asked.items() if terms["primary"]), None)


def with_parts(asked: dict[str, MetricTerms], names: Iterable[str]) -> dict[str, MetricTerms]:
    """The metrics, asked on every part on which one of these names, such as gap/f1, has them, and on the test set."""
    named = {tuple(name.split("/", 1)) for name in names}
    return {
        name: {**terms, "parts": [part for part in PARTS if part == "test" or (part, name) in named]}
        for name, terms in asked.items()
    }


def parts_to_predict(asked: Iterable[MetricTerms], keep: bool) -> list[str]:
    """The parts of the data of which predictions are needed. keep: whether those of the test set are wanted anyway."""
    parts = {part for terms in asked if needs_predictions(terms) for part in terms["parts"]}
    if "gap" in parts:
        parts |= {"train"}
    return [part for part in ("test", "train", "validation") if part in parts or (part == "test" and keep)]


def needs_predictions(terms: MetricTerms) -> bool:
    """Whether a metric is computed from predictions: the others are recorded."""
    return terms["score"] not in RECORDED


def _completed(name: str, settings: Settings) -> MetricTerms:
    at, score = ("metrics", name), settings.get("score") or settings.get("function") or name
    if "/" in name:
        raise MetricError(
            f"metrics.{name}: expected a name without the part of the data, received {name}. Write {name.split('/')[-1]}.",
            at,
        )
    if settings.get("function"):
        location.locate(str(score))
        return _own(name, str(score), settings)
    if score not in CATALOGUE:
        raise MetricError(f"metrics.{name}: expected a metric of the catalogue, received {score}.{_meant(score)}", at)
    return _known(name, CATALOGUE[score], settings)


def _known(name: str, known: KnownMetric, settings: Settings) -> MetricTerms:
    for key in settings:
        if key not in (*GENERAL, *known.options):
            fixed = " It is fixed for that metric." if key in ("higher_is_better", "function") else ""
            raise MetricError(
                f"metrics.{name}.{key}: unknown setting of {known.name}. Expected one of"
                f" {', '.join([*GENERAL, *known.options])}.{fixed}",
                ("metrics", name, key),
            )
    options = {key: settings.get(key, default) for key, default in known.options.items()}
    own_unit = {key: settings[key] for key in ("unit", "scale", "decimals") if settings.get(key) is not None}
    unit = {"unit": known.unit, "scale": known.scale, "decimals": known.decimals, **own_unit}
    title = known.title.replace("-k ", f"-{options.get('k')} ") if name == known.name else name
    limits = {"lowest": _finite(known.lowest), "highest": _finite(known.highest), "share": known.share}
    return _terms(name, known.name, options, title, settings, **unit, **limits, higher_is_better=known.higher_is_better)


def _own(name: str, reference: str, settings: Settings) -> MetricTerms:
    if settings.get("higher_is_better") is None:
        raise MetricError(
            f"metrics.{name}.higher_is_better: expected true or false with a function of your own, received none.",
            ("metrics", name),
        )
    if surplus := [key for key in settings if key not in (*GENERAL, "function", "higher_is_better")]:
        raise MetricError(
            f"metrics.{name}.{surplus[0]}: unknown setting of a function of your own. Give it a default there.",
            ("metrics", name, surplus[0]),
        )
    unit = {"unit": settings.get("unit") or "units", "scale": settings.get("scale") or 1.0}
    decimals = settings["decimals"] if settings.get("decimals") is not None else 4 if unit["scale"] == 1 else 2
    limits = {"lowest": None, "highest": None, "share": False}
    better = settings["higher_is_better"]
    return _terms(name, reference, {}, name, settings, **unit, decimals=decimals, **limits, higher_is_better=better)


def _terms(name: str, score: str, options: Settings, title: str, settings: Settings, **about: Any) -> MetricTerms:
    margin, relative = _margin(name, settings.get("margin"))
    terms = {
        **{"name": name, "score": score, "options": options, "parts": ["test"], "title": title},
        **about,
        **{"margin": margin, "relative_margin": relative, "primary": bool(settings.get("primary"))},
    }
    return cast(MetricTerms, terms)


def _margin(name: str, written: Any) -> tuple[float | None, float | None]:
    """A margin in the metric's unit, or as a share of the baseline's mean."""
    if isinstance(written, str) and (percent := PERCENT.fullmatch(written.strip())) and float(percent[1]) > 0:
        return None, float(percent[1]) / 100
    if written is None or (isinstance(written, int | float) and written > 0):
        return None if written is None else float(written), None
    raise MetricError(
        f"metrics.{name}.margin: expected a number above 0 in the metric's unit, or text such as 2 % (of the baseline's mean),"
        f" received {written!r}.",
        ("metrics", name, "margin"),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _meant(name: str) -> str:
    """What to write for a name that is none of the catalogue's: the closest, and all."""
    plain = name.lower().replace("-", "_").replace(" ", "_")
    if ":" in name:
        return (
            f" For a function of your own, write {name.split(':')[-1]}: {{function: {name}, higher_is_better: true}}."
        )
    if plain in ("loss", "test_loss"):
        return " The loss is measured anyway; its margin is verdict.loss_margin."
    similar = difflib.get_close_matches(plain, CATALOGUE, n=1, cutoff=CLOSE)
    if meant := SYNONYMS.get(plain, *similar) if plain in SYNONYMS or similar else "":
        return f" Did you mean {meant}? There are {', '.join(CATALOGUE)}."
    return f" There are {', '.join(CATALOGUE)}; others as module:function of your own."
