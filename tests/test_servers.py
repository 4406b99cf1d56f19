"""Faults of real servers and importers: whatever happens, every run is in MLflow exactly once with every metric row."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy
from mlflow.store.tracking.dbmodels.initial_models import Base as InitialBase

from butfor.records.results_folder import PROGRESS_SUFFIX
from conftest import ROOT, need
from real_servers import NONE, Server, Study, faults, held, new_database, postgres, status, until
from test_live import ABOUT
from test_tracking import RUN

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def address():
    with postgres() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A real server on a fresh database; a test that shares it deletes what it made."""
    folder = tmp_path_factory.mktemp("server")
    with Server(folder, f"sqlite:///{folder}/mlflow.db") as found:
        yield found


@pytest.fixture
def begun(monkeypatch):
    """Followers of studies, as Snakemake's start begins them; each goes on until it is `ended`."""
    parents = []

    def begin(study, uri):
        code = (
            "import json, sys; from pathlib import Path; from butfor.tracking import follower; results = Path(sys.argv[2])\n"
            "log, at_once = results / 'follow.log', {'patience': 0, 'share': 1e9, 'niceness': 0}\n"
            "follower.start(json.loads(sys.argv[1]), results, True, log, **at_once)\n"
            "sys.stdin.read()"
        )
        environment = {**os.environ, "MLFLOW_TRACKING_URI": uri, "PYTHONPATH": str(ROOT / "scripts")}
        words = [sys.executable, "-c", code, json.dumps(study.tracking), str(study.results)]
        parent = subprocess.Popen(words, env=environment, stdin=subprocess.PIPE)
        parents.append(parent)
        return parent

    yield begin
    for parent in parents:
        parent.kill()
        parent.wait()


def end_at_once(study, away):
    """Eight jobs end: each renames its folder into place."""
    for folder in study.jobs:
        (away / folder.parent.name).rename(folder)


def set_aside(study):
    away = study.results / "away"
    away.mkdir()
    for folder in study.jobs:
        folder.rename(away / folder.parent.name)
    return away


def long_training(study, seed=7, ended=2):
    """The file of a training under way in the baseline's second job."""
    path = study.jobs[0].parent / ".unfinished" / "mark" / f"seed_{seed}{PROGRESS_SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {**ABOUT, "arm": "baseline", "seed": seed, "started": time.time() - 60}
    lines = [{**about, "process": os.getpid(), "host": os.uname().nodename}]
    for number in range(1, ended + 1):
        row = {**RUN.history[0], "epoch": number, "learning_rate": 0.1, "ended": about["started"] + number}
        lines.append({**row, "load": {}})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path, lines


def test_two_studies_that_begin_at_once_share_an_empty_postgresql(tmp_path, address):
    database = new_database(address, "shared")
    studies = [Study(tmp_path / name, arms=2) for name in ("one", "two")]
    for study in studies:
        study.tracking["experiment"] = study.results.name
    starts = [study.process(database) for study in studies]
    said = [start.communicate(timeout=300)[0] for start in starts]
    assert [start.returncode for start in starts] == [0, 0], said
    assert len(held(database)[0]) == 12


def test_eight_jobs_that_end_at_once_on_a_fresh_postgresql(tmp_path, address, begun):
    """Opened directly, while the last import runs beside the follower."""
    database, study = new_database(address, "fresh"), Study(tmp_path / "r")
    away = set_aside(study)
    begun(study, database)
    until((tmp_path / "r" / "follow.log").exists)
    end_at_once(study, away)
    assert study.track(database) == ""
    assert faults(study, database) == NONE
    assert len(list(study.results.glob("mlflow/artifacts/s/*/artifacts/seed_*.json"))) == 24
    written = [path for path in study.results.rglob("*") if path.is_file() and b"p4ss-word" in path.read_bytes()]
    assert not written


def test_tables_are_made_although_a_reader_and_the_migration_wait_for_each_other(tmp_path, address):
    database, study = new_database(address, "read"), Study(tmp_path / "r", arms=2)
    engine = sqlalchemy.create_engine(database)
    InitialBase.metadata.create_all(engine)  # where the migration begins
    with engine.connect() as reader:
        reader.execute(sqlalchemy.text("select * from runs"))
        process = study.process(database)
        until(lambda: _waits_for_a_lock(engine), process)  # the migration, which has changed other tables by now
        with suppress(sqlalchemy.exc.OperationalError):  # PostgreSQL ends one of the two
            reader.execute(sqlalchemy.text("select * from metrics"))
    words, _ = process.communicate(timeout=300)
    assert process.returncode == 0, words
    assert faults(study, database) == NONE


def _waits_for_a_lock(engine):
    with engine.connect() as connection:
        return connection.execute(sqlalchemy.text("select count(*) from pg_locks where not granted")).scalar()


@pytest.mark.parametrize("store", ["own", pytest.param("postgresql", marks=pytest.mark.long)])
def test_an_importer_killed_at_random_moments(tmp_path, request, store):
    study, choice = Study(tmp_path / "r"), random.Random(11)
    database = f"sqlite:///{study.results}/mlflow/mlflow.db"
    if store == "postgresql":
        database = new_database(request.getfixturevalue("address"), "killed")
    uri = None if store == "own" else database
    seen = []
    for share in (0.1, 0.6):
        process = study.process(uri)
        until(lambda least=int(24 * share): _there(database) > least, process)
        time.sleep(choice.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        seen.append(_there(database))
        assert process.wait() == -signal.SIGKILL
    assert seen[0] < 24, "killed too late to show anything"
    assert study.track(uri) == ""
    assert faults(study, database) == NONE


def _there(database):
    try:
        return sum(len(runs) for runs in held(database)[0].values())
    except sqlalchemy.exc.DBAPIError:
        return 0


def test_a_server_killed_twice_while_it_is_told_of_a_study(tmp_path, begun):
    """Also while a long training is shown live, which does not end well."""
    study = Study(tmp_path / "r", arms=4)
    away = set_aside(study)
    with Server(tmp_path, f"sqlite:///{tmp_path}/mlflow.db") as server:
        path, lines = long_training(study)
        parent = begun(study, server.uri)
        until(lambda: "s/baseline/7" in held(server.database)[0])
        for half in (study.jobs[:2], study.jobs[2:]):
            for folder in half:
                (away / folder.parent.name).rename(folder)
            before = _there(server.database)
            until(lambda before=before: _there(server.database) > before)
            server.kill()
            time.sleep(1)
            server.start()
        path.write_text(
            "".join(json.dumps(line) + "\n" for line in [*lines, {"ended_as": "KILLED", "at": time.time()}])
        )
        until(lambda: status(f"{server.uri}/health") == 200)
        until(lambda: (found := held(server.database))[1]["KILLED"] == 1 and len(found[0]) == 13)
        ((live,),) = (held(server.database)[0][key] for key in ("s/baseline/7",))
        assert sorted({step for _, _, step, _ in live}) == [1, 2] and set(live.values()) == {1}
        parent.kill()
        assert study.track(server.uri) == ""
        assert faults(study, server.database) == NONE


def test_a_full_disk_is_said_and_completed_later(tmp_path):
    need(os.getuid() == 0, "root, to mount a small disk")
    with TemporaryDirectory(dir=tmp_path) as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", folder], capture_output=True)
        need(mounted.returncode == 0, "the right to mount")
        try:
            results = tmp_path / "r"
            study = Study(results, arms=4, epochs=300)
            (results / "mlflow").symlink_to(folder)
            said = study.track()
            message = said.partition("TrackingError: MLflow could not be written to")[2]  # before it, MLflow's own log
            assert "disk is full" in message and "Traceback" not in message
            assert faults(study, f"sqlite:///{folder}/mlflow.db")["lost"] > 0
            subprocess.run(["mount", "-o", "remount,size=100m", folder], check=True)
            assert study.track() == ""
            assert faults(study, f"sqlite:///{folder}/mlflow.db") == NONE
        finally:
            subprocess.run(["umount", folder], check=True)


def test_a_server_shows_its_artifacts_and_a_repeated_import_changes_nothing(tmp_path, server):
    study = Study(tmp_path / "r", arms=2, seeds=1, epochs=1)
    assert study.track(server.uri) == ""
    assert list(Path(server.database.removeprefix("sqlite:///")).parent.glob("artifacts/*/*/artifacts/seed_0.json"))
    (study.results / "tracked.json").unlink()
    assert study.track(server.uri) == ""
    assert set(json.loads((study.results / "tracked.json").read_text())["runs"].values()) == {"same"}
    shutil.rmtree(study.jobs[1])
    study.tracking["arms"].pop("a1")
    study.jobs.pop()
    assert study.track(server.uri) == "" and faults(study, server.database) == NONE
