"""Recurrent layers that drop nothing train in any loop, and their runs repeat to the bit."""

import json
import shutil

from butfor.records.record import read

LASTING = ("metrics", "history", "draws", "layers", "trial")


def test_the_three_cells_train_and_a_repeated_run_is_the_same(case, monkeypatch):
    done = case.run("check", "--configfile", "study.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    results = case.folder / "results" / "rows"
    for arm in ("baseline", "gru", "plain"):
        assert read(results / "runs" / arm / "look1" / "seed_1.json").metrics["test/accuracy"] > 0.4
    rows = json.loads((results / "checks.json").read_text())
    assert {row["arm"]: row["outcome"] for row in rows if row["problems"]} == {}
    run = results / "runs" / "baseline" / "look1" / "seed_1.json"
    first = read(run)
    shutil.rmtree(run.parent)
    monkeypatch.setenv("PYTHONHASHSEED", "1")  # in an interpreter that orders its sets otherwise
    assert case.run("--configfile", "study.yaml", "--until", "train").returncode == 0
    assert {key: getattr(read(run), key) for key in LASTING} == {key: getattr(first, key) for key in LASTING}
