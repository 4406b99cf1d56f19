"""Noise and augmentation of Keras's own, seeded by parts.key, train in the fastest loop that can run them."""

import json

from butfor.records.record import read


def test_every_arm_trains_and_is_judged(case):
    done = case.run("check", "--configfile", "study.yaml")
    results = case.folder / "results" / "noise_and_rotation"
    assert done.returncode == 0, done.stdout + done.stderr
    assert read(results / "runs" / "baseline" / "look1" / "seed_0.json").loop == "graph"
    assert not [row["problems"] for row in json.loads((results / "checks.json").read_text()) if row["problems"]]
    assert "Traceback" not in (results / "logs" / "train" / "baseline_look1.log").read_text()


def test_where_xla_is_asked_for_one_sentence_says_what_to_write(case):
    """What cannot be built ends the training of its arm alone, with what its building has said."""
    study = case.folder / "study.yaml"
    study.write_text(study.read_text().replace("epochs: 3", "epochs: 3\n  loop: xla"))
    assert case.run("--configfile", study.name, "--until", "build").returncode == 0
    log = (case.folder / "results" / "noise_and_rotation" / "logs" / "build.log").read_text()
    assert "Traceback" not in log
    assert "XLA cannot compile it: ImageProjectiveTransformV3 in the layer rotation. Write loop: graph" in log
