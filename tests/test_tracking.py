"""Records into MLflow: once per run, however often and however brokenly the import is repeated."""

import base64
import dataclasses
import json
import re
import shutil
import sqlite3
import zipfile
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from butfor.records.record import read, write
from butfor.study.metrics import METRICS
from butfor.study.study_metrics import RECORDED
from butfor.tracking import arm_content, job_imports, link_page, run_content, store, study_import, summary_run, views
from butfor.tracking.artifacts import ArtifactStore
from test_record import EXAMPLE

ACCURACY, LOSS = METRICS["test/accuracy"], METRICS["test/loss"]
EFFECT = "delta/test_accuracy_points"
TRACKING = {
    "experiment": "s",
    "question": "Why?",
    "target": "results",
    "identity": None,
    "code": "0123",
    "arm_code": "0123",
    "must_learn": True,
    "metric": "test/accuracy",
    "arms": {"a": {"family": "f", "reference": "baseline"}, "baseline": {"family": "baseline", "reference": None}},
    "varying": ["l2"],
    "system_metrics": False,
    "models": "none",
    "register": False,
}
RUN = dataclasses.replace(
    EXAMPLE,
    recipe={"l2": 0.1, "schedule": {"name": "step", "factor": 0.5}},
    data={"name": "digits", "fingerprint": "abc"},
    history=[
        {"epoch": 1, "objective": 1.0, "train/loss": 0.5, "validation/loss": 0.7},
        {"epoch": 2, "objective": 0.9, "train/loss": 0.4, "validation/loss": 0.6},
    ],
    learning_rate=[0.1, 0.1, 0.05, 0.05],
    machine={"device": "CPU", "revision": "0123"},
    metrics={"train/loss": 0.3, "validation/loss": 0.65, "test/accuracy": 0.5, "test/loss": 1.5},
    timing={"started": 1e9, "ended": 1e9 + 10, "epochs_ended": [1e9 + 4, 1e9 + 9], "seconds": {}},
)


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A job's folder with two records in a study's results folder."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / "runs" / "a" / "look1"
    for seed in (0, 1):
        write(folder / f"seed_{seed}.json", dataclasses.replace(RUN, seed=seed))
    return folder


def track(job, folders=None, void=(), contrasts=(), **changes):
    """Mirror some jobs' folders, the report and a figure; gives what is written in the end."""
    results = job.parents[2]
    (results / "checks.json").write_text(json.dumps([{"arm": arm, "outcome": "void"} for arm in void]))
    (results / "figures").mkdir(exist_ok=True)
    (results / "report.md").write_text("# s")
    (results / "figures" / "effects.png").write_bytes(b"png")
    (results / "contrasts.json").write_text(json.dumps(list(contrasts)))
    files = [results / "report.md", results / "figures" / "effects.png"]
    told = {name: results / f"{name}.json" for name in ("checks", "contrasts")}
    sources = study_import.Sources(folders or [job], files=files, tables=results / "tables", **told)
    study_import.track({**TRACKING, **changes}, sources, results / "tracked.json")
    return json.loads((results / "tracked.json").read_text())


def found(job, name="s"):
    """The client of the study's own store, and the runs of seeds there."""
    client = MlflowClient(f"sqlite:///{job.parents[2]}/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name(name)
    return client, client.search_runs([experiment.experiment_id], "tags.`butfor.key` LIKE 's/%'")


def found_arms(job):
    """The runs of arms in the study's own store, by name."""
    client = MlflowClient(f"sqlite:///{job.parents[2]}/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("s")
    runs = client.search_runs([experiment.experiment_id], "tags.`butfor.kind` = 'arm'")
    assert len({run.info.run_name for run in runs}) == len(runs), "each arm once"
    return {run.info.run_name: run for run in runs}


def judged(**changes):
    """Contrasts of the arm a, as contrasts.json has them; with changes."""
    numbers = {"effect": 7.46, "low": 3.1149, "high": 11.8, "p_difference": 0.0004321, "p_equivalence": 0.98765}
    row = {"arm": "a", "reference": "baseline", "family": "f", "metric": "test/accuracy", "unit": "accuracy points"}
    row |= {"verdict": "helps", "remark": "", "pairs": 2, **numbers, **changes}
    loss = {"metric": "test/loss", "unit": "nats", "effect": -0.5, "low": None, "high": None, "verdict": "inconclusive"}
    return [row, {**row, **loss}]


def test_every_record_is_one_finished_run_with_its_curves(job):
    track(job)
    client, runs = found(job)
    assert sorted(run.info.run_name for run in runs) == ["a · seed 0", "a · seed 1"]
    run = runs[0]
    assert run.info.status == "FINISHED" and run.info.start_time == 10**12 and run.info.end_time == 10**12 + 10_000
    assert run.data.params == {"arm": "a", "family": "f", "seed": run.data.params["seed"], "l2": "0.1"}
    assert run.data.metrics["test/accuracy"] == 0.5
    curve = client.get_metric_history(run.info.run_id, "train/loss")
    assert [(point.step, point.value) for point in curve] == [(1, 0.5), (2, 0.4)]
    kept = list(job.parents[2].glob(f"mlflow/artifacts/s/{run.info.run_id}/artifacts/seed_*.json"))
    assert len(kept) == 1 and read(kept[0]).arm == "a"


def test_charts_come_in_the_sections_train_val_test_and_delta(job, baseline):
    track(job, [job, baseline])
    (run,) = [r for r in found(job)[1] if r.info.run_name == "a · seed 0"]
    assert run.data.metrics == {
        **{"train/objective": 0.9, "train/learning_rate": 0.05, "train/loss": 0.4, "train/final_loss": 0.3},
        **{"val/loss": 0.6, "val/final_loss": 0.65, "test/accuracy": 0.5, "test/loss": 1.5},
        **{"delta/test_accuracy_points": pytest.approx(10), "delta/test_loss": pytest.approx(-0.5)},
    }


def test_runs_that_other_code_wrote_are_replaced(job):
    before = track(job)["runs"]
    assert (before, track(job, code="4567")["runs"]) == (
        {"s/a/0": "new", "s/a/1": "new"},
        {"s/a/0": "replaced", "s/a/1": "replaced"},
    )


def test_the_study_s_own_store_writes_ahead(job):
    track(job)
    database = job.parents[2] / "mlflow" / "mlflow.db"
    with sqlite3.connect(database) as store:
        assert store.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_repeated_import_changes_nothing(job):
    track(job)
    before = {run.info.run_id for run in found(job)[1]}
    track(job)
    assert {run.info.run_id for run in found(job)[1]} == before


def test_a_changed_record_replaces_its_run_and_a_vanished_one_takes_its_run_along(job):
    track(job)
    before = {run.data.tags["butfor.key"]: run.info.run_id for run in found(job)[1]}
    write(job / "seed_0.json", dataclasses.replace(RUN, seed=0, metrics={"test/accuracy": 0.9}))
    (job / "seed_1.json").unlink()
    track(job)
    (run,) = found(job)[1]
    assert run.data.metrics["test/accuracy"] == 0.9 and run.info.run_id != before["s/a/0"]


def artifacts(job, run):
    """The folder of a run's artifacts."""
    return job.parents[2] / "mlflow" / "artifacts" / "s" / run.info.run_id / "artifacts"


def test_a_run_holds_its_recipe_and_its_curves(job):
    track(job)
    for run in found(job)[1]:
        assert yaml.safe_load((artifacts(job, run) / "recipe.yaml").read_text()) == RUN.recipe
        drawn = (artifacts(job, run) / "curves.svg").read_text()
        ElementTree.fromstring(drawn)
        assert [f'id="seed_{seed}_validation_loss"' in drawn for seed in (0, 1, 2)] == [True, True, False]
        assert re.findall(r'\[id\^="seed_(\d+)_"\]', drawn) == [run.data.params["seed"]]


@pytest.mark.parametrize("status, kept", [("ok", False), ("at_chance", True), ("diverged", True)])
def test_a_failed_run_holds_its_job_s_log(job, status, kept):
    log = job.parents[2] / "logs" / "train" / "a_look1.log"
    log.parent.mkdir(parents=True)
    log.write_text("what happened")
    write(job / "seed_0.json", dataclasses.replace(RUN, seed=0, status=status, reason="" if status == "ok" else "so"))
    track(job)
    held = {run.data.params["seed"]: (artifacts(job, run) / "a_look1.log").exists() for run in found(job)[1]}
    assert held == {"0": kept, "1": False}


def test_the_data_set_is_an_input_with_its_digest_and_size(job):
    write(job / "seed_0.json", dataclasses.replace(RUN, seed=0, data={**RUN.data, "train": 7, "test": 3}))
    track(job)
    (run,) = [run for run in found(job)[1] if run.data.params["seed"] == "0"]
    (given,) = run.inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("digits", "abc")
    assert json.loads(given.dataset.profile) == {"train": 7, "test": 3}
    assert [(tag.key, tag.value) for tag in given.tags] == [("mlflow.data.context", "training")]


def test_a_long_run_is_whole_before_its_digest_says_so(job, monkeypatch):
    """MLflow sends a large batch in several calls, and would send the tags with the first."""
    long = 400
    history = [{**RUN.history[0], "epoch": n, "train/loss": 1 / n} for n in range(1, long + 1)]
    timing = {**RUN.timing, "epochs_ended": [1e9 + n for n in range(long)]}
    run = dataclasses.replace(RUN, seed=0, history=history, learning_rate=[0.1] * 2 * long, timing=timing)
    write(job / "seed_0.json", run)
    sent, log_batch = [], SqlAlchemyStore.log_batch

    def noted(self, run_id, metrics, params, tags):
        sent.append((run_id, len(metrics), [tag.key for tag in tags]))
        log_batch(self, run_id, metrics, params, tags)

    monkeypatch.setattr(SqlAlchemyStore, "log_batch", noted)
    track(job)
    points = 4 * long + len(RUN.metrics)
    of_seed = [(count, tags) for run_id, count, tags in sent if run_id in {run.info.run_id for run in found(job)[1]}]
    first = of_seed[: next(place for place, (_, tags) in enumerate(of_seed) if tags == ["butfor.digest"]) + 1]
    assert sum(count for count, _ in first) == points and len(first) == 2


@pytest.mark.parametrize("step", [(ArtifactStore, "add"), (MlflowClient, "set_terminated")], ids=["files", "end"])
def test_an_import_killed_half_way_is_completed_without_duplicates(job, monkeypatch, step):
    whole, runs_reached = getattr(*step), set()

    def killed(self, run_id, *args):
        runs_reached.add(run_id)
        if len(runs_reached) == 3:  # the arm's is the first
            raise KeyboardInterrupt
        whole(self, run_id, *args)

    with monkeypatch.context() as patch:
        patch.setattr(*step, killed)
        with pytest.raises(KeyboardInterrupt):
            track(job)
    assert sorted(run.info.status for run in found(job)[1]) == ["FINISHED", "RUNNING"]
    track(job)
    _, runs = found(job)
    assert [run.info.status for run in runs] == ["FINISHED", "FINISHED"]
    assert len({run.data.tags["butfor.key"] for run in runs}) == 2
    assert all(run.data.metrics["test/accuracy"] == 0.5 for run in runs)


def test_a_diverged_run_is_a_failed_run(job):
    shutil.rmtree(job)
    broken = dataclasses.replace(RUN, seed=0, status="diverged", reason="the loss was nan in epoch 2", metrics={})
    write(
        job / "seed_0.json",
        dataclasses.replace(
            broken,
            history=[{**RUN.history[0], "train/loss": float("nan")}],
            timing={**RUN.timing, "epochs_ended": [1e9]},
        ),
    )
    track(job)
    (run,) = found(job)[1]
    assert run.info.status == "FAILED" and "nan in epoch 2" in run.data.tags["mlflow.note.content"]


def test_a_store_that_cannot_be_reached_is_said_in_one_message(job, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(store.TrackingError, match="records are complete") as raised:
        track(job)
    assert "secret" not in str(raised.value)


def test_settings_by_layer_and_arms_without_a_reference_are_said_in_short(job):
    layers = {"hidden_1": {"name": "zeros"}, "logits": {"name": "normal", "stddev": 1.0}}
    run = dataclasses.replace(RUN, recipe={**RUN.recipe, "layer_initialisers": layers})
    (*_, last) = run_content.parameters(run.arm, run.seed, run.recipe, {**TRACKING, "varying": ["layer_initialisers"]})
    assert last.value == "hidden_1: zeros, logits: normal(stddev=1.0)"
    alone = {**TRACKING, "arms": {"a": {"family": "f", "reference": None}, "baseline": {"reference": None}}}
    assert "a reference for other arms" in run_content.describe(run, alone)
    assert "the full recipe" in run_content.describe(dataclasses.replace(run, arm="baseline"), alone)


@pytest.fixture
def baseline(job):
    """The records of the reference, with the same seeds."""
    folder = job.parents[1] / "baseline" / "look1"
    for seed, accuracy in ((0, 0.4), (1, 0.45)):
        metrics = {**RUN.metrics, "test/accuracy": accuracy, "test/loss": 2.0}
        write(folder / f"seed_{seed}.json", dataclasses.replace(RUN, arm="baseline", seed=seed, metrics=metrics))
    return folder


def test_a_run_holds_its_difference_to_the_reference_with_the_same_seed(job, baseline):
    track(job, [job, baseline])
    by_seed = {run.data.tags["butfor.seed"]: run for run in found(job)[1] if run.data.tags["butfor.arm"] == "a"}
    assert by_seed["0"].data.metrics["delta/test_accuracy_points"] == pytest.approx(10)
    assert by_seed["1"].data.metrics["delta/test_accuracy_points"] == pytest.approx(5)
    assert by_seed["1"].data.metrics["delta/test_loss"] == pytest.approx(-0.5)
    write(
        baseline / "seed_1.json",
        dataclasses.replace(RUN, arm="baseline", seed=1, status="diverged", reason="nan", metrics={}),
    )
    track(job, [job, baseline])
    again = {run.data.tags["butfor.seed"]: run for run in found(job)[1] if run.data.tags["butfor.arm"] == "a"}
    assert "delta/test_loss" not in again["1"].data.metrics
    assert again["0"].info.run_id == by_seed["0"].info.run_id


def test_the_run_of_an_arm_bears_its_label_and_another_one_after_a_change(job):
    for label in ("", "Without dropout", "No dropout"):
        arms = {"a": {**TRACKING["arms"]["a"], **({"label": label} if label else {})}}
        track(job, arms={**TRACKING["arms"], **arms})
        assert set(found_arms(job)) == {label or "a"}
        assert len(found(job)[1]) == 2, "the runs of its seeds stay"


def test_an_arm_is_the_parent_of_its_seeds_and_says_what_was_judged(job, baseline):
    write(job / "seed_2.json", dataclasses.replace(RUN, seed=2, status="diverged", reason="so", metrics={}))
    write(job / "seed_1.json", dataclasses.replace(RUN, seed=1, metrics={**RUN.metrics, "test/accuracy": 0.52345678}))
    track(job, [job, baseline], contrasts=judged())
    arms, seeds = found_arms(job), found(job)[1]
    assert set(arms) == {"a", "baseline"} and len(seeds) == 5
    for run in seeds:
        assert run.data.tags["mlflow.parentRunId"] == arms[run.data.params["arm"]].info.run_id
    a = arms["a"]
    assert a.data.metrics == {
        **{"verdict/place": 1, "seeds": 3, "failed": 1, "p/differ": 0.00043, "p/same": 0.99},
        **{"test/accuracy": 0.5117, "test/accuracy_sd": 0.0166, "test/loss": 1.5, "test/loss_sd": 0.0},
        **{EFFECT: 7.46, f"{EFFECT}_low": 3.11, f"{EFFECT}_high": 11.8, "delta/test_loss": -0.5},
        **{"train/loss": 0.4, "val/loss": 0.6, "train/objective": 0.9, "train/learning_rate": 0.05},
        **{"band/val_loss_low": 0.6, "band/val_loss_high": 0.6},
    }
    shown = {key: value for key, value in a.data.tags.items() if not key.startswith(("butfor.", "mlflow."))}
    assert shown == {**{"verdict": "helps", "interval": "[+3.1, +11.8]", "mean and sd": "51.2 ± 1.7 %", "proof": "–"}}
    note = a.data.tags["mlflow.note.content"].splitlines()
    assert note[0] == (
        "a: helps, +7.5 accuracy points [+3.1, +11.8] against baseline. 51.2 ± 1.7 % over 3 runs, 1 of which failed and"
        " do not count in."
    )
    first = arms["baseline"]
    assert first.data.metrics["verdict/place"] == 0 and first.data.tags["verdict"] == "reference"
    assert first.data.tags["mlflow.runColor"] != a.data.tags["mlflow.runColor"] and a.info.status == "FINISHED"
    assert (a.info.start_time, a.info.end_time) == (10**12, 10**12 + 10_000)
    assert {path.name for path in artifacts(job, a).iterdir()} == {"recipe.yaml", "contrasts.json"}


def test_an_arm_without_a_verdict_shows_none(job, baseline):
    track(job, [job, baseline], void=["a"], contrasts=judged(verdict="void: nothing changed"))
    a = found_arms(job)["a"]
    assert (a.data.tags["verdict"], a.data.tags["interval"], a.data.tags["proof"]) == (
        "void: nothing changed",
        "–",
        "void",
    )
    assert EFFECT not in a.data.metrics and "p/differ" not in a.data.metrics and a.data.metrics["verdict/place"] == 1


def test_curves_of_an_arm_are_the_means_over_its_seeds_with_their_band_and_how_many_there_are(job):
    def trained(seed, *losses):
        history = [{**RUN.history[0], "epoch": n, "validation/loss": loss} for n, loss in enumerate(losses, start=1)]
        timing = {**RUN.timing, "epochs_ended": [1e9] * len(losses)}
        run = dataclasses.replace(RUN, seed=seed, history=history, timing=timing)
        write(job / f"seed_{seed}.json", dataclasses.replace(run, learning_rate=[0.1] * 2 * len(losses)))

    trained(0, 0.8, 0.5, 0.4)
    trained(1, 0.7, 0.9)
    track(job)
    client, arm = found(job)[0], found_arms(job)["a"]

    def curve(name):
        points = client.get_metric_history(arm.info.run_id, name)
        return {point.step: point.value for point in points}

    assert curve("val/loss") == {1: 0.75, 2: 0.7, 3: 0.4}
    assert curve("band/val_loss_low") == {1: 0.7, 2: 0.5, 3: 0.4}
    assert curve("band/val_loss_high") == {1: 0.8, 2: 0.9, 3: 0.4}
    assert curve("band/seeds") == {1: 2, 2: 2, 3: 1}


def test_references_come_first_and_then_the_worst():
    arms = ["late", "b", "small", "lost", "baseline", "void"]
    effects = {"b": 0.5, "late": -3.0, "lost": None, "void": -9.0}
    rows = [judged(arm=arm, effect=effect, verdict="hurts")[0] for arm, effect in effects.items()]
    rows[-1]["verdict"] = "unproven"
    order = arm_content.judgements(arms, rows, [], ACCURACY)
    assert sorted(arms, key=lambda arm: order[arm].place) == ["baseline", "small", "lost", "late", "b", "void"]


def test_an_arm_judged_otherwise_is_replaced_and_its_seeds_are_not(job, baseline):
    track(job, [job, baseline], contrasts=judged())
    before, arms = {run.info.run_id for run in found(job)[1]}, found_arms(job)
    track(job, [job, baseline], contrasts=judged(verdict="inconclusive"))
    _, seeds = found(job)
    again = found_arms(job)
    assert {run.info.run_id for run in seeds} == before
    assert again["baseline"].info.run_id == arms["baseline"].info.run_id
    assert again["a"].info.run_id != arms["a"].info.run_id and again["a"].data.tags["verdict"] == "inconclusive"
    assert {r.data.tags["mlflow.parentRunId"] for r in seeds if r.data.params["arm"] == "a"} == {again["a"].info.run_id}


def test_a_model_that_another_engine_kept_stays_where_it_is(job, caplog):
    for seed in (0, 1):
        model = job.parents[2] / "models" / "all" / "a" / "look1" / f"seed_{seed}.keras"
        model.parent.mkdir(parents=True, exist_ok=True)
        np.savez(model.open("wb"), np.zeros(1))
    assert set(track(job, models="all", register=True)["runs"].values()) == {"new"}
    assert caplog.text.count("MLflow is given models of Keras only") == 1 and "no model of the baseline" in caplog.text


def test_the_study_s_files_are_artifacts_of_one_run_without_figures_that_shows_the_report(job):
    track(job)
    told = track(job)
    client, runs = found(job)
    (summary,) = client.search_runs([runs[0].info.experiment_id], "tags.`butfor.kind` = 'report'")
    assert summary.data.metrics == {} and summary.data.params == {} and summary.info.status == "FINISHED"
    assert summary.data.tags["mlflow.note.content"].startswith("s\n")
    parents = {run.data.tags["mlflow.parentRunId"] for run in runs}
    assert {link.rpartition("/runs/")[2] for link in told["arms"].values()} == parents
    assert told["report"].partition("?")[0].endswith(f"/runs/{summary.info.run_id}/artifacts/report.md")
    kept = job.parents[2] / "mlflow" / "artifacts" / "s" / summary.info.run_id / "artifacts"
    assert (kept / "report.md").read_text() == "# s" and (kept / "figures" / "effects.png").exists()


def test_runs_of_arms_that_the_study_no_longer_has_are_deleted(job, baseline):
    track(job, [job, baseline])
    track(job, [baseline])
    assert {run.data.tags["butfor.arm"] for run in found(job)[1]} == {"baseline"}


def test_failed_and_void_runs_are_marked_for_the_views(job, baseline):
    write(job / "seed_1.json", dataclasses.replace(RUN, seed=1, status="at_chance"))

    def usable(void=()):
        track(job, [job, baseline], void)
        tags = [run.data.tags for run in found(job)[1]]
        return {(each["butfor.arm"], each["butfor.seed"]): each["butfor.usable"] for each in tags}

    first = usable()
    assert first == {("a", "0"): "yes", ("a", "1"): "no", ("baseline", "0"): "yes", ("baseline", "1"): "yes"}
    assert usable(void=["baseline"])["baseline", "0"] == "no"
    assert usable()["baseline", "0"] == "yes"


def test_a_long_report_is_cut_between_two_paragraphs():
    long = "# Why?\n\n![Effects](figures/effects.png)\n\n" + "\n\n".join(["word " * 50] * 100)
    note = summary_run.as_note(long)
    assert note.startswith("Why?\n\nword") and "effects.png" not in note and 7000 < len(note) < 8000
    assert note.endswith(f"word\n\n{summary_run.WHERE}")


def test_views_are_saved_and_the_link_opens_on_the_first(job):
    link = track(job)["link"]
    client, _ = found(job)
    experiment = client.get_experiment_by_name("s")
    saved = {key.removeprefix(views.TAG): value for key, value in experiment.tags.items() if key.startswith(views.TAG)}
    assert set(saved) == set(views.views(ACCURACY))
    assert f"viewStateShareKey={views.FIRST}" in link and experiment.experiment_id in link
    first = json.loads(saved[views.FIRST])
    state = json.loads(zlib.decompress(base64.b64decode(first["state"].removeprefix("deflate;"))))
    assert state["groupBy"] is None, "no page computes anything"
    assert "metrics.`delta/test_accuracy_points`" in state["selectedColumns"]


def test_runs_and_views_of_a_study_on_the_loss_speak_of_the_loss():
    assert "test loss 1.5000." in run_content.describe(RUN, {**TRACKING, "metric": "test/loss"})
    _, first = views.views(LOSS)[views.FIRST]
    assert first["selectedColumns"][1] == "metrics.`delta/test_loss`" and first["selectedColumns"][-1].endswith(
        f"{EFFECT}`"
    )
    _, state = views.views(LOSS)["butfor-runs"]
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`delta/test_loss`", False), "the worst first"
    assert state["selectedColumns"][2:5] == [f"metrics.`{name}`" for name in ("delta/test_loss", "test/loss", EFFECT)]
    assert state["selectedColumns"][-1] == "metrics.`train/final_loss`"


def test_where_views_are_refused_everything_else_is_there(job, monkeypatch):
    def refused(self, experiment, key, value):
        raise MlflowException(f"{key} is none of the tags that may be set", error_code=INVALID_PARAMETER_VALUE)

    monkeypatch.setattr(MlflowClient, "set_experiment_tag", refused)
    told = track(job)
    assert "viewStateShareKey" not in told["link"] and "workflowType=machine_learning" in told["link"]
    assert len(found(job)[1]) == 2 and set(told["runs"].values()) == {"new"}


def test_only_its_own_view_shows_the_summary_run_and_each_shows_its_runs(job, baseline):
    write(job / "seed_1.json", dataclasses.replace(RUN, seed=1, status="diverged", reason="so", metrics={}))
    track(job, [job, baseline], void=["baseline"])
    client, runs = found(job)
    shown = {
        name: sorted(
            run.info.run_name for run in client.search_runs([runs[0].info.experiment_id], state["searchFilter"])
        )
        for name, (_, state) in views.views(ACCURACY).items()
    }
    good, bad = ["a · seed 0"], ["a · seed 1", "baseline · seed 0", "baseline · seed 1"]
    arms = ["a", "baseline"]
    runs = {"butfor-ablations": arms, "butfor-runs": good, "butfor-curves": arms, "butfor-failed": bad}
    assert shown == {**runs, "butfor-report": ["report"]}


def test_views_name_only_what_runs_hold(job, baseline):
    track(job, [job, baseline], contrasts=judged())
    (run,) = [run for run in found(job)[1] if run.info.run_name == "a · seed 0"]
    whole = {**RUN.metrics, "train/accuracy": 0.6, "validation/accuracy": 0.5}
    held = {point.key for point in run_content.metrics(dataclasses.replace(RUN, metrics=whole), {}, False)}
    held |= set(run.data.metrics) | set(run.data.params) | set(run.data.tags)
    arm = found_arms(job)["a"]
    held |= set(arm.data.metrics) | set(arm.data.tags)
    for _, state in views.views(ACCURACY).values():
        named = re.findall(
            r"(?:metrics|params|tags)\.`([^`]+)`",
            " ".join([*state["selectedColumns"], state["orderByKey"], state["searchFilter"]]),
        )
        assert set(named) <= held and named


def test_a_store_that_was_deleted_is_made_anew_with_the_same_runs(job, baseline):
    def told(job):
        track(job, [job, job.parents[1] / "baseline" / "look1"])
        return sorted(
            (
                *(run.info.run_name, run.info.status, run.info.start_time, run.info.end_time),
                *(sorted(each.items()) for each in (run.data.params, run.data.metrics)),
                sorted((key, value) for key, value in run.data.tags.items() if key != "mlflow.parentRunId"),
                sorted((path.name, path.read_bytes()) for path in artifacts(job, run).iterdir()),
            )
            for run in found(job)[1]
        )

    before, results = told(job), job.parents[2]
    records = shutil.copytree(results, results / "again", ignore=shutil.ignore_patterns("mlflow", "again"))
    assert told(records / job.relative_to(results)) == before and len(before) == 4


def test_another_question_leaves_the_runs_as_they_are(job):
    track(job)
    assert set(track(job, question="Why not?")["runs"].values()) == {"same"}


def test_an_arm_more_leaves_the_other_runs_as_they_are(job):
    track(job)
    before = {run.info.run_id for run in found(job)[1]}
    track(job, arms={**TRACKING["arms"], "b": {"family": "f", "reference": "baseline"}})
    assert {run.info.run_id for run in found(job)[1]} == before


def test_runs_are_mirrored_as_their_jobs_end_and_after_their_references(job, baseline, monkeypatch):
    """Ticks of a study: nothing new; the ablation has ended, its reference not; the reference has; the study is over."""
    monkeypatch.setattr("butfor.tracking.job_imports.PAUSE", 0)
    runs = job.parents[1]
    old = shutil.copytree(job, runs / "a" / "look0")
    for arm in ("a", "baseline"):
        (runs / arm / "look1").rename(job.parents[2] / f"later_{arm}")
    (runs / "a" / ".unfinished").mkdir()
    seen = []

    def going():
        tick = len(seen)
        if tick == 1:
            (job.parents[2] / "later_a").rename(runs / "a" / "look1")
        if tick == 3:
            (job.parents[2] / "later_baseline").rename(runs / "baseline" / "look1")
        there = (job.parents[2] / "mlflow" / "mlflow.db").exists()
        seen.append(len(found(job)[1]) if there else 0)
        return tick < 5

    job_imports.follow(TRACKING, runs, job.parents[2], True, going)
    assert seen == [0, 0, 0, 0, 4, 4] and old.exists()
    assert {run.data.tags["butfor.look"] for run in found(job)[1]} == {"look1"}


def test_following_outlives_a_store_that_cannot_be_reached(job, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr("butfor.tracking.job_imports.PAUSE", 0)
    alone = {**TRACKING, "arms": {"a": {"family": "f", "reference": None}}}
    away, ticks = job.rename(job.parents[2] / "away"), []

    def going():
        ticks.append(1)
        if len(ticks) == 2:
            away.rename(job)
        return len(ticks) < 4

    job_imports.follow(alone, job.parents[1], job.parents[2], True, going)
    assert len(ticks) == 4


def charted(*shown):
    _, state = views.views(*shown)[views.CURVES]
    return [chart["metricKey"] for chart in state["compareRunCharts"] if chart["type"] == "LINE"]


def test_charts_show_what_runs_of_the_task_record():
    """Of numbers no accuracy, of an own loss nothing else."""
    numbers, own = (list(RECORDED[task].values()) for task in ("regression", "own"))
    assert charted(*[one for one in numbers if one.settles])[:4] == ["val/mae", "val/loss", "train/mae", "train/loss"]
    assert charted(*[one for one in own if one.settles])[:2] == ["val/loss", "train/loss"]
    assert charted(ACCURACY)[:2] == ["val/accuracy", "val/loss"]


@pytest.mark.parametrize(
    ("task", "inputs", "classes", "outputs"),
    [
        ("classification", [8, 8], 10, [(-1, 10)]), ("regression", [5], 2, [(-1, 2)]), ("binary", [5], 1, [(-1, 1)]),
        ("segmentation", [16, 16, 3], 4, [(-1, 16, 16, 4)]), ("sequence", [20, 7], 5, [(-1, 20, 5)]), ("own", [8], 3, []),
    ],
)  # fmt: skip
def test_a_model_s_outputs_have_the_shape_of_its_task(tmp_path, task, inputs, classes, outputs):
    from butfor.tracking.model_artifacts import description

    layers = [{"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, *inputs]}}]
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": layers}}))
    machine = {**RUN.machine, "keras": "3.12", "python": "3.12"}
    record = dataclasses.replace(RUN, data={**RUN.data, "task": task, "classes": classes}, machine=machine)
    signature = description(tmp_path / "model.keras", record, "run").signature
    assert [tuple(one.shape) for one in signature.outputs or ()] == outputs


def test_a_page_leads_from_the_report_to_each_arm_and_run(job, monkeypatch):
    tracked = track(job)
    page = (job.parents[2] / "mlflow.html").read_text()
    base, (_, runs) = "http://butfor.localhost:5000", found(job)
    assert '<tr id="a">' in page and f'href="{base}{tracked["arms"]["a"]}"' in page and f'value="{base}"' in page
    ids = {run.data.params["seed"]: run.info.run_id for run in runs}
    assert all(re.search(rf'<a href="[^"]*/runs/{ids[seed]}"[^>]*>{seed}</a>', page) for seed in ("0", "1"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@mlflow.example.org/team/")
    assert link_page.address(job.parents[2]) == "https://mlflow.example.org/team"
