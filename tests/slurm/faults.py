"""Faults on the cluster, each put into a small study that must leave what an undisturbed one does: `make slurm-faults`.

Minutes each, because Slurm takes its time to miss a node.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from slurm.box import Box, processes_called, wait_until
from slurm.study import Study, stopped_at_the_end, tasks, tiny

pytestmark = pytest.mark.services
ABLATIONS = {"no_dropout": {"set": {"dropout": 0.0}}}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    study = Study(tmp_path_factory.mktemp("undisturbed"), tiny(ablations=ABLATIONS))
    done = study.run("--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    return study.records()


@pytest.fixture
def study(box: Box, tmp_path: Path) -> Study:
    return Study(tmp_path, tiny(ablations=ABLATIONS))


def training(study: Study) -> list[int]:
    """The processes that train in this study's folder."""
    return list(processes_called(f"{sys.executable} {study.folder}/.snakemake/scripts/"))


def begins(study: Study, count: int = 2) -> None:
    wait_until(lambda: len(study.begun()) >= count and training(study), "trainings under way")


def test_scancel(box, study, undisturbed):
    process = study.start()
    with stopped_at_the_end(process):
        begins(study)
        box.ask("scancel", *box.running(study.folder))
        assert process.wait(900) == 0, study.said()
    assert study.records() == undisturbed
    assert set(tasks(box.jobs(study.folder)).values()) >= {2}


def test_a_node_lost(box, study, undisturbed):
    process = study.start()
    with stopped_at_the_end(process):
        begins(study)
        node = box.jobs(study.folder, "RUNNING")[0][2]
        box.kill_node(node)
        try:
            assert process.wait(900) == 0, study.said()
        finally:
            box.start_node(node)
    assert study.records() == undisturbed


def test_a_node_whose_slurmd_alone_died_has_its_copy_stop(box, study, undisturbed):
    process = study.start()
    with stopped_at_the_end(process):
        begins(study)
        first = training(study)
        for number in first:
            os.kill(number, signal.SIGSTOP)  # a slow copy, that would end long after its successor
        node = box.jobs(study.folder, "RUNNING")[0][2]
        box.kill_daemon(node)
        try:
            wait_until(
                lambda: not any(Path(f"/proc/{number}").exists() for number in first), "the first copies stop", 400
            )
            assert process.wait(900) == 0, study.said()
        finally:
            box.start_node(node)
    assert study.records() == undisturbed


def test_the_time_limit(box, study, undisturbed):
    study.write(tiny(ablations=ABLATIONS, job={"runtime": 2}))
    process = study.start()
    with stopped_at_the_end(process):
        begins(study)
        for number in training(study):
            os.kill(number, signal.SIGSTOP)
        assert process.wait(900) == 0, study.said()
    assert "TIMEOUT" in study.said()
    assert study.records() == undisturbed


def test_too_little_memory(box, study, undisturbed):
    study.write(tiny(ablations=ABLATIONS, job={"mem_mb": 500}))
    script = study.folder / "scripts" / "train.py"
    script.write_text(f"held = b'x' * (500 << 20)\n{script.read_text()}")
    study.finish()
    assert study.records() == undisturbed
    assert max(tasks(box.jobs(study.folder)).values()) > 1


def test_the_controller_restarted(box, study, undisturbed):
    process = study.start()
    with stopped_at_the_end(process):
        begins(study)
        box.stop_controller()
        time.sleep(60)
        box.start_controller()
        assert process.wait(900) == 0, study.said()
    assert study.records() == undisturbed
    assert process.returncode == 0 and "failed" not in study.said().lower()


def test_a_job_that_squeue_forgets_before_anyone_asks(box, study, undisturbed):
    box.ask("scontrol", "setdebug", "info")
    process = study.start("--seconds-between-status-checks", "60")
    with stopped_at_the_end(process):
        assert process.wait(900) == 0, study.said()
    assert study.records() == undisturbed


def test_kill_of_all_processes_of_the_start_and_a_restart(box, study, undisturbed):
    process = study.start()
    begins(study)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    said = study.finish()
    assert "taken over" in said or "taken up" in said
    assert study.records() == undisturbed
