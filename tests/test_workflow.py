"""The workflow as its users drive it: a study end to end, and what each edit makes run again."""

import fcntl
import json
import os
import re
import shutil
import subprocess

import pytest
import yaml
from click.testing import CliRunner
from mlflow import MlflowClient

from butfor.command.program import program
from butfor.errors import StudyError
from butfor.records.tables import load_study
from conftest import ROOT, SMALL, put_back
from test_report_page import Page, loaded, numbers, numbers_of_markdown

STUDY = {
    "study": "small",
    "seeds": 2,
    "data": {"name": "digits"},
    "recipe": {**SMALL, "l2": 0.001},
    "ablations": {
        "no_dropout": {"set": {"dropout": 0.0, "loop": "xla"}},  # so that either loop is repeated, and crashes
        "exploding": {"set": {"learning_rate": 1.0e30, "optimiser": "sgd"}},
    },
}
FOLDED = "All numbers", "Arms", "What failed", "What was checked", "How it was computed", "Provenance"
UNSEEN = {**STUDY, "tracking": {"mlflow": False}}


def changed(**changes):
    return {**STUDY, **changes}


def with_ablation(name, settings):
    return changed(ablations={**STUDY["ablations"], name: {"set": settings}})


@pytest.fixture(scope="module")
def study(workflow_copy):
    """The small study, run once."""
    copy = workflow_copy("study")
    copy.write(STUDY)
    done = copy.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return copy


@pytest.fixture
def edited(study):
    """The finished study, to be edited; whatever a test changes is put back."""
    with put_back(path for path in study.folder.rglob("*") if _source(path.relative_to(study.folder))):
        yield study


def _source(path):
    return path.suffix in (".py", ".smk", ".yaml") and path.parts[0] in ("scripts", "rules", "config")


def test_the_report_is_whole_and_its_pictures_are_there(study):
    results = study.folder / "results" / "small"
    report = (results / "report.md").read_text()
    for section in ("## Verdicts", "## Cost", *(f"<summary>{name}<" for name in FOLDED)):
        assert section in report
    pictures = re.findall(r"\]\((figures/[^)]+)\)", report)
    assert len(pictures) >= 3 and all((results / picture).stat().st_size > 5000 for picture in pictures)
    assert not re.search(r"\b(nan|None)\b", report.replace("the loss was nan", ""))


def test_the_page_has_the_report_s_numbers_and_loads_nothing(study):
    results = study.folder / "results" / "small"
    text = (results / "report.html").read_text()
    shown = numbers(" ".join(Page(text).words))
    assert len(shown) > 200 and shown == numbers_of_markdown((results / "report.md").read_text())
    assert [place for place in loaded(text) if not place.startswith(("data:", "#"))] == []
    assert "<title>no_dropout, seed 1: " in text and len(re.findall('<svg viewBox="', text)) >= 3


def test_an_exploding_arm_is_counted_and_not_a_crash(study):
    """Two failures of two are too few for a verdict."""
    rows = json.loads((study.folder / "results" / "small" / "contrasts.json").read_text())
    row = next(row for row in rows if row["arm"] == "exploding" and row["metric"] == "test/accuracy")
    assert (row["verdict"], row["remark"]) == ("inconclusive", "failed 2/2, reference 0/2")


def test_every_run_is_in_mlflow_once_and_none_is_left_running(study):
    results = study.folder / "results" / "small"
    client = MlflowClient(f"sqlite:///{results}/mlflow/mlflow.db")
    runs = client.search_runs(
        [client.get_experiment_by_name("small").experiment_id], "tags.`butfor.key` LIKE 'small/%'"
    )
    table = load_study(results)
    assert sorted(run.data.tags["butfor.key"] for run in runs) == sorted(
        f"small/{row.arm}/{row.seed}" for row in table.itertuples()
    )
    assert {run.info.status for run in runs} == {"FINISHED", "FAILED"}


def test_mlflow_is_made_anew_from_the_records(study):
    store, tracked = (study.folder / "results" / "small" / name for name in ("mlflow", "tracked.json"))
    shutil.rmtree(store)
    assert study.would_run() == {"track": 1}
    done = study.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mlflow.db is gone: MLflow's runs are made anew from the records." in done.stdout + done.stderr
    of_earlier_version = {key: value for key, value in json.loads(tracked.read_text()).items() if key != "identity"}
    tracked.write_text(json.dumps(of_earlier_version))
    done = study.run("track", "--forcerun", "track")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "earlier version" in done.stdout + done.stderr, (
        "what the last import noted is there until this one has ended"
    )
    assert "identity" in json.loads(tracked.read_text())
    test_every_run_is_in_mlflow_once_and_none_is_left_running(study)
    assert list(store.glob("artifacts/small/*/artifacts/report.md"))


def test_another_studys_store_is_not_rebuilt_without_saying_where_it_is():
    """Else the main study's would be deleted for it."""
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "RESULTS")}
    command = ["make", "-n", "mlflow-rebuild", "CONFIG=config/tiny.yaml"]
    refused = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert refused.returncode and "rm -rf" not in refused.stdout and "Add RESULTS=" in refused.stderr
    told = subprocess.run([*command, "RESULTS=results/tiny"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert told.returncode == 0 and "rm -rf results/tiny/mlflow" in told.stdout


def test_a_finished_study_has_nothing_to_do(study):
    assert study.would_run() == {}
    done = study.run()
    assert done.returncode == 0 and "Nothing to be done" in done.stdout + done.stderr


def test_what_was_deleted_is_drawn_again_though_the_report_stands(study):
    results = study.folder / "results" / "small"
    shutil.rmtree(results / "figures")
    assert "figures" in study.would_run()
    (results / "summary.json").unlink()
    done = study.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (results / "figures" / "effects.png").exists() and (results / "summary.json").exists()
    assert study.would_run() == {}


def test_what_a_study_must_not_find_ends_it_with_an_exit_code_of_its_own_after_the_report(study):
    results, line = study.folder / "results" / "small", "fail_on: failed: exploding. The report is complete"
    (results / "comment.md").unlink()
    done = study.run("--config", "fail_on=[failed,refuted]")
    assert (done.returncode, done.stderr.splitlines()[-1][: len(line)]) == (3, line)
    assert (results / "comment.md").is_file()
    again = study.run("--config", "fail_on=failed")  # where nothing is to be done
    assert (again.returncode, again.stderr.splitlines()[-1][: len(line)]) == (3, line)
    assert study.run("--config", "fail_on=[refuted,void]").returncode == 0


def test_the_command_tells_an_arms_story_a_difference_and_how_far_it_is(study):
    results = study.folder / "results" / "small"

    def butfor(*words):
        return CliRunner().invoke(program, [*words], catch_exceptions=False).output

    story = butfor("explain", "no_dropout", "--results", str(results))
    assert "dropout 0.1 → 0.0" in story and "proof   proven" in story and "2 runs, none failed" in story
    curves = [line for line in story.splitlines() if "→" in line and ("▁" in line or "█" in line)]
    assert len(curves) == 2
    story = butfor("explain", "exploding", "--results", str(results))
    assert "2 failed" in story and "seeds 0, 1: diverged" in story
    assert "which others are compared with" in butfor("explain", "baseline", "--results", str(results))
    assert "No verdict changed" in butfor("diff", str(results), str(results))
    progress = butfor("watch", str(results))
    assert " 6 of 6 runs" in progress and "failed  exploding, 2 runs: diverged" in progress
    with pytest.raises(StudyError, match="Did you mean no_dropout"):
        butfor("explain", "no_dropot", "--results", str(results))
    with pytest.raises(StudyError, match=f"there are {results}"):
        butfor("explain", "no_dropout", "--results", str(results.parent))
    comment = (results / "comment.md").read_text()
    assert len(comment.splitlines()) < 20 and "| `no_dropout` |" in comment and "2 failed runs of 6" in comment


def test_a_repeated_training_leaves_the_same_records(study, workflow_copy):
    again = workflow_copy("again")
    again.write(UNSEEN)
    arms = ("no_dropout", "exploding")
    assert again.run(*(f"results/small/runs/{arm}/look1" for arm in arms)).returncode == 0
    paths = [path for arm in arms for path in (study.folder / "results/small/runs" / arm).glob("look1/seed_*.json")]
    assert len(paths) == 4
    for path in paths:
        first, second = (
            json.loads(path.read_text()),
            json.loads((again.folder / path.relative_to(study.folder)).read_text()),
        )
        for volatile in ("machine", "timing", "sha256"):
            del first[volatile], second[volatile]
        assert first == second


def test_a_mistake_is_one_line_that_names_the_file_it_is_in(edited):
    edited.write({**STUDY, "seeds": 0})
    beside = edited.folder / "mine.yaml"
    beside.write_text("{study: mine, seeds: 2, recipe: {modle: mlp}, ablations: {a: {set: {dropout: 0.1}}}}")
    plain = {"study": "mine", "seeds": 2, "ablations": {"a": {"set": {"dropout": 0.0}}}}
    (edited.folder / "same.yaml").write_text(yaml.safe_dump(plain))
    plain["ablations"]["a"]["set"]["dropout"] = 0.1
    claim = {"sentence": "It helps.", "arm": "b", "expect": "helps"}
    (edited.folder / "claim.yaml").write_text(yaml.safe_dump({**plain, "claims": {"c": claim}}))
    for words, line in (
        ((), "config/config.yaml, line 2: seeds: expected at least 2, received 0."),
        (("--configfile", "mine.yaml"), "mine.yaml, line 1: modle: unknown key in recipe."),
        (("--configfile", "same.yaml"), "same.yaml, line 2: ablations: baseline and a resolve to the same recipe"),
        (("--configfile", "claim.yaml"), "claim.yaml, line 7: claims.c.arm: expected"),
        (("--config", "study=typed"), "--config study=typed: expected a study file with it, received none."),
    ):
        done = edited.run("-n", *words)
        assert done.returncode == 1 and done.stderr.splitlines()[-1].startswith(line), done.stderr
        assert "Error" not in done.stderr and "common.smk" not in done.stderr


def test_a_smaller_training_set_in_one_arm_or_another_folder_to_look_in_leaves_the_others_alone(edited):
    edited.write({**with_ablation("small", {"train_size": 300}), "data": {"name": "digits", "folder": "elsewhere"}})
    jobs = edited.would_run()
    assert jobs["train"] == 1 and "data" not in jobs


@pytest.mark.long
def test_changing_a_number_inside_a_recipe_to_one_that_stands_elsewhere_is_noticed(edited):
    edited.write(changed(recipe={**STUDY["recipe"], "batch_size": 8}))
    assert edited.would_run()["train"] == 3


def test_writing_the_same_recipe_otherwise_trains_nothing(edited):
    recipe = dict(reversed(STUDY["recipe"].items())) | {"l1": 0, "schedule": {"name": "none"}}
    edited.write(changed(recipe=recipe))
    assert edited.would_run() == {}


@pytest.mark.parametrize(
    ("settings", "jobs"),
    [
        (changed(verdict={"margin": 1.0}), {"compare", "assess", "comment", "figures", "report", "track"}),
        (changed(question="Why?"), {"report", "track"}),
        pytest.param(changed(log_level=2), set(), marks=pytest.mark.long),
    ],
)
def test_changing_margin_wording_or_log_level_trains_nothing(edited, settings, jobs):
    edited.write(settings)
    assert set(edited.would_run()) == jobs


@pytest.mark.long
def test_editing_comments_docstrings_layout_or_messages_does_nothing_at_all(edited):
    modules = [path for path in (edited.folder / "scripts").rglob("*.py") if path.read_text().strip()]
    for path in modules:
        path.write_text(path.read_text().replace('"""', '"""So: ', 1) + "\n# edited\n")
    inputs = edited.folder / "scripts" / "butfor" / "data" / "inputs.py"
    text = inputs.read_text()
    inputs.write_text(text.replace("expected finite inputs, received NaN or infinity", "NaN or infinity among them"))
    assert len(modules) > 100 and inputs.read_text() != text
    assert edited.would_run() == {}


@pytest.mark.parametrize(
    ("module", "jobs"),
    [
        ("report/report", {"report", "track"}),
        ("tracking/mirror", {"track"}),
        ("checks/footprints/expected_weights", {"check", "compare", "assess", "comment", "figures", "report", "track"}),
        ("process/log", set()),
        pytest.param("figures/draw", {"figures", "report", "track"}, marks=pytest.mark.long),
        pytest.param("verdicts/preregistration", {"assess", "comment", "report", "track"}, marks=pytest.mark.long),
        *(
            pytest.param(
                of_verdicts, {"compare", "assess", "comment", "figures", "report", "track"}, marks=pytest.mark.long
            )
            for of_verdicts in ("verdicts/removed", "stats/looks")
        ),
    ],
)
def test_editing_what_comes_after_training_trains_nothing(edited, module, jobs):
    with (edited.folder / "scripts" / "butfor" / f"{module}.py").open("a") as source:
        source.write("\nEDITED = 1\n")
    assert set(edited.would_run()) == jobs


@pytest.mark.parametrize(
    "module",
    [
        "data/dataset",
        "recipe/streams",
        *(
            pytest.param(other, marks=pytest.mark.long)
            for other in ("training/run", "training/evaluation", "recipe/schedules")
        ),
    ],
)
def test_editing_the_training_code_trains_everything(edited, module):
    with (edited.folder / "scripts" / "butfor" / f"{module}.py").open("a") as source:
        source.write("\nEDITED = 1\n")
    assert edited.would_run()["train"] == 3


def test_touching_every_file_as_a_checkout_does_trains_nothing(study):
    for path in study.folder.rglob("*"):
        if _source(path.relative_to(study.folder)):
            path.touch()
    assert study.would_run() == {}


def test_partial_reports_on_what_there_is(workflow_copy):
    copy = workflow_copy("partial")
    copy.write(UNSEEN)
    results = copy.folder / "results" / "small"
    assert copy.run("results/small/runs/baseline/look1").returncode == 0
    done = copy.run("partial")
    assert done.returncode == 0, done.stdout + done.stderr
    report = (results / "partial" / "report.md").read_text()
    assert "4 of 6 planned runs have left no record" in report
    assert report.count("2 of 2 pairs are missing: it has no run, its reference 2 runs") >= 2
    assert report.count("**Not judged yet:**") == 1


def test_a_report_on_what_there_is_trains_nothing_whatever_was_changed(edited):
    edited.write(changed(recipe={**STUDY["recipe"], "l2": 0.125}))
    assert edited.would_run("partial") == {"partial": 1}
    assert edited.would_run()["train"] == len(STUDY["ablations"]) + 1


def test_an_overlay_without_a_study_name_is_laid_over_the_default_study(edited):
    (edited.folder / "overlay.yaml").write_text("recipe: {epochs: 3}\n")
    assert edited.would_run("--configfile", "overlay.yaml")["train"] == 3
    assert edited.would_run("--config", "first_seed=7")["train"] == 3


def test_a_study_file_with_a_name_stands_alone(edited):
    (edited.folder / "other.yaml").write_text(
        yaml.safe_dump(changed(study="other", ablations={"a": {"set": {"l2": 0.0}}}))
    )
    assert edited.would_run("--configfile", "other.yaml")["train"] == 2


def test_bad_input_ends_before_anything_runs_in_one_message(edited):
    edited.write(changed(recipe={"learning_rate": "1e-3"}))
    done = edited.run()
    assert done.returncode != 0
    message = done.stdout + done.stderr
    assert "recipe.learning_rate: expected a number" in message and "Traceback" not in message


def test_a_second_start_is_refused_in_one_sentence_and_no_line_of_the_code(study):
    with (study.folder / "results" / "small" / ".in_use").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = study.run("--forcerun", "report")
    text = done.stdout + done.stderr
    assert done.returncode == 1 and text.rstrip().endswith("another study needs another folder.")
    assert "Error in file" not in text and "handlers.smk" not in text


def test_records_that_were_deleted_are_trained_anew_and_no_others(study):
    assert study.would_run() == {}
    runs = study.folder / "results" / "small" / "runs" / "no_dropout"
    away = runs.rename(study.folder / "away")
    assert study.would_run()["train"] == 1
    away.rename(runs)
    assert study.would_run() == {}


def test_sending_the_runs_elsewhere_trains_nothing(study, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert study.would_run() == {"track": 1}


def test_a_training_that_crashes_is_tried_again_with_the_same_seeds_and_leaves_the_same_records(study, workflow_copy):
    copy = workflow_copy("crashed")
    copy.write({**UNSEEN, "ablations": {"no_dropout": STUDY["ablations"]["no_dropout"]}})
    source, flag = copy.folder / "scripts" / "butfor" / "training" / "arm_runs.py", copy.folder / "crashed"
    once = f"""
        import os
        from pathlib import Path
        flag = Path({str(flag)!r})
        if seed and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), 9)
"""
    text = source.read_text()
    source.write_text(
        text.replace("        clock = Clock(self.seconds)\n", "        clock = Clock(self.seconds)" + once)
    )
    assert source.read_text() != text
    done = copy.run("--until", "train")
    assert done.returncode == 0 and flag.exists() and "Trying to restart job" in done.stdout + done.stderr
    assert done.stderr.endswith("So far there are records of 4 runs: `snakemake partial` reports on them.\n")
    paths = sorted((copy.folder / "results/small/runs").glob("*/*/seed_*.json"))
    assert len(paths) == 4
    for path in paths:
        crashed, whole = (
            {**json.loads(one.read_text()), "machine": None, "timing": None, "sha256": None}
            for one in (path, study.folder / path.relative_to(copy.folder))
        )
        assert crashed == whole


def test_the_linter_asks_for_nothing_but_environments(study):
    """The one environment of this workflow is .venv, made by make; conda is not used."""
    done = study.run("--lint")
    lints = re.findall(r"^    \* (.*)$", done.stdout + done.stderr, re.MULTILINE)
    assert lints and set(lints) == {"Specify a conda environment or container for each rule.:"}


def test_snakemakes_own_report_is_made(study):
    done = study.run("--report", "report.html")
    assert done.returncode == 0 and (study.folder / "report.html").stat().st_size > 10_000
    for shown in ("report.html", "effects.svg", "runs.csv"):
        assert f"Adding {shown} (" in done.stdout + done.stderr
