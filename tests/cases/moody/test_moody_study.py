"""A study some of whose arms have a model that raises, ends its process or cannot be built: the others go on."""

import re
import shutil
from collections import Counter
from pathlib import Path

from conftest import KERAS, ROOT

MODEL = {"name": "moody:build"}
RECIPE = {"epochs": 2, "batch_size": 32, "loop": "graph", "learning_rate": 0.01}


def test_the_other_arms_go_on_and_the_partial_report_says_what_is_missing_and_why(workflow_copy):
    copy = workflow_copy("moody", KERAS)
    for name in ("moody.py", "moody.yaml"):
        shutil.copy(ROOT / "tests" / name, copy.folder)
    recipe = {**RECIPE, "model": {**MODEL, "mood": "calm"}}
    moods = {mood: {"set": {"model.mood": mood}} for mood in ("raises", "ends")}
    unbuilt = {"unbuilt": {"set": {"model.building": "ends"}}, "integers": {"set": {"model.mood": "integers"}}}
    ablations = {**moods, **unbuilt, "more": {"set": {"learning_rate": 0.02}}}
    rest = {"seeds": 2, "data": "digits", "tracking": {"mlflow": False}}
    copy.write({"study": "m", "recipe": recipe, "ablations": ablations, **rest})
    done = copy.run()
    runs = copy.folder / "results" / "m" / "runs"
    assert done.returncode == 1
    tries = Counter(re.findall(r"log: results/m/logs/train/(\w+)_look1.log", done.stdout + done.stderr))
    assert tries["unbuilt"] == tries["integers"] < tries["raises"]  # a refusal is not tried again
    assert {path.parent.name for path in runs.glob("*/look1")} == {"baseline", "more"}
    assert copy.run("partial").returncode == 0
    report = (copy.folder / "results" / "m" / "partial" / "report.md").read_text()
    missing = "Not trained at all yet: `raises`, `ends`, `unbuilt`, `integers`."
    assert "4 of 12 planned runs are here" in report and missing in report
    assert re.search(
        r"> - `raises`, look1, at seed 0: OwnCodeError.*Log: `results/m/logs/train/raises_look1.log`", report
    )
    assert re.search(r"> - `ends`, look1, at seed 0: its process ended without an error message", report)
    assert Path(copy.folder, "results/m/logs/train/raises_look1.log").is_file()
    assert re.search(
        r"> - `unbuilt`, look1: moody:build: building unbuilt, its process ended without an error message", report
    )
    assert re.search(
        r"> - `integers`, look1: integers: moody:build: .*received int32.*results/m/logs/build.log", report
    )
    assert copy.would_run()["build"] == 1
