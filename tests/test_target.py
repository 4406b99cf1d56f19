"""Where runs go: checked before anything trains, spelled in full, and never with a password in sight."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import alembic.command
import pytest
import sqlalchemy
from mlflow import MlflowClient
from mlflow.store.db.utils import _get_alembic_config

from butfor.tracking import job_imports, schema_version, target
from butfor.tracking.network_folders import network_type
from butfor.tracking.target import StoreError
from real_servers import NONE, Study, faults
from test_layout import LIBRARY, imports
from test_tracking import TRACKING, found, job, track  # noqa: F401

MOUNTS = """\
22 1 0:20 / / rw,relatime - ext4 /dev/vda rw
30 22 0:30 / /home rw shared:1 - nfs4 server:/home rw
31 30 0:31 / /home/me/local rw shared:1 - xfs /dev/vdb rw
32 22 0:32 / /my\\040share rw - cifs //host/share rw
33 22 0:33 / /ssh rw - fuse.sshfs me@host: rw
34 22 0:34 / /data rw - lustre 10.0.0.1@tcp:/data rw
35 22 0:35 / /twice rw - ext4 /dev/vdc rw
36 22 0:36 / /twice rw - beegfs beegfs_nodev rw
37 22 0:37 / /nix rw - fuse.bindfs / rw
"""


@pytest.mark.parametrize(
    "folder, kind",
    [
        ("/var/x", ""),
        ("/home/me/study/mlflow", "nfs4"),
        ("/homes/me", ""),
        ("/home/me/local/x", ""),
        ("/my share/x", "cifs"),
        ("/ssh", "fuse.sshfs"),
        ("/data/a/b", "lustre"),
        ("/twice/a", "beegfs"),
        ("/nix/a", ""),
    ],
)
def test_the_file_system_of_a_folder_is_that_of_its_deepest_and_latest_mount(folder, kind):
    assert network_type(Path(folder), MOUNTS) == kind
    assert network_type(Path(folder), "") == ""


def to(monkeypatch, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return target.store(Path("/study"))


def test_a_store_on_a_network_file_system_is_refused_with_the_reason_and_remedies(tmp_path, monkeypatch):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.replace("/home rw", f"{tmp_path} rw"))
    monkeypatch.setattr("butfor.tracking.network_folders.MOUNTS", mounts)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(StoreError, match=r"nfs4.*MLFLOW_TRACKING_URI.*mlflow: false"):
        target.check(tmp_path / "results")
    to(monkeypatch, "sqlite:////var/tmp/mlflow.db")
    target.check(tmp_path / "results")
    to(monkeypatch, "https://somewhere")
    target.check(tmp_path / "results")


@pytest.mark.parametrize(
    "given, uri, served",
    [
        ("", "sqlite:////study/mlflow/mlflow.db", False),
        ("https://host/mlflow", "https://host/mlflow", True),
        ("sqlite:///runs.db", f"sqlite:///{Path.cwd()}/runs.db", False),
        ("postgresql://u@h/d", "postgresql+psycopg2://u@h/d", False),
        ("postgres://u@h/d", "postgresql+psycopg2://u@h/d", False),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d", False),
    ],
)
def test_a_database_is_spelled_in_full_and_leaves_files_in_the_results_folder(monkeypatch, given, uri, served):
    assert to(monkeypatch, given) == (uri, None if served else Path("/study/mlflow/artifacts"))


@pytest.mark.parametrize(
    "given, said",
    [
        ("postgresql+nodriver://u:secret@h/d", "needs the Python package nodriver"),
        ("./mlruns", "plain folders"),
        ("file:///tmp/mlruns", "expected a server"),
    ],
)
def test_what_cannot_be_written_to_is_refused(monkeypatch, given, said):
    to(monkeypatch, given)
    with pytest.raises(StoreError, match=said) as raised:
        target.check(Path("/study"))
    assert "secret" not in str(raised.value)


def test_a_missing_driver_names_the_target_that_installs_it(monkeypatch):
    to(monkeypatch, "postgresql://u@h/d")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(StoreError, match=r"psycopg2\. `make postgres` installs it\."):
        target.check(Path("/study"))


def test_the_mark_changes_with_the_place_and_never_with_the_password(monkeypatch):
    marks = []
    for uri in ("https://u:one@h/a", "https://u:two@h/a", "https://h/a?token=x", "https://h/b", ""):
        to(monkeypatch, uri)
        marks.append(target.mark())
    assert marks[0] == marks[1] == marks[2] and len(set(marks)) == 3


def test_words_are_shown_without_secrets(monkeypatch):
    to(monkeypatch, "postgresql://me:p%40ss-word@h/d?sslmode=on")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken-word")
    for text in ("for p@ss-word", "p%40ss-word", "Bearer t0ken-word", "//me:p%40ss-word@h/d", "db?password=p@s&x=1"):
        shown = target.redacted(text)
        assert "***" in shown and "word" not in shown.replace("password=", "") and "p@s" not in shown
    assert target.redacted("host h, user me") == "host h, user me"


@pytest.mark.parametrize("carry", [shutil.move, shutil.copytree])
def test_a_results_folder_moved_or_copied_elsewhere_is_whole(tmp_path, monkeypatch, carry):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    study, place = Study(tmp_path / "r", arms=2, seeds=2, epochs=2), tmp_path / "elsewhere" / "s"
    place.parent.mkdir()
    track(study.jobs[1], study.jobs, **study.tracking)
    carry(study.results, place)
    study.results.rename(tmp_path / "gone") if study.results.exists() else None
    moved = [place / "runs" / folder.parent.name / folder.name for folder in study.jobs]
    assert set(track(moved[1], moved, **study.tracking)["runs"].values()) == {"same"}
    study.results, study.jobs = place, moved
    assert faults(study, f"sqlite:///{place}/mlflow/mlflow.db") == NONE
    assert not any(str(tmp_path / "r") in path.read_text(errors="ignore") for path in place.rglob("mlflow/mlflow.db"))


def revise(database, revision):
    with closing(sqlite3.connect(database)) as store:
        store.execute("update alembic_version set version_num = ?", (revision,))
        store.commit()
        store.execute("pragma wal_checkpoint(truncate)")


def test_a_database_of_a_newer_mlflow_is_said_to_be_one_and_left_alone(job, monkeypatch):  # noqa: F811
    track(job)
    database = job.parents[2] / "mlflow" / "mlflow.db"
    revise(database, "abcdef012345")
    before = database.read_bytes()
    with pytest.raises(StoreError, match=r"newer MLflow.*make mlflow-rebuild"):
        track(job)
    other = job.parents[2] / "of-others.db"
    shutil.copy(database, other)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")
    with pytest.raises(StoreError, match=r"another version.*Nothing was changed.*mlflow db upgrade"):
        track(job)
    assert database.read_bytes() == before == other.read_bytes()


@pytest.mark.cases
def test_a_database_of_an_older_mlflow_is_upgraded_and_kept_as_it_was(tmp_path):
    study = Study(tmp_path, arms=1, seeds=2, epochs=2)
    assert study.track() == ""
    uri = f"sqlite:///{tmp_path}/mlflow/mlflow.db"
    alembic.command.downgrade(_get_alembic_config(uri), "-1")
    older = schema_version._revision(uri)
    assert study.track() == "" and faults(study, uri) == NONE
    assert set(json.loads((tmp_path / "tracked.json").read_text())["runs"].values()) == {"same"}
    assert schema_version._revision(f"{uri}.{older}") == older != schema_version._revision(uri)


def test_mlflows_private_names_do_what_the_schema_needs(tmp_path):
    """They are imported in one place, because MLflow has no public ones; this says when a version of MLflow changes them."""
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    schema_version.prepare(uri, own=True)
    made = schema_version._revision(uri)
    assert made == schema_version._get_latest_schema_revision()
    assert schema_version._is_older(made) and not schema_version._is_older("abcdef012345")
    assert [one.name for one in MlflowClient(uri).search_experiments()] and schema_version._revision(uri) == made
    private = {path.stem for path in LIBRARY for name in imports(path) if re.match(r"mlflow\..*\._[a-z]", name)}
    assert private == {"schema_version"}


def test_a_database_that_cannot_be_upgraded_is_left_as_it_was(tmp_path):
    database = tmp_path / "mlflow.db"
    schema_version.prepare(f"sqlite:///{database}", own=True)
    revise(database, "451aebb31d03")  # what its upgrade adds is there already, so that it fails
    schema_version._revision(f"sqlite:///{database}")  # the first to open it may change how it is written to
    before = database.read_bytes()
    with pytest.raises(StoreError, match=r"could not be upgraded.*unchanged.*make mlflow-rebuild"):
        schema_version.prepare(f"sqlite:///{database}", own=True)
    assert database.read_bytes() == before


def test_a_database_whose_making_was_stopped_is_made_anew(job, monkeypatch):  # noqa: F811
    def stopped(engine):
        engine.connect().execute(sqlalchemy.text("create table alembic_version (version_num varchar)"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(schema_version, "_initialize_tables", stopped)
        patch.setattr(schema_version, "kept_beside_code", lambda name: None)
        with pytest.raises(KeyboardInterrupt):
            track(job)
    track(job)
    assert len(found(job)[1]) == 2


def test_a_study_follows_on_where_its_store_is_refused(job, monkeypatch):  # noqa: F811
    monkeypatch.setattr("butfor.tracking.job_imports.PAUSE", 0)
    away, ticks = job.rename(job.parents[2] / "away"), []

    def refuse(uri, own):
        raise StoreError("made by another version")

    def going():
        ticks.append(away.rename(job) if len(ticks) == 1 else None)
        return len(ticks) < 4

    monkeypatch.setattr(schema_version, "prepare", refuse)
    alone = {**TRACKING, "arms": {"a": {"family": "f", "reference": None}}}
    job_imports.follow(alone, job.parents[1], job.parents[2], True, going)
    assert len(ticks) == 4


def test_files_go_where_an_experiment_says_that_its_files_are(job, monkeypatch):  # noqa: F811
    """One that a server has made, in a database that is now opened directly."""
    database = job.parents[2] / "shared.db"
    uri = f"sqlite:///{database}"
    MlflowClient(uri).create_experiment("s", artifact_location="mlflow-artifacts:/77")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    track(job)
    assert len(list(job.parents[2].glob("mlflow/artifacts/77/*/artifacts/seed_*.json"))) == 2


@pytest.mark.parametrize(
    ("uri", "server"),
    [("", False), ("sqlite:///a.db", False), ("postgresql://u@h/d", False), ("http://h:1", True), ("https://h", True)],
)
def test_only_a_server_is_told_of_epochs(uri, server, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert target.is_server(tmp_path) == server
