"""The planning of a start: its study is checked and planned, and what earlier starts have left is repaired."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from butfor.errors import StudyError, StudyFileError
from butfor.process import parent_watch, start_settings
from butfor.study.duplicate_keys import refuse_duplicate_keys
from butfor.study.plan import Plan
from butfor.study.settings import study_and_plan
from butfor.tracking import target
from butfor.workflow import recovery


def planned(config: dict[str, Any], files: Sequence[str], schema: Path, is_start: bool) -> tuple[dict[str, Any], Plan]:
    """The settings of the study in `config`, which was read from `files`, and its plan.

    is_start: whether this process starts the study, rather than one of its jobs. A StudyError ends the process with one
    line, after the names of the files if it is about them.
    """
    try:
        refuse_duplicate_keys(map(Path, files))
        settings, plan = study_and_plan(config, schema)
        results = Path(settings["results"])
        if is_start and settings["tracking"]["mlflow"]:
            target.check(results)
        for message in recovery.clear(results) if is_start else ():
            print(message, file=sys.stderr)
    except StudyFileError as error:
        sys.exit(f"{' and '.join(map(os.path.relpath, files)) or '--config'}: {error}")
    except StudyError as error:
        sys.exit(str(error))
    parent_watch.announce_start()
    data = {**settings["data"], "largest": plan.largest}
    start_settings.announce(start_settings.StartSettings(settings["log_level"], settings["max_minutes"], data))
    return settings, plan
