"""What trains again after a change, and what does not: a table of changes to a finished study, each made to a copy of it.

docs/what-trains-again.md holds the same table; WRITE_DOCS=1 writes it.
"""

import json
import os
import re
import shutil

import numpy as np
import pytest

from conftest import ROOT, SMALL, Workflow

DOCS = ROOT / "docs" / "what-trains-again.md"
RESULTS = "results/small"
STUDY = {
    "study": "small",
    "seeds": 3,
    "data": {"name": "points_data:load", "depends": ["notes/*.txt"]},
    "recipe": {**SMALL, "l2": 0.001, "epochs": 1},
    "ablations": {
        "no_dropout": {"set": {"dropout": 0.0}},
        "wide": {"set": {"model.widths": [16]}},
        "exploding": {"set": {"learning_rate": 1.0e30, "optimiser": "sgd"}},
    },
    "keep": {"predictions": True},
    "tracking": {"mlflow": False},
}
LOAD = """
import numpy as np
from mylib import scaled

def load():
    table = np.loadtxt("points.csv", delimiter=",")
    x, y = scaled(table[:, :4]).astype(np.float32), table[:, 4].astype(int)
    return x[:400], y[:400], x[400:], y[400:]
"""
EVERY = ["baseline", "no_dropout", "wide", "exploding"]
NOTHING = []


def csv(folder, seed=1):
    draws = np.random.default_rng(seed)
    labels = draws.integers(3, size=600)
    points = draws.normal(size=(600, 4)) + 2 * np.eye(3, 4)[labels]
    np.savetxt(folder / "points.csv", np.column_stack([points, labels]), delimiter=",", fmt="%.5f")


def study(**changes):
    """A change of the study file."""
    return lambda copy: copy.write({**STUDY, **changes})


def ablations(change):
    """A change of the study's ablations, made to a copy of them."""

    def make(copy):
        arms = json.loads(json.dumps(STUDY["ablations"]))
        copy.write({**STUDY, "ablations": change(arms) or arms})

    return make


def appended(path, text="\nEDITED = 1\n"):
    return lambda copy: (copy.folder / path).write_text((copy.folder / path).read_text() + text)


def replaced(path, old, new, date=None):
    """A change of a file's content; `date`: its new date, in seconds since 1970, as `cp -p` and `tar x` leave it."""

    def make(copy):
        file = copy.folder / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
        if date:
            os.utime(file, (date, date))

    return make


def touched(copy):
    for path in [*copy.folder.glob("*.*"), *(copy.folder / "mylib").iterdir(), *copy.folder.rglob("scripts/**/*.py")]:
        path.touch()


def new_csv(copy):
    csv(copy.folder, seed=2)
    os.utime(copy.folder / "points.csv", (1e9, 1e9))


def moved(copy):
    """The checkout, with all that is in it, under another name."""
    copy.folder = copy.folder.rename(copy.folder.with_name("renamed"))


def results_moved(copy):
    (copy.folder / RESULTS).rename(copy.folder / "elsewhere")
    copy.write({**STUDY, "results": "elsewhere"})


def copied_without_dates(copy):
    shutil.copytree(copy.folder / RESULTS, copy.folder / "elsewhere", copy_function=shutil.copyfile)
    copy.write({**STUDY, "results": "elsewhere"})


def in_a_fresh_checkout(copy):
    """Only the results are taken along: none of Snakemake's notes."""
    shutil.rmtree(copy.folder / ".snakemake")


def fresh_and_changed(copy):
    in_a_fresh_checkout(copy)
    study(ablations={**STUDY["ablations"], "wide": {"set": {"model.widths": [24]}}})(copy)


def deleted(copy):
    shutil.rmtree(copy.folder / RESULTS / "runs" / "wide" / "look1")


def without_predictions(copy, arm="*"):
    for path in (copy.folder / RESULTS).glob(f"runs/{arm}/look1/*.predictions.npz"):
        path.unlink()


def first_metric(copy):
    """Runs were trained before any metric needed what they predict."""
    study(keep={})(copy)
    without_predictions(copy)
    assert would_train(copy) == NOTHING
    study(keep={}, metrics=["f1_macro"])(copy)


def gap(metric):
    """A claim on what a metric is worse by on the test set than on training examples."""
    return {"gap": {"sentence": "It over-fits.", "arm": "wide", "expect": "hurts", "metric": f"gap/{metric}"}}


def touched_and_taken_back(copy):
    study(recipe={**STUDY["recipe"], "l2": 0.002})(copy)
    assert copy.run("--touch", "check").returncode == 0
    copy.write(STUDY)


def renamed(arms):
    arms["broad"] = arms.pop("wide")


def swapped(arms):
    arms["wide"], arms["no_dropout"] = arms["no_dropout"], arms["wide"]


def changed_and_taken_back(copy):
    study(ablations={**STUDY["ablations"], "wide": {"set": {"model.widths": [24]}}})(copy)
    assert trained(copy) == ["wide"]
    copy.write(STUDY)


def arrays_changed_and_taken_back(copy):
    replaced("mylib/core.py", "x * 1.0", "x * 2.0")(copy)
    assert sorted(trained(copy)) == sorted(EVERY)
    replaced("mylib/core.py", "x * 2.0", "x * 1.0")(copy)


CHANGES = {  # what is changed: how, and what trains
    "`touch` of every file": (touched, NOTHING),
    "the checkout's folder renamed": (moved, NOTHING),
    "the results folder renamed": (results_moved, NOTHING),
    "the results folder copied without dates (`cp -r`)": (copied_without_dates, NOTHING),
    "the results taken into a fresh checkout": (in_a_fresh_checkout, NOTHING),
    "the results taken into a fresh checkout, an arm's setting changed": (fresh_and_changed, ["wide"]),
    "an arm renamed": (ablations(renamed), NOTHING),
    "the names of two arms exchanged": (ablations(swapped), NOTHING),
    "arms in another order": (ablations(lambda arms: dict(reversed(arms.items()))), NOTHING),
    "an arm taken out": (ablations(lambda arms: {"wide": arms["wide"]}), NOTHING),
    "an arm added": (ablations(lambda arms: arms.update(more={"set": {"dropout": 0.5}})), ["more"]),
    "an arm's setting changed": (
        ablations(lambda arms: arms.update(wide={"set": {"model.widths": [24]}})),
        ["wide"],
    ),
    "an arm's setting changed, trained and taken back": (changed_and_taken_back, NOTHING),
    "a default of the recipe written out": (study(recipe={**STUDY["recipe"], "l1": 0}), NOTHING),
    "a value of the recipe changed": (study(recipe={**STUDY["recipe"], "l2": 0.002}), EVERY),
    "two values of the recipe exchanged": (study(recipe={**STUDY["recipe"], "l2": 0.1, "dropout": 0.001}), EVERY),
    "`seeds: 3` to `seeds: 4`": (study(seeds=4), [f"{arm}, seed 3" for arm in EVERY]),
    "`seeds: 3` to `seeds: 2`": (study(seeds=2), NOTHING),
    "`seeds: 3` to looks after 2 and 3 seeds, `seeds: [2, 3]`": (study(seeds=[2, 3]), NOTHING),
    "`first_seed: 0` to `first_seed: 1`": (study(first_seed=1), [f"{arm}, seed 3" for arm in EVERY]),
    "the margin, alpha or metric of verdicts": (study(verdict={"margin": 98.0, "alpha": 0.1}), NOTHING),
    "a metric added, or made to decide, where predictions are kept": (
        study(metrics={"f1_macro": {"primary": True}, "roc_auc": {"margin": "2 %"}}),
        NOTHING,
    ),
    "the first metric, where no predictions are kept": (first_metric, EVERY),
    "predictions that are not kept any more (`keep`, `metrics` taken out)": (study(keep={}), NOTHING),
    "the first claim on a metric of training examples": (
        study(metrics=["f1_macro"], claims=gap("f1_macro")),
        ["baseline", "no_dropout", "wide"],  # diverged runs predict nothing
    ),
    "a claim on accuracy or loss of training examples": (study(claims=gap("loss")), NOTHING),
    "an arm's predictions deleted": (lambda copy: without_predictions(copy, "wide"), ["wide"]),
    "`log_level`, `question`, `max_minutes`": (study(log_level=2, question="Why?", max_minutes=9), NOTHING),
    "a comment, a docstring or a message of butfor's code": (
        replaced("scripts/butfor/training/run.py", '"""One run', '"""So: one run'),
        NOTHING,
    ),
    "a line of the code that trains": (appended("scripts/butfor/training/run.py"), EVERY),
    "a line of the code that trains, with an old date (`cp -p`)": (
        replaced("scripts/butfor/training/run.py", "import time\n", "import time\nX = 1\n", 1e9),
        EVERY,
    ),
    "a line of the code that judges or reports": (appended("scripts/butfor/report/report.py"), NOTHING),
    "where files lie, how errors are worded": (appended("scripts/butfor/records/results_folder.py"), NOTHING),
    "code that fetches or prepares data, with equal arrays": (appended("scripts/butfor/data/fetch.py"), NOTHING),
    "a comment in the user's own code": (appended("mylib/core.py", "\n# edited\n"), NOTHING),
    "the user's own package, with equal arrays": (replaced("mylib/core.py", "x * 1.0", "1.0 * x"), NOTHING),
    "the user's own package, with other arrays": (replaced("mylib/core.py", "x * 1.0", "x * 2.0"), EVERY),
    "the arrays changed, trained and taken back": (arrays_changed_and_taken_back, NOTHING),
    "a file that the user's code reads, with an old date": (new_csv, EVERY),
    "a file declared by `depends`, with equal arrays": (appended("notes/a.txt"), NOTHING),
    "another recipe with `--touch`, then the old one again": (touched_and_taken_back, NOTHING),
    "a folder of records deleted": (deleted, ["wide"]),
}  # fmt: skip


VARIANTS = {  # of other rows, so that they are in the long tests
    "the results folder copied without dates (`cp -r`)",
    "the results taken into a fresh checkout, an arm's setting changed",
    "the names of two arms exchanged",
    "arms in another order",
    "two values of the recipe exchanged",
    "a claim on accuracy or loss of training examples",
    "a line of the code that trains, with an old date (`cp -p`)",
    "where files lie, how errors are worded",
    "the arrays changed, trained and taken back",
}


@pytest.fixture(scope="module")
def finished(workflow_copy):
    """The study, run once."""
    copy = workflow_copy("again")
    (copy.folder / "points_data.py").write_text(LOAD)
    for path, text in {"mylib/__init__.py": "from .core import scaled\n", "notes/a.txt": "a"}.items():
        (copy.folder / path).parent.mkdir(exist_ok=True)
        (copy.folder / path).write_text(text)
    (copy.folder / "mylib" / "core.py").write_text("def scaled(x):\n    return x * 1.0\n")
    csv(copy.folder)
    copy.write(STUDY)
    done = copy.run("check")
    assert done.returncode == 0, done.stdout + done.stderr
    return copy


RUN = ("seed", "first_seed", "data", "package", "reads", "depends", "taken back", "cp -r")  # known once it has been run


def began(copy, places=("runs/*/look*",)):
    """When each record's training began, by arm and seed: a record that was taken over began when it was trained."""
    folders = [
        folder for place in places for root in (RESULTS, "elsewhere") for folder in (copy.folder / root).glob(place)
    ]
    records = [json.loads(path.read_text()) for folder in folders for path in folder.glob("seed_*.json")]
    return {(record["arm"], record["seed"], record["timing"]["started"]) for record in records}


def trained(copy):
    """Run what trains; the arms whose records are new, or of which some are, with their seeds."""
    before = {start for _, _, start in began(copy, ("runs/*/look*", "earlier/*"))}
    done = copy.run("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not began(copy, ("earlier/*",)) & began(copy)  # a folder that is deleted does not come back from there
    new = [(arm, seed) for arm, seed, start in began(copy) if start not in before]
    seeds = {arm: [seed for name, seed in new if name == arm] for arm, _ in new}
    return [arm if len(own) == 3 else f"{arm}, seed {own[0]}" for arm, own in seeds.items()]


def held(copy):
    """What the results folders hold: files and folders, with their numbers of links and dates."""
    paths = [path for root in (RESULTS, "elsewhere") for path in (copy.folder / root).rglob("*")]
    return {path: (path.stat().st_nlink, path.stat().st_mtime_ns) for path in paths}


def would_train(copy):
    """The arms of the trainings that a dry run announces, which changes nothing; nothing else that could lead to one."""
    before = held(copy)
    done = copy.run("-n")
    assert held(copy) == before
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Find, verify and store" not in done.stdout + done.stderr
    return re.findall(r"Train (\w+), look", done.stdout + done.stderr)


@pytest.mark.parametrize(
    "change", [pytest.param(change, marks=[pytest.mark.long] * (change in VARIANTS)) for change in CHANGES]
)
def test_exactly_what_is_missing_trains(finished, tmp_path, change):
    make, expected = CHANGES[change]
    copy = Workflow.__new__(Workflow)
    copy._before = []
    copy.folder, copy.engine = tmp_path / "copy", finished.engine
    shutil.copytree(finished.folder, copy.folder)
    make(copy)
    ran = trained(copy) if any(word in change for word in RUN) else would_train(copy)
    assert sorted(ran) == sorted(expected)


def table():
    """The table of the changes, as Markdown."""
    lines = ["| what changes | trains | trains not |", "| --- | --- | --- |"]
    for change, (_, expected) in CHANGES.items():
        arms = {name.split(",")[0] for name in expected}
        seeds = ", the missing seed" if any("seed" in name for name in expected) else ""
        trains = f"every arm{seeds}" if arms == set(EVERY) else ", ".join(f"`{name}`" for name in expected)
        rest = "nothing" if arms == set(EVERY) else "all others" if expected else "every arm"
        rest = "the other seeds" if seeds else rest
        lines.append(f"| {change} | {trains or 'nothing'} | {rest} |")
    return "\n".join(lines) + "\n"


def test_the_docs_hold_the_same_table():
    text = DOCS.read_text()
    start, end = text.index("| what changes"), text.index("\n\n", text.index("| what changes")) + 1
    if os.environ.get("WRITE_DOCS"):
        DOCS.write_text(text[:start] + table() + text[end:])
    assert table() in DOCS.read_text()
