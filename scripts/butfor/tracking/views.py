"""Saved views of an experiment in MLflow's pages, and the links that open them.

The format is MLflow's own and undocumented (a view is a tag of the experiment; taken from version 3.17). Where another
version does not know it, its pages show their usual table, and nothing else changes.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from butfor.study.metrics import METRICS, Metric, quantities_in
from butfor.tracking import arm_content
from butfor.tracking.metric_names import delta, final, sd

State = dict[str, Any]  # the state of MLflow's page of an experiment's runs, or a part of it
TAG = "mlflow.sharedViewState."
FIRST, CURVES = "butfor-ablations", "butfor-curves"
CREATED = 1_700_000_000_000  # any fixed time, in ms: a view that was not changed must stay the same tag
ARMS = f"tags.`butfor.kind` = '{arm_content.KIND}'"
USABLE = "tags.`butfor.usable` = 'yes'"
UNUSABLE = "tags.`butfor.usable` = 'no'"
SUMMARY = "tags.`butfor.kind` = 'report'"
NAME, WHEN, DURATION = "attributes.`Run Name`", "runDateAndNestInfo", "duration"  # MLflow's names of columns
WIDTH = 120
WIDTHS = {  # in pixels, of columns that need another than the usual width
    NAME: 160,
    "params.`arm`": 190,
    "params.`seed`": 70,
    f"tags.`{arm_content.VERDICT}`": 165,
    f"tags.`{arm_content.INTERVAL}`": 115,
    f"metrics.`{arm_content.P_DIFFER}`": 85,
    **dict.fromkeys((f"metrics.`{name}`" for name in (arm_content.SEEDS, arm_content.FAILED)), 65),
    **{f"metrics.`{delta(metric)}`": 205 for metric in METRICS.values() if metric.unit.scale != 1},
    **dict.fromkeys(("attributes.`Description`", "tags.`butfor.unusable`"), 480),
}
TABLE = ("searchFilter", "orderByKey", "orderByAsc", "selectedColumns", "groupBy", "runsHiddenMode")
EMPTY: State = {  # what pages of MLflow 3.5 do not open without
    **{key: [] for key in ("runsPinned", "runsHidden")},
    **{key: {} for key in ("runsExpanded", "runsVisibilityMap", "groupsExpanded")},
}
ALL = 1000  # runs in a chart; the default is the first 10


def tags(metric: Metric, *others: Metric) -> dict[str, str]:
    """The tags of an experiment that save the views of a study whose verdicts are asked of the metric; others: the metrics that
    are shown beside it."""
    return {f"{TAG}{key}": _tag_value(name, state) for key, (name, state) in views(metric, *others).items()}


def link(experiment: str, view: str = FIRST, charts: bool = False) -> str:
    """The link to an experiment's runs in a saved view, without the server's address."""
    mode = "&compareRunsMode=CHART" if charts else ""
    return f"/#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={view}{mode}"


def plain_link(experiment: str) -> str:
    """The link to the table of an experiment's runs that MLflow shows by default, without the server's address."""
    return f"/#/experiments/{experiment}/runs?workflowType=machine_learning"


def run_link(experiment: str, run: str) -> str:
    """The link to the page of a run, without the server's address."""
    return f"/#/experiments/{experiment}/runs/{run}"


def file_link(experiment: str, run: str, file: str = "report.md") -> str:
    """The link to a file of a run, without the server's address."""
    return f"/#/experiments/{experiment}/runs/{run}/artifacts/{file}?workflowType=machine_learning"


def description(question: str, links: Mapping[str, str]) -> str:
    """The description of an experiment: the study's question, and links that open what there is to be seen."""
    words = {"link": "Arms and verdicts", "curves": "Learning curves", "report": "Report"}
    return f"{question}\n\n" + " · ".join(f"[{words[key]}]({link.removeprefix('/')})" for key, link in links.items())


def views(metric: Metric, *others: Metric) -> dict[str, tuple[str, State]]:
    """The views by key, each with its name in MLflow's menu and its state."""
    usual = (
        [other for other in METRICS.values() if other.settles and other != metric] if metric in METRICS.values() else []
    )
    metrics = [metric, *(others or usual)]
    names = _table_metrics(metrics)
    effects = {"delta": [_bars(delta(one)) for one in metrics]}
    dots = {part: [_dots("arm", name) for name in names if name.startswith(part)] for part in ("delta", "test")}
    by_effect = _metric(delta(metric)), metric.higher_is_better  # the worst first
    by_place = _metric(arm_content.PLACE)
    return {
        FIRST: (
            "Arms, the baseline first, then by effect",
            {**_runs(ARMS, _arm_columns(metrics), by_place), **_charts({**effects, **_curves(metrics)}, metrics)},
        ),
        CURVES: (
            "Learning curves of arms",
            {**_runs(ARMS, _arm_columns(metrics), by_place), **_charts({**_curves(metrics), **effects}, metrics)},
        ),
        "butfor-runs": (
            "Every run, by effect",
            {
                **_runs(USABLE, [_param("arm"), _param("seed"), *map(_metric, names)], *by_effect),
                **_charts({**dots, **_curves(metrics)}, metrics),
            },
        ),
        "butfor-report": (
            "The study's report, figures and tables",
            _runs(SUMMARY, ["attributes.`Description`"]),
        ),
        "butfor-failed": (
            "Failed and void runs",
            _runs(UNUSABLE, ["tags.`butfor.unusable`"], _param("arm")),  # by time they would be folded under their arms
        ),
    }


def _arm_columns(metrics: list[Metric]) -> list[str]:
    """The columns of the table of arms: verdict and numbers on the first metric, then the effects on those beside it."""
    metric, *others = metrics
    verdict, interval, mean, proof = (f"tags.`{name}`" for name in arm_content.SHOWN)
    numbers = [_metric(name) for name in (arm_content.P_DIFFER, arm_content.SEEDS, arm_content.FAILED)]
    effects = [_metric(delta(other)) for other in others]
    return [verdict, _metric(delta(metric)), interval, mean, *numbers, proof, *effects]


def _table_metrics(metrics: list[Metric]) -> list[str]:
    """The metrics that the table of runs shows: effect and test figure of the metric and of those beside it, then its other
    parts.
    """
    tested = [name for one in metrics for name in (delta(one), one.name)]
    return [*tested, *(_other_parts(metrics[0]) if metrics[0].name in METRICS else [])]


def _final_metrics(settling: list[Metric]) -> list[str]:
    """All metrics that a run or an arm has but one point of."""
    tested = [name for metric in settling for name in (delta(metric), metric.name, sd(metric))]
    ends = [f"{delta(metric)}_{side}" for metric in settling for side in ("low", "high")]
    return [*tested, *ends, *arm_content.NUMBERS, *(name for metric in settling for name in _other_parts(metric))]


def _other_parts(metric: Metric) -> list[str]:
    """The counterparts of a test metric on validation and training images."""
    return [final(metric.name.replace("test/", part)) for part in ("validation/", "train/")]


def _runs(condition: str, columns: list[str], order: str = "attributes.start_time", ascending: bool = True) -> State:
    """A table of the runs that meet a condition, in an order, the last columns are when it began and how long it took."""
    return {
        "searchFilter": condition,
        "orderByKey": order,
        "orderByAsc": ascending,
        "selectedColumns": columns,
        "columnOrder": [NAME, WHEN, *columns, DURATION],
        "columnWidths": {column: WIDTHS.get(column, WIDTH) for column in [NAME, *columns]},
        "groupBy": None,
        "runsHiddenMode": "SHOW_ALL",
    }


def _charts(sections: dict[str, list[State]], metrics: list[Metric]) -> State:
    """Sections of charts in this order, each named after the first part of its metrics' names, as MLflow names its own.
    Final figures that no section shows are hidden; MLflow would draw them as bars from 0, which all look alike.
    """
    visible = [
        {**chart, "uuid": f"{name}-{place}", "metricSectionId": name}
        for name, charts in sections.items()
        for place, chart in enumerate(charts)
    ]
    hidden = [name for name in _final_metrics(metrics) if all(chart.get("metricKey") != name for chart in visible)]
    return {
        "compareRunCharts": [*visible, *({**_bars(name), "uuid": name, "deleted": True} for name in hidden)],
        "compareRunSections": [{"uuid": name, "name": name, "display": True, "isReordered": True} for name in sections],
        "isAccordionReordered": True,
        "hideEmptyCharts": True,
        "useGroupedValuesInCharts": True,
    }


def _bars(metric: str) -> State:
    return {**_card("BAR"), "metricKey": metric}


def _dots(x: str, y: str) -> State:
    """A dot per run or mean; bars would start at 0, and nearly equal figures would look alike."""
    return {**_card("SCATTER"), "xaxis": _axis(x), "yaxis": _axis(y)}


def _curves(metrics: list[Metric]) -> dict[str, list[State]]:
    """Charts of what each part of the data is measured by after every epoch, which the metrics that are recorded tell."""
    names = [quantity.name for quantity in quantities_in(one.name for one in metrics)]
    measured = {part: [_line(f"{part}/{name}") for name in names] for part in ("val", "train")}
    measured["train"] += [_line("train/objective"), _line("train/learning_rate")]
    return measured


def _line(metric: str) -> State:
    scale = "log" if metric.endswith(("loss", "objective")) else "linear"
    return {
        **_card("LINE"),
        "metricKey": metric,
        "selectedMetricKeys": [metric],
        "xAxisKey": "step",
        "xAxisScaleType": "linear",
        "selectedXAxisMetricKey": "",
        "yAxisKey": "metric",
        "yAxisExpressions": [],
        "scaleType": scale,
        "range": {},
        "lineSmoothness": 0,
        "ignoreOutliers": False,
        "useGlobalXaxisKey": True,
        "useGlobalLineSmoothing": True,
    }


def _card(kind: str) -> State:
    return {"type": kind, "runsCountToCompare": ALL, "deleted": False, "isGenerated": False}


def _axis(name: str) -> State:
    return {"key": name, "type": "METRIC" if "/" in name else "PARAM"}


def _metric(name: str) -> str:
    return f"metrics.`{name}`"


def _param(name: str) -> str:
    return f"params.`{name}`"


def _tag_value(name: str, state: State) -> str:
    """The value of a view's tag: the state, packed, and beside it the part that pages of MLflow before 3.15 look for."""
    packed = "deflate;" + base64.b64encode(zlib.compress(json.dumps(state, separators=(",", ":")).encode())).decode()
    about = {"name": name, "createdAt": CREATED, "updatedAt": CREATED, "state": packed}
    return json.dumps({**about, **EMPTY, **{key: state[key] for key in TABLE}}, separators=(",", ":"))
