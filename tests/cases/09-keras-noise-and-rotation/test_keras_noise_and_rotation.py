"""Noise and augmentation of Keras's own, seeded by parts.key, train in the fastest loop that can run them."""

import json

import pytest

from butfor.records.record import read


@pytest.mark.parametrize("study", ["noise", "rotation", pytest.param("rotation_graph", marks=pytest.mark.long)])
def test_every_arm_trains_and_is_judged(case, study):
    done = case.run("--configfile", f"study_{study}.yaml")
    results = case.folder / "results" / study
    assert done.returncode == 0, done.stdout + done.stderr
    assert read(results / "runs" / "baseline" / "look1" / "seed_0.json").loop == "graph"
    assert not [row["problems"] for row in json.loads((results / "checks.json").read_text()) if row["problems"]]
    log = (results / "logs" / "train" / "baseline_look1.log").read_text()
    assert "Traceback" not in log
    reason = "XLA is slow on a CPU at what its layers draw" if study != "rotation_graph" else "by the graph loop"
    processes = log.count("input_scaling")  # each says both once
    assert log.count(reason) == processes * (study != "rotation_graph") and processes


def test_where_xla_is_asked_for_one_sentence_says_what_to_write(case):
    study = case.folder / "study_rotation_graph.yaml"
    study.write_text(study.read_text().replace("loop: graph", "loop: xla"))
    done = case.run("--configfile", study.name)
    log = (case.folder / "results" / "rotation_graph" / "logs" / "build.log").read_text()
    assert done.returncode == 1 and "Traceback" not in log
    assert "XLA cannot compile it: ImageProjectiveTransformV3 in the layer rotation. Write loop: graph" in log
