"""butfor in another workflow: as a module, under other names, included, with that workflow's own handlers."""

import subprocess
import sys

import pytest
import yaml

from conftest import ROOT, SMALL, environment

pytestmark = pytest.mark.cases

STUDY = {
    "study": "inside", "seeds": [2, 3], "data": "digits", "tracking": {"mlflow": False},
    "recipe": {**SMALL, "epochs": 1}, "verdict": {"margin": 0.01}, "ablations": {"drop": {"set": {"dropout": 0.2}}},
}  # fmt: skip
MODULE = f"""
module {{name}}:
    snakefile:
        "{ROOT}/Snakefile"
    config:
        config["{{name}}"]


use rule * from {{name}} as {{name}}_*
"""
TABLE = """
onstart:
    print("outer begins", file=open("outer.txt", "w"))


rule table:
    default_target: True
    input:
        "results/inside/report.md",
    output:
        "table.txt",
    shell:
        "grep '^|' {input} > {output}"
"""
HEAD = 'configfile: "study.yaml"\n\n'


@pytest.fixture
def outer(tmp_path):
    """Starts Snakemake in a folder with this Snakefile and config."""

    def start(snakefile, config, *words):
        (tmp_path / "Snakefile").write_text(snakefile)
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(config))
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=600, check=False
        )
        return done.returncode, done.stdout + done.stderr

    return start


@pytest.mark.cases
@pytest.mark.parametrize("place", ["", pytest.param("sub/", marks=pytest.mark.long)])
def test_a_module_under_other_names_trains_all_looks_and_is_not_made_twice(outer, tmp_path, place):
    config = {"first": STUDY, "paper": "mine"}
    prefix = f'    prefix:\n        "{place}"\n' if place else ""
    module = MODULE.format(name="first").replace("    config:\n", f"{prefix}    config:\n")
    workflow = HEAD + module + TABLE.replace("results/inside", f"{place}results/inside")
    code, text = outer(workflow, config)
    assert code == 0, text
    assert "`drop`" in (tmp_path / "table.txt").read_text()
    results = tmp_path / place / "results" / "inside"
    assert (results / "looks" / "look1.json").is_file() and (results / "runs" / "drop" / "look2").is_dir()
    assert (results / "register.json").is_file() and (tmp_path / "outer.txt").is_file()
    code, text = outer(workflow, config, "-n")
    assert code == 0 and "Nothing to be done" in text


def test_an_included_study_is_planned(outer):
    code, text = outer(f'{HEAD}include: "{ROOT}/Snakefile"\n{TABLE}', STUDY, "-n", "table.txt")
    assert code == 0 and "train " in text and "paper" not in text, text


def test_two_studies_in_one_workflow_are_refused_in_a_sentence(outer):
    two = {"first": STUDY, "second": {**STUDY, "study": "other"}}
    code, text = outer(HEAD + MODULE.format(name="first") + MODULE.format(name="second") + TABLE, two, "-n")
    assert code != 0 and "expected one study in a workflow, received results/inside and results/other" in text
    assert "Traceback" not in text


MOVED = {
    "prefix": '    prefix:\n        "sub"\n',
    "replaced": '    replace_prefix:\n        {"results/": "sub/results/"}\n',
}


@pytest.mark.parametrize("how", MOVED)
def test_a_module_with_a_prefix_has_its_results_folder_there(outer, tmp_path, how):
    moved = MODULE.format(name="first").replace("    config:\n", f"{MOVED[how]}    config:\n")
    table = TABLE.replace("results/inside", "sub/results/inside")
    code, text = outer(HEAD + moved + table, {"first": STUDY}, "-n", "--quiet", "reason")
    assert code == 0 and "sub/results/inside/report.md" in text and "sub/sub" not in text, text
    assert " results/" not in text.replace(f"{ROOT}/", "") and not (tmp_path / "results").exists()
