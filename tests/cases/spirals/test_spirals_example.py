"""The example of a model and data of one's own, as a whole study: what it says, and what each edit builds and trains anew."""

import numpy as np
import pytest
import yaml

from butfor.records.record import read
from conftest import KERAS, ROOT, put_back

STUDY = yaml.safe_load((ROOT / "examples" / "spirals_study.yaml").read_text())
OWN = len(STUDY["ablations"]) + 2  # arms with the example's model: the baseline, and one of the ablations is two
PLAIN = {"plain": {"set": {"model": {"name": "mlp", "widths": [8]}}}}
UNSEEN = {"tracking": {"mlflow": False}}
WITH_PLAIN = {**STUDY, "ablations": {**STUDY["ablations"], **PLAIN}}


@pytest.fixture(scope="module")
def finished(workflow_copy):
    """The example study and an arm of a built-in model, run once."""
    copy = workflow_copy("own", KERAS)
    copy.write(WITH_PLAIN)
    done = copy.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return copy


@pytest.fixture
def edited(finished):
    """The finished study, to be edited; whatever a test changes is put back."""
    with put_back([*(finished.folder / "examples").glob("spirals*"), finished.folder / "config" / "config.yaml"]):
        yield finished


def append(workflow, file, text):
    with (workflow.folder / file).open("a") as source:
        source.write(text)


def test_the_example_study_says_what_its_first_lines_promise(finished):
    results = finished.folder / "results" / "spirals"

    def accuracy(arm):
        runs = [read(path) for path in (results / "runs" / arm / "look1").glob("seed_*.json")]
        assert len(runs) == 3
        return np.mean([run.metrics.get("test/accuracy", 0) for run in runs])

    assert accuracy("baseline") > 0.95
    assert accuracy("no_fourier") < 0.6
    assert read(results / "runs" / "init_zeros" / "look1" / "seed_0.json").status == "at_chance"
    assert (results / "report.md").stat().st_size > 3000
    assert not {"data", "build", "train"} & {*finished.would_run("--configfile", "examples/spirals_study.yaml")}


def test_models_are_built_once_in_one_job_and_only_the_own_ones(finished):
    built = {path.name.split("-")[0] for path in (finished.folder / "results" / "spirals" / "built").glob("*.json")}
    assert len(built) == OWN and "plain" not in built
    assert finished.would_run() == {}


def test_a_study_of_built_in_models_builds_nothing_beforehand(edited):
    edited.write(
        {**STUDY, "study": "plain", "recipe": {"model": "mlp", "epochs": 1}, "ablations": {"a": {"set": {"l2": 0.1}}}}
    )
    assert "build" not in edited.would_run()


@pytest.mark.parametrize(
    ("arm", "builds"),
    [({"model.hidden": 9}, 1), pytest.param({"model": {"name": "mlp", "widths": [9]}}, 0, marks=pytest.mark.long)],
    ids=["own", "built-in"],
)
def test_adding_an_arm_builds_and_trains_only_it(edited, arm, builds):
    edited.write({**WITH_PLAIN, "ablations": {**WITH_PLAIN["ablations"], "added": {"set": arm}}})
    jobs = edited.would_run()
    assert (jobs.get("build", 0), jobs["train"], jobs["track"]) == (builds, 1, 1)


@pytest.mark.long
def test_a_change_of_the_recipe_builds_and_trains_what_it_changes(edited):
    edited.write({**WITH_PLAIN, "ablations": {**WITH_PLAIN["ablations"], "no_fourier": {"set": {"model.fourier": 2}}}})
    jobs = edited.would_run()
    assert (jobs["build"], jobs["train"]) == (1, 1)


@pytest.mark.long
def test_more_seeds_or_another_margin_build_nothing(edited):
    edited.write({**WITH_PLAIN, "seeds": 4, "verdict": {"margin": 3.0}})
    jobs = edited.would_run()
    assert "build" not in jobs and jobs["train"] == OWN + 1


def test_editing_the_models_file_trains_only_the_arms_that_use_it(edited):
    append(edited, "examples/spirals.py", "\nEDITED = 1\n")
    jobs = edited.would_run()
    assert (jobs["build"], jobs["train"]) == (1, OWN) and "data" not in jobs


def test_a_comment_in_the_users_files_does_nothing(edited):
    for file in ("spirals.py", "spirals_data.py"):
        append(edited, f"examples/{file}", "\n# edited\n")
    assert edited.would_run() == {}


def test_editing_the_datas_file_finds_the_data_and_what_trains_is_known_once_they_are_there(edited):
    append(edited, "examples/spirals_data.py", "\nEDITED = 1\n")
    jobs = edited.would_run()
    assert jobs["data"] == 1 and "train" not in jobs


@pytest.mark.long
def test_describing_the_model_otherwise_trains_nothing(edited):
    append(edited, "examples/spirals.yaml", "\n# edited\n")
    assert edited.would_run() == {}


@pytest.mark.long
def test_touching_the_users_files_trains_nothing(finished):
    for path in (finished.folder / "examples").iterdir():
        path.touch()
    assert finished.would_run() == {}


def test_a_model_that_breaks_its_word_ends_the_study_before_any_of_its_arms_trains(edited):
    source = edited.folder / "examples" / "spirals.py"
    source.write_text(
        source.read_text()
        .replace("parts.dropout(", "keras.layers.Dropout(recipe['dropout'])(")
        .replace(", place)\n    return", ")\n    return")
    )
    ablations = {"narrow": STUDY["ablations"]["narrow"], **PLAIN}
    edited.write({**STUDY, **UNSEEN, "study": "broken", "ablations": ablations})
    done = edited.run()
    results = edited.folder / "results" / "broken"
    log = (results / "logs" / "build.log").read_text()
    assert done.returncode != 0
    assert "baseline: examples.spirals:build: it uses the " in log and "Traceback" not in log
    assert {path.parent.name for path in (results / "runs").glob("*/look*")} <= {"plain"}  # whose model is built in


def test_own_code_is_found_in_the_working_folder_first_and_beside_the_snakefile(workflow_copy, tmp_path):
    copy = workflow_copy("elsewhere", KERAS)
    recipe = {**STUDY["recipe"], "epochs": 1}
    small = {**STUDY, **UNSEEN, "seeds": 2, "recipe": recipe, "ablations": {"a": {"set": {"l2": 0.0}}}}
    copy.write(small)
    beside = copy.would_run("--directory", str(tmp_path))
    assert (beside["build"], beside["train"]) == (1, 2)
    (tmp_path / "mine.py").write_text((copy.folder / "examples" / "spirals.py").read_text())
    (tmp_path / "mine.yaml").write_text((copy.folder / "examples" / "spirals.yaml").read_text())
    copy.write({**small, "recipe": {**small["recipe"], "model": "mine:build"}})
    done = copy.run("--directory", str(tmp_path), "--until", "train")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "results" / "spirals" / "runs" / "a" / "look1" / "seed_1.json").exists()
    lost = copy.run("-n")
    assert lost.returncode != 0 and f"expected the file mine.py in {copy.folder}" in lost.stdout + lost.stderr
