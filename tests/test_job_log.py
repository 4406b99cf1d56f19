"""Where a job's last words go."""

import os
import subprocess
import sys

import pytest

from conftest import ROOT

JOB = """
import errno, sys
from butfor.errors import StudyError
from butfor.process.log import log_to
log_to(sys.argv[1])
raise {}
"""
FULL = "OSError(errno.ENOSPC, 'No space left on device')"
FREE = "[Errno 28] No space left on device. Free some, and the same command goes on from here.\n"


def ended(log, error):
    """What a job that ends in an error prints where it was started."""
    where = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    words = [sys.executable, "-c", JOB.format(error), str(log)]
    done = subprocess.run(words, env=where, capture_output=True, text=True, check=False)
    assert done.returncode
    return done.stderr


@pytest.mark.parametrize(
    ("error", "words"),
    [("StudyError('so it is')", "StudyError: so it is\n"), (FULL, FREE), ("KeyboardInterrupt", "Stopped by Ctrl-C")],
)
def test_what_a_user_can_mend_is_one_line_of_the_log(tmp_path, error, words):
    assert ended(tmp_path / "job.log", error) == ""
    said = (tmp_path / "job.log").read_text()
    assert said.startswith(words) and len(said.splitlines()) == 1


def test_any_other_error_keeps_its_traceback(tmp_path):
    ended(tmp_path / "job.log", "ValueError('a mistake')")
    said = (tmp_path / "job.log").read_text()
    assert said.startswith("Traceback") and said.endswith("ValueError: a mistake\n")


@pytest.mark.parametrize("error", [FULL, "StudyError('so it is')"])
def test_where_the_log_cannot_hold_it_it_is_said_where_the_job_was_started(error):
    said = ended("/dev/full", error)
    assert (FREE if error == FULL else "StudyError: so it is\n") in said
