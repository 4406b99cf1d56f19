"""The import of a short start's records into MLflow while its verdicts, figures and report are made, so that little is left for
the last import. It begins as a fork of what has imported mlflow for that one; where there is none, all is left to the last one.

Standard library only, because the Snakefile imports it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from butfor.forks.client import EARLY_IMPORT, MIRROR
from butfor.forks.interpreter import SERVERS, interpreter, module_environment, thread_variables
from butfor.records.results_folder import Job


def can_begin() -> bool:
    """Whether all trainings of a start are over, and mlflow is being imported for its last import, which can be forked."""
    folder = os.environ.get(SERVERS, "")
    return folder != "" and (Path(folder) / MIRROR).exists()


def import_early(tracking: dict[str, Any], results: Path, jobs: Iterable[Job]) -> None:
    """Import the records of jobs, and wait for that. It ends with this process, or when the last import begins.

    tracking: see parameters.mirrored. results: the study's results folder.
    """
    request = {"tracking": tracking, "results": str(results), "folders": [str(folder) for folder, _ in jobs]}
    variables = {**module_environment(), **thread_variables(1)}
    subprocess.run([interpreter(), *EARLY_IMPORT], input=json.dumps(request), env=variables, text=True, check=False)


def main() -> None:
    import logging
    import threading

    from butfor.tracking import follower, job_imports

    request = json.load(sys.stdin)
    results = Path(request["results"])
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    threading.Thread(target=follower.give_way, args=[results], daemon=True).start()
    job_imports.import_ended(request["tracking"], results, [Path(folder) for folder in request["folders"]])


if __name__ == "__main__":
    main()
