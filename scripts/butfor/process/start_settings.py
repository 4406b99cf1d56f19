"""The settings that a start passes to its jobs and that change no number: in an environment variable.

Snakemake compares what it passes to a job in any other way with the last time, and runs the job again if it differs.
Standard library only.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import Any

VARIABLE = "BUTFOR_START_SETTINGS"


@dataclass(frozen=True)
class StartSettings:
    """The settings of a start.

    log_level: 0 warnings only, 1 steps, 2 details. max_minutes: the time limit of one training or one call of a user's
    code. data: by data set, where its files are looked for, and what the recipes need of them (see Plan.largest). metrics:
    those that the study asks for (see MetricTerms). decides: the metric that it asks its verdicts of, if it names one.
    gpu_share: how many jobs share a GPU.
    """

    log_level: int = 1
    max_minutes: float | None = None
    data: dict[str, Any] = field(default_factory=dict)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    decides: str | None = None
    gpu_share: int = 1

    def streams(self, data_set: str) -> bool | None:
        """Whether the inputs of a data set stay on disk, as the study says; None where it leaves that to their size."""
        stream: bool | None = self.data.get(data_set, {}).get("stream")
        return stream


def announce(settings: StartSettings) -> None:
    """Pass the settings to all processes that this one starts from now on."""
    os.environ[VARIABLE] = json.dumps(asdict(settings))


def announced() -> StartSettings:
    """The settings of the start that this process belongs to; the defaults if there is none."""
    return StartSettings(**json.loads(os.environ.get(VARIABLE, "{}")))
