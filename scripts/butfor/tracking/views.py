"""Saved views of an experiment in MLflow's pages, and the links that open them.

The format is MLflow's own and undocumented (a view is a tag of the experiment; taken from version 3.17). Where another
version does not know it, its pages show their usual table, and nothing else changes.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from itertools import islice
from typing import Any

from butfor.study.metrics import DEFAULT, METRICS, Metric, beside
from butfor.tracking.metric_names import delta, final

State = dict[str, Any]  # the state of MLflow's page of an experiment's runs, or a part of it
TAG = "mlflow.sharedViewState."
FIRST, CURVES = "butfor-ablations", "butfor-curves"
CREATED = 1_700_000_000_000  # any fixed time, in ms: a view that was not changed must stay the same tag
CURVES_OF = {"val": ["accuracy", "loss"], "train": ["accuracy", "loss", "objective", "learning_rate"]}
USABLE = "tags.`butfor.usable` = 'yes'"
UNFAILED = "tags.`butfor.usable` != 'no'"
UNUSABLE = "tags.`butfor.usable` = 'no'"
SUMMARY = "tags.`butfor.kind` = 'report'"
BY_ARM = {"aggregateFunction": "average", "groupByKeys": [{"mode": "param", "groupByData": "arm"}]}
MOST_ARMS = 100  # whose groups are folded: the length of a tag is limited, and the pages load no more runs at once
NAME, WHEN, DURATION = "attributes.`Run Name`", "runDateAndNestInfo", "duration"  # MLflow's names of columns
ALL = 1000  # runs in a chart; the default is the first 10


def tags(arms: Iterable[str], metric: Metric) -> dict[str, str]:
    """The tags of an experiment that save the views of a study with these arms, whose verdicts are asked of the metric."""
    return {f"{TAG}{key}": _tag_value(name, state) for key, (name, state) in views(arms, metric).items()}


def link(experiment: str, view: str = FIRST, charts: bool = False) -> str:
    """The link to an experiment's runs in a saved view, without the server's address."""
    mode = "&compareRunsMode=CHART" if charts else ""
    return f"/#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={view}{mode}"


def plain_link(experiment: str) -> str:
    """The link to the table of an experiment's runs that MLflow shows by default, without the server's address."""
    return f"/#/experiments/{experiment}/runs?workflowType=machine_learning"


def views(arms: Iterable[str], metric: Metric) -> dict[str, tuple[str, State]]:
    """The views by key, each with its name in MLflow's menu and its state."""
    folded = {f"param.arm.{arm}": False for arm in islice(arms, MOST_ARMS)}
    by_arm = {"groupBy": BY_ARM, "groupsExpanded": folded}
    asked, names = [metric, *beside(metric)], _table_metrics(metric)
    effects = {"delta": [_bars(delta(one)) for one in asked]}
    dots = {part: [_dots("arm", name) for name in names if name.startswith(part)] for part in ("delta", "test")}
    columns, place = [_metric(name) for name in names], [_param("arm"), _param("seed")]
    by_effect = _metric(delta(metric)), metric.higher_is_better  # the worst first
    return {
        FIRST: (
            "Mean per ablation, by effect",
            {
                **_runs(USABLE, columns, *by_effect, width=170),
                **_charts({**effects, "test": [_dots(asked[0].name, asked[1].name)], **_curves()}),
                **by_arm,
            },
        ),
        "butfor-runs": (
            "Every run, by effect",
            {**_runs(USABLE, [*place, *columns], *by_effect), **_charts({**dots, **_curves()})},
        ),
        CURVES: (
            "Learning curves per ablation",
            {**_runs(UNFAILED, columns[:2], width=170), **_charts({**_curves(), **effects}), **by_arm},
        ),
        "butfor-report": (
            "The study's report, figures and tables",
            _runs(SUMMARY, ["attributes.`Description`"]),
        ),
        "butfor-failed": (
            "Failed and void runs",
            _runs(UNUSABLE, ["tags.`butfor.unusable`"]),
        ),
    }


def _table_metrics(metric: Metric) -> list[str]:
    """The metrics that tables show: effect and test figure of the metric and of those beside it, then its other parts."""
    tested = [name for one in (metric, *beside(metric)) for name in (delta(one), one.name)]
    return [*tested, *_other_parts(metric)]


def _final_metrics() -> list[str]:
    """All metrics that a run has but one point of."""
    settling = [metric for metric in METRICS.values() if metric.settles]
    tested = [name for metric in settling for name in (delta(metric), metric.name)]
    return [*tested, *(name for metric in settling for name in _other_parts(metric))]


def _other_parts(metric: Metric) -> list[str]:
    """The counterparts of a test metric on validation and training images."""
    return [final(metric.name.replace("test/", part)) for part in ("validation/", "train/")]


def _runs(
    condition: str, columns: list[str], order: str = "attributes.start_time", ascending: bool = True, width: int = 120
) -> State:
    """A table of the runs that meet a condition, in an order, with columns of this width in pixels unless a title or the
    content needs another; the last column is the run's duration.
    """
    widths = {
        NAME: 300,
        _metric(delta(DEFAULT)): 220,
        _param("arm"): 190,
        _param("seed"): 70,
        "attributes.`Description`": 480,
        "tags.`butfor.unusable`": 480,
    }
    return {
        "searchFilter": condition,
        "orderByKey": order,
        "orderByAsc": ascending,
        "selectedColumns": columns,
        "columnOrder": [NAME, WHEN, *columns, DURATION],
        "columnWidths": {column: widths.get(column, width) for column in [NAME, *columns]},
        "groupBy": None,
        "runsHiddenMode": "SHOW_ALL",
    }


def _charts(sections: dict[str, list[State]]) -> State:
    """Sections of charts in this order, each named after the first part of its metrics' names, as MLflow names its own.
    Final figures that no section shows are hidden; MLflow would draw them as bars from 0, which all look alike.
    """
    visible = [
        {**chart, "uuid": f"{name}-{place}", "metricSectionId": name}
        for name, charts in sections.items()
        for place, chart in enumerate(charts)
    ]
    hidden = [name for name in _final_metrics() if all(chart.get("metricKey") != name for chart in visible)]
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


def _curves() -> dict[str, list[State]]:
    return {part: [_line(f"{part}/{figure}") for figure in figures] for part, figures in CURVES_OF.items()}


def _line(metric: str) -> State:
    scale = "log" if metric.endswith("loss") else "linear"
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
    packed = "deflate;" + base64.b64encode(zlib.compress(json.dumps(state, separators=(",", ":")).encode())).decode()
    return json.dumps(
        {"name": name, "createdAt": CREATED, "updatedAt": CREATED, "state": packed}, separators=(",", ":")
    )
