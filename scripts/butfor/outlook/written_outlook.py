"""The outlook of a study as `snakemake plan` gives it: in words, and as a file beside the results."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from butfor.errors import StudyError
from butfor.forks.interpreter import SERVERS
from butfor.languages.phrases import language_of, speaking
from butfor.outlook.outlook import outlook
from butfor.outlook.outlook_text import outlook_text, where_written
from butfor.outlook.planned_study import planned_study
from butfor.records.files import write_atomically


def tell_outlook(
    config: Mapping[str, Any], files: Sequence[str], cores: int, path: Path, log: Path, forks: bool = True
) -> None:
    """Write the outlook as `write_outlook` does, and its words into the terminal and the log; of a study that a start would
    refuse, end the process with what is wrong alone."""
    try:
        words = write_outlook(config, files, cores, path, forks)
    except StudyError as error:
        log.write_text(f"{error}\n", encoding="utf-8")
        sys.exit(str(error))
    log.write_text(words, encoding="utf-8")
    print(words)


def write_outlook(config: Mapping[str, Any], files: Sequence[str], cores: int, path: Path, forks: bool = True) -> str:
    """Write the outlook of the study in a configuration into a file, and give it in words. files: those that it was read from.
    forks: whether its jobs may begin as forks, which those on a cluster cannot. Raises StudyError where it is refused."""
    if not forks:
        os.environ[SERVERS] = ""
    planned = planned_study(config, files)
    forecast = outlook(planned, cores)
    write_atomically(path, json.dumps(forecast.as_json(), indent=1, ensure_ascii=False))
    with speaking(language_of(planned.settings)):
        return f"{outlook_text(forecast)}\n\n{where_written(path)}"
