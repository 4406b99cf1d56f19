"""Why studies do not run on snakemake-executor-plugin-slurm: what it makes of Slurm's answers, as of version 2.8.0.

At the level of its own `check_active_jobs`, which is given what sacct and squeue print (a whole run would hang, which is
the defect). Each is expected to fail, so that a release that mends it is noticed.
"""

import asyncio
import contextlib
import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from butfor.cluster import folder, slurm, status
from conftest import need

pytestmark = pytest.mark.services
defect = pytest.mark.xfail(
    strict=True, reason="a defect of snakemake-executor-plugin-slurm 2.8.0", raises=AssertionError
)


@pytest.fixture
def plugin(monkeypatch):
    """What becomes of jobs 1 and 2 by rounds of answers: a word for each, `running` for those asked about again."""
    folder = Path(sys.prefix) / "slurm-plugin"
    need(folder.exists(), "snakemake-executor-plugin-slurm (make .venv/slurm-plugin)")
    monkeypatch.syspath_prepend(folder)
    import snakemake_executor_plugin_slurm as module

    def rounds(command, *answers, requeue=False):
        said = iter(answers)

        async def answer(*_):
            states = next(said)
            return (None, None) if states is None else (states, 0.1)

        settings = SimpleNamespace(
            init_seconds_before_status_checks=40, status_attempts=1, requeue=requeue, keep_successful_logs=True
        )
        monkeypatch.setattr(module, "query_job_status", answer)
        monkeypatch.setattr(module, "get_min_job_age", lambda: 300)
        monkeypatch.setattr(module, "is_query_tool_available", lambda name: True)
        executor = module.Executor.__new__(module.Executor)
        words = {"1": "forgotten", "2": "forgotten"}
        executor.__dict__.update(
            workflow=SimpleNamespace(executor_settings=settings), logger=logging.getLogger("plugin"), run_uuid="run",
            status_rate_limiter=contextlib.nullcontext(), get_status_command=lambda: command, _failed_nodes=set(),
            _preemption_warning=False, _status_query_calls=0, _status_query_failures=0, _status_query_total_seconds=0.0,
            _status_query_min_seconds=None, _status_query_max_seconds=0.0, _status_query_cycle_rows=[],
            _next_seconds_between_status_checks=40, _missing_status_jobids=set(),
            report_job_success=lambda job: words.update({job.external_jobid: "success"}),
            report_job_error=lambda job, **_: words.update({job.external_jobid: "failed"}),
        )  # fmt: skip

        class Limiter:
            async def __aenter__(self):
                return self

            async def __aexit__(self, *_):
                return None

        executor.status_rate_limiter = Limiter()

        async def ask(jobs):
            return [job async for job in executor.check_active_jobs(jobs)]

        active = [SimpleNamespace(external_jobid=number, aux={"slurm_logfile": None}) for number in "12"]
        for _ in answers:
            words.update({job.external_jobid: "forgotten" for job in active})
            active = asyncio.run(ask(active))
            words.update({job.external_jobid: "running" for job in active})
        return words

    return rounds


def ours(tmp_path, monkeypatch, *answers):
    """The same of our own status command."""
    monkeypatch.chdir(tmp_path)
    for states in answers:
        jobs = states and {number: slurm.Job(number, state, "c1", "", "n", "f") for number, state in states.items()}
        monkeypatch.setattr(status, "current_jobs", lambda jobs=jobs: jobs)
        folder.write(folder.FOLDER / "1.begun", "")
        folder.write(folder.FOLDER / "2.begun", "")
        words = {number: status.status(number) for number in "12"}
    return words


def test_the_harness_sees_what_the_plugin_does_right(plugin):
    assert plugin("squeue", {"1": "CANCELLED", "2": "COMPLETED"}) == {"1": "failed", "2": "success"}
    assert plugin("sacct", {"1": "RUNNING", "2": "COMPLETED"}) == {"1": "running", "2": "success"}


@defect
def test_scancel_is_noticed_under_sacct(plugin):
    assert plugin("sacct", {"1": "CANCELLED by 0", "2": "RUNNING"})["1"] == "failed"


@defect
def test_a_preempted_job_that_is_not_requeued_is_done_again(plugin):
    assert plugin("squeue", {"1": "PREEMPTED", "2": "RUNNING"})["1"] == "failed"


@defect
def test_a_silence_forgets_no_job(plugin):
    assert plugin("squeue", None) == {"1": "running", "2": "running"}


@defect
def test_a_job_that_squeue_no_longer_knows_is_not_waited_for_for_ever(plugin):
    assert plugin("squeue", {"1": "RUNNING", "2": "RUNNING"}, *[{"2": "RUNNING"}] * 50)["1"] != "running"


@defect
def test_a_task_of_an_array_is_not_judged_by_another(plugin, monkeypatch):
    import snakemake_executor_plugin_slurm as module

    assert module._status_lookup_ids("7_1") == ["7_1"]


@defect
def test_an_unknown_state_is_no_success(plugin):
    assert plugin("squeue", {"1": "UNKNOWN", "2": "RUNNING"})["1"] == "running"


def test_ours_has_none_of_these(tmp_path, monkeypatch):
    monkeypatch.setattr(status, "GRACE", 0.0)
    assert ours(tmp_path, monkeypatch, {"1": "CANCELLED", "2": "RUNNING"}) == {"1": "failed", "2": "running"}
    assert ours(tmp_path, monkeypatch, {"1": "PREEMPTED", "2": "UNKNOWN"}) == {"1": "failed", "2": "running"}
    assert ours(tmp_path, monkeypatch, None) == {"1": "running", "2": "running"}
    assert ours(tmp_path, monkeypatch, {"2": "RUNNING"}, {"2": "RUNNING"})["1"] == "failed"
