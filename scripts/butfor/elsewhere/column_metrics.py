"""The columns of a file of runs as metrics: what each is called, its unit, and which way is better."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from butfor.elsewhere.runs_file import RunsFile, RunsFileError
from butfor.stats.judge import LIKE_POINTS
from butfor.study.asked_metrics import PERCENT
from butfor.study.metric_catalogue import CATALOGUE, SYNONYMS, KnownMetric
from butfor.study.metrics import UNITS_OF
from butfor.study.summary import MetricTerms

Better = Literal["higher", "lower"]
Scale = Literal["share", "percent", "number"]
PART = re.compile(r"^(test|val|valid|validation|eval|dev|train|training)[/_. -]+(?=.)", re.IGNORECASE)
UNIT = re.compile(r"[ _]*([\[(].*[\])]|%|percent|pct)$", re.IGNORECASE)
LOWER = re.compile(
    r"(^|[_ ./-])(loss|error|err|perplexity|ppl|nll|fid|wer|cer|bpc|regret|time|seconds|minutes|hours|latency|energy|memory"
    r"|flops|params|parameters)($|[_ ./-])"
)
HIGHER = re.compile(r"(^|[_ ./-])(score|reward|return|bleu|rouge|map|hits|psnr|ssim|throughput)($|[_ ./-])")
USUAL_MARGIN = 0.5  # points, as in a study file


@dataclass(frozen=True)
class Asked:
    """What the user says of metrics: names, the deciding one first; margins by name, those without a name by an empty one."""

    names: Sequence[str] = ()
    margins: Sequence[str] = ()
    better: Better | None = None
    scale: Scale | None = None


def metrics_in(runs: RunsFile, asked: Asked) -> tuple[dict[str, MetricTerms], dict[str, str]]:
    """The metrics to judge by column, the deciding one first, and the other columns, each with why it is ignored.

    Raises RunsFileError.
    """
    if unknown := [name for name in asked.names if name not in runs.others]:
        raise RunsFileError(
            f"{runs.path}: expected --metric to name a column, received {unknown[0]}. Columns:"
            f" {', '.join(runs.others) or 'none'}."
        )
    judged: dict[str, MetricTerms] = {}
    ignored: dict[str, str] = {}
    for column in [*asked.names, *(other for other in runs.others if other not in asked.names)]:
        first = not judged
        if asked.names and column not in asked.names:
            ignored[column] = "--metric names others"
        elif runs.values(column) is None:
            if column in asked.names or (known(column) and not _is_empty(runs, column)):
                _refuse_words(runs, column)
            ignored[column] = "it holds no numbers" if _is_empty(runs, column) else "it holds words"
        elif higher_is_better(column) is None and not (asked.better and (first or column in asked.names)):
            if column in asked.names:
                raise RunsFileError(
                    f"{runs.path}: expected to know which way {column} is better, received none. Write --better higher or"
                    " --better lower."
                )
            ignored[column] = "which way is better is not known"
        else:
            judged[column] = _terms(runs, column, asked, first)
    if not judged:
        why = "; ".join(f"{column}: {reason}" for column, reason in ignored.items())
        raise RunsFileError(
            f"{runs.path}: expected a column with a metric, received none{f' ({why})' if why else ''}. Write --metric COLUMN"
            " --better higher or lower."
        )
    _refuse_unused_margins(runs, asked, judged)
    return judged, ignored


def name_of(column: str, columns: Sequence[str]) -> str:
    """The name that a column's metric has in rows, after `test/`: the column's own."""
    name = column.removeprefix("test/")
    return column if name in columns else name


def known(column: str) -> KnownMetric | None:
    """The metric of the catalogue that a column's name means."""
    name = UNIT.sub("", PART.sub("", column)).lower().replace("-", "_").replace(" ", "_")
    return CATALOGUE.get(SYNONYMS.get(name, name))


def higher_is_better(column: str) -> bool | None:
    """Which way a column of that name is better; None if its name does not say."""
    if metric := known(column):
        return metric.higher_is_better
    name = column.lower()
    return False if LOWER.search(name) else True if HIGHER.search(name) else None


def _terms(runs: RunsFile, column: str, asked: Asked, first: bool) -> MetricTerms:
    meant, values = known(column), [v for v in (runs.values(column) or {}).values() if v is not None]
    scale = _scale(runs, column, values, meant, asked.scale if first else None)
    in_points = scale != "number"
    factor = {"share": 100.0, "percent": 1.0, "number": 1.0}[scale]
    margin, relative = _margin(runs, column, asked, first, scale, values)
    lowest, highest = _limits(meant, scale)
    better = asked.better == "higher" if asked.better and first else higher_is_better(column)
    terms: dict[str, Any] = {
        **{"name": name_of(column, runs.others), "score": column, "options": {}, "parts": ["test"]},
        **{"title": column, "whole_title": column},
        **{
            "unit": "points" if in_points else UNITS_OF.format(column),
            "scale": factor,
            "decimals": 2 if in_points else 4,
        },
        **{"higher_is_better": asked.better == "higher" if better is None else better},
        **{"lowest": lowest, "highest": highest, "share": False, "margin": margin, "relative_margin": relative},
        "primary": first,
    }
    return cast(MetricTerms, terms)


def _scale(runs: RunsFile, column: str, values: list[float], meant: KnownMetric | None, asked: Scale | None) -> Scale:
    """Whether the figures are shares or percent: as said, else by the metric's name and its values."""
    most, in_hundredths = max(map(abs, values)), meant is not None and meant.unit.endswith("points")
    if (asked == "share" and most > 1) or (asked == "percent" and most > 100 and in_hundredths):
        raise RunsFileError(
            f"{runs.path}: expected {column} between 0 and {1 if asked == 'share' else 100}, as --scale {asked} says, received"
            f" {most:g}."
        )
    if asked:
        return asked
    if not in_hundredths:
        return "number"
    if most <= 1:
        return "share"
    if most > 100 and meant is not None and meant.highest == 1:
        raise RunsFileError(
            f"{runs.path}: expected {column} as a share (0 to 1) or in percent (0 to 100), received {most:g}. If it is"
            " neither, write --scale number."
        )
    if small := [value for value in values if 0 < abs(value) <= 1]:
        raise RunsFileError(
            f"{runs.path}: expected {column} in one unit, received {small[0]:g} and {most:g}. Write --scale percent if all are"
            " percent."
        )
    return "percent"


def _limits(meant: KnownMetric | None, scale: Scale) -> tuple[float | None, float | None]:
    """What a figure can be, as the file gives it."""
    if meant is None:
        return (0.0, 1.0 if scale == "share" else 100.0) if scale != "number" else (None, None)
    factor = 100.0 if scale == "percent" and meant.scale == 100 else 1.0
    low, high = (factor * end for end in (meant.lowest, meant.highest))
    return (low if low > -float("inf") else None, high if high < float("inf") else None)


def _margin(
    runs: RunsFile, column: str, asked: Asked, first: bool, scale: Scale, values: list[float]
) -> tuple[float | None, float | None]:
    """The margin in the metric's unit, or as a share of the baseline's mean. Margins are written in the file's own unit."""
    written = next((m.partition("=")[2] for m in asked.margins if m.partition("=")[0] == column and "=" in m), None)
    if written is None and first:
        written = next((margin for margin in asked.margins if "=" not in margin), None)
    if written is None:
        return (USUAL_MARGIN if scale != "number" else None), None
    if percent := PERCENT.fullmatch(written.strip()):
        return None, float(percent[1]) / 100
    try:
        margin = float(written)
    except ValueError:
        margin = 0.0
    if not 0 < margin < float("inf"):
        raise RunsFileError(
            f"--margin: expected a number above 0, in the unit of {column}, or a share of the baseline's mean such as 2%,"
            f" received {written}."
        )
    if margin >= LIKE_POINTS and all(0 <= value <= 1 for value in values) and scale != "percent":
        raise RunsFileError(
            f"--margin: expected a margin in the unit of {column}, whose values in {runs.path} lie between 0 and 1, received"
            f" {margin:g}. For {margin:g} percentage points write {margin / 100:g}."
        )
    return margin * (100 if scale == "share" else 1), None


def _refuse_unused_margins(runs: RunsFile, asked: Asked, judged: dict[str, MetricTerms]) -> None:
    for margin in asked.margins:
        name, equals, _ = margin.partition("=")
        if equals and name not in judged:
            raise RunsFileError(
                f"--margin: expected the name of a metric before =, received {name}. Metrics of {runs.path}: {', '.join(judged)}."
            )


def _refuse_words(runs: RunsFile, column: str) -> None:
    if _is_empty(runs, column):
        raise RunsFileError(f"{runs.path}: expected numbers in the column {column}, received none.")
    line, text = runs.first_word(column)
    raise RunsFileError(
        f"{runs.path}, line {line}: expected a number for {column}, or nothing where the run failed, received {text}."
    )


def _is_empty(runs: RunsFile, column: str) -> bool:
    try:
        runs.first_word(column)
    except StopIteration:
        return True
    return False
