"""Shares of GPUs, on made-up devices: processes that come by one each, and what a killed one frees."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from butfor.process import gpu_shares
from butfor.process.gpu_shares import lock_folder, take_share
from butfor.records import provenance
from butfor.records.provenance import visible_gpus
from butfor.workflow import planning
from conftest import ROOT

JOB = """
import os, sys, time
from pathlib import Path
from butfor.process.gpu_shares import take_share
share = take_share(sys.argv[3:], int(sys.argv[2]), Path(sys.argv[1]))
print(share.device, share.number, os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
time.sleep(600)
"""


@pytest.fixture
def jobs(tmp_path):
    """Starts processes that take a share each of some devices and live on."""
    env = {key: value for key, value in os.environ.items() if key not in ("SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES")}
    env["PYTHONPATH"] = str(ROOT / "scripts")
    with ExitStack() as running:

        def start(devices, share):
            asked = [sys.executable, "-c", JOB, tmp_path, str(share), *devices]
            process = running.enter_context(subprocess.Popen(asked, env=env, stdout=subprocess.PIPE, text=True))
            running.callback(process.kill)
            return process

        yield start


def taken(job):
    """The device and the share that a job came by, once it has."""
    device, number, seen = job.stdout.readline().split()
    assert seen == device
    return device, int(number)


def test_jobs_spread_over_all_devices_before_they_share_one(jobs):
    assert [taken(jobs(["0", "1"], 2)) for _ in range(4)] == [("0", 0), ("1", 0), ("0", 1), ("1", 1)]


def test_jobs_that_begin_at_once_have_a_share_each(jobs):
    running = [jobs(["0", "1"], 3) for _ in range(6)]
    assert len(set(map(taken, running))) == 6


def test_what_a_killed_job_held_the_next_one_takes(jobs):
    first, second = jobs(["GPU-a", "GPU-b"], 1), jobs(["GPU-a", "GPU-b"], 1)
    shares = {taken(first): first, taken(second): second}
    waiting = jobs(["GPU-a", "GPU-b"], 1)
    killed = ("GPU-b", 0)
    shares[killed].send_signal(signal.SIGKILL)
    assert taken(waiting) == killed
    assert all(job.poll() is None for share, job in shares.items() if share != killed)


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (None, ["0", "1", "2"]),
        ("2,0", ["2", "0"]),
        ("GPU-1a2b, MIG-3c", ["GPU-1a2b", "MIG-3c"]),
        ("1,-1,0", ["1"]),
        ("1,1", ["1"]),
        ("-1", []),
        ("", []),
        ("NoDevFiles", []),
    ],
)
def test_devices_are_those_that_the_environment_names(tmp_path, named, found):
    for name in ("nvidia0", "nvidia3", "nvidia5", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    environment = {} if named is None else {"CUDA_VISIBLE_DEVICES": named}
    assert visible_gpus(environment, tmp_path) == found
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "0"}, tmp_path / "none") == []


@pytest.mark.parametrize(
    ("engine", "library", "usable"),
    [
        ("", "nvidia", 2),
        ("", "jax_plugins", 0),
        ("jax", "jax_plugins", 2),
        ("jax", "nvidia", 0),
        ("butfor.jax_engine.jax_engine:JaxEngine", "jax_plugins", 2),
        ("mine:Engine", "nvidia", 2),
    ],
)
def test_gpus_count_where_the_engines_own_library_can_use_them(monkeypatch, engine, library, usable):
    monkeypatch.setenv("BUTFOR_ENGINE", engine)
    monkeypatch.setattr(provenance, "visible_gpus", lambda: ["0", "1"])
    monkeypatch.setattr(provenance.importlib.util, "find_spec", lambda name: name == library or None)
    assert provenance.gpus() == usable


def test_what_slurm_has_granted_is_shared_within_its_job_and_a_single_device_is_the_jobs_own(monkeypatch, tmp_path):
    monkeypatch.setattr(gpu_shares, "_held", [])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    plain = lock_folder()
    monkeypatch.setenv("SLURM_JOB_ID", "42")
    assert lock_folder() != plain and lock_folder().name.endswith("-42")
    assert take_share(["0"], 1, tmp_path) is None
    assert list(tmp_path.iterdir()) == [] and os.environ["CUDA_VISIBLE_DEVICES"] == "0,1"
    share = take_share(["0", "1"], 1, tmp_path)
    assert (share.device, os.environ["CUDA_VISIBLE_DEVICES"]) == ("0", "0")
    assert take_share(["0", "1"], 1, tmp_path) is share  # a process has one
    share.file.close()


def test_an_mps_server_is_told_by_its_control_pipe(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_MPS_PIPE_DIRECTORY", str(tmp_path))
    assert not gpu_shares.mps_runs()
    (tmp_path / "control").touch()
    assert gpu_shares.mps_runs()


@pytest.mark.parametrize(
    ("gpus", "given", "nodes", "expected"),
    [(2, {}, None, {"gpu": 8}), (2, {"gpu": 1}, None, {}), (2, {}, 100, {}), (0, {}, None, {})],
    ids=["own", "command line", "cluster", "no GPU"],
)
def test_a_start_has_as_many_shares_as_devices_and_study_give(monkeypatch, gpus, given, nodes, expected):
    monkeypatch.setattr(planning, "gpus", lambda: gpus)
    registered = {}
    resources = {**given, "_nodes": SimpleNamespace(value=nodes)}
    workflow = SimpleNamespace(global_resources=resources, register_resource=registered.__setitem__)
    planning.share_gpus(workflow, 4)
    assert registered == expected
