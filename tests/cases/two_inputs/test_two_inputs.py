"""An image and a row of a table as two inputs: a whole study of them, with either left out, weighed and scaled otherwise."""

import json

import keras
import numpy as np

from butfor.records.record import read


def test_a_study_of_an_image_and_a_table(case):
    done = case.run("--configfile", "study.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    results = case.folder / "results" / "two_inputs"
    rows = json.loads((results / "checks.json").read_text())
    assert {row["arm"]: row["outcome"] for row in rows if row["problems"]} == {}
    runs = {arm: read(results / "runs" / arm / "look1" / "seed_0.json") for arm in ("baseline", "weighted", "standard")}
    assert runs["baseline"].data["scaling"] == {"image": "pixels", "notes": "none"}
    assert runs["standard"].data["scaling"] == {"image": "standard", "notes": "standard"}
    assert runs["baseline"].metrics["test/accuracy"] > 0.6
    assert runs["weighted"].history[0]["objective"] != runs["baseline"].history[0]["objective"]
    report = (results / "report.md").read_text()
    assert (
        "image divided by 255, from 0 to 0.941176; notes taken as they are, from -" in report and "by_notes" in report
    )
    path = next((results / "models" / "best" / "baseline").rglob("*.keras"))
    seed = int(path.stem.split("_")[-1])
    kept = read(results / "runs" / "baseline" / "look1" / f"seed_{seed}.json")
    stored = np.load(results / "data" / "arrays.npz")
    inputs = {"image": stored["x_test/image"] / np.float32(255), "notes": stored["x_test/notes"]}
    given = keras.saving.load_model(path, compile=False).predict(inputs, verbose=0)
    assert (given.argmax(axis=1) == stored["y_test"]).mean() == kept.metrics["test/accuracy"]
