"""`butfor new`: the file that it writes is planned as written, and says what it guessed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from butfor.command.new_command import command
from butfor.errors import StudyError
from butfor.first_study.table_draft import repeated
from butfor.study.settings import study_and_plan
from conftest import SCHEMA

RNG = np.random.default_rng(0)
ROWS = 200
READ = {"name": "texts", "text": "message"}


def patients():
    rows = pd.DataFrame(RNG.normal(size=(ROWS, 3)), columns=["age", "dose", "pulse"])
    rows["ward"] = RNG.choice(["A", "B"], ROWS)
    rows["patient id"] = np.arange(ROWS)
    rows["visit"] = pd.date_range("2020-01-01", periods=ROWS).astype(str)
    rows["diagnosis"] = (RNG.random(ROWS) < 0.1).astype(int)
    rows["height"] = RNG.normal(size=ROWS)
    rows.loc[3:5, "pulse"] = np.nan
    rows.loc[7:8, "ward"] = None
    return rows


@pytest.fixture
def new(tmp_path, monkeypatch):
    """Gives the study file that `butfor new mine` writes in an empty folder, parsed and as text."""
    monkeypatch.chdir(tmp_path)

    def of(*options):
        done = CliRunner().invoke(command, ["mine", *options], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        text = Path("mine.yaml").read_text()
        study = yaml.safe_load(text)
        study_and_plan(study, SCHEMA)
        return study, text

    return of


def test_of_nothing_it_is_a_study_that_fetches_nothing(new):
    study, text = new()
    assert (study["study"], study["data"]) == ("mine", {"name": "digits"})
    assert "this makes no_dropout, no_l2, no_schedule" in text


def test_a_table_has_its_target_guessed_and_what_is_no_input_left_out(new):
    patients().to_csv("patients.csv", index=False)
    study, text = new("--data", "patients.csv")
    assert study["data"] == {
        **{"name": "csv", "file": "patients.csv", "target": "diagnosis"},
        **{"drop": ["patient id", "visit"], "missing": "median"},
    }
    assert "guessed: diagnosis; it may be height or ward" in text and "visit (dates)" in text and "pulse (3)" in text
    assert "median: pulse (3)." in text and "a category of its own in columns of words: ward (2)." in text
    assert study["metrics"]["pr_auc"]["primary"] and study["recipe"]["class_weight"] == "balanced"
    assert "160 training examples" in text


def test_a_column_whose_values_repeat_is_told_with_what_keeps_its_rows_together(new):
    rows = patients().drop(columns=["patient id", "visit"])
    rows["customer_id"], rows["session no"] = np.arange(ROWS) // 4, [f"s{n // 2}" for n in range(ROWS)]
    rows.to_csv("rows.csv", index=False)
    study, text = new("--data", "rows.csv")
    assert "# customer_id has 50 values in 200 rows. If rows of one belong together" in text
    assert study["data"]["drop"] == ["session no"] and "No inputs: " not in text, "one advice each"
    (no_input, one_until_then) = (
        text.count("It is no input either way: drop stays."),
        text.count("It is no input then."),
    )
    assert (no_input, one_until_then) == (1, 1)
    assert "replicates: {folds: 5, groups: 'session no'}" in text and "ward has" not in text
    for column in ("customer_id", "session no"):
        whole = {**study, "data": {**study["data"], "test": {"by": "group", "column": column}}}
        study_and_plan(whole, SCHEMA)
        study_and_plan(
            {**{k: v for k, v in study.items() if k != "seeds"}, "replicates": {"folds": 5, "groups": column}}, SCHEMA
        )
    assert repeated(patients()[["patient id", "ward"]]) == [], "a row each, and what is a kind of rows"


def test_a_model_with_its_own_step_is_told_of_the_task_that_has_its_own_loss(new):
    Path("stepping.py").write_text(
        "class Coder:\n    def train_step(self, data): ...\ndef build(recipe, shape, classes, parts): ...\n"
    )
    Path("stepping.yaml").write_text("uses: []\nproperties: {beta: {type: number, default: 1.0, without: 0.0}}\n")
    study, text = new("--model", "stepping:build")
    assert "task" not in study and "\n#task: own  # if its loss takes no targets" in text
    assert yaml.safe_load(text.replace("#task", "task"))["task"] == "own"


def test_a_model_without_one_is_not(new):
    Path("still.py").write_text("def build(recipe, shape, classes, parts): ...  # train_step\n")
    Path("still.yaml").write_text("uses: [dropout]\n")
    assert "task: own" not in new("--model", "still:build")[1]


def test_a_table_of_another_form_with_numbers_to_predict(new):
    patients()[["age", "dose", "height"]].round(3).to_csv("heights.csv", sep=";", decimal=",", index=False)
    study, text = new("--data", "heights.csv", "--target", "age")
    assert study["data"] == {"name": "csv", "file": "heights.csv", "separator": ";", "decimal": ",", "target": "age"}
    assert study["metrics"] == {"rmse": {"primary": True, "margin": "2%"}} and "guessed" not in text


def test_arrays_a_function_and_a_folder(new, tmp_path):
    arrays = {"x_train": RNG.random((40, 16, 16)), "y_train": np.arange(40) % 4}
    arrays |= {"x_test": RNG.random((8, 16, 16)), "y_test": np.arange(8) % 4}
    np.savez("mine.npz", **arrays)
    study, _ = new("--data", "mine.npz")
    assert study["data"] == {"name": "npz", "file": "mine.npz"} and study["recipe"]["model"]["name"] == "cnn"
    assert study["recipe"]["batch_size"] == 5
    Path("mine.yaml").unlink()
    Path("arrays").mkdir()
    for name, array in arrays.items():
        np.save(f"arrays/{name}.npy", array)
    assert new("--data", "arrays")[0]["data"] == {"name": "npy", "folder": "arrays"}


def test_a_model_of_ones_own_has_the_parts_that_it_reads(new):
    Path("brought_model.py").write_text("def build(recipe, shape, classes, parts): ...\n")
    settings = "gated: {type: boolean, default: true, without: false}, wide: {type: integer, default: 8}"
    settings += ", normed: {type: boolean, default: false, without: false}"
    Path("brought_model.yaml").write_text(f"uses: [dropout]\nproperties: {{{settings}}}\n")
    study, _ = new("--model", "brought_model:build")
    assert study["recipe"]["model"] == {"name": "brought_model:build"} and "l2" not in study["recipe"]
    assert study["ablations"]["parts"] == {"remove_each": ["dropout", "gated", "schedule"]}


def tickets():
    words = ["bill paid twice again please", "no way to log in today", "it crashes when I save"]
    rows = pd.DataFrame({"message": RNG.choice(words, ROWS) + RNG.choice([" soon", " now", ""], ROWS)})
    rows["billing"] = rows["message"].str.contains("bill").astype(int)
    rows["login"] = rows["message"].str.contains("log in").astype(int)
    rows["customer"] = np.arange(ROWS) % 40
    return rows


def test_a_table_of_texts_is_told_of_and_read_with_a_model_of_their_own_written_beside(new):
    tickets().assign(message=lambda rows: rows["message"] + rows.index.astype(str)).to_csv("tickets.csv", index=False)
    _, text = new("--data", "tickets.csv", "--target", "billing")
    assert "# What message says can be learnt from, in place of the other columns: --text message." in text
    Path("mine.yaml").unlink()
    alone = pd.read_csv("tickets.csv")[["message", "login"]]
    alone.to_csv("alone.csv", index=False)
    assert new("--data", "alone.csv")[0]["data"] == {**READ, "file": "alone.csv", "target": "login"}
    Path("mine.yaml").unlink()
    study, text = new("--data", "tickets.csv", "--target", "billing, login", "--text", "message")
    assert study["data"] == {**READ, "file": "tickets.csv", "target": ["billing", "login"]}
    assert study["recipe"]["model"] == {"name": "mine_model:build"}
    assert "Task: multilabel" in text and "customer has 40 values" in text and "drop stays" not in text
    assert study["ablations"]["parts"] == {"remove_each": ["dropout", "l2", "schedule"]}
    Path("mine.yaml").unlink()
    Path("mine_model.py").write_text(own := Path("mine_model.py").read_text() + "# mine\n")
    new("--data", "tickets.csv", "--target", "login", "--text", "message")
    assert Path("mine_model.py").read_text() == own


def test_columns_of_0_and_1_are_told_that_they_can_be_predicted_together(new):
    tickets()[["customer", "billing", "login"]].to_csv("flags.csv", index=False)
    assert "# Columns of 0 and 1 can be predicted together: --target login,billing." in new("--data", "flags.csv")[1]


def test_where_texts_cannot_be_read_no_model_of_theirs_is_left(new):
    tickets().assign(message=None).to_csv("tickets.csv", index=False)
    with pytest.raises(StudyError):
        new("--data", "tickets.csv", "--target", "login", "--text", "message")
    assert not list(Path().glob("mine*"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--data", "gone.csv"], "received gone.csv, which is not there"),
        (["--data", "patients.csv", "--target", "diagnose"], "expected a column of patients.csv, received diagnose"),
        (["--data", "patients.csv", "--target", "ward,dosage"], "expected a column of patients.csv, received dosage"),
        (["--data", "patients.csv", "--text", "ward"], "data.text: expected a text in each row"),
        (["--target", "y"], "--target: expected with a table"),
        (["--text", "y"], "--text: expected with a table"),
        (["--data", "empty"], "received a folder without folders of files"),
        (["--data", "gone:load"], "gone"),
        (["--model", "gone:build"], "gone"),
    ],
    ids=["file", "target", "of several", "text", "no table", "no table of texts", "folder", "function", "model"],
)
def test_what_is_wrong_is_said_and_nothing_written(new, options, said):
    patients().to_csv("patients.csv", index=False)
    Path("empty").mkdir()
    with pytest.raises(StudyError, match=said):
        new(*options)
    assert not Path("mine.yaml").exists()


def test_a_study_of_that_name_is_not_overwritten(new):
    Path("mine.yaml").write_text("study: precious\n")
    with pytest.raises(StudyError, match="expected no file of that name yet"):
        new()
    assert Path("mine.yaml").read_text() == "study: precious\n"
