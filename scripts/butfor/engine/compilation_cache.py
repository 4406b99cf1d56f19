"""XLA's compilation cache: a job takes the programs that an earlier one has compiled from a folder of the study's.

Tried on CPUs, where a program from the cache gives the same numbers to the bit; on GPUs only where ON_GPUS is set.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tensorflow.python.framework import ops

from butfor.fingerprint import fingerprint
from butfor.process.kept_programs import job_folder_of_programs
from butfor.records import provenance
from butfor.records.processor import processor

ON_GPUS = "BUTFOR_CACHE_ON_GPUS"
FLAGS, FOLDER_FLAG = "TF_XLA_FLAGS", "--tf_xla_persistent_cache_directory="
FIRST_NUMBER = 10**12  # of a function's name: far from TensorFlow's own
log = logging.getLogger(__name__)


@contextmanager
def compiled_in(folder: Path, threads: int, recipe: str) -> Iterator[None]:
    """A context in which XLA takes programs from a folder, and what it compiles is kept there, if the context ends well.

    It begins before TensorFlow looks for devices, which is when it reads its flags. threads: of a job. recipe: a word that stands
    for the training. Without effect where files cannot be kept, and where the user has set TensorFlow's own flag.
    """
    kept = folder / _mark(threads)
    if not _is_wanted() or re.search(r"[\s'\"]", str(kept)):  # which would end the flag
        yield
        return
    with job_folder_of_programs(kept, recipe) as place:
        if place:
            flags = os.environ.get(FLAGS, "")
            os.environ[FLAGS] = f"{flags} {FOLDER_FLAG}{place}".strip()
            atexit.register(shutil.rmtree, place, ignore_errors=True)  # TensorFlow makes it anew for what comes later
            _number_functions_by_their_order()
            log.info("compiled programs are kept in %s", kept)
        else:
            log.info(
                "compiled programs are not used this time: a job of this recipe was stopped before its end, and may have left a"
                " damaged one; or %s cannot be written to",
                kept,
            )
        yield


def _is_wanted() -> bool:
    return FOLDER_FLAG not in os.environ.get(FLAGS, "") and (not provenance.gpus() or bool(os.environ.get(ON_GPUS)))


def _mark(threads: int) -> str:
    """What stands for all that programs depend on and their names do not tell."""
    settings = [os.environ.get(name, "") for name in ("XLA_FLAGS", FLAGS, "TF_ENABLE_ONEDNN_OPTS")]
    devices = sorted(path.read_text() for path in Path("/proc/driver/nvidia/gpus").glob("*/information"))
    return fingerprint([processor(), devices, provenance.training_versions(), threads, settings])


def _number_functions_by_their_order() -> None:
    """Number functions by the order in which they are made.

    A program is found by the name of its function too, which ends with a number that each eager tensor counts up: arms that
    differ only in how their initial weights are drawn would not share theirs.
    """
    if not isinstance(ops.uid, _Counter):
        ops.uid = _Counter()


class _Counter:
    """Numbers in a row."""

    def __init__(self) -> None:
        self._numbers = itertools.count(FIRST_NUMBER)

    def __call__(self) -> int:
        return next(self._numbers)
