"""A model in float16, whose loss Keras scales, and one in bfloat16 get verdicts, and the other arms are untouched."""

import json

from butfor.records.record import read


def test_both_precisions_are_judged_beside_the_plain_one(case):
    done = case.run("--configfile", "study.yaml")
    results = case.folder / "results" / "half"
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row["arm"]: row for row in json.loads((results / "checks.json").read_text())}
    assert {arm: row["problems"] for arm, row in rows.items() if row["problems"]} == {}
    assert {row["outcome"] for row in rows.values()} <= {"proven", "unverified"}
    contrasts = json.loads((results / "contrasts.json").read_text())
    assert {"float16", "bfloat16"} <= {row["arm"] for row in contrasts if row.get("verdict")}
    precisions = {
        arm: {
            row.get("precision", "float32") for row in read(results / "runs" / arm / "look1" / "seed_1.json").structure
        }
        for arm in rows
    }
    assert precisions["baseline"] == {"float32"} and "mixed_float16" in precisions["float16"]
