"""The command `butfor`: the words that it hands to Snakemake, its help and completion, its launcher, and what it says of bad
input."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from butfor.command import snakemake_call
from butfor.command.program import SUBCOMMANDS, program
from butfor.command.snakemake_call import SNAKEFILE, arguments
from butfor.errors import StudyError
from butfor.report.arm_story import arm_story
from butfor.report.sparkline import sparkline
from butfor.study.schema import load_schema
from butfor.verdicts.changed_verdicts import verdict_diff
from butfor.workflow import demands, ending, quoted_python
from conftest import ROOT, SCHEMA


def test_snakemake_gets_the_study_last_and_all_cores_unless_others_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    quiet = ["--quiet", "reason", "host"]
    assert arguments([]) == ["--cores", "all", *quiet]
    assert arguments(["mine.yaml", "--config", "a=b"]) == [
        *["--config", "a=b", "--cores", "all", *quiet], "--configfile", "mine.yaml",
    ]  # fmt: skip
    for cores in (["-c2"], ["--cores", "2"], ["--cores=2"], ["-n"], ["--profile", "slurm"]):
        assert "all" not in arguments(cores)
    assert arguments(["--quiet", "all", "-n"]) == ["--quiet", "all", "-n"] and "--quiet" not in arguments([], silent=())
    assert arguments(["mine.yaml"], "partial", ["--nolock"])[:2] == ["partial", "--nolock"]
    started = []
    monkeypatch.setattr("os.execv", lambda program, words: started.append(words[1:]))
    CliRunner().invoke(program, ["paper", "config/tiny.yaml", "-n"])
    assert started[0][:2] == ["paper", "-n"] and started[0][-2:] == ["--configfile", "config/tiny.yaml"]
    monkeypatch.chdir(tmp_path)
    assert arguments(["-n"]) == ["-n", "--snakefile", str(SNAKEFILE), *quiet]


def test_every_subcommand_has_help_worth_reading_and_the_first_line_that_the_list_has():
    listed = CliRunner().invoke(program, ["--help"]).output
    for name, summary in SUBCOMMANDS.items():
        text = CliRunner().invoke(program, [name, "--help"], catch_exceptions=False).output
        assert text.startswith(f"Usage: butfor {name}") or text.startswith(f"Usage: program {name}")
        assert len(text.splitlines()) > 7, name
        assert f"  {name}" in listed and summary in listed


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_subcommands_and_arms(shell, tmp_path):
    source = CliRunner().invoke(program, ["completion", shell]).output
    assert f"_BUTFOR_COMPLETE={shell}_complete" in source
    (tmp_path / "comparison.json").write_text(json.dumps({"arms": [{"arm": "no_l2"}, {"arm": "small"}]}))
    words = {"COMP_WORDS": f"butfor explain --results {tmp_path} no", "COMP_CWORD": "no" if shell == "fish" else "4"}
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "command.py"],
        env={**os.environ, **words, "_BUTFOR_COMPLETE": f"{shell}_complete"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "no_l2" in done.stdout and "small" not in done.stdout


def test_the_launcher_works_from_any_folder_by_any_path(tmp_path):
    """In a clone whose path has a space, through a link to it."""
    clone = tmp_path / "my clone"
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / "scripts").mkdir()
    (clone / "scripts" / "command.py").write_text("import sys; print(sys.argv[1:])")
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    launcher = clone / ".venv" / "bin" / "butfor"
    shutil.copy(ROOT / "scripts" / "launcher.sh", launcher)
    launcher.chmod(0o755)
    (tmp_path / "butfor").symlink_to(launcher)
    for called in (launcher, tmp_path / "butfor"):
        done = subprocess.run([called, "run", "my study.yaml"], cwd="/", capture_output=True, text=True, check=True)
        assert done.stdout == "['run', 'my study.yaml']\n"
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^\$\(BUTFOR\): scripts/launcher\.sh .*\n\t@cp \$< \$@ && chmod \+x \$@$", makefile, re.MULTILINE)


def test_a_mistake_is_one_line_and_no_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "command.py", "explain", "no_l2", "--results", "gone"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.startswith("butfor: gone: expected the results folder")
    assert len(done.stderr.splitlines()) == 1


def test_an_interpreter_whose_path_has_a_space_is_one_word_of_a_command():
    class Script:
        def _execute_cmd(self, command, **values):
            return command.format(**values)

    class Executor:
        def get_python_executable(self):
            return "/my clone/python"

    quoted_python.quote(Script, Executor)
    quoted_python.quote(Script, Executor)  # as where a module is read twice
    assert Script()._execute_cmd("{py_exec} x", py_exec="/my clone/python") == "'/my clone/python' x"
    assert Executor().get_python_executable() == "'/my clone/python'"
    assert quoted_python.quoted("/usr/bin/python3") == "/usr/bin/python3"


def test_what_a_study_may_fail_on_is_what_the_manual_names():
    words = load_schema(SCHEMA)["properties"]["fail_on"]["anyOf"][0]["enum"]
    assert words == list(demands.FINDERS)


def row(arm, verdict, low, high, **more):
    effect = (low + high) / 2
    known = {
        "arm": arm,
        "metric": "test/accuracy",
        "verdict": verdict,
        "remark": "",
        "effect": effect,
        "low": low,
        "high": high,
    }
    return {**known, "pairs": 5, "margin": 0.5, "reference": "baseline", "unit": "points", "decimals": 2, **more}


def results(folder, rows, **comparison):
    folder.mkdir()
    (folder / "contrasts.json").write_text(json.dumps(rows))
    known = {"metric": "test/accuracy", "runs": 10, "failed": []}
    (folder / "comparison.json").write_text(json.dumps({**known, **comparison}))
    (folder / "claims.json").write_text(json.dumps({"claims": [], "deviations": ["The margin was changed."]}))
    (folder / "checks.json").write_text(json.dumps([{"arm": "a", "outcome": "void"}]))
    return folder


def test_a_difference_names_changed_verdicts_moved_effects_and_arms_of_one_alone(tmp_path):
    rows = [row("a", "helps", 1, 2), row("b", "hurts", -2, -1), row("c", "helps", 1, 3)]
    one = results(tmp_path / "one", rows, arms=[{"arm": "a", "changes": ["dropout 0.1 → 0.0"]}])
    other = results(
        tmp_path / "other",
        [row("a", "inconclusive", -1, 2, margin=1.0), row("b", "hurts", -9, -8), row("d", "helps", 1, 3)],
        runs=20,
        arms=[{"arm": "a", "changes": ["dropout 0.2 → 0.0"]}],
    )
    diff = verdict_diff(one, other)
    assert [(pair["arm"], pair["changed"], pair["overlap"]) for pair in diff["both"]] == [
        ("a", True, True),
        ("b", False, False),
    ]
    assert (diff["only_a"], diff["only_b"]) == (["c"], ["d"])
    done = CliRunner().invoke(program, ["diff", str(one), str(other), "--exit-code"])
    assert done.exit_code == 1 and "1 of 2 verdicts changed" in done.output
    assert "  a: helps +1.50 [+1.00, +2.00] → inconclusive +0.5 [−1.0, +2.0]" in done.output
    assert f"a changes dropout 0.1 → 0.0 in {one} and dropout 0.2 → 0.0 in {other}." in done.output
    assert "the margin is ±0.5" in done.output and "there are 10 runs" in done.output
    assert json.loads(CliRunner().invoke(program, ["diff", str(one), str(other), "--json"]).output) == diff
    apart = results(tmp_path / "apart", [row("e", "helps", 1, 2)])
    assert CliRunner().invoke(program, ["diff", str(one), str(apart)]).exit_code == 0
    asked = CliRunner().invoke(program, ["diff", str(one), str(apart), "--exit-code"])
    assert "no ablation in common" in asked.output and "no verdict could be compared" in str(asked.exception)
    with pytest.raises(StudyError, match="expected verdicts on test/f1, received those on test/accuracy"):
        verdict_diff(one, other, "test/f1")
    with pytest.raises(StudyError, match=r"comparison\.json in it, received none"):
        verdict_diff(one, tmp_path)


def test_what_a_study_must_not_find(tmp_path):
    folder = results(tmp_path / "one", [row("a", "helps", 1, 2), row("b", "no verdict", 0, 0)])
    found = demands.matches(folder, list(demands.FINDERS))
    assert found == {"void": ["a"], "deviation": ["The margin was changed."], "no verdict": ["b"], "helps": ["a"]}
    changed = ["2026-11-27, after 8 runs: `verdict.alpha` 0.05 → 0.01.", "`a` was “hurts” (−5.83 points)."]
    assert demands.sentence({"deviation": changed}).startswith(
        "fail_on: deviation: 2026-11-27, after 8 runs: `verdict.alpha` 0.05 → 0.01; `a` was “hurts” (−5.83 points). The report"
    )
    assert demands.sentence({"helps": [f"arm{n}" for n in range(7)]}).startswith(
        "fail_on: helps: arm0, arm1, arm2, arm3, arm4 and 2"
    )


@pytest.mark.parametrize(
    ("targets", "code"), [([], 3), (["all"], 3), (["all", "paper"], 3), (["paper"], None)], ids=str
)
def test_a_study_that_is_asked_for_beside_others_ends_as_one(targets, code, tmp_path, monkeypatch):
    folder, said = results(tmp_path / "one", [row("a", "helps", 1, 2)]), []
    monkeypatch.setattr(ending.headline, "headline", lambda results, folder: "The answer.")
    monkeypatch.setattr(ending, "_end_with", said.append)
    try:
        ending.succeeded({"results": str(folder), "fail_on": ["helps"]}, targets)
    except SystemExit as ended:
        assert (ended.code, said[0]) == (code, "The answer.")
    else:
        assert code is None and not said


def test_a_start_that_leaves_out_the_report_tells_no_verdict_of_an_earlier_one(tmp_path, monkeypatch):
    folder, said = results(tmp_path / "one", [row("a", "helps", 1, 2)]), []
    monkeypatch.setattr(ending, "_end_with", said.append)
    about = {"results": str(folder), "fail_on": ["helps"]}
    ending.succeeded(about, [], True)
    assert said == [
        "The report was not asked for (--until, --omit-from): the same command without that option makes it."
    ]
    runs = folder / "runs" / "a" / "look1"
    runs.mkdir(parents=True)
    (runs / "seed_0.json").touch()
    (folder / "report.md").touch()
    ending.succeeded(about, [], True)
    assert said[1].splitlines()[1:] == [
        "So far there are records of 1 run: `snakemake partial` reports on them.",
        f"{folder}/report.md is of an earlier start.",
    ]


def test_an_arm_is_found_by_its_label_too(tmp_path):
    level = {"test/accuracy": {"mean": 54.5, "sd": 4.37}}
    known = {"reference": None, "changes": [], "runs": 5, "failed": 0, "reaches": level}
    arms = [{**known, "arm": f"slow@{data_set}", "label": "느린 <b>"} for data_set in ("작은", "other")]
    folder = results(tmp_path / "one", [], arms=arms, task="classification")
    story = arm_story(folder, "느린 <b>@작은")
    assert story.startswith("slow@작은 (느린 <b>), ")
    assert "test accuracy 54.5 ± 4.4 %" in story  # as the report has it


@pytest.mark.parametrize(
    ("remark", "about", "words"),
    [
        ("", {}, "(5 seeds; about 4 more would settle it)"),
        ("5 runs may have missed; at most about 4 more seeds would settle it", {}, "against baseline (5 seeds)"),
        ("", {"replicates": {"folds": 3, "repeats": 1}}, "(5 folds; needs `repeats: 3`)"),
    ],
    ids=["seeds", "told already", "folds"],
)
def test_what_an_arm_lacks_is_told_once_and_of_folds_in_repeats(tmp_path, remark, about, words):
    undecided = row("b", "inconclusive", -1, 2, remark=remark, planned=5, missing=0, more_seeds=4.0)
    arms = [{"arm": "b", "label": "", "reference": "baseline", "changes": [], "runs": 5, "failed": 0, "reaches": {}}]
    story = arm_story(results(tmp_path / "one", [undecided], arms=arms, task="classification", **about), "b")
    assert words in " ".join(story.split()) and story.count("settle") <= 1


def test_a_curve_in_a_line():
    assert sparkline([0, 1, 2, 7], 0, 7) == "▁▂▃█" and sparkline([1.0], 1.0, 1.0) == "▁"
    assert sparkline([float("nan"), 1], 0, 1) == "·█" and len(sparkline(range(1000), 0, 999)) == 60


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mine.yaml"], "mine.yaml: expected a study file, received nothing of that name. `butfor new` writes one."),
        (["yours.yml", "-n"], "received nothing of that name. Did you mean yours.yaml?"),
        (["folder"], "folder: expected a study file, received a folder."),
        (["-n", "--configfile", "yours.yaml", "folder"], "folder: expected a study file, received a folder."),
        (["--configfile=other.yaml"], "other.yaml: expected a study file, received nothing"),
    ],
    ids=["missing", "misspelt", "folder", "second", "option"],
)
def test_a_study_file_that_is_not_there_is_one_sentence(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "yours.yaml").write_text("study: yours")
    with pytest.raises(StudyError, match=re.escape(said)):
        snakemake_call.start(words)
    snakemake_call.refuse_missing_files(["yours.yaml", "--cores", "2", "--config", "a=b", "report.md"])
