"""MLflow's pages of a study: on loopback only, for nobody's tricks, and gone without a trace when they are ended."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from butfor.tracking import target, ui
from conftest import ROOT
from real_servers import PATIENCE, Study, new_database, postgres, status, until


class Pages:
    """`make ui`, as a user has it."""

    def __init__(self, results, log, **environment):
        words = [sys.executable, str(ROOT / "scripts" / "ui.py"), str(results)]
        environment = {**os.environ, **environment}
        self.log = log
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                words, env=environment, stdout=stream, stderr=stream, start_new_session=True
            )
        try:
            until(lambda: "ssh -L" in log.read_text(), self.process)
        except BaseException:
            self.process.terminate()
            raise
        ((self.page, port),) = re.findall(r"(http://\S+:([0-9]+)/#\S+)", log.read_text())
        self.server = f"http://{ui.HOST}:{port}"

    def processes(self):
        """Numbers and command lines of the server and all that it has started."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            found[int(folder.name)] = (parent, words)
        wanted, more = set(), {self.process.pid}
        while more - wanted:
            wanted |= more
            more = {number for number, (parent, _) in found.items() if parent in wanted}
        return {number: found[number][1] for number in wanted if number in found}

    def end(self, number=signal.SIGTERM):
        """Ask it to end; gives its status and which of its processes are left."""
        started = self.processes()
        self.process.send_signal(number)
        code = self.process.wait(timeout=PATIENCE)
        return code, [pid for pid in started if Path(f"/proc/{pid}").exists()]


@pytest.fixture(autouse=True)
def own_store(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.mark.services
def test_pages_of_a_moved_study_are_shown_to_this_machine_only_and_end_without_a_trace(tmp_path):
    study = Study(tmp_path / "r", arms=2, seeds=1, epochs=2)
    assert study.track() == ""
    place = shutil.move(study.results, tmp_path / "moved here")
    pages = Pages(place, tmp_path / "ui.log")
    try:
        link = json.loads((Path(place) / "tracked.json").read_text())["link"]
        port = pages.server.rpartition(":")[2]
        assert pages.page == f"http://{ui.NAME}:{port}{link}" and "ssh -L" in pages.log.read_text()
        answers = {host: status(pages.server, Host=host) for host in ("evil.com", "10.evil.com", "10.1.2.3:5000")}
        assert answers == {"evil.com": 403, "10.evil.com": 403, "10.1.2.3:5000": 403}
        assert {status(pages.server, Host=f"{name}:{port}") for name in (ui.HOST, ui.NAME, "localhost")} == {200}
        listening = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if " 0A " in line}
        assert [one for one in listening if one.endswith(f":{int(port):04X}")] == [f"0100007F:{int(port):04X}"]
        assert sum("mlflow.server" in words for words in pages.processes().values()) == 1
        assert not any("huey" in words or "job" in words for words in pages.processes().values())
        run = next(Path(place).glob("mlflow/artifacts/s/*/artifacts/seed_0.json")).parts[-3]
        found = f"{pages.server}/get-artifact?path=seed_0.json&run_uuid={run}"
        assert status(found) == 200
    finally:
        code, left = pages.end(signal.SIGINT)
    assert (code, left) == (0, []) and "Traceback" not in pages.log.read_text()


@pytest.mark.services
def test_pages_of_a_database_are_shown_without_its_password_in_sight(tmp_path, monkeypatch):
    with postgres() as address:
        database, study = new_database(address, "shown"), Study(tmp_path / "r", arms=2, seeds=1, epochs=2)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", database)
        study.tracking["target"] = target.mark()
        assert study.track(database) == ""
        pages = Pages(study.results, tmp_path / "ui.log", MLFLOW_TRACKING_URI=database)
        try:
            assert "viewStateShareKey" in pages.page
            run = next(study.results.glob("mlflow/artifacts/s/*/artifacts/seed_0.json")).parts[-3]
            assert status(f"{pages.server}/get-artifact?path=seed_0.json&run_uuid={run}") == 200
            assert not any("p4ss-word" in words for words in pages.processes().values())
        finally:
            code, left = pages.end(signal.SIGTERM)
        assert (code, left) == (0, [])
        written = pages.log.read_text()
        assert "Traceback" not in written and "p4ss-word" not in written


def test_a_server_of_the_user_is_named_without_the_password(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:p4ss-word@runs.example")
    ui.serve(tmp_path)
    assert capsys.readouterr().out == "The runs are on your server: https://***@runs.example/#/experiments\n"


def test_an_experiment_that_was_deleted_in_the_pages_is_said_with_what_brings_it_back(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    database = tmp_path / "mlflow" / "mlflow.db"
    database.parent.mkdir()
    (tmp_path / "tracked.json").write_text('{"target": "results", "experiment": "1", "link": "/#/saved"}')
    with closing(sqlite3.connect(database)) as store:
        store.execute(
            "create table experiments (experiment_id integer, lifecycle_stage text, last_update_time integer)"
        )
        store.execute("insert into experiments values (0, 'active', 1), (1, 'active', 2)")
        store.commit()
        assert (ui.first_page(tmp_path, f"sqlite:///{database}"), capsys.readouterr().out) == ("/#/saved", "")
        for change in (
            "update experiments set lifecycle_stage = 'deleted' where experiment_id = 1",
            "delete from experiments",
        ):
            store.execute(change)
            store.commit()
            assert "/#/experiments/0/runs" in ui.first_page(tmp_path, f"sqlite:///{database}")
            assert "was deleted" in (said := capsys.readouterr().out) and "track --forcerun track" in said


def test_what_is_not_there_yet_is_said(tmp_path):
    with pytest.raises(
        SystemExit, match=r"run the study first, or name its results folder, as in butfor ui results/mine \(make"
    ):
        ui.serve(tmp_path)


@pytest.fixture
def kept_signals():
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def test_a_server_that_ends_by_itself_is_said_and_leaves_nothing(kept_signals, capsys):
    words = [sys.executable, "-c", "import subprocess; subprocess.Popen(['sleep', '100']); raise SystemExit(3)"]
    assert ui.run(lambda port: words, {}, "/page") == 1
    assert "ended by itself" in capsys.readouterr().err


SERVER = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer.allow_reuse_address = False
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


def test_a_port_that_another_server_took_meanwhile_is_not_shown_as_the_studys(kept_signals, monkeypatch, capsys):
    """Two `make ui` at a time both see the usual port free, and one shows the other's study."""
    with socket.socket() as usual:
        usual.bind((ui.HOST, 0))
        taken = usual.getsockname()[1]
    other = []

    def command(port):
        if port == taken:
            other.append(subprocess.Popen([sys.executable, "-c", SERVER, str(port)]))
            until(lambda: ui.is_ready(other[0].pid, port), other[0])
        else:
            threading.Timer(3, os.kill, (os.getpid(), signal.SIGTERM)).start()
        return [sys.executable, "-c", SERVER, str(port)]

    monkeypatch.setattr(ui, "USUAL_PORT", taken)
    try:
        assert ui.run(command, {}, "/page") == 0
    finally:
        other[0].kill()
        other[0].wait()
    shown = capsys.readouterr().out
    assert f"Another process has taken port {taken}" in shown and f":{taken}/page" not in shown
    assert re.search(r"http://butfor\.localhost:[0-9]+/page", shown)
