"""Random sequences of edits and undos, each followed by a start: it trains exactly what is missing."""

import json
import random
import re
import shutil

import pytest

from conftest import NUMPY, SMALL

OWN = "own_mlp_engine:OwnMlpEngine"
STEPS = 8
LOAD = """
import numpy as np

def load():
    draws = np.random.default_rng(1)
    y = draws.integers(3, size=600)
    x = (draws.normal(size=(600, 4)) + 2 * np.eye(3, 4)[y]).astype(np.float32)
    x[0, 0] += {shift}
    return x[:400], y[:400], x[400:], y[400:]
"""
DECLARATION = "uses: [dropout, l2]\nlayers: [hidden_1, logits]\ndropouts: 1\n"
ARMS = {  # names, what they change: the first two are one arm renamed
    "fast": {"learning_rate": 0.01},
    "quick": {"learning_rate": 0.01},
    "no_dropout": {"dropout": 0.0},
}
EDITS = {  # what may be written instead of what is
    "module": ["first", "second"],
    "shift": [0, 1],
    "seeds": [2, 3],
    "first_seed": [0, 1],
    "arms": [("fast",), ("fast", "no_dropout"), ("no_dropout",), ("quick",)],
    "l2": [0.001, 0.002],
}
CHANCES = ["shift", "shift", *EDITS, "deleted", "forced"]


class Student:
    """Who edits the study in a copy of the workflow, and what has been trained so far."""

    def __init__(self, copy, model):
        self.copy, self.model = copy, model
        self.state = {key: values[0] for key, values in EDITS.items()}
        self.trained = set()

    def write(self):
        state, folder = self.state, self.copy.folder
        for module in EDITS["module"]:
            (folder / f"{module}.py").write_text(LOAD.format(shift=state["shift"]))
        (folder / "own.py").write_text("def build(recipe, shape, classes, parts):\n    return None\n")
        (folder / "own.yaml").write_text(DECLARATION)
        recipe = {**SMALL, "model": self.model, "l2": state["l2"], "epochs": 1}
        self.copy.write(
            {
                "study": "small",
                "seeds": state["seeds"],
                "first_seed": state["first_seed"],
                "data": f"{state['module']}:load",
                "recipe": recipe,
                "ablations": {arm: {"set": ARMS[arm]} for arm in state["arms"]},
                "tracking": {"mlflow": False},
            }
        )

    def origin(self, arm, seed):
        """What the numbers of a run follow from."""
        return self.state["shift"], self.state["l2"], json.dumps(ARMS.get(arm)), seed

    def asked_for(self):
        first = self.state["first_seed"]
        seeds = range(first, first + self.state["seeds"])
        return {self.origin(arm, seed) for arm in ("baseline", *self.state["arms"]) for seed in seeds}

    def records(self, place="runs/*/look*"):
        paths = self.copy.folder.glob(f"results/small/{place}/seed_*.json")
        return [json.loads(path.read_text()) for path in paths]

    def _in_place(self):
        """When the records began that the study asks for."""
        asked = ("baseline", *self.state["arms"])
        return {record["timing"]["started"] for record in self.records() if record["arm"] in asked}

    def start(self, *words):
        """Start the study; what trained, and the terminal."""
        self.write()
        before = {record["timing"]["started"] for record in [*self.records(), *self.records("earlier/*")]}
        done = self.copy.run("check", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        new = [record for record in self.records() if record["timing"]["started"] not in before]
        trained = {self.origin(record["arm"], record["seed"]) for record in new}
        self.trained |= trained
        kept = list(self.copy.folder.glob("results/small/earlier/*"))
        assert all(any(folder.iterdir()) for folder in kept)
        assert not {record["timing"]["started"] for record in self.records("earlier/*")} & self._in_place()
        return trained, done.stdout + done.stderr


@pytest.mark.parametrize("draw", [1, pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "engine", [OWN, pytest.param(NUMPY, marks=pytest.mark.long)]
)  # an own model is built beforehand too
def test_each_start_trains_exactly_what_is_missing(workflow_copy, engine, draw):
    draws, history = random.Random(draw), []
    student = Student(workflow_copy("edits", engine), "own:build" if engine == OWN else SMALL["model"])
    assert student.start()[0] == student.asked_for()
    for _ in range(STEPS):
        edit, words = draws.choice(CHANCES), []
        if edit == "deleted":
            runs = draws.choice(sorted(student.copy.folder.glob("results/small/runs/*/look1")))
            if runs.parent.name not in ("baseline", *student.state["arms"]):
                continue
            student.trained -= {student.origin(runs.parent.name, seed) for seed in range(4)}
            for arm in ("baseline", *ARMS):  # under its former name too, from which it would be used
                if ARMS.get(arm) == ARMS.get(runs.parent.name):
                    shutil.rmtree(runs.parents[1] / arm / "look1", ignore_errors=True)
            (runs.parents[2] / "checks.json").unlink()  # of which alone a start is asked here
        elif edit == "forced":
            words = ["--forcerun", "train"]
            student.trained -= student.asked_for()
        else:
            others = [value for value in EDITS[edit] if value != student.state[edit]]
            student.state[edit] = draws.choice(others)
        history.append((edit, student.state.get(edit)))
        missing = student.asked_for() - student.trained
        trained, terminal = student.start(*words)
        assert trained == missing, f"{history}\n{terminal}"
        assert (re.search(r"Job \d+: Train", terminal) is not None) == bool(missing), terminal
