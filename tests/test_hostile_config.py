"""Study files of every kind, spoilt ones too: each is planned, or refused with one clear message."""

import json
import os
import subprocess
import sys

import pytest
import yaml
from snakemake.common.configfile import load_configfile
from snakemake_interface_common.exceptions import WorkflowError

import hostile_studies
from butfor.errors import LONGEST, StudyError
from butfor.study import plan
from butfor.study.plain_values import PlainValuesError
from butfor.study.settings import study_and_plan
from conftest import ROOT, SCHEMA

ABLATION = {"a": {"set": {"dropout": 0.5}}}


COUNT = """
import json, sys, hostile_studies
counts, raised = hostile_studies.count(getattr(hostile_studies, sys.argv[1])(), int(sys.argv[2]))
print(json.dumps([counts, [f"{place}\\n  {study}" for place, study in raised.values()]]))
"""


@pytest.mark.parametrize(
    ("kind", "planned", "drawn"),
    [
        ("studies", 0.1, 100),
        pytest.param("spoilt", 0.005, 450, marks=pytest.mark.cases),  # 1.3 to 1.8 % of 1500 could be planned
    ],
)
def test_every_study_is_planned_or_refused_with_one_clear_message(kind, planned, drawn):
    """In a process of its own: what is drawn depends on the constants in all modules that are loaded."""
    examples = int(os.environ.get("EXAMPLES", drawn))
    command = [sys.executable, "-c", COUNT, kind, str(examples)]
    done = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, text=True, check=True)
    counts, raised = json.loads(done.stdout.splitlines()[-1])
    assert not raised, "\n".join(raised)
    assert sum(counts.values()) >= 0.9 * examples and counts["plan"] >= planned * examples


def test_the_harness_sees_a_traceback_and_a_message_that_is_none(monkeypatch):
    def plan(study, path):
        raise KeyError("x") if len(study["ablations"]) > 1 else StudyError("two\nlines")

    monkeypatch.setattr(hostile_studies, "study_and_plan", plan)
    found, raised = hostile_studies.count(hostile_studies.studies(), 30)
    assert found["traceback"] == sum(found.values()) and {key.split()[0] for key in raised} == {
        "KeyError",
        "AssertionError",
    }


@pytest.mark.parametrize(
    ("study", "words"),
    [
        ({"recipe": {"learning_rate": float("nan")}}, ["recipe.learning_rate", "nan"]),
        ({"recipe": {"learning_rate": float("inf")}}, ["recipe.learning_rate", "inf"]),
        ({"recipe": {"epochs": -3}}, ["recipe.epochs", "at least 1", "-3"]),
        ({"recipe": {"epochs": 10**30}}, ["recipe.epochs", "at most 64 bits"]),
        ({"recipe": {"epochs": 16**5000}}, ["recipe.epochs", "at most 64 bits"]),
        ({"seeds": 10**12}, ["seeds", "at most 10000"]),
        ({"data": {"name": "digits", "validation": 1e-9}}, ["data.validation", "at least one of the 1437"]),
        ({"study": "a\n"}, ["study", "beginning with a letter or digit"]),
        ({"study": "a" * 300}, ["study", "at most 64 characters"]),
        ({"question": "?" * 9999}, ["question", "at most 1000 characters"]),
        ({"results": "x{arm}"}, ["results", "without any of {"]),
        ({"results": ""}, ["results", "a path"]),
        ({"pathvars": {"results": "/etc"}}, ["pathvars: unknown key"]),
        ({"ablations": {"../x": ABLATION["a"]}}, ["'../x' is not safe"]),
        ({"ablations": {"a/../../x": {"remove_each": "all"}}}, ["is not safe"]),
        ({"ablations": {"a" + "d" * 30: ABLATION["a"]}}, ["is not safe", "20 times over"]),
        ({"ablations": {".unfinished": ABLATION["a"]}}, ["is not safe"]),
        ({"ablations": {"a": {"each": {"l2": {"../x": 0.1}}}}}, ["'../x' is not safe"]),
        ({"ablations": {"a": {"each": {"l2": {1: 0.1}}}}}, ["1 is not safe", "Write it in quotes"]),
        ({"ablations": {"a": {"set": {1: 0.1}}}}, ["ablations.a.set", "text"]),
        ({"ablations": {"baseline": ABLATION["a"]}}, ["two arms called baseline"]),
        ({"ablations": {"Baseline": ABLATION["a"]}}, ["baseline and Baseline are the same folder"]),
        ({"ablations": {"a": {**ABLATION["a"], "family": "../x"}}}, ["family", "beginning with a letter or digit"]),
        ({"ablations": {"a": {**ABLATION["a"], "from": "b"}, "b": {"set": {"l2": 0.1}, "from": "a"}}}, ["a circle"]),
        ({"ablations": {"a": {"each": {"epochs": list(range(1, 12))}}}}, ["at most 10 arms"]),
        ({"recipe": {"model": "../../x:build"}}, ["module:function"]),
        ({"recipe": {"model": "a:b:c"}}, ["module:function"]),
        ({"data": "x:load\n"}, ["data.name"]),
        ({"data": b"digits"}, ["data", "in quotes"]),
        ({"study": "\x1b[2J" * 999}, ["study"]),
    ],
)  # fmt: skip
def test_what_is_refused_is_named(study, words, monkeypatch):
    monkeypatch.setattr(plan, "MOST_ARMS", 10)
    with pytest.raises(StudyError) as raised:
        study_and_plan({"study": "s", "data": "digits", "ablations": ABLATION, **study}, SCHEMA)
    message = str(raised.value)
    assert message.isprintable() and len(message) <= LONGEST + 3
    for word in words:
        assert word in message


def test_results_may_lie_anywhere_and_the_home_folder_has_its_short_name(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    study = {"study": "s", "data": "digits", "ablations": ABLATION}
    for written, meant in (("~/x", f"{tmp_path}/x"), ("/scratch/x", "/scratch/x"), ("../x", "../x")):
        assert study_and_plan({**study, "results": written}, SCHEMA)[0]["results"] == meant


def laughs(links):
    """A list of lists of ten each, one inside the other by aliases."""
    first = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n"
    return first + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, links))


@pytest.mark.parametrize("text", [laughs(12), "a: &a [*a]", "a: &a {b: *a}", "a: " + "[" * 60 + "]" * 60])
def test_aliases_without_end_are_refused_at_once(text):
    with pytest.raises(PlainValuesError, match="stands for more than 1000000 values"):
        study_and_plan({"study": "s", "ablations": ABLATION, **yaml.safe_load(text)}, SCHEMA)


def test_an_alias_used_as_people_do_is_taken():
    text = "study: s\ndata: digits\nrecipe: {schedule: &s {name: step, every: 2}}\n"
    text += "ablations: {a: {set: {schedule: {<<: *s, every: 3}}}}"
    assert study_and_plan(yaml.safe_load(text), SCHEMA)[1].arms["a"].recipe["schedule"]["every"] == "3 epochs"


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system ['touch PWNED']", "!!python/name:os.system", "!x y"])
def test_no_tag_makes_anything_but_a_refusal(tag, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text(f"study: {tag}\nablations: {{a: {{set: {{dropout: 0.5}}}}}}\n")
    with pytest.raises((WorkflowError, StudyError), match=r"not valid JSON or YAML|expected text"):
        study_and_plan(load_configfile(tmp_path / "study.yaml"), SCHEMA)
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]
