"""Tables as data: CSV and Parquet files as people have them, and what is refused with the line to write."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from butfor.data.dataset import load
from butfor.data.prepare import prepare
from butfor.errors import StudyError
from butfor.study.settings import study_and_plan
from conftest import SCHEMA

ROWS = 60


@pytest.fixture
def patients():
    """A table as people have it: an id, numbers, words, truth values, gaps and a target in words."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "patient id": np.arange(7000, 7000 + ROWS),
            "age": rng.integers(20, 200, ROWS),
            "ward": rng.integers(1, 4, ROWS),
            "sex": rng.choice(["f", "m"], ROWS),
            "smoker": rng.choice([True, False], ROWS),
            "dose": rng.normal(size=ROWS).round(3),
            "diagnosis": rng.choice(["benign", "malignant"], ROWS),
        }
    )
    return table


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Prepares what `data` of a study file says, and gives the data set and its manifest."""
    monkeypatch.chdir(tmp_path)

    def prepared(data, table=None, **form):
        if table is not None:
            table.to_csv("t.csv", index=False, **form)
        arm = {"a": {"set": {"dropout": 0.5}}}
        written = {"name": "csv", "file": "t.csv", "target": "diagnosis", **yaml.safe_load(f"{{{data}}}")}
        study = {"study": "s", "data": written, "recipe": {"batch_size": 8}, "ablations": arm}
        settings, plan = study_and_plan(study, SCHEMA)
        paths = tmp_path / "a.npz", tmp_path / "m.json"
        prepare({**settings["data"], "largest": plan.largest()}, *paths, tmp_path / "s.json")
        return load(*paths), json.loads(paths[1].read_text())

    return prepared


def test_a_table_becomes_numbers_by_its_training_rows(read, patients):
    data, manifest = read("drop: [patient id], types: {ward: categorical}", patients)
    names = ["age", "ward=1", "ward=2", "ward=3", "sex=f", "sex=m", "smoker", "dose"]
    assert manifest["columns"] == names and manifest["labels"] == ["benign", "malignant"]
    assert data.x_train.shape == (48, 8) and data.x_test.shape == (12, 8)
    assert not read("columns: [age, ward]")[0].pixels  # though all are whole numbers, up to 199
    rows = np.concatenate([data.x_train, data.x_test])
    expected = pd.get_dummies(patients.drop(columns=["patient id", "diagnosis"]), columns=["ward", "sex"], dtype=float)
    expected = expected.rename(columns=lambda name: name.replace("_", "="))[names].to_numpy(np.float32)
    assert sorted(map(tuple, rows)) == sorted(map(tuple, expected))


def test_the_same_table_as_parquet_and_in_other_letters_is_the_same_data(read, patients, tmp_path):
    first, _ = read("drop: [patient id]", patients)
    patients.to_parquet(tmp_path / "t.parquet")
    second, _ = read("name: parquet, file: t.parquet, drop: [patient id]")
    korean, _ = read(
        'drop: [patient id], encoding: cp949, separator: ";", decimal: ","',
        patients.replace({"diagnosis": {"benign": "양성", "malignant": "악성"}}), encoding="cp949", sep=";", decimal=",",
    )  # fmt: skip
    assert first.fingerprint == second.fingerprint
    np.testing.assert_array_equal(first.x_train, korean.x_train)
    read("drop: [patient id]", patients, encoding="utf-8-sig")
    read('drop: [patient id], separator: "\\t"', patients, sep="\t")


def test_gaps_are_refused_with_their_counts_or_filled_from_training_rows(read, patients):
    patients.loc[[1, 2, 3], "dose"] = np.nan
    patients["part"] = ["train"] * 40 + ["test"] * 20
    patients.loc[50, "dose"] = np.nan
    with pytest.raises(StudyError, match=r"none in 5 of 60 rows \(dose 4, sex 1\). Write missing: median"):
        read("drop: [patient id], part: part", patients.assign(sex=patients["sex"].where(patients.index != 9)))
    training = patients["dose"][:40]
    for missing, fill in (("mean", training.mean()), ("median", training.median()), ("indicator", training.mean())):
        data, manifest = read(f"columns: [dose], part: part, missing: {missing}", patients)
        assert data.x_train[1, 0] == data.x_test[10, 0] == np.float32(fill)
    assert manifest["columns"] == ["dose", "dose is missing"]
    assert data.x_train[:, 1].tolist() == [0, 1, 1, 1] + [0] * 36 and data.x_test[:, 1].sum() == 1
    patients["smoker"] = patients["smoker"].astype(object).where(patients.index != 4)
    data, _ = read("columns: [smoker], part: part, missing: mean", patients)
    assert 0 < data.x_train[4, 0] < 1


def test_gaps_of_words_are_told_as_a_category_and_those_of_numbers_as_filled(read, patients, caplog):
    """A reader would else believe that words have a median."""
    patients.loc[[1, 2, 3], "dose"] = np.nan
    patients["sex"] = patients["sex"].where(patients.index != 9)
    with caplog.at_level("INFO"):
        read("columns: [sex, dose], missing: median", patients)
        read("columns: [sex, age], missing: median", patients)
    both, words_alone = [line for line in caplog.messages if "gaps" in line]
    became = "gaps that are a category of their own: sex 1; left out"
    assert f"; gaps filled by the training rows' median: dose 3; {became}" in both
    assert f"; {became}" in words_alone and "median" not in words_alone


def test_an_unknown_category_is_all_zeros_and_told(read, patients, caplog):
    patients["part"] = ["train"] * 40 + ["test"] * 20
    patients.loc[[45, 46], "sex"] = "unsaid"
    with caplog.at_level("INFO"):
        data, manifest = read("columns: [sex], part: part", patients)
    assert manifest["columns"] == ["sex=f", "sex=m"]
    assert data.x_test.sum(axis=1).tolist() == [1] * 5 + [0, 0] + [1] * 13
    assert "sex: 2 of 20 rows of the test part have values that no training row has (unsaid)" in caplog.text


def test_the_test_part_is_split_off_once_as_the_study_says(read, patients):
    patients["diagnosis"] = np.where(patients.index % 5 == 0, "malignant", "benign")
    patients["day"] = pd.date_range("2024-01-01", periods=ROWS).strftime("%Y.%m.%d")[::-1]
    both = "columns: [age, dose, ward], test: "
    stratified, _ = read(both + "{share: 0.25, by: stratified}", patients)
    assert stratified.y_test.tolist().count(1) == 3 and len(stratified.y_test) == 15
    again, _ = read(both + "{share: 0.25, by: stratified}", patients)
    other, _ = read(both + "{share: 0.25, by: stratified, seed: 1}", patients)
    assert again.fingerprint == stratified.fingerprint != other.fingerprint
    grouped, _ = read(both + "{share: 0.3, by: group, column: ward}", patients)
    assert not set(grouped.x_train[:, 2]) & set(grouped.x_test[:, 2])
    timed, manifest = read("drop: [patient id], test: {by: time, column: day}", patients)
    np.testing.assert_array_equal(timed.x_test[:, 0], patients["age"][:12])
    assert not [name for name in manifest["columns"] if name.startswith("day")]


def test_a_test_file_has_its_rows_tested(read, patients, tmp_path):
    patients[40:].to_csv(tmp_path / "test.csv", index=False)
    data, _ = read("drop: [patient id], test_file: test.csv", patients[:40])
    np.testing.assert_array_equal(data.x_test[:, 0], patients["age"][40:])
    patients.drop(columns=["diagnosis"]).to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(StudyError, match="received none called diagnosis"):
        read("drop: [patient id], test_file: test.csv", patients[:40])


def names_too(table):
    return table.assign(name=[f"name {row}" for row in table.index])


def notes(table):
    return table.assign(note=[f"note {row}" for row in table.index])


@pytest.mark.parametrize(
    ("data", "change", "words"),
    [
        ("", lambda t: t, r"a number of its own for each row in patient id .* drop: \[patient id\] to leave it out"),
        ("", lambda t: notes(t), r"text with many values in note \(48 different.*drop: \[patient id, note\] to leave them"),
        ("columns: [day]", lambda t: t.assign(day="1.2.2024"), r"dates in day \(1.2.2024\). Write drop: \[day\]"),
        ("columns: [age]", lambda t: t.assign(age=t["age"].astype(str).where(t.index > 0, "?")), r'missing_values: \["\?"\]'),
        ("columns: [dose]", lambda t: t.assign(dose=[f"{n},5" for n in t.index]), 'decimal comma .* Write decimal: ","'),
        ("columns: [dose]", lambda t: t.assign(dose=np.inf), "t.csv: dose, train part: expected finite numbers, received inf"),
        ("target: diagnosys", lambda t: t, "data.target: .* Did you mean diagnosis?"),
        ("drop: [agee]", lambda t: t, "data.drop: expected a column of the table, received agee. Did you mean age?"),
        ("groups: nam", names_too, r"data.groups: expected a column .*, received nam\. Did you mean name\?$"),
        ("columns: [age, diagnosis]", lambda t: t, "received diagnosis, which is the target"),
        ("columns: [age]", lambda t: t.assign(diagnosis=t["diagnosis"].where(t.index > 0)), "received none in 1 of diagnosis"),
        ("columns: [age], part: sex", lambda t: t, "data.part: expected train, test, or validation in sex, received 'f', 'm'"),
        ("columns: [age], test: {by: time, column: sex}", lambda t: t, "the year first .* received '[fm]'"),
        ("columns: [age], test: {by: stratified, column: dose}", lambda t: t, "split with two or more of each class"),
        ("columns: [age], columns: [age], drop: [sex]", lambda t: t, "data.drop: expected columns .* or drop"),
        ("columns: [age], test_file: t.csv, part: sex", lambda t: t, "one way to the test part, received test_file and part"),
        ("columns: [age], test: {by: group}", lambda t: t, "Write test: {by: group, column: …}"),
        ("columns: [age], size: [8, 8]", lambda t: t, "data.size: expected with images, received with csv"),
        ("encoding: utf9", lambda t: t, "data.encoding: expected a name that Python knows"),
    ],
)  # fmt: skip
def test_what_a_table_cannot_be_is_refused_with_the_line_to_write(read, patients, data, change, words):
    with pytest.raises(StudyError, match=words) as raised:
        read(data, change(patients))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("나이,진단\n1,양성\n".encode("cp949"), "Write encoding: cp949 .in which it reads '나이'"),
        ("größe,diagnosis\n1,2\n".encode("latin-1"), "Write encoding: cp1252 .in which it reads 'größe'"),
        (b"a;b;diagnosis\n1;2;3\n", 'Write separator: ";", and decimal: ","'),
        (b"a,b,diagnosis\n1,2,3\n1,2,3,4\n", "Expected 3 fields in line 3, saw 4"),
        (b"a,b,diagnosis\n1,2,3,4\n1,2,3,4\n", "there are 3 names, and more values"),
        (b"a,a,diagnosis\n1,2,3\n", "received a more than once"),
        (b"", "an empty file"),
        (b"a,b,diagnosis\n", "received 0 rows"),
        (b"PK\x03\x04", "as Excel's workbooks are. Save the sheet as CSV"),
        (b"PAR1", "Write name: parquet"),
    ],
)
def test_a_file_that_is_no_such_table_is_told_what_it_is(read, tmp_path, content, words):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(StudyError, match=words):
        read("")


def test_files_lie_in_the_working_folder_or_else_beside_the_study_file(patients, tmp_path, monkeypatch):
    for place in ("here", "studies/tables"):
        (tmp_path / place).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    patients.to_csv("../studies/t.csv")
    (tmp_path / "studies/tables/a.h5").write_text("")

    def planned(file):
        data = {"name": "csv", "file": file, "target": "diagnosis", "depends": ["tables/*.h5"]}
        study = {"study": "s", "data": data, "ablations": {"a": {"set": {"dropout": 0.5}}}}
        data = study_and_plan(study, SCHEMA, [Path("../studies")])[0]["data"]
        return data["file"], data["depends"]

    assert planned("t.csv") == ("../studies/t.csv", ["../studies/tables/*.h5"])
    (tmp_path / "here/tables").mkdir()
    (tmp_path / "here/tables/b.h5").write_text("")
    patients.to_csv("t.csv")
    assert planned("t.csv") == ("t.csv", ["tables/*.h5"])
    with pytest.raises(StudyError) as refused:
        planned("u.csv")
    assert f"looked for from {tmp_path}/here, and from {tmp_path}/studies beside the study file" in str(refused.value)
