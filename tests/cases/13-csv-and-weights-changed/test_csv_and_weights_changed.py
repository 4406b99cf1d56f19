"""A CSV that the data function reads and weights that the model reads: what trains when either changes."""

import json
import subprocess
import sys

RESULTS = "results/points"


def make(case, *words):
    subprocess.run([sys.executable, "make_points.py", *words], cwd=case.folder, check=True)


def runs(case):
    paths = sorted((case.folder / RESULTS / "runs").glob("*/look1/seed_*.json"))
    records = [json.loads(path.read_text()) for path in paths]
    return {(record["arm"], record["seed"]): record for record in records}


def trained(case):
    """The arms that a start trains, and the records it leaves."""
    before = {record["timing"]["started"] for record in runs(case).values()}
    done = case.run("check", "--configfile", "study.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    after = runs(case)
    return {arm for (arm, _), record in after.items() if record["timing"]["started"] not in before}, after


def accuracy(records):
    return sum(record["metrics"]["test/accuracy"] for record in records.values()) / len(records)


def test_what_reads_a_changed_file_trains_again(case):
    make(case)
    first, mislabelled = trained(case)
    assert first == {"baseline", "from_scratch"}
    assert case.would_run("check", "--configfile", "study.yaml") == {}
    make(case, "fixed")
    every, right = trained(case)
    assert every == {"baseline", "from_scratch"} and accuracy(right) > accuracy(mislabelled) + 0.1
    make(case, "fixed", "weights")
    assert trained(case)[0] == {"baseline"}
    assert case.would_run("check", "--configfile", "study.yaml") == {}
