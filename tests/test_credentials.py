"""A user's server that asks who is there: what is told to it is written down nowhere."""

import base64
import importlib.util
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conftest import environment, need
from real_servers import NONE, Server, Study, faults
from test_workflow import STUDY

pytestmark = pytest.mark.services
TOKEN = "t0ken-of-mine"
USER, PASSWORD = "admin", "s3cret-words-of-mine"
ALONE = {**STUDY, "log_level": 2, "ablations": {"no_dropout": STUDY["ablations"]["no_dropout"]}}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A real server that lets nobody in without a password. To start one takes longer than what a test asks of it."""
    need(importlib.util.find_spec("flask_wtf"), "Flask-WTF, for MLflow's basic authentication")
    folder = tmp_path_factory.mktemp("guarded")
    settings = folder / "auth.ini"
    settings.write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{folder}/auth.db\nadmin_username = {USER}\n"
        f"admin_password = {PASSWORD}\nauthorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    secret = {"MLFLOW_AUTH_CONFIG_PATH": str(settings), "MLFLOW_FLASK_SERVER_SECRET_KEY": "any"}
    with Server(folder, f"sqlite:///{folder}/mlflow.db", "--app-name", "basic-auth", **secret) as found:
        yield found


def lines_of_processes(stop, secret, seen):
    """Watch every command line on the machine for a secret."""
    while not stop.wait(0.05):
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if secret.encode() in path.read_bytes():
                    seen.append(path.read_bytes())
            except OSError:
                continue


def run(copy, *words, **credentials):
    """Snakemake with credentials; gives what it did, what it said, and the command lines that told a secret."""
    settings = {**environment(), **credentials}
    stop, seen = threading.Event(), []
    watch = threading.Thread(target=lines_of_processes, args=(stop, PASSWORD, seen))
    watch.start()
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *words]
    done = subprocess.run(command, cwd=copy.folder, env=settings, capture_output=True, text=True, timeout=600)
    stop.set()
    watch.join()
    return done.returncode, done.stdout + done.stderr, seen


def test_credentials_open_a_server_and_are_found_nowhere_afterwards(workflow_copy, guarded):
    copy = workflow_copy("credentials")
    copy.write(ALONE)
    results = copy.folder / "results" / "small"
    inside = guarded.uri.replace("//", f"//{USER}:{PASSWORD}@")
    code, said, seen = run(copy, MLFLOW_TRACKING_URI=inside)
    assert code == 0, said
    runs = json.loads((results / "tracked.json").read_text())["runs"]
    assert len(runs) == 4
    words = {"MLFLOW_TRACKING_USERNAME": USER, "MLFLOW_TRACKING_PASSWORD": PASSWORD}
    code, more, shown = run(copy, "track", "--forcerun", "track", MLFLOW_TRACKING_URI=guarded.uri, **words)
    assert code == 0, more
    assert set(json.loads((results / "tracked.json").read_text())["runs"].values()) == {"same"}
    wrong = guarded.uri.replace("//", f"//{USER}:{PASSWORD}-but-wrong@")
    code, refused, listed = run(copy, "track", "--forcerun", "track", MLFLOW_TRACKING_URI=wrong)
    assert code != 0 and "TrackingError: MLflow could not be written to" in refused and "authenticated" in refused
    assert seen + shown + listed == []
    assert PASSWORD not in said + more + refused
    written = [path for path in copy.folder.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
    assert written == []


@contextmanager
def gate(server):
    """The address of a gate before a server, which lets only the bearer of the token through, as the server's own user."""
    known = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Gate(BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self.reply(401, b"a token is needed")
                return
            kept = {key: self.headers[key] for key in ("Content-Type",) if key in self.headers}
            kept["Authorization"] = known
            asked = urllib.request.Request(server.uri + self.path, body or None, kept, method=self.command)
            try:
                with urllib.request.urlopen(asked, timeout=60) as found:
                    self.reply(found.status, found.read())
            except urllib.error.HTTPError as failure:
                self.reply(failure.code, failure.read())

        def reply(self, status, body):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    with ThreadingHTTPServer(("127.0.0.1", 0), Gate) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{found.server_port}"
        finally:
            found.shutdown()
            thread.join()


def test_a_token_opens_a_server_and_another_one_does_not(tmp_path, guarded):
    study = Study(tmp_path / "r", arms=2)
    before = faults(study, guarded.database)["foreign"]  # of another test
    with gate(guarded) as uri:
        assert study.track(uri, MLFLOW_TRACKING_TOKEN=TOKEN) == ""
        assert faults(study, guarded.database) == {**NONE, "foreign": before}
        refused = study.track(uri, MLFLOW_TRACKING_TOKEN="another-token")
    assert "TrackingError: MLflow could not be written to" in refused and "401" in refused
    assert "another-token" not in refused
    written = [path for path in (tmp_path / "r").rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert written == []
