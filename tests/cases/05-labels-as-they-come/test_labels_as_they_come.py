"""Names as labels train what numbers train, and the report says which is which."""

import json
import subprocess
import sys

from conftest import NUMPY


def metrics(copy, study):
    paths = sorted((copy.folder / "results" / study / "runs").glob("*/look1/seed_*.json"))
    return {
        str(path.relative_to(copy.folder / "results" / study)): json.loads(path.read_text())["metrics"]
        for path in paths
    }


def test_names_train_as_numbers_do(case):
    case.engine = NUMPY  # names are numbered before anything trains
    subprocess.run([sys.executable, "make_labels.py"], cwd=case.folder, check=True)
    for form, words in {"ok": ("--until", "train"), "words": ()}.items():
        done = case.run("--configfile", f"study_{form}.yaml", *words)
        assert done.returncode == 0, done.stdout + done.stderr
    numbers, names = metrics(case, "labels_ok"), metrics(case, "labels_words")
    assert len(numbers) == 4 and numbers == names
    assert all(figures["test/accuracy"] > 0.5 for path, figures in numbers.items() if "baseline" in path)
    report = (case.folder / "results/labels_words/report.md").read_text()
    assert (
        "labels setosa = 0, versicolor = 1, virginica = 2" in report
        and "- Inputs: taken as they are, from 0.1 to 7.9" in report
    )
