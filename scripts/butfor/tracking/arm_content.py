"""The content of the run of MLflow that stands for an arm: what butfor has computed of its seeds, so that no page computes it.

Numbers are rounded to what the report shows. Standard figures are metrics, each with one point, so that tables can sort by
them; what is read and not sorted by is text, in tags with plain names, since they are the heads of columns.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from mlflow.entities import Metric as Point
from mlflow.entities import Param

from butfor.arm_names import data_set_of, on
from butfor.checks.outcomes import CheckRow
from butfor.figures import arm_colours
from butfor.fingerprint import canonical
from butfor.records.record import Record
from butfor.study.arm import is_baseline
from butfor.study.metrics import Metric
from butfor.study.study_metrics import metrics_of
from butfor.tracking import metric_names, run_content
from butfor.tracking.arm_statistics import ArmStatistics, recorded, statistics_of
from butfor.tracking.tracked_metrics import judged, settling
from butfor.verdicts.numbers import NONE, effect_of, interval_of, mean_and_sd, probability
from butfor.verdicts.rows import REFUSED, ContrastRow
from butfor.verdicts.words import in_words, with_remark

KIND = "arm"
PLACE, SEEDS, FAILED, P_DIFFER, P_SAME = "verdict/place", "seeds", "failed", "p/differ", "p/same"
NUMBERS = (PLACE, SEEDS, FAILED, P_DIFFER, P_SAME)  # metrics
SHOWN = VERDICT, INTERVAL, MEAN, PROOF = "verdict", "interval", "mean and sd", "proof"  # tags
CURVE_DIGITS = 6


@dataclass(frozen=True)
class Judgement:
    """What a study says of one arm: its contrasts on all metrics (none of an arm without a reference), its check, and its
    `place` in the table of arms: references first, then ablations by effect, the worst first, and last those without a
    verdict.
    """

    contrasts: list[ContrastRow]
    check: CheckRow | None
    place: int


@dataclass(frozen=True)
class ArmContent:
    """What the run of an arm holds. curves: its points by epoch, beside the `figures` of one point."""

    tags: dict[str, str]
    params: list[Param]
    figures: dict[str, float]
    curves: list[Point]
    statistics: ArmStatistics
    files: dict[str, str]

    @property
    def points(self) -> list[Point]:
        """All metrics."""
        end = round(self.statistics.ended * 1000)
        return [*(Point(key, value, end, 0) for key, value in self.figures.items()), *self.curves]


def judgements(
    arms: Mapping[str, Any], contrasts: Iterable[ContrastRow], checks: Iterable[CheckRow], metric: Metric
) -> dict[str, Judgement]:
    """What the study says of each of its arms; metric: the one that verdicts are asked of."""
    rows: dict[str, list[ContrastRow]] = {arm: [] for arm in arms}
    for row in contrasts:
        rows.setdefault(row["arm"], []).append(row)
    on_metric = {arm: row for arm in arms for row in metric.rows(rows[arm])}

    def order(arm: str) -> tuple[bool, bool, bool, float]:
        row = on_metric.get(arm)
        refused = row is not None and row["verdict"] in REFUSED
        return not is_baseline(arm), row is not None, refused, metric.worth(row["effect"]) if row else 0.0

    places = {arm: place for place, arm in enumerate(sorted(arms, key=order))}
    proofs = {row["arm"]: row for row in checks}
    return {arm: Judgement(rows[arm], proofs.get(arm), places[arm]) for arm in arms}


def content(arm: str, records: list[Record], judgement: Judgement, tracking: dict[str, Any]) -> ArmContent:
    """What the run of an arm with these records holds. tracking: see parameters.mirrored."""
    metric, judging = judged(tracking), (tracking["must_learn"], tracking["metric"])
    figures = statistics_of(records, *judging, settling(tracking))
    about = tracking["arms"][arm]
    settings = run_content.settings(records[0].recipe, tracking)
    files = {
        "recipe.yaml": yaml.safe_dump(canonical(records[0].recipe), allow_unicode=True),
        "contrasts.json": json.dumps(judgement.contrasts, indent=1),
    }
    return ArmContent(
        tags=_tags(arm, about["reference"], judgement, figures, metric, tracking),
        params=[Param(key, str(value)) for key, value in {"arm": arm, "family": about["family"], **settings}.items()],
        figures=_figures(judgement, figures, metric, metrics_of(tracking)),
        curves=_curves(figures),
        statistics=figures,
        files=files,
    )


def tags_before_verdict(arm: str, tracking: dict[str, Any]) -> dict[str, str]:
    """The tags of an arm's run as long as only runs of its seeds are there."""
    note = f"{arm}: its verdict and figures are put here when the study is judged; the runs of its seeds are below."
    return {**_common_tags(arm, tracking), VERDICT: "not judged yet", "mlflow.note.content": note}


def called(arm: str, tracking: dict[str, Any]) -> str:
    """The name of an arm's run: its label, if the study gives it one."""
    label = tracking["arms"].get(arm, {}).get("label", "")
    return on(label, data_set_of(arm)) if label else arm


def _common_tags(arm: str, tracking: dict[str, Any]) -> dict[str, str]:
    place = {"butfor.kind": KIND, "butfor.study": tracking["experiment"], "butfor.arm": arm}
    if (name := called(arm, tracking)) != arm:
        place["butfor.label"] = name
    colour = {"mlflow.runColor": arm_colours.colour(list(tracking["arms"]).index(arm))}
    user = {"mlflow.user": getpass.getuser(), "butfor.identity": tracking["identity"]}
    return {**run_content.SOURCE, **user, **place, **colour}


def _tags(
    arm: str,
    reference: str | None,
    judgement: Judgement,
    figures: ArmStatistics,
    metric: Metric,
    tracking: dict[str, Any],
) -> dict[str, str]:
    row = next(iter(metric.rows(judgement.contrasts)), None)
    check = judgement.check
    outcome = check["outcome"] if check else NONE
    shown = {
        VERDICT: row["verdict"] if row else "reference",
        INTERVAL: interval_of(row) if row and row["verdict"] not in REFUSED else NONE,
        MEAN: _mean_in_words(figures, metric),
        PROOF: outcome,
    }
    note = {"mlflow.note.content": _note(arm, reference, judgement, figures, metric, metrics_of(tracking))}
    return {**_common_tags(arm, tracking), **shown, **note}


def _figures(
    judgement: Judgement, figures: ArmStatistics, metric: Metric, metrics: Mapping[str, Metric]
) -> dict[str, float]:
    """The metrics of one point; what is not known is left out."""
    values: dict[str, float | None] = {PLACE: judgement.place, SEEDS: figures.seeds, FAILED: figures.failed}
    for name, mean in figures.mean.items():
        sd = figures.sd[name]
        values[name] = recorded(metrics[name], mean)
        values[metric_names.sd(metrics[name])] = None if sd is None else recorded(metrics[name], sd)
    for row in judgement.contrasts:
        each = metrics[row["metric"]]
        if each.settles and row["verdict"] not in REFUSED:
            name, decimals = metric_names.delta(each), each.unit.decimals
            ends = {name: row["effect"], f"{name}_low": row["low"], f"{name}_high": row["high"]}
            values |= {key: None if value is None else round(value, decimals) for key, value in ends.items()}
        if each.name == metric.name and row["verdict"] not in REFUSED and row["pairs"] > 1:
            values |= {P_DIFFER: _digits(row["p_difference"], 2), P_SAME: _digits(row["p_equivalence"], 2)}
    return {key: float(value) for key, value in values.items() if value is not None}


def _curves(figures: ArmStatistics) -> list[Point]:
    """Means over seeds under the names that the curves of runs have; the ends of the bands of those on validation images, since
    every point costs as much as one of a run; how many seeds got so far, where not all got equally far.
    """
    end, lines = round(figures.ended * 1000), {}
    for name, band in figures.curves.items():
        curve = metric_names.curve(name)
        lines[curve] = band.mean
        if max(band.seeds) > 1 and name.startswith("validation/"):
            lines |= {f"band/{curve.replace('/', '_')}_{side}": getattr(band, side) for side in ("low", "high")}
        if min(band.seeds) < max(band.seeds):
            lines["band/seeds"] = [float(count) for count in band.seeds]
    return [
        Point(name, _digits(value, CURVE_DIGITS) or 0.0, end, epoch)
        for name, values in lines.items()
        for epoch, value in enumerate(values, start=1)
    ]


def _note(
    arm: str,
    reference: str | None,
    judgement: Judgement,
    figures: ArmStatistics,
    metric: Metric,
    metrics: Mapping[str, Metric],
) -> str:
    """The arm in one plain sentence, then its numbers on every metric as a table in markdown."""
    rows = {row["metric"]: row for row in judgement.contrasts}
    role = "the full recipe" if is_baseline(arm) else "a reference for other arms"
    first = f"{in_words(rows[metric.name])}." if metric.name in rows else f"{arm}: {role}."
    lost = f", {figures.failed} of which failed and do not count in" if figures.failed else ""
    parts = [f"{first} {_mean_in_words(figures, metric)} over {figures.seeds} runs{lost}."]
    table = ["| metric | mean ± sd | effect | interval | p differ | p same | verdict |", "| --- |" + " --- |" * 6]
    for each in (metrics[name] for name in dict.fromkeys([metric.name, *figures.mean, *rows])):
        table.append(
            "| " + " | ".join([each.title, _mean_in_words(figures, each), *_cells(rows.get(each.name))]) + " |"
        )
    parts.append("\n".join(table))
    if judgement.check and judgement.check.get("line"):
        parts.append(judgement.check["line"])
    return "\n\n".join(parts)


def _cells(row: ContrastRow | None) -> list[str]:
    if row is None:
        return [NONE] * 5
    judged = row["verdict"] not in REFUSED
    tested = judged and row["pairs"] > 1
    chances = [probability(row[key] if tested else None) for key in ("p_difference", "p_equivalence")]  # type: ignore[literal-required]
    effect = f"{effect_of(row)} {row['unit']}" if row["effect"] is not None else NONE
    return [effect, interval_of(row) if judged else NONE, *chances, with_remark(row)]


def _mean_in_words(figures: ArmStatistics, metric: Metric) -> str:
    if metric.name not in figures.mean:
        return NONE
    reached = mean_and_sd(figures.mean[metric.name], figures.sd[metric.name], metric.unit.decimals)
    return f"{reached} {metric.unit.level}"


def _digits(value: float | None, digits: int) -> float | None:
    """A number with so many digits that count."""
    return None if value is None else float(f"{value:.{digits}g}")
