"""Small situations that people reported of comparable tools, one row each: what they wrote or did, and what is right here.

Each row names its source; tests/cases/README.md lists them all, with those that need whole Keras studies.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import yaml

from butfor import stats
from butfor.data.prepare import prepare
from butfor.errors import StudyError
from butfor.records.results_folder import RUNS_FOLDER
from butfor.records.tables import records_in, records_under
from butfor.study.settings import study_and_plan
from butfor.workflow.results_place import refuse_shared_place
from conftest import NEEDS, ROOT, SCHEMA, environment

ARM = "ablations: {a: {set: {dropout: 0.2}}}"


class Refused(NamedTuple):
    """A study that is refused before anything is planned, and words of the one sentence that says why."""

    source: str
    study: str
    words: tuple[str, ...]


REFUSED = {
    "seeds one by one": Refused(
        "grok-ai/nn-template#31", f"seeds: [42, 43, 44]\n{ARM}", ("seeds: 3 and first_seed: 42", "looks")
    ),
    "seeds from 0": Refused(
        "grok-ai/nn-template#31", f"seeds: [0, 1, 2, 3, 4]\n{ARM}", ("seeds: 5 and first_seed: 0",)
    ),
    "favourite seeds": Refused("grok-ai/nn-template#31", f"seeds: [42, 1337, 2024]\n{ARM}", ("2024 runs", "budget")),
    "a seed that means a random one": Refused(
        "AUTOMATIC1111/stable-diffusion-webui#1721", f"first_seed: -1\n{ARM}", ("first_seed", "at least 0", "-1")
    ),
    "a variable in a path": Refused("kedro-org/kedro#42", f"results: ${{SCRATCH}}/x\n{ARM}", ("results", "$")),
    "a shell variable in a path": Refused(
        "allenai/rslearn#278", f"results: $SCRATCH/x\n{ARM}", ("results", "variables are not filled in")
    ),
    "a variable in a data path": Refused(
        "allenai/rslearn#278", f"data: {{name: npz, file: $HOME/x.npz}}\n{ARM}", ("data.file", "variables")
    ),
    "a rate that YAML reads as text": Refused(
        "hiyouga/LlamaFactory#4014", f"recipe: {{learning_rate: 1e-3}}\n{ARM}", ("learning_rate", "1.0e-3")
    ),
    "a name that YAML reads as true": Refused(
        "rbgirshick/yacs#48", "ablations: {on: {set: {dropout: 0.2}}}", ("True is not text", "quote it")
    ),
    "names that differ by case": Refused(
        "treeverse/dvc#3318",
        "ablations: {Drop: {set: {dropout: 0.2}}, drop: {set: {dropout: 0.3}}}",
        ("Drop and drop", "same folder where case does not count"),
    ),
    "the same level twice": Refused(
        "optuna/optuna#2021", "ablations: {r: {each: {learning_rate: [0.002, 2.0e-3]}}}", ("two arms", "Rename one")
    ),
    "an arm that is the baseline": Refused(
        "optuna/optuna#4237", "ablations: {r: {set: {dropout: 0.0}}}", ("same recipe", "train nothing new")
    ),
    "a metric by Keras's name": Refused(
        "keras-team/keras#13689",
        f"recipe: {{early_stopping: {{name: patience, monitor: val_acc}}}}\n{ARM}",
        ("early_stopping.monitor", "loss, accuracy", "val_acc", "Did you mean accuracy?"),
    ),
    "arms as a list of parts": Refused(
        "pykeen/pykeen#1105", "ablations: [dropout, l2]", ("remove_each: [dropout, l2]",)
    ),
    "arms without names": Refused(
        "benchopt/benchopt#946", "ablations: [{set: {dropout: 0.2}}]", ("Give each a name: ablations: {name:",)
    ),
    "a part left blank": Refused(
        "optuna/optuna-visualization-regression-tests#6", "ablations: {a: {set: {dropout: null}}}", ("write 0.0",)
    ),
    "a model by the name of its file": Refused(
        "hydra-ecosystem/hydra#1864", f"recipe: {{model: 'my_model.py:build'}}\n{ARM}", ("Write my_model:build",)
    ),
    "a model by its path": Refused(
        "hydra-ecosystem/hydra#1864", f"recipe: {{model: 'nets/my_model:build'}}\n{ARM}", ("Write nets.my_model:build",)
    ),
    "a model with dots only": Refused(
        "hydra-ecosystem/hydra#1864", f"recipe: {{model: nets.my_model.build}}\n{ARM}", ("write nets.my_model:build",)
    ),
    "a model whose file no import reads": Refused(
        "hydra-ecosystem/hydra#1864",
        f"recipe: {{model: 'my-model:build'}}\n{ARM}",
        ("rename my-model.py to my_model.py",),
    ),
    "a file as the data's name": Refused("pykeen/pykeen#54", f"data: my.npz\n{ARM}", ("name: npz, file: my.npz",)),
    "batches of one under batch normalisation": Refused(
        "pytorch/pytorch#4534", f"recipe: {{normalisation: batch, batch_size: 1}}\n{ARM}", ("2 or more", "layer")
    ),
    "fewer images than one batch": Refused(
        "dreamquark-ai/tabnet#537", "ablations: {small: {set: {train_size: 20}}}", ("at most the 20 examples", "128")
    ),
    "a setting twice": Refused(
        "hydra-ecosystem/hydra#1233",
        "ablations: {m: {set: {optimiser: {name: sgd, momentum: 0.5}, optimiser.momentum: 0.9}}}",
        ("optimiser.momentum twice",),
    ),
}


def plan_of(study):
    return study_and_plan({"study": "t", "seeds": 2, "data": "digits", **yaml.safe_load(study)}, SCHEMA)


@pytest.mark.parametrize("name", REFUSED)
def test_a_study_is_refused_in_one_sentence_that_says_what_to_write(name):
    with pytest.raises(StudyError) as refusal:
        plan_of(REFUSED[name].study)
    assert "\n" not in str(refusal.value) and all(word in str(refusal.value) for word in REFUSED[name].words)


@pytest.mark.parametrize(
    "changes",
    [
        "{optimiser: sgd, optimiser.momentum: 0.9}",
        "{optimiser.momentum: 0.9, optimiser: sgd}",
        "{optimiser: {name: sgd}, optimiser.momentum: 0.9}",
    ],
)
def test_a_block_and_a_setting_of_it_are_one_change_in_any_order(changes):
    """hydra-ecosystem/hydra#1233: written first, the setting was lost without a word."""
    _, plan = plan_of(f"ablations: {{m: {{set: {changes}}}}}")
    assert plan.arms["m"].recipe["optimiser"]["momentum"] == 0.9
    assert plan.arms["m"].changed == ("optimiser",)


def test_a_few_looks_are_no_seeds():
    for looks in ([2, 3], [5, 10, 20], [4, 8, 16, 256]):
        assert plan_of(f"seeds: {looks}\n{ARM}")[0]["looks"] == looks
    settings, _ = plan_of(f"seeds: [100, 2000]\nbudget: {{max_runs: 9000}}\n{ARM}")
    assert settings["looks"] == [100, 2000]


def test_a_data_file_may_be_named_from_home(tmp_path, monkeypatch):
    """syncthing/syncthing#1924: a folder called `~`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.npz").touch()
    settings, _ = plan_of(f"data: {{name: npz, file: ~/x.npz, folder: ~/images}}\n{ARM}")
    assert settings["data"]["file"] == str(tmp_path / "x.npz")
    assert settings["data"]["folder"] == str(tmp_path / "images")


@pytest.mark.parametrize("place", [".", "..", "/", "~", str(ROOT), str(ROOT / "config"), str(ROOT / "scripts" / "x")])
def test_results_are_kept_out_of_what_belongs_to_others(place, tmp_path, monkeypatch):
    """snakemake/snakemake#480: a dry run that deleted its input. Here one dated back whatever lay in `results: /`."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudyError, match=r"results: expected a folder of the study's own.* Write results: results/t"):
        refuse_shared_place(Path(place).expanduser(), "t")
    refuse_shared_place(tmp_path / "results", "t")


def test_the_same_difference_at_every_seed_is_no_certainty():
    """scipy/scipy#20179: a paired test without spread has p = 0 or NaN."""
    rule = stats.Rule(margin=0.5, looks=(3,))
    contrast = stats.judge({"a": [95.0, 96.0, 95.5]}, [93.0, 94.0, 93.5], rule)["a"]
    assert contrast.p_difference > 0.01 and contrast.low < 2.0 < contrast.high
    few = stats.judge({"a": [95.0, 96.0]}, [95.0, 96.0], stats.Rule(margin=0.5, looks=(2,)))["a"]
    assert few.verdict == "inconclusive"


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:82e5\nsize 205207893\n"
FILES = {
    "a pointer of Git LFS": (LFS, "git lfs pull"),  # ajbrock/Neural-Photo-Editor#11
    "a web page": (b"<!DOCTYPE html><html>Not found</html>", "web page"),  # DwangoMediaVillage/3dpose_gan#13
    "a download cut off": (b"PK\x03\x04 and no more", "cut off or damaged"),
    "nothing": (b"", "empty"),
    "one array": (b"\x93NUMPY\x01\x00", "np.savez"),
}


def prepared(folder, side=0, **arrays):
    """What the data step leaves of the arrays in an .npz file: where they came from, and a warning."""
    file = folder / "my.npz"
    if arrays:
        np.savez(file, **arrays)
    settings = {
        "name": "npz", "file": str(file), "folder": None, "arrays": {}, "validation": 0.1,
        "largest": {**NEEDS, "side": side, "auto": ""},
    }  # fmt: skip
    prepare(settings, folder / "arrays.npz", folder / "manifest.json", folder / "source.json")
    return json.loads((folder / "source.json").read_text())


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_npz_is_told_what_it_is(name, tmp_path):
    content, words = FILES[name]
    (tmp_path / "my.npz").write_bytes(content)
    with pytest.raises(StudyError, match=words):
        prepared(tmp_path)


def test_test_examples_that_were_trained_on_are_counted_and_said_first(tmp_path):
    """zalandoresearch/fashion-mnist#44 (10 of 10 000), stefyste/RIAWELC#2 (all of them)."""
    x, y = np.random.default_rng(0).random((200, 6)), np.arange(200) % 2
    new = prepared(tmp_path, x_train=x[:150], y_train=y[:150], x_test=x[150:], y_test=y[150:])
    assert "training example" not in new["source"] and not new["warning"]
    known = prepared(tmp_path, x_train=x[:150], y_train=y[:150], x_test=x[100:], y_test=y[100:])
    assert "50 of 100 test examples are training examples too" in known["source"]
    assert "50 of 100" in known["warning"]
    few = prepared(
        tmp_path, x_train=x[:150], y_train=y[:150], x_test=np.tile(x[149:], (3, 1)), y_test=np.tile(y[149:], 3)
    )
    assert "3 of 153" in few["source"] and few["warning"]


def test_channels_that_stand_first_are_told_where_they_matter(tmp_path):
    """danielvarga/keras-finetuning#10: channels last were expected, and came first."""
    rng, y = np.random.default_rng(0), np.arange(60) % 2
    arrays = {
        "x_train": rng.random((40, 3, 8, 8)),
        "y_train": y[:40],
        "x_test": rng.random((20, 3, 8, 8)),
        "y_test": y[40:],
    }
    prepared(tmp_path, **arrays)
    with pytest.raises(StudyError, match=r"\(3, 8, 8\), whose channels stand first. Write x = np.moveaxis\(x, 1, -1\)"):
        prepared(tmp_path, side=2, **arrays)
    last = {key: np.moveaxis(array, 1, -1) if key[0] == "x" else array for key, array in arrays.items()}
    prepared(tmp_path, side=2, **last)
    grey = {key: array[:, 0] if key[0] == "x" else array for key, array in arrays.items()}
    prepared(tmp_path, side=2, **grey)  # keras-team/keras#10053: images without an axis for channels
    rows = {key: array[:, 0, 0] if key[0] == "x" else array for key, array in arrays.items()}
    with pytest.raises(StudyError, match="needs images of 2 pixels or more each way"):  # keras-team/keras#12622
        prepared(tmp_path, side=2, **rows)


SHADOWS = ("random", "queue", "yaml", "numpy", "statistics", "code", "tensorflow", "keras", "butfor", "logging")
STUDY = {
    "study": "t",
    "seeds": 2,
    "data": {"name": "npz", "file": "rows.npz"},
    "tracking": {"mlflow": False},
    "recipe": {
        "model": {"name": "mlp", "widths": [8]}, "learning_rate": 0.05, "batch_size": 16, "epochs": 2, "dropout": 0.2,
    },
    "ablations": {"no_dropout": {"set": {"dropout": 0.0}}},
}  # fmt: skip


class Place:
    """A folder with a study in it, whose name and whose other files are as people have them."""

    def __init__(self, folder):
        self.folder = folder
        rng = np.random.default_rng(0)
        labels = rng.integers(0, 3, 200)
        rows = (rng.normal(size=(3, 6))[labels] * 3 + rng.normal(size=(200, 6))).astype(np.float32)
        order = np.argsort(labels[:150], kind="stable")
        np.savez(
            folder / "rows.npz",
            x_train=rows[:150][order],
            y_train=labels[:150][order],
            x_test=rows[150:],
            y_test=labels[150:],
        )
        for name in SHADOWS:
            (folder / f"{name}.py").write_text("raise SystemExit('taken for a library')\n")
        (folder / "matplotlibrc").write_text("backend: TkAgg\ntext.usetex: True\nsavefig.dpi: 10\n")
        self.write(STUDY)

    def write(self, study):
        (self.folder / "study.yaml").write_text(yaml.safe_dump(study))

    def run(self, *words):
        """`snakemake`, in a shell whose variables are meant for other tools."""
        meant_for_others = {"MPLBACKEND": "TkAgg", "MLFLOW_RUN_ID": "0123abcd", "MLFLOW_EXPERIMENT_NAME": "another"}
        command = [sys.executable, "-P", "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--cores", "2"]
        return subprocess.run(
            [*command, "--configfile", "study.yaml", *words], cwd=self.folder, env={**environment(), **meant_for_others},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    @property
    def results(self):
        return self.folder / "results" / "t"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = Place(Path(tmp_path_factory.mktemp("my study (1) [x] 'q'")))
    done = place.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return place


@pytest.mark.cases
def test_a_study_runs_wherever_it_lies_and_whatever_lies_beside_it(place):
    """snakemake/snakemake#3235 (spaces), tensorflow/tensorflow#40265 and numpy/numpy#16198 (files named like libraries),
    matplotlib/matplotlib#17683 (a matplotlibrc with LaTeX), matplotlib/matplotlib#8147 (no display), mlflow/mlflow#8877
    (MLFLOW_RUN_ID).
    """
    assert (place.results / "report.md").is_file()
    assert (place.results / "figures" / "effects.png").stat().st_size > 20_000  # not at 10 dots per inch


@pytest.mark.cases
def test_copies_beside_the_records_are_no_runs(place):
    """pytorch/vision#79: .DS_Store became a class. Here copies by synchronisers counted as runs, without a word."""
    runs = place.results / RUNS_FOLDER
    job = runs / "no_dropout" / "look1"
    record = (job / "seed_1.json").read_bytes()
    others = [
        "seed_1 (conflicted copy).json",
        "seed_1 2.json",
        "seed_1.json~",
        "._seed_1.json",
        ".DS_Store",
        "Thumbs.db",
    ]
    before = [(r.arm, r.seed) for r in records_under(runs)], [r.seed for r in records_in([job])]
    copied = job.with_name("look1 2")
    copied.mkdir()
    try:
        for path in (*map(job.joinpath, others), copied / "seed_0.json"):
            path.write_bytes(record)
        assert ([(r.arm, r.seed) for r in records_under(runs)], [r.seed for r in records_in([job])]) == before
    finally:
        for path in (*map(job.joinpath, others), copied / "seed_0.json"):
            path.unlink()
        copied.rmdir()


@pytest.mark.cases
def test_sorted_data_are_split_by_draws(place):
    """keras-team/keras#8346: validation_split takes the last rows, all of one class."""
    records = records_in([place.results / RUNS_FOLDER / "baseline" / "look1"])
    assert len({record.draws["split"] for record in records}) == 2


@pytest.mark.cases
def test_another_study_does_not_take_over_a_results_folder(place):
    """hydra-ecosystem/hydra#1817: a second run overwrites the first's outputs."""
    report = (place.results / "report.md").read_bytes()
    place.write({**STUDY, "study": "u", "results": "results/t"})
    done = place.run("-n")
    place.write(STUDY)
    assert done.returncode and (place.results / "report.md").read_bytes() == report
    assert "holds the results of the study t. Write results: results/u" in done.stdout + done.stderr


@pytest.mark.cases
def test_more_epochs_train_the_arms_anew(place):
    """Lightning-AI/pytorch-lightning#2823: a finished training given more epochs did nothing, or went on at a rate of 0."""
    place.write({**STUDY, "recipe": {**STUDY["recipe"], "epochs": 3}})
    done = place.run("-n")
    place.write(STUDY)
    assert re.search(r"^train +2$", done.stdout + done.stderr, re.MULTILINE)


@pytest.mark.cases
def test_without_snakemakes_folder_nothing_trains_again(place):
    """snakemake/snakemake#2919: people delete .snakemake to be rid of a lock. What changed since is noticed all the same."""
    os.rename(place.folder / ".snakemake", place.folder / "away")
    done = place.run("-n")
    assert done.returncode == 0 and "Nothing to be done" in done.stdout + done.stderr
    place.write({**STUDY, "recipe": {**STUDY["recipe"], "epochs": 3}})
    done = place.run("-n")
    place.write(STUDY)
    assert re.search(r"^train +2$", done.stdout + done.stderr, re.MULTILINE)
