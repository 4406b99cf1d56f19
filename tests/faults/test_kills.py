"""Processes killed and stopped: whoever is hit, the same command ends as if nothing had happened."""

import contextlib
import os
import random
import shutil
import signal
import time

import pytest
from harness import STUDY, Study, check, content, finished, gone, kill, resume, study, undisturbed, until

SECONDS = 2.0  # about what a training job takes here, Python's start included


@pytest.mark.parametrize("times", [4, pytest.param(20, marks=pytest.mark.long)])
def test_trainings_killed_at_random_moments(study, undisturbed, times):
    chance, kills = random.Random(0), 0
    while kills < times:
        start = study.start("--until", "train")
        while start.process.poll() is None and kills < times:
            start.wait_for_job()
            time.sleep(chance.uniform(0, SECONDS))
            hit = start.jobs()[:1]
            kill(hit)
            kills += len(hit)
            until(lambda hit=hit: gone(hit))
        if start.end()[0] == 0 and kills < times:
            assert records(study) == {name: undisturbed[name] for name in undisturbed if name.startswith("runs/")}
            shutil.rmtree(study.results / "runs")
    check(study, undisturbed, "kill -9 of a training", resume(study), kills)


def records(study):
    return {name: found for name, found in content(study.results).items() if name.startswith("runs/")}


@pytest.mark.parametrize("repeats", [2, pytest.param(4, marks=pytest.mark.long)])
def test_a_start_killed_at_random_moments(study, undisturbed, repeats):
    """Snakemake alone, whose jobs are to end with it, and everything at once, in turn."""
    chance = random.Random(1)
    for _ in range(repeats):
        for whom in (1, None):
            start = study.start()
            start.wait_for_job()
            time.sleep(chance.uniform(0, SECONDS))
            everything = start.everything()
            kill(everything[:whom])
            start.process.wait()
    seconds = resume(study)
    assert gone(everything)
    check(study, undisturbed, "kill -9 of snakemake, and of everything", seconds, 2 * repeats)


@pytest.mark.long
def test_jobs_and_follower_end_with_a_start_that_is_killed(study, undisturbed):
    start = study.start()
    start.wait_for_job()
    everything = start.everything()
    assert len(everything) >= 3
    kill(everything[:1])
    start.process.wait()
    until(lambda: gone(everything), 30)
    check(study, undisturbed, "kill -9 of snakemake, restart later", resume(study))


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_start_that_is_stopped(study, undisturbed, number):
    start = study.start()
    start.wait_for_job()
    time.sleep(1)
    everything = start.everything()
    if number == signal.SIGINT:  # as Ctrl-C: the terminal sends it to the whole group
        kill([process for process in everything if "follow.py" not in " ".join(process.cmdline())], number)
    else:
        kill(everything[:1], number)
    status, out = start.end()
    assert status == 1 and "Traceback (most" not in out.replace("KeyboardInterrupt", ""), out
    by = "Ctrl-C" if number == signal.SIGINT else "SIGTERM"
    assert f"\nStopped by {by}. The same command goes on" in out, out
    assert not list(study.folder.glob(".snakemake/locks/*"))
    until(lambda: gone(everything), 30)
    check(study, undisturbed, number.name, resume(study))


@pytest.mark.long
@pytest.mark.parametrize("pause", [0.3, 0.05], ids=["jobs have ended", "jobs end"])
def test_ctrl_c_twice_in_every_phase(study, undisturbed, pause):
    """As a terminal sends it: to the start and its jobs, not to the follower, which has a session of its own."""
    phases = ("data.py", "train.py", "compare.py", "figures.py", "report.py", "track.py")
    for script in phases:
        start = study.start()
        start.wait_for_job(script)
        for _ in range(2):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(start.process.pid, signal.SIGINT)
            time.sleep(pause)
        status, out = start.end()
        last = out.splitlines()[-2:]  # what there is may be reported on, which is said last
        assert status != 0 and any(line.startswith("Stopped by Ctrl-C.") for line in last), (script, out)
        assert not list(study.folder.glob(".snakemake/locks/*")), script
    check(study, undisturbed, "Ctrl-C twice in every phase", resume(study), len(phases))


@pytest.mark.long
def test_a_terminal_that_is_closed(study, undisturbed):
    start = study.start()
    start.wait_for_job()
    time.sleep(1)
    everything = start.everything()
    os.killpg(start.process.pid, signal.SIGHUP)
    assert start.end()[0] != 0
    until(lambda: gone(everything), 30)
    check(study, undisturbed, "terminal closed", resume(study))


@pytest.mark.long
def test_a_second_start_is_refused_and_the_first_goes_on(study, undisturbed):
    start = study.start()
    start.wait_for_job()
    out = study.folder / "out.txt"
    first = out.rename(out.with_name("first.txt"))
    status, said = study.run()
    assert status == 1 and "Another start is at work on results/small, or one was killed" in said
    assert "Traceback" not in said and first.exists()
    assert start.end()[0] == 0
    check(study, undisturbed, "second start", resume(study))


@pytest.mark.long
def test_a_second_start_without_locks_does_no_harm(study, undisturbed):
    start = study.start()
    start.wait_for_job()
    (study.folder / "out.txt").rename(study.folder / "first.txt")
    second = study.start("--nolock")
    start.end(), second.end()
    check(study, undisturbed, "second start with --nolock", resume(study))


@pytest.mark.long
def test_a_long_training_goes_on_from_its_checkpoint_to_the_bit(workflow_copy):
    found = []
    for name in ("whole", "cut"):
        study = Study(workflow_copy(name), {**STUDY, "recipe": {**STUDY["recipe"], "epochs": 300}})
        study.edit("butfor/training/checkpoint.py", "EVERY = 60.0", "EVERY = 0.05")
        start = study.start("--until", "train")
        for _ in range(2 if name == "cut" else 0):
            until(lambda study=study: list(study.results.glob("runs/*/.unfinished/*/*.npz")))
            time.sleep(0.3)
            jobs = start.jobs()
            kill(jobs)
            until(lambda jobs=jobs: gone(jobs))
        start.end()
        assert study.run("--until", "train")[0] == 0
        found.append(content(study.results))
        logs = "".join(path.read_text() for path in (study.results / "logs" / "train").iterdir())
        assert ("goes on after epoch" in logs) == (name == "cut")
    assert found[0] == found[1] and sum("seed_" in name for name in found[0]) == 4
