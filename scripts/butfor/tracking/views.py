"""Saved views of an experiment in MLflow's pages, and the link that opens on one.

The format is MLflow's own and undocumented (a view is a tag of the experiment; read off 3.17). Where another version does
not know it, its pages show their usual table, and nothing else changes.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

TAG = "mlflow.sharedViewState."
FIRST = "butfor-ablations"
CREATED = 1_700_000_000_000  # any fixed moment: a view that was not changed is to stay the same tag
FIGURES = [
    "test/accuracy",
    "delta/test_accuracy_points",
    "test/loss",
    "delta/test_loss",
    "val/final_accuracy",
    "train/final_accuracy",
]
USABLE = "tags.`butfor.usable` = 'yes'"
BY_ARM = {"aggregateFunction": "average", "groupByKeys": [{"mode": "param", "groupByData": "arm"}]}

VIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    FIRST: (
        "Mean per ablation, by effect",
        {
            "searchFilter": USABLE,
            "orderByKey": "metrics.`delta/test_accuracy_points`",
            "orderByAsc": True,
            "selectedColumns": ["params.`arm`", *(f"metrics.`{name}`" for name in FIGURES)],
            "groupBy": BY_ARM,
        },
    ),
    "butfor-curves": (
        "Learning curves, grouped by ablation",
        {
            "searchFilter": "tags.`butfor.usable` != 'no'",
            "orderByKey": "attributes.start_time",
            "orderByAsc": True,
            "selectedColumns": ["params.`arm`", "params.`seed`"],
            "groupBy": BY_ARM,
        },
    ),
    "butfor-failed": (
        "Failed and void runs",
        {
            "searchFilter": "tags.`butfor.usable` = 'no'",
            "orderByKey": "attributes.start_time",
            "orderByAsc": True,
            "selectedColumns": ["params.`arm`", "params.`seed`", "tags.`butfor.status`"],
            "groupBy": None,
        },
    ),
}


def tags() -> dict[str, str]:
    """The experiment's tags that stand for the views."""
    return {f"{TAG}{key}": _packed(name, state) for key, (name, state) in VIEWS.items()}


def link(experiment: str, view: str = FIRST, charts: bool = False) -> str:
    """The part of a link behind the server's address that opens an experiment's runs in a saved view."""
    mode = "&compareRunsMode=CHART" if charts else ""
    return f"/#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={view}{mode}"


def plain_link(experiment: str) -> str:
    """The same, to the table that MLflow shows of its own accord."""
    return f"/#/experiments/{experiment}/runs?workflowType=machine_learning"


def _packed(name: str, state: dict[str, Any]) -> str:
    text = json.dumps({**state, "runsHiddenMode": "SHOWALL"}, separators=(",", ":"))
    packed = "deflate;" + base64.b64encode(zlib.compress(text.encode())).decode()
    return json.dumps(
        {"name": name, "createdAt": CREATED, "updatedAt": CREATED, "state": packed}, separators=(",", ":")
    )
