"""What surrounds a study and changes no number of it: locales, machines that sleep, file systems, names at their limits."""

import errno
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from snakemake.scheduling import job_scheduler

from butfor.process import memory_limit, system_errors, text_encoding, time_limit
from butfor.tracking import target
from butfor.workflow import ending, path_limits, results_place
from conftest import ROOT

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT / "scripts")}


def python(code, folder, **environment):
    """Run a few lines of Python in a folder."""
    words = [sys.executable, "-c", code]
    return subprocess.run(
        words, cwd=folder, env={**os.environ, **environment}, capture_output=True, timeout=60, check=False
    )


def test_study_files_and_reports_are_utf_8_whatever_the_locale(tmp_path):
    (tmp_path / "study.yaml").write_text("question: 드롭아웃이 필요한가?\nkey: 1\nkey: 2\n", encoding="utf-8")
    code = """
from pathlib import Path
from butfor.records.files import write_atomically
from butfor.study.composed_yaml import composed
from butfor.study.duplicate_keys import DuplicateKeyError, refuse_duplicate_keys
try:
    refuse_duplicate_keys(composed(["study.yaml"]))
except DuplicateKeyError:
    write_atomically(Path("report.md"), "\\uc5f0\\uad6c \\u2013 \\u0131\\n")
"""
    done = python(code, tmp_path, **ASCII)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.md").read_bytes().decode() == "연구 – ı\n"


def test_a_name_that_jobs_would_write_otherwise_is_refused_and_others_are_not():
    text_encoding.refuse_other_names(["결과"], "utf-8")
    text_encoding.refuse_other_names(["results/a"], "ascii")
    for path in ("결과", os.fsencode("결과").decode("ascii", "surrogateescape")):
        with pytest.raises(text_encoding.EncodingError, match=r"결과: .* received ascii .* PYTHONUTF8=1"):
            text_encoding.refuse_other_names(["results", path], "ascii")


def test_jobs_read_and_write_utf_8(tmp_path):
    code = """
import subprocess, sys
from butfor.process.text_encoding import announce_utf8
announce_utf8()
subprocess.run([sys.executable, "-c", "import sys; open('\\\\uacb0\\\\uacfc', 'w').write('\\\\uc5f0')"], check=True)
"""
    done = python(code, tmp_path, **ASCII)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "결과").read_bytes() == "연".encode()


@pytest.mark.parametrize("by", ["Ctrl-C", "SIGTERM"])
def test_the_last_words_of_a_start_that_is_stopped_say_by_what(tmp_path, by):
    (words,) = [words for words, name in ending.STOPS.items() if name == by]
    assert words in inspect.getsource(job_scheduler)
    code = f"""
import logging
from butfor.workflow import ending
ending.watch({{"results": "results"}}, lambda: None)
logging.getLogger("snakemake.logging").warning("{words}, and so on")
ending.failed({{"results": "results"}})
"""
    said = python(code, tmp_path, PYTHONPATH=str(ROOT / "scripts")).stderr.decode().splitlines()
    assert said[-1] == f"Stopped by {by}. The same command goes on and keeps all that is finished."


LONG = "x" * 256


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"results": LONG}, "results: expected names of at most 255 bytes between the slashes, received one of 256"),
        ({"results": "결" * 86}, "received one of 258"),
        ({"results": "/".join(["x" * 200] * 18)}, "results: expected a folder whose whole path has at most 3500 bytes"),
        ({"file": f"a/{LONG}.npz"}, "data.file: expected names of at most 255 bytes"),
        ({"folder": LONG}, "data.folder: expected names"),
    ],
)
def test_paths_that_no_file_system_holds_are_refused_with_the_key(written, said):
    settings = {"results": "results/a", "data_sets": {"": {"file": None, "folder": "~/data"}}}
    path_limits.refuse_long_paths(settings)
    data = {**settings["data_sets"][""], **{key: path for key, path in written.items() if key != "results"}}
    with pytest.raises(path_limits.PathLimitError, match=said):
        path_limits.refuse_long_paths({"results": written.get("results", "results/a"), "data_sets": {"": data}})


def test_a_folder_where_mlflow_s_database_cannot_lie_is_refused_and_others_are_not(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for name in ("it's 100% #1 {x} *", "new\nline", "한국어"):
        target.check(tmp_path / name)
    for name in ("why?", 'so "called"', "/".join(["x" * 200] * 3)):
        with pytest.raises(target.StoreError, match=r"at most 500 bytes.*tracking: \{mlflow: false\}"):
            target.check(tmp_path / name)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////var/tmp/mlflow.db")
    target.check(tmp_path / "why?")


@pytest.mark.parametrize("number", ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "ENAMETOOLONG"])
def test_what_the_system_refuses_is_one_sentence(tmp_path, number):
    error = OSError(getattr(errno, number), "no", "results/a")
    assert re.fullmatch(r"\[Errno \d+\] no: 'results/a'\. [A-Z].*\.", system_errors.sentence(error))
    assert system_errors.sentence(OSError(errno.EBADF, "no")) == system_errors.sentence(ValueError()) == ""


def test_what_the_system_refuses_in_a_job_is_said_without_a_traceback(tmp_path):
    code = """
import errno
from butfor.process.log import log_to
log_to("job.log", 1)
raise OSError(errno.EROFS, "no", "results/a")
"""
    assert python(code, tmp_path, PYTHONPATH=str(ROOT / "scripts")).returncode == 1
    said = system_errors.sentence(OSError(errno.EROFS, "no", "results/a"))
    assert (tmp_path / "job.log").read_text() == f"{said}\n"


def test_memory_that_runs_out_is_one_sentence():
    said = system_errors.sentence(MemoryError("Unable to allocate 3 GiB"))
    assert said.startswith("Out of memory: Unable to allocate 3 GiB. Train fewer arms at once (a smaller --cores)")
    assert system_errors.sentence(MemoryError()).startswith("Out of memory. Train")


def test_the_memory_of_a_process_is_the_least_that_machine_group_and_ulimit_allow(tmp_path, monkeypatch):
    whole = memory_limit.memory_limit()
    monkeypatch.setattr(memory_limit, "CGROUPS", tmp_path)
    monkeypatch.setattr(memory_limit, "OWN_GROUPS", tmp_path / "cgroup")
    (tmp_path / "cgroup").write_text("0::/user/job\n")
    (tmp_path / "user" / "job").mkdir(parents=True)
    (tmp_path / "user" / "job" / "memory.max").write_text("max\n")
    (tmp_path / "user" / "memory.max").write_text(f"{whole // 2}\n")
    assert memory_limit.memory_limit() == whole // 2
    monkeypatch.setattr(memory_limit.resource, "getrlimit", lambda _: (whole // 4, whole))
    assert memory_limit.memory_limit() == whole // 4


def test_a_user_without_a_home_folder_may_start(tmp_path, monkeypatch):
    """A container may run as a user whom its system does not know."""
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.chdir(tmp_path)
    results_place.refuse_shared_place(Path("results/a"), "a")


def test_a_time_limit_does_not_count_the_time_for_which_a_job_is_stopped():
    job = subprocess.Popen(["sleep", "60"])
    os.kill(job.pid, signal.SIGSTOP)
    settings = json.dumps({"process": job.pid, "seconds": 0.7, "message": "too long", "note": None})
    watch = subprocess.Popen(
        [sys.executable, time_limit.WATCH, settings], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        time.sleep(2.5)
        assert watch.poll() is None
        os.kill(job.pid, signal.SIGCONT)
        assert watch.wait(30) == 0 and watch.stderr.read() == b"too long\n" and job.wait(30) < 0
    finally:
        job.kill()
        watch.kill()
