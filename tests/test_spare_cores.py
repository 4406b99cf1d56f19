"""Cores that would have nothing to do train seeds of the last jobs of a look, and the records are the same."""

import itertools
import json
from types import SimpleNamespace

import pytest
from snakemake.exceptions import IncompleteCheckpointException

from butfor.outlook.run_seconds import RunSeconds
from butfor.outlook.shared_jobs import seconds_of_jobs
from butfor.workflow import spare_cores
from butfor.workflow.spare_cores import START, processes_of
from conftest import SMALL

STUDY = {
    "study": "odd",
    "seeds": 4,
    "data": {"name": "digits"},
    "recipe": {**SMALL, "epochs": 1},
    "ablations": {"no_dropout": {"set": {"dropout": 0.0}}, "l2": {"set": {"l2": 1.0e-4}}},
    "tracking": {"mlflow": False},
}

ONE_EACH = {"baseline": 1, "no_dropout": 1, "l2": 1}
SHARED = {**ONE_EACH, "baseline": 2}


def soonest(jobs, seeds, places):
    """When the last of some jobs ends, by every way to give them processes, each started as soon as it has its places."""
    took = {count: START - (-seeds // count) for count in range(1, min(seeds, places) + 1)}
    return min(_ended(way, took, places) for way in itertools.combinations_with_replacement(took, jobs))


def _ended(way, took, places):
    free, ends = [0.0] * places, [0.0]
    for processes in sorted(way, reverse=True):
        end = sorted(free)[processes - 1] + took[processes]
        free = sorted([*sorted(free)[processes:], *[end] * processes])
        ends.append(end)
    return max(ends)


@pytest.mark.parametrize("jobs, seeds, places", list(itertools.product([1, 2, 3, 4, 5], [1, 2, 3, 5], [1, 2, 3, 4, 8])))
def test_a_look_ends_nearly_as_soon_as_it_could(jobs, seeds, places):
    each = processes_of(jobs, seeds, places)
    took = {count: START - (-seeds // count) for count in range(1, seeds + 1)}
    assert len(each) == jobs and max(each) <= min(seeds, places)
    alone = _ended([1] * jobs, took, places)
    ended = _ended(each, took, places)
    assert ended <= alone
    assert ended <= 1.2 * soonest(jobs, seeds, places)


@pytest.mark.parametrize(
    "asked, each",
    [
        ((21, 5, 2), [2] + [1] * 20),  # the example study on two cores
        ((21, 5, 16), [3] * 5 + [1] * 16),
        ((4, 3, 2), [1] * 4),  # nothing would be idle
        ((4, 3, 16), [3] * 4),
        ((1, 5, 64), [5]),
        ((10_000, 5, 16), [1] * 10_000),
        ((0, 5, 16), []),
    ],
)
def test_only_what_would_be_idle_is_used(asked, each):
    assert processes_of(*asked) == each


def test_while_a_look_is_to_be_decided_anew_its_jobs_have_one_process_and_later_their_share(
    planned, monkeypatch, tmp_path
):
    decided = []

    def lacking(*_):
        if not decided:
            raise IncompleteCheckpointException("decide", "looks/look1.json")
        return [{"arm": "baseline", "seeds": [0, 1, 2, 3]}]

    training = {"arm": "baseline", "seeds": [0, 1, 2, 3]}
    targets = SimpleNamespace(is_dry_run=False, training=lambda arm, look: training)
    monkeypatch.setattr(spare_cores, "lacking_trainings", lacking)
    settings, plan = planned("{data: digits, ablations: {a: {set: {dropout: 0.5}}}}")
    settings["results"] = str(tmp_path)
    found = spare_cores.SpareCores(settings, plan, targets, asked=list, cores=4)
    assert found.processes("baseline", "look2") == 1
    decided.append("look1")
    assert found.processes("baseline", "look2") == 4


def test_a_further_attempt_has_no_more_processes_than_seeds_are_lacking(planned, monkeypatch, tmp_path):
    training = {"arm": "baseline", "seeds": [0, 1, 2, 3]}
    targets = SimpleNamespace(is_dry_run=False, training=lambda arm, look: training)
    monkeypatch.setattr(spare_cores, "lacking_trainings", lambda *_: [training])
    settings, plan = planned("{data: digits, ablations: {a: {set: {dropout: 0.5}}}}")
    settings["results"] = str(tmp_path)
    found = spare_cores.SpareCores(settings, plan, targets, asked=list, cores=4)
    assert found.processes("baseline", "look1") == 4
    waiting = tmp_path / "runs" / "baseline" / ".unfinished" / "mark"
    waiting.mkdir(parents=True)
    for seed, left in ((0, 3), (2, 2), (3, 1), (1, 1)):
        (waiting / f"seed_{seed}.json").touch()
        assert found.processes("baseline", "look1", attempt=2 + seed) == left, "a job has one in any case"
    assert found.processes("baseline", "look1") == 4, "what a job has does not change while it runs"


@pytest.mark.parametrize("places, seconds", [(1, [67.0, 67.0]), (2, [67.0, 67.0]), (3, [27.0] * 6)])
def test_a_plan_counts_processes_as_jobs(places, seconds):
    """A start of 2 s, a compilation of 5 s, and six runs of 10 s, or of what is left of them."""
    times = {arm: RunSeconds(5.0, 10.0, "") for arm in ("a", "b")}
    found = seconds_of_jobs([], {"a": 6, "b": 6}, times, 2.0, places)
    assert found == seconds


def processes(copy):
    """By arm, those that have trained: each says once how inputs are scaled."""
    logs = copy.folder.glob("results/odd/logs/train/*_look1.log")
    return {log.name.removesuffix("_look1.log"): log.read_text().count("input_scaling") for log in logs}


def metrics(copy):
    records = [json.loads(path.read_text()) for path in copy.folder.glob("results/odd/runs/*/look1/seed_*.json")]
    return {(one["arm"], one["seed"]): (one["metrics"], one["machine"]["device"], one["layers"]) for one in records}


@pytest.fixture(scope="module")
def alone(workflow_copy):
    """What the study's runs come to on one core."""
    copy = workflow_copy("alone")
    copy.write(STUDY)
    done = copy.run("--cores", "1", "check")
    assert done.returncode == 0, done.stderr
    assert processes(copy) == ONE_EACH
    return metrics(copy)


@pytest.mark.parametrize(
    "more, given",
    [
        pytest.param([], SHARED, id="no word"),
        pytest.param(["--set-threads", "train=1"], ONE_EACH, marks=pytest.mark.cases),
        pytest.param(["--resources", "processes=1"], SHARED, marks=pytest.mark.cases),
        pytest.param(["--max-threads", "1"], ONE_EACH, marks=[pytest.mark.cases, pytest.mark.long]),
        pytest.param(["--resources", "mem_mb=3000"], ONE_EACH, marks=[pytest.mark.cases, pytest.mark.long]),
    ],
)
def test_the_baseline_has_the_core_that_is_left_and_the_same_records(workflow_copy, alone, more, given):
    copy = workflow_copy("odd")
    copy.write(STUDY)
    done = copy.run("check", "--cores", "2", *more)
    assert done.returncode == 0, done.stderr
    assert processes(copy) == given
    assert metrics(copy) == alone
    again = copy.run("--cores", "2", "check")
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_folder_that_is_asked_for_has_all_cores(workflow_copy, alone):
    copy = workflow_copy("named")
    copy.write(STUDY)
    done = copy.run("--cores", "3", "results/odd/runs/l2/look1")
    assert done.returncode == 0, done.stderr
    assert processes(copy) == {"l2": 2}  # four seeds would take three as long
    assert metrics(copy).items() <= alone.items()
