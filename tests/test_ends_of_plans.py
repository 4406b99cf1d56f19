"""A start that is to end early, or that is asked for one folder, after a file that the user's data are read from has changed."""

import functools
import json
from types import SimpleNamespace

import numpy as np
import pytest

from butfor.workflow import finished_trainings
from conftest import SMALL

STUDY = {
    "study": "small",
    "seeds": 2,
    "data": {"name": "table_data:load"},
    "recipe": {**SMALL, "epochs": 1},
    "ablations": {"no_dropout": {"set": {"dropout": 0.0}}},
    "tracking": {"mlflow": False},
}
LOAD = """
import numpy as np

def load():
    table = np.loadtxt("table.csv", delimiter=",")
    x, y = table[:, :4].astype(np.float32), table[:, 4].astype(int)
    return x[:200], y[:200], x[200:], y[200:]
"""
MEASURES = "results/small/measures/look1.json"
FOLDER = "results/small/runs/no_dropout/look1"
BOTH = {"baseline", "no_dropout"}


def write_table(folder, seed):
    draws = np.random.default_rng(seed)
    labels = draws.integers(3, size=300)
    points = draws.normal(size=(300, 4)) + 2 * np.eye(3, 4)[labels]
    np.savetxt(folder / "table.csv", np.column_stack([points, labels]), delimiter=",", fmt="%.5f")


def beginnings(copy):
    """When the training of each record began, by arm and seed."""
    records = [json.loads(path.read_text()) for path in copy.folder.glob("results/small/runs/*/look1/seed_*.json")]
    return {(record["arm"], record["seed"]): record["timing"]["started"] for record in records}


@pytest.fixture(scope="module")
def trained(workflow_copy):
    """Gives the study with these metrics, trained and, if there are any, measured; and seeds of further tables."""

    @functools.cache
    def study(*metrics):
        copy = workflow_copy("ends")
        (copy.folder / "table_data.py").write_text(LOAD)
        write_table(copy.folder, seed=0)
        copy.write({**STUDY, "metrics": list(metrics)})
        done = copy.run("check", *([MEASURES] if metrics else []))
        assert done.returncode == 0, done.stdout + done.stderr
        return copy, iter(range(1, 100))

    return study


ENDS = {  # what trains
    ("--until", "train"): BOTH,
    ("--until", "measure"): BOTH,
    ("--until", "data"): set(),
    ("--omit-from", "check"): BOTH,
    (FOLDER,): {"no_dropout"},
}
MEASURED = ("--until", "measure"), ("--omit-from", "check")
OF_METRICS = ("--until", "data"), *MEASURED  # of other ends, what a study that asks for metrics does is a variant


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        pytest.param(
            metrics,
            end,
            id=f"{name}-{' '.join(end)}",
            marks=[pytest.mark.long] * (bool(metrics) != (end in OF_METRICS)),
        )
        for name, metrics in (("no metrics", []), ("metrics", ["f1_macro"]))
        for end in ENDS
        if metrics or end != ("--until", "measure")  # the plan has no such job
    ],
)
def test_what_new_data_ask_for_trains_up_to_the_end_of_the_plan(trained, metrics, words):
    copy, seeds = trained(*metrics)
    before, report, measures = beginnings(copy), copy.folder / "results/small/report.md", copy.folder / MEASURES
    has_metrics = measures.exists()
    date = measures.stat().st_mtime_ns if has_metrics else 0
    write_table(copy.folder, next(seeds))
    dry = copy.run("-n", *words)
    assert "Find, verify and store the data set" in dry.stdout + dry.stderr
    assert beginnings(copy) == before
    done = copy.run(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    after = beginnings(copy)
    assert {arm for arm, _ in after if after[arm, 0] != before.get((arm, 0))} == ENDS[words]
    assert not has_metrics or (measures.stat().st_mtime_ns != date) == (words in MEASURED)
    assert not report.exists()
    again = copy.run(*words)
    assert again.returncode == 0 and beginnings(copy) == after


class Waiting:
    """Stands for what waits for data that are stored by nobody yet."""

    is_forced = False

    def lift_ends(self):
        return None

    def await_each(self, names):
        raise LookupError(*names)


def test_a_data_set_that_was_added_is_asked_for_whatever_else_is_there():
    """Snakemake makes no file anew, or at all, that only a finished file needs: `snakemake check` would find nothing to do."""
    dag = SimpleNamespace(forcefiles=set())
    data = SimpleNamespace(names=["one", "two"], stale=["two"], missing=["data/two/manifest.json"])
    targets = SimpleNamespace(forced=set(), data=data, is_trained=True)
    with pytest.raises(LookupError, match="two"):
        finished_trainings.trained(SimpleNamespace(dag=dag), targets, Waiting(), None)
    assert dag.forcefiles == {"data/two/manifest.json"}
