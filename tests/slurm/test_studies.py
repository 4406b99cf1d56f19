"""Studies on a real Slurm: the same records as here, GPUs shared out, begun there and continued here, and starts anew."""

import json
import os
import shutil
import signal

import pytest

from butfor.cluster import folder, status, submit
from slurm.box import wait_until
from slurm.study import JOBSCRIPT, Study, stopped_at_the_end, tasks, tiny

pytestmark = pytest.mark.services
TINY = tiny()
USUAL = tiny(
    recipe={**TINY["recipe"], "loop": "auto"},
    ablations={name: TINY["ablations"][name] for name in ("no_decay", "no_dropout")},
)
GPUS = ("--set-resources", "train:gpu=1", "train:mem_mb=1500")


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Three arms of config/tiny.yaml with the loop that studies have by default, run without a cluster."""
    study = Study(tmp_path_factory.mktemp("here"), USUAL)
    done = study.run("--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    return study


@pytest.fixture(scope="module")
def there(box, tmp_path_factory):
    """The same on the cluster, each job with a GPU, without a network, and with a tracking server that is not there."""
    study = Study(tmp_path_factory.mktemp("there"), USUAL)
    (study.folder / "jobscript").write_text(JOBSCRIPT)
    script = study.folder / "scripts" / "follow.py"
    script.write_text('open("followers", "a").write("one\\n")\n' + script.read_text())
    study.finish(*GPUS, "--jobscript", "jobscript")
    return study


def test_records_are_the_same_to_the_bit_without_network_or_database(here, there):
    assert len(here.records()) == 9
    assert there.records() == here.records()
    assert (there.folder / "results" / "tracked.json").exists()


def test_gpus_are_shared_out_one_to_a_job_and_two_jobs_at_a_time(box, there):
    places = there.places()
    assert len(places) == 3
    assert {node for _, node, _, _ in places} == {"c2"}
    assert {gpu for _, _, gpu, _ in places} == {"0", "1"}
    times = {row[0]: (row[1], row[2]) for row in box.jobs(there.folder, "COMPLETED", "%A|%S|%e|%j")}
    spans = [times[number] for number, _, _, _ in places]
    assert max(sum(begin <= moment < end for begin, end in spans) for moment, _ in spans) == 2


def test_what_one_has_done_the_other_does_not_do_again(here, there):
    assert there.would_run() == {}
    assert here.would_run("--workflow-profile", "slurm") == {}


def test_a_study_begun_here_is_continued_there(box, here):
    wanted = here.records()
    shutil.rmtree(here.folder / "results" / "runs" / "no_decay")
    here.finish("--until", "train")
    assert [row[-1].split(".")[2] for row in box.jobs(here.folder)] == ["no_decay"]
    assert here.records() == wanted


def test_one_process_tracks_on_the_head_node(there):
    assert (there.folder / "followers").read_text() == "one\n"


def test_looks_scancel_and_a_start_that_was_killed(box, tmp_path):
    """Two looks; the jobs of the first are cancelled, then the start is killed; nothing is lost or made twice."""
    wanted = {"seeds": [2, 3], "ablations": {"no_dropout": {"set": {"dropout": 0.0}}}, "verdict": {"margin": 0.001}}
    wanted["tracking"] = {"mlflow": False}
    study = Study(tmp_path, tiny(**wanted))
    process = study.start()
    with stopped_at_the_end(process):
        wait_until(lambda: len(box.running(study.folder)) == 2, "the first look's jobs")
        box.ask("scancel", box.running(study.folder)[0])
        wait_until(lambda: len(box.running(study.folder)) == 2, "the cancelled job begins anew")
        os.killpg(process.pid, signal.SIGKILL)
    second, lock = study.start(), study.folder / ".snakemake" / "cluster" / "lock"
    with stopped_at_the_end(second):
        wait_until(lambda: f"process {second.pid} " in lock.read_text(), "the second start")
        third = study.start_refused()
        assert "already" in third.stderr
        assert second.wait(900) == 0, study.said()
    assert "go on and are taken over" in study.said()
    counts = tasks(box.jobs(study.folder))
    assert sorted(counts.values()) == [1] * (len(counts) - 1) + [2]  # the cancelled one was done again, no other
    alone = Study(tmp_path / "alone", tiny(**wanted))
    assert alone.run("results/checks.json", "--quiet").returncode == 0  # which asks for all records
    assert len(study.records()) == 6
    assert study.records() == alone.records()


def test_a_node_that_does_not_see_the_folder_is_named_and_left_alone(box, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    box.stop_node("c1")
    script = tmp_path.parent / "blind.sh"
    script.write_text(f'mount -t tmpfs none {tmp_path} && exec "$@"\n')
    box.start_node("c1", "unshare", "-m", "sh", script)
    wait_until(lambda: box.states() == {"idle"}, "the blind node")
    asked = {"rule": "train", "input": [], "output": ["out"], "wildcards": {}, "params": {}, "threads": 1, "jobid": 0}
    numbers = []
    try:
        for extra in ("--nodelist=c1", ""):
            asked["resources"] = {"slurm_extra": extra}
            path = tmp_path / "jobscript"
            path.write_text(f"#!/bin/sh\n# properties = {json.dumps(asked)}\necho done >out\n")
            numbers.append(submit.submit(path))
            wait_until(lambda: status.status(numbers[-1]) != "running", "its end")
        said = capfd.readouterr().err
        assert "Node c1 gets no more jobs: job " in said and "before it wrote anything into" in said
        assert list(folder.unfit_nodes()) == ["c1"]
        assert (tmp_path / "out").read_text() == "done\n"
    finally:
        box.stop_node("c1")
        box.start_node("c1")


def test_a_silent_slurm_stops_a_start_with_one_message(box, tmp_path):
    study = Study(tmp_path, tiny())
    (tmp_path / "squeue").write_text("#!/bin/sh\necho 'Unable to contact slurm controller' >&2\nexit 1\n")
    (tmp_path / "squeue").chmod(0o755)
    process = study.start(PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert process.wait(60) == 1
    assert study.said().count("\n") == 1
    assert "Nothing was started" in study.said()
    assert not list(study.folder.glob("results/*"))
