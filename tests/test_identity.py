"""A store that several studies share: each touches only what bears its identity, and nothing that users did there is lost."""

import dataclasses
import getpass
import json
import os
import shutil

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from butfor.records.record import read, write
from butfor.records.results_folder import IDENTITY
from butfor.tracking import identity, schema_version, target
from butfor.tracking.identity import identity_of
from test_tracking import RUN, judged, track


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A database of MLflow without an experiment; to make one takes longer than all that is done to it."""
    file = tmp_path_factory.mktemp("empty") / "empty.db"
    schema_version.prepare(f"sqlite:///{file}", own=False)
    return file


@pytest.fixture
def own(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def shared(tmp_path, empty, monkeypatch):
    """A store that is no results folder's own."""
    file = shutil.copy(empty, tmp_path / "shared.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{file}")
    return MlflowClient(f"sqlite:///{file}")


@pytest.fixture
def study(tmp_path, empty):
    """Makes a results folder with records of one arm, and gives the folder of its job."""

    def made(name, accuracy=0.5):
        job = tmp_path / name / "runs" / "a" / "look1"
        for seed in (0, 1):
            metrics = {**RUN.metrics, "test/accuracy": accuracy}
            write(job / f"seed_{seed}.json", dataclasses.replace(RUN, seed=seed, metrics=metrics))
        (tmp_path / name / "mlflow").mkdir()
        shutil.copy(empty, tmp_path / name / "mlflow" / "mlflow.db")
        return job

    return made


def own_client(job):
    return MlflowClient(f"sqlite:///{job.parents[2]}/mlflow/mlflow.db")


def active(client):
    """By experiment: the names of its active runs, of seeds each with its accuracy."""
    shown = {}
    for experiment in client.search_experiments(filter_string="name != 'Default'"):
        runs = client.search_runs([experiment.experiment_id])
        values = [(run.info.run_name, run.data.metrics.get("test/accuracy")) for run in runs]
        shown[experiment.name] = sorted(values, key=lambda value: value[0])
    return shown


def runs_with(accuracy):
    return [("a", accuracy), ("a · seed 0", accuracy), ("a · seed 1", accuracy), ("report", None)]


def identity_in(job):
    return json.loads((job.parents[2] / IDENTITY).read_text())["id"]


def beside(job):
    """The name of an experiment beside another study's."""
    return f"s ({getpass.getuser()}, {identity_in(job)[:6]})"


def only(client):
    """The one experiment beside MLflow's own, deleted or not."""
    found = client.search_experiments(ViewType.ALL, filter_string="name != 'Default'")
    assert len(found) == 1, [one.name for one in found]
    return found[0]


def test_two_studies_of_one_name_are_side_by_side_and_the_second_is_told(shared, study, capsys):
    first, second = study("first", 0.25), study("second", 0.75)
    track(first)
    assert capsys.readouterr().out == ""
    track(second)
    said = capsys.readouterr().out
    assert "another study holds the name s there" in said and f"in the experiment “{beside(second)}”" in said
    assert f"tracking: {{identity: {identity_in(first)}}}" in said and said.count("\n") == 1
    both = {"s": runs_with(0.25), beside(second): runs_with(0.75)}
    assert active(shared) == both
    assert set(track(first)["runs"].values()) == {"same"} and active(shared) == both
    shutil.rmtree(first.parent)
    track(second)
    assert active(shared) == both


def test_a_copy_of_a_results_folder_is_told_apart_and_a_moved_one_goes_on(shared, study, capsys, tmp_path):
    first = study("first", 0.25)
    track(first)
    copy = shutil.copytree(tmp_path / "first", tmp_path / "copy") / "runs" / "a" / "look1"
    write(
        copy / "seed_0.json",
        dataclasses.replace(read(copy / "seed_0.json"), metrics={"test/accuracy": 0.75, "test/loss": 1}),
    )
    (copy / "seed_1.json").unlink()
    track(copy)
    assert "copy is a copy of another results folder" in capsys.readouterr().out
    both = {"s": runs_with(0.25), beside(copy): [("a", 0.75), ("a · seed 0", 0.75), ("report", None)]}
    assert active(shared) == both
    os.rename(tmp_path / "first", tmp_path / "moved")
    assert set(track(tmp_path / "moved" / "runs" / "a" / "look1")["runs"].values()) == {"same"}
    assert active(shared) == both and capsys.readouterr().out == ""


def test_a_copy_that_passed_for_the_original_is_found_out_by_the_original(shared, study, tmp_path):
    first = study("first", 0.25)
    track(first)
    shutil.copytree(tmp_path / "first", tmp_path / "copy")
    os.rename(tmp_path / "first", tmp_path / "hidden")
    track(tmp_path / "copy" / "runs" / "a" / "look1")
    assert set(active(shared)) == {"s"}, "its original is nowhere to be seen: it was moved"
    original = tmp_path / "hidden" / "runs" / "a" / "look1"
    shutil.rmtree(tmp_path / "copy")
    track(original)
    assert active(shared) == {"s": runs_with(0.25), beside(original): runs_with(0.25)}


def test_a_study_continued_on_another_machine_is_apart_unless_its_file_names_the_identity(
    shared, study, tmp_path, monkeypatch
):
    first = study("first", 0.25)
    track(first)
    there = shutil.copytree(tmp_path / "first", tmp_path / "there") / "runs" / "a" / "look1"
    shutil.rmtree(tmp_path / "first")
    monkeypatch.setattr(identity.platform, "node", lambda: "another")
    assert set(track(there, identity=identity_in(there))["runs"].values()) == {"same"} and set(active(shared)) == {"s"}
    track(there)
    assert active(shared) == {"s": runs_with(0.25), beside(there): runs_with(0.25)}


def test_an_identity_is_drawn_once_and_outlives_damage(own, tmp_path):
    first = identity_of(tmp_path, shared=False)
    assert identity_of(tmp_path, shared=True) == first and len(first.id) == 16
    (tmp_path / "tracked.json").write_text(json.dumps({"identity": first.id}))
    (tmp_path / IDENTITY).write_text('{"id": "12')
    assert identity_of(tmp_path, shared=True).id == first.id
    assert [path.name for path in tmp_path.glob(f"{IDENTITY}*")] == [IDENTITY], "no part is left"
    (tmp_path / IDENTITY).unlink()
    (tmp_path / "tracked.json").unlink()
    assert identity_of(tmp_path, shared=True).id != first.id


def test_of_starts_that_draw_at_once_all_get_the_one_that_is_kept(own, tmp_path, monkeypatch):
    taken, link = [], os.link

    def late(part, path):
        monkeypatch.setattr(os, "link", link)
        taken.append(identity_of(tmp_path, shared=False))
        link(part, path)

    monkeypatch.setattr(os, "link", late)
    assert identity_of(tmp_path, shared=False).id == taken[0].id


@pytest.mark.parametrize("store", ["shared", pytest.param("own", marks=pytest.mark.long)])
def test_what_was_deleted_noted_or_renamed_in_the_pages_is_neither_lost_nor_doubled(study, store, request, capsys):
    request.getfixturevalue(store)
    job = study("first", 0.25)
    client = request.getfixturevalue("shared") if store == "shared" else own_client(job)
    place = only_after(job, client)
    for run in client.search_runs([place]):
        client.set_tag(run.info.run_id, "reviewer", "ask Kim")
        client.set_tag(run.info.run_id, "mlflow.note.content", "looks odd")
    gone = next(run for run in client.search_runs([place]) if run.info.run_name == "a · seed 0")
    client.delete_run(gone.info.run_id)
    arm = next(run for run in client.search_runs([place]) if run.info.run_name == "a")
    client.delete_run(arm.info.run_id)
    track(job)
    assert active(client) == {"s": runs_with(0.25)}
    assert sorted(run.info.run_name for run in noted(client, place)) == ["a · seed 1", "report"]
    whole = track(job, code="another", arm_code="another", contrasts=judged())["runs"]
    assert set(whole.values()) == {"replaced"}
    assert sorted(run.info.run_name for run in noted(client, place)) == ["a · seed 1", "report"], (
        "on the run in its place"
    )
    client.delete_experiment(place)
    track(job, code="another", arm_code="another", contrasts=judged())
    assert active(client) == {"s": runs_with(0.25)}, "each once, of all that were deleted with it"
    capsys.readouterr()
    client.rename_experiment(place, "table 3")
    client.set_experiment_tag(place, "mlflow.note.content", "for the paper")
    told = track(job, code="a third")
    assert active(client) == {"table 3": runs_with(0.25)} and told["experiment"] == place
    assert "the runs are in the experiment “table 3”, as it was renamed there" in capsys.readouterr().out
    assert only(client).tags["mlflow.note.content"] == "for the paper"
    parents = {run.info.run_name: run for run in client.search_runs([place])}
    assert parents["a · seed 0"].data.tags["mlflow.parentRunId"] == parents["a"].info.run_id


def only_after(job, client):
    track(job)
    return only(client).experiment_id


def noted(client, place):
    runs = client.search_runs([place], "tags.reviewer = 'ask Kim'")
    assert {run.data.tags["mlflow.note.content"] for run in runs} == {"looks odd"}
    return runs


def as_an_earlier_version_left_it(client, job):
    """No identity anywhere."""
    experiment = only(client)
    for tag in ("butfor.identity", "butfor.file", "butfor.note"):
        if tag in experiment.tags:
            client.delete_experiment_tag(experiment.experiment_id, tag)
    for run in client.search_runs([experiment.experiment_id]):
        client.delete_tag(run.info.run_id, "butfor.identity")
        client.delete_tag(run.info.run_id, "butfor.note")
        if run.data.tags.get("butfor.kind") == "arm":
            client.delete_run(run.info.run_id)
    tracked = json.loads((job.parents[2] / "tracked.json").read_text())
    del tracked["identity"]
    (job.parents[2] / "tracked.json").write_text(json.dumps(tracked))
    (job.parents[2] / IDENTITY).unlink()


@pytest.mark.parametrize("store", ["own", pytest.param("shared", marks=pytest.mark.long)])
def test_the_experiment_of_an_earlier_version_goes_on_without_what_others_put_there(study, store, request, capsys):
    request.getfixturevalue(store)
    job = study("first", 0.25)
    client = request.getfixturevalue("shared") if store == "shared" else own_client(job)
    track(job, target=target.mark())
    as_an_earlier_version_left_it(client, job)
    place = only(client).experiment_id
    other = {
        "butfor.study": "s",
        "butfor.key": "s/b/0",
        "mlflow.user": "another",
        "butfor.digest": "0",
        "butfor.arm": "b",
    }
    foreign = client.create_run(place, run_name="b · seed 0", tags=other).info.run_id
    client.set_experiment_tag(place, "mlflow.note.content", "for the paper")
    written = {
        f"a · seed {seed}": words for seed, words in enumerate(["looks odd", "Seed 1 of a, as it was described"])
    }
    for run in client.search_runs([place], "tags.`butfor.arm` = 'a'"):
        client.set_tag(run.info.run_id, "mlflow.note.content", written[run.info.run_name])
    told = track(job, code="another", target=target.mark())
    assert "experiment “s” was made by an earlier version" in capsys.readouterr().out
    notes = {
        run.info.run_name: run.data.tags["mlflow.note.content"]
        for run in client.search_runs([place], "tags.`butfor.seed` != ''")
    }
    assert notes["a · seed 0"] == "looks odd" and "test accuracy" in notes["a · seed 1"]
    assert only(client).tags["mlflow.note.content"] == "for the paper"
    kept = [("b · seed 0", None), ("report", None)] if store == "shared" else []
    assert active(client) == {"s": sorted([*runs_with(0.25), *kept], key=lambda value: value[0])}
    assert told["experiment"] == place and set(told["runs"].values()) == {"replaced"}
    track(job, code="another", target=target.mark())
    assert capsys.readouterr().out == "", "said once"
    assert client.get_run(foreign).info.lifecycle_stage == ("active" if store == "shared" else "deleted")


def test_a_name_that_an_experiment_of_something_else_holds_is_left_to_it(shared, study, capsys):
    place = shared.create_experiment("s")
    shared.create_run(place, run_name="not butfor's")
    shared.delete_experiment(place)
    job = study("first", 0.25)
    track(job)
    assert active(shared) == {beside(job): runs_with(0.25)}
    assert shared.get_experiment(place).lifecycle_stage == "deleted" and "holds the name s" in capsys.readouterr().out
