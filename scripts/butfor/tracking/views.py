"""Saved views of an experiment in MLflow's pages, and the link that opens on one.

The format is MLflow's own and undocumented (a view is a tag of the experiment; read off 3.17). Where another version does
not know it, its pages show their usual table, and nothing else changes.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from itertools import islice
from typing import Any

State = dict[str, Any]  # what MLflow's page of an experiment's runs is to show
TAG = "mlflow.sharedViewState."
FIRST, CURVES = "butfor-ablations", "butfor-curves"
CREATED = 1_700_000_000_000  # any fixed moment: a view that was not changed is to stay the same tag
EFFECT = "delta/test_accuracy_points"
FIGURES = [EFFECT, "test/accuracy", "delta/test_loss", "test/loss", "val/final_accuracy", "train/final_accuracy"]
CURVES_OF = {"val": ["accuracy", "loss"], "train": ["accuracy", "loss", "objective", "learning_rate"]}
FINAL = [*FIGURES, "val/final_loss", "train/final_loss"]
USABLE = "tags.`butfor.usable` = 'yes'"
UNFAILED = "tags.`butfor.usable` != 'no'"
UNUSABLE = "tags.`butfor.usable` = 'no'"
SUMMARY = "tags.`butfor.kind` = 'report'"
BY_ARM = {"aggregateFunction": "average", "groupByKeys": [{"mode": "param", "groupByData": "arm"}]}
MOST_ARMS = 100  # to be folded: a tag has a longest length, and the pages load no more runs at once
NAME, WHEN, DURATION = "attributes.`Run Name`", "runDateAndNestInfo", "duration"  # MLflow's names of columns
ALL = 1000  # runs in a chart; the default is the first 10


def tags(arms: Iterable[str]) -> dict[str, str]:
    """The experiment's tags that stand for the views of a study with these arms."""
    return {f"{TAG}{key}": _packed(name, state) for key, (name, state) in views(arms).items()}


def link(experiment: str, view: str = FIRST, charts: bool = False) -> str:
    """The part of a link behind the server's address that opens an experiment's runs in a saved view."""
    mode = "&compareRunsMode=CHART" if charts else ""
    return f"/#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={view}{mode}"


def plain_link(experiment: str) -> str:
    """The same, to the table that MLflow shows of its own accord."""
    return f"/#/experiments/{experiment}/runs?workflowType=machine_learning"


def views(arms: Iterable[str]) -> dict[str, tuple[str, State]]:
    """Each view's key, its name in MLflow's menu and what it shows."""
    folded = {f"param.arm.{arm}": False for arm in islice(arms, MOST_ARMS)}
    by_arm = {"groupBy": BY_ARM, "groupsExpanded": folded}
    effects = {"delta": [_bars(EFFECT), _bars("delta/test_loss")]}
    dots = {part: [_dots("arm", name) for name in FIGURES if name.startswith(part)] for part in ("delta", "test")}
    figures, place = [_metric(name) for name in FIGURES], [_param("arm"), _param("seed")]
    return {
        FIRST: (
            "Mean per ablation, by effect",
            {
                **_runs(USABLE, _metric(EFFECT), figures, wide=170),
                **_charts({**effects, "test": [_dots("test/accuracy", "test/loss")], **_curves()}),
                **by_arm,
            },
        ),
        "butfor-runs": (
            "Every run, by effect",
            {**_runs(USABLE, _metric(EFFECT), [*place, *figures]), **_charts({**dots, **_curves()})},
        ),
        CURVES: (
            "Learning curves per ablation",
            {
                **_runs(UNFAILED, "attributes.start_time", figures[:2], wide=170),
                **_charts({**_curves(), **effects}),
                **by_arm,
            },
        ),
        "butfor-report": (
            "The study's report, figures and tables",
            _runs(SUMMARY, "attributes.start_time", ["attributes.`Description`"]),
        ),
        "butfor-failed": (
            "Failed and void runs",
            _runs(UNUSABLE, "attributes.start_time", ["tags.`butfor.unusable`"]),
        ),
    }


def _runs(words: str, by: str, columns: list[str], wide: int = 120) -> State:
    """The runs that the `words` find, the smallest `by` first, with columns of this width in pixels or as their head or
    what they hold needs; how long a run took comes last.
    """
    widths = {
        NAME: 300,
        _metric(EFFECT): 220,
        _param("arm"): 190,
        _param("seed"): 70,
        "attributes.`Description`": 480,
        "tags.`butfor.unusable`": 480,
    }
    return {
        "searchFilter": words,
        "orderByKey": by,
        "orderByAsc": True,
        "selectedColumns": columns,
        "columnOrder": [NAME, WHEN, *columns, DURATION],
        "columnWidths": {column: widths.get(column, wide) for column in [NAME, *columns]},
        "groupBy": None,
        "runsHiddenMode": "SHOW_ALL",
    }


def _charts(sections: dict[str, list[State]]) -> State:
    """Sections of charts in this order, each named after what its metrics' names begin with, as MLflow names its own.
    Figures of the end that they do not show are left out, which would otherwise get bars from 0 that look all alike.
    """
    shown = [
        {**chart, "uuid": f"{name}-{place}", "metricSectionId": name}
        for name, charts in sections.items()
        for place, chart in enumerate(charts)
    ]
    left_out = [name for name in FINAL if all(chart.get("metricKey") != name for chart in shown)]
    return {
        "compareRunCharts": [*shown, *({**_bars(name), "uuid": name, "deleted": True} for name in left_out)],
        "compareRunSections": [{"uuid": name, "name": name, "display": True, "isReordered": True} for name in sections],
        "isAccordionReordered": True,
        "hideEmptyCharts": True,
        "useGroupedValuesInCharts": True,
    }


def _bars(metric: str) -> State:
    return {**_card("BAR"), "metricKey": metric}


def _dots(across: str, up: str) -> State:
    """A dot per run or mean: bars of figures that are nearly the same start at 0 and look alike."""
    return {**_card("SCATTER"), "xaxis": _axis(across), "yaxis": _axis(up)}


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


def _packed(name: str, state: State) -> str:
    packed = "deflate;" + base64.b64encode(zlib.compress(json.dumps(state, separators=(",", ":")).encode())).decode()
    return json.dumps(
        {"name": name, "createdAt": CREATED, "updatedAt": CREATED, "state": packed}, separators=(",", ":")
    )
