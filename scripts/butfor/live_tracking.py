"""A process beside a study's start that mirrors records into MLflow as jobs end, and long trainings as they go.

One process for all jobs: a job of its own for each would cost the import of mlflow and the opening of its store every
time, about 3 s, where a run takes less than a tenth of that. Standard library only, because the Snakefile imports it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parents[1] / "follow.py"


def start(tracking: dict[str, Any], results: Path, live: bool, log: Path) -> None:
    """Start the process; it ends by itself when this one has.

    In a session of its own, so that Ctrl-C ends the study's jobs and leaves it to write what they have left.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    asked = {"tracking": tracking, "results": str(results), "live": live, "parent": os.getpid()}
    with log.open("w") as messages:
        process = subprocess.Popen(
            [sys.executable, SCRIPT],
            stdin=subprocess.PIPE,
            stdout=messages,
            stderr=messages,
            start_new_session=True,
            text=True,
        )
        if process.stdin:
            process.stdin.write(json.dumps(asked))
            process.stdin.close()
