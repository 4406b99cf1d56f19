"""The metrics that a study asks for: its `metrics`, checked and completed from the catalogue. Standard library only."""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
from collections.abc import Iterable
from typing import Any, cast

from butfor.errors import Errors, StudyFileError
from butfor.recipe.watched_figures import TRAINED
from butfor.remedies import CLOSE
from butfor.study import keras_metrics
from butfor.study.metric_catalogue import ABBREVIATIONS, CATALOGUE, SYNONYMS, KnownMetric
from butfor.study.metrics import UNITS, UNITS_OF
from butfor.study.summary import MetricTerms
from butfor.user_code import location

Settings = dict[str, Any]
GENERAL = (
    "score",
    "keras",
    "settings",
    "title",
    "unit",
    "scale",
    "decimals",
    "margin",
    "primary",
)  # settings that every metric has
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
    errors, asked = Errors(), {}
    for name, settings in written.items():
        with errors.collected():
            asked[name] = _completed(name, settings)
    primary = [name for name, terms in asked.items() if terms["primary"]]
    if len(primary) > 1:
        errors.add(
            MetricError(f"metrics: expected one primary metric, received {' and '.join(primary)}.", ("metrics",))
        )
    errors.end()
    return asked


def refuse_groups(asked: dict[str, MetricTerms], data_sets: dict[str, Settings]) -> None:
    """Raise MetricError for a function of the user's own that asks for groups where a data set has none."""
    for name, terms in asked.items():
        without = [each for each, data in data_sets.items() if not data["groups"]]
        if without and location.is_own(terms["score"]) and "groups" in location.arguments(terms["score"]):
            place = ".".join(filter(None, ["data", without[0]]))
            raise MetricError(
                f"metrics.{name}: expected data that say what each example belongs to, since {terms['score']} asks for groups,"
                f" received none. Write {place}: {{…, groups: patient}}, the column of a table, or of arrays patient_train and"
                " patient_test the name before the part.",
                ("metrics", name),
            )


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


def parts_to_predict(asked: Iterable[MetricTerms], keep: bool, verdict: Settings) -> list[str]:
    """The parts of the data of which predictions are needed. keep: whether those of the test set are wanted anyway."""
    parts = {part for terms in asked if needs_predictions(terms, verdict) for part in terms["parts"]}
    if "gap" in parts:
        parts |= {"train"}
    return [part for part in ("test", "train", "validation") if part in parts or (part == "test" and keep)]


def needs_predictions(terms: MetricTerms, verdict: Settings) -> bool:
    """Whether a metric is computed from predictions: the others are recorded, as numbers without what single examples say, which
    a study asks for whose verdicts are to hold for new data. verdict: the study's."""
    of_examples = verdict["holds_for"] == "new data" and terms["score"] != "accuracy"  # which records by example
    return terms["score"] not in RECORDED or terms["name"] != terms["score"] or of_examples


def predicted_primary(measured: list[Settings], asked: dict[str, MetricTerms], decides: str) -> dict[str, Any]:
    """The metric that `decides`, with its direction, as `metric`, if predictions tell it and no figure of training. measured:
    what is measured of predictions, see Targets.measuring."""
    for terms in measured:
        if decides == f"test/{terms['name']}" and terms["score"] not in RECORDED:
            return {"metric": {**terms, "higher_is_better": asked[terms["name"]]["higher_is_better"]}}
    return {}


def _completed(name: str, settings: Settings) -> MetricTerms:
    at, score = ("metrics", name), settings.get("score") or settings.get("keras") or settings.get("function") or name
    if "/" in name:
        raise MetricError(
            f"metrics.{name}: expected a name without the part of the data, received {name}. Write {name.split('/')[-1]}.",
            at,
        )
    if name in (*RECORDED, "loss", TRAINED) and score != name:
        raise MetricError(
            f"metrics.{name}: expected another name, since every run records {name}, received it for {score}. Write"
            f" {name}_by_{str(score).rpartition(':')[2]}: {{…}}.",
            at,
        )
    if settings.get("function"):
        location.locate(str(score))
        return _own(name, str(score), settings)
    if (meant := keras_metrics.named(str(score))) and (settings.get("keras") or score not in {**CATALOGUE, **SYNONYMS}):
        return _of_keras(name, meant, settings)
    if score not in CATALOGUE or settings.get("keras"):
        raise MetricError(f"metrics.{name}: expected a metric of the catalogue, received {score}.{_meant(score)}", at)
    return _known(name, CATALOGUE[score], settings)


def _known(name: str, known: KnownMetric, settings: Settings) -> MetricTerms:
    for key in settings:
        if key not in (*GENERAL, *known.options, *known.further) or key == "settings":
            fixed = " It is fixed for that metric." if key in ("higher_is_better", "function") else ""
            raise MetricError(
                f"metrics.{name}.{key}: unknown setting of {known.name}. Expected one of"
                f" {', '.join([*GENERAL, *known.options, *known.further])}.{fixed}",
                ("metrics", name, key),
            )
    options = {key: settings.get(key, default) for key, default in known.options.items()}
    options |= {key: settings[key] for key in known.further if settings.get(key) is not None}
    title = known.title.replace("-k ", f"-{options.get('k')} ") if name == known.name else name
    return _terms_of(name, known, options, title, settings)


def _terms_of(name: str, known: KnownMetric, options: Settings, title: str, settings: Settings) -> MetricTerms:
    own_unit = {key: settings[key] for key in ("unit", "scale", "decimals") if settings.get(key) is not None}
    unit = {"unit": known.unit, "scale": known.scale, "decimals": known.decimals, **own_unit}
    limits = {"lowest": _finite(known.lowest), "highest": _finite(known.highest), "share": known.share}
    return _terms(name, known.name, options, title, settings, **unit, **limits, higher_is_better=known.higher_is_better)


def _of_keras(name: str, meant: str, settings: Settings) -> MetricTerms:
    known, at = keras_metrics.KERAS_METRICS[meant], ("metrics", name)
    given = {**(settings.get("settings") or {}), **{key: v for key, v in settings.items() if key in known.options}}
    if surplus := [key for key in (*settings, *given) if key not in (*GENERAL, *known.options)]:
        has = f"it has {', '.join(known.options)}" if known.options else "it has none"
        raise MetricError(f"metrics.{name}: expected settings of Keras's {meant}, received {surplus[0]}: {has}.", at)
    if needed := keras_metrics.lacking(meant, given):
        raise MetricError(
            f"metrics.{name}: expected {needed[0]}, which Keras's {meant} needs, received none. Write {name}: {{keras: {meant},"
            f" settings: {{{needed[0]}: …}}}}.",
            at,
        )
    whole = {key: given.get(key, default) for key, default in known.options.items()}
    terms = dataclasses.replace(known, name=f"{keras_metrics.MARK}{meant}", title=name)
    return _terms_of(name, terms, whole, name, settings)


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
    title = settings.get("title") or ABBREVIATIONS.get(title, title)
    about["unit"] = about["unit"] if about["unit"] != UNITS.name else UNITS_OF.format(title)
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
    similar = similar or difflib.get_close_matches(name, keras_metrics.KERAS_METRICS, n=1, cutoff=CLOSE)
    if meant := SYNONYMS.get(plain, *similar) if plain in SYNONYMS or similar else "":
        return f" Did you mean {meant}? There are {', '.join(CATALOGUE)}."
    return (
        f" There are {', '.join(CATALOGUE)}; of Keras {', '.join(keras_metrics.KERAS_METRICS)}; others as module:function of"
        " your own."
    )
