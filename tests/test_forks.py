"""Scripts that begin as forks: they run as an interpreter would run them, and whatever ends one of both ends the other."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from butfor.forks import servers
from butfor.forks.client import ENGINE, FIGURES, FOLLOWS, MIRROR, STAGES, TRAINED, servers_of
from butfor.forks.interpreter import SERVERS, interpreter
from butfor.forks.listener import listening
from butfor.forks.server import holds_device
from butfor.forks.servers import FEWEST, ForkServers, first_after_trainings
from conftest import KERAS, SMALL, environment

MODULE = "xml.dom.minidom"  # which no script imports unasked
SERVER = [sys.executable, str(servers.HERE / "server.py")]


def begun(folder, words, name=STAGES, **settings):
    """The process of a server, which can be asked."""
    servers.write_client(folder)
    with listening(folder, name) as listener:
        number = listener.fileno()
        command = [*SERVER, str(folder), str(number), *words]
        return subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[number], **settings)


@contextmanager
def server(folder, name=STAGES, late=(), **more):
    """A server in a folder, and the environment that scripts are started in."""
    process = begun(folder, [MODULE, *late], name, env={**os.environ, **more})
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "servers"
    made.mkdir()
    return made


def script(tmp_path, text, name="check"):
    path = tmp_path / ".snakemake" / "scripts" / f"tmp1.{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def started(folder, *words, **settings):
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([folder / "python", *words], **{**pipes, **settings})


def run(folder, *words, **settings):
    process = started(folder, *words, **settings)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


TOLD = f"""
import json, os, sys
print(json.dumps({{"forked": {MODULE!r} in sys.modules, "words": sys.argv[1:], "folder": os.getcwd(), "main": __name__,
    "mark": os.environ.get("MARK"), "path": sys.path[0], "left": "LEFT" in os.environ,
    "butfor": [name for name in sys.modules if name.startswith("butfor")]}}))
"""


def wait_for(server_, folder, name=STAGES):
    end = time.monotonic() + 60
    while not (folder / name).exists():
        assert server_.poll() is None and time.monotonic() < end
        time.sleep(0.01)


def test_a_script_is_told_what_an_interpreter_would_be_told(tmp_path, folder):
    path = script(tmp_path, TOLD)
    with server(folder, LEFT="1") as process:
        wait_for(process, folder)
        status, out, err = run(folder, path, "one", "two", cwd=tmp_path, env={**os.environ, "MARK": "here"})
    told = json.loads(out)
    assert (status, err) == (0, "")
    assert told == {
        "forked": True, "words": ["one", "two"], "folder": str(tmp_path), "main": "__main__", "mark": "here",
        "path": str(tmp_path / ".snakemake" / "scripts"), "left": False, "butfor": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    "text, status, error",
    [
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('one sentence')", 1, "one sentence\n"),
        ("import sys; sys.excepthook = lambda *e: print(e[1], file=sys.stderr); 1 / 0", 1, "division by zero\n"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, ""),
        ("import atexit, sys; atexit.register(print, 'last', file=sys.stderr)", 0, "last\n"),
    ],
)
def test_its_end_is_that_of_the_client(tmp_path, folder, text, status, error):
    with server(folder) as process:
        wait_for(process, folder)
        assert run(folder, script(tmp_path, text)) == (status, "", error)


@pytest.mark.parametrize(
    "text, written",
    [
        ("open_still = open('left', 'w'); open_still.write('text'); sys.open_still = open_still", "text"),
        ("sys.open_still = open('left', 'wb'); sys.open_still.write(b'bytes')", "bytes"),
        ("sys.packed = gzip.open('left', 'wt'); sys.packed.write('packed')", "packed"),
        ("sys.packed = gzip.GzipFile('left', 'wb'); sys.packed.write(b'packed')", "packed"),
        ("sys.here = tempfile.NamedTemporaryFile(dir='.'); Path('left').write_text('')", ""),
        ("threading.Thread(target=lambda: (time.sleep(0.5), Path('left').write_text('thread'))).start()", "thread"),
        (
            "sys.here = tempfile.TemporaryDirectory(dir='.'); atexit.register(lambda: Path('left').write_text('end'))",
            "end",
        ),
        ("library = ctypes.CDLL(None); library.printf(b'of C'); Path('left').write_text('')", ""),
    ],
)
def test_nothing_is_left_undone_at_its_end(tmp_path, folder, text, written, monkeypatch):
    """Though it frees no memory."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # by which C would keep nothing back
    begin = "import atexit, ctypes, gzip, sys, tempfile, threading, time; from pathlib import Path; "
    (tmp_path / "place").mkdir()
    with server(folder) as process:
        wait_for(process, folder)
        ended = run(folder, script(tmp_path, begin + text), cwd=tmp_path / "place")
    assert ended == (0, "of C" if "of C" in text else "", "")
    assert [path.name for path in (tmp_path / "place").iterdir()] == ["left"]  # no temporary folder
    left = (tmp_path / "place" / "left").read_bytes()
    assert (gzip.decompress(left) if written == "packed" else left).decode() == written


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="what is always full is a device of Linux")
def test_output_that_cannot_be_written_makes_it_fail_as_an_interpreter(tmp_path, folder, monkeypatch):
    path = script(tmp_path, "print('lost')")
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with server(folder) as process, open("/dev/full", "w") as full:
        wait_for(process, folder)
        for program in (folder / "python", sys.executable):
            ended = subprocess.run([program, path], stdout=full, stderr=subprocess.PIPE, text=True)
            assert ended.returncode == 120 and "No space left" in ended.stderr


def test_a_server_goes_on_after_scripts_that_failed_and_takes_several_at_once(tmp_path, folder):
    waiting = script(tmp_path, f"import time, sys; time.sleep(0.5); print({MODULE!r} in sys.modules)")
    with server(folder) as process:
        wait_for(process, folder)
        assert run(folder, script(tmp_path, "1 / 0", "compare"))[0] == 1
        began = time.monotonic()
        assert [each.communicate()[0] for each in [started(folder, waiting) for _ in range(8)]] == ["True\n"] * 8
        assert time.monotonic() - began < 8 * 0.5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_passed_on(tmp_path, folder, number):
    path = script(tmp_path, "import time; print('begun', flush=True); time.sleep(600)")
    with server(folder) as process:
        wait_for(process, folder)
        client = started(folder, path)
        assert client.stdout.readline() == "begun\n"
        client.send_signal(number)
        _, err = client.communicate(timeout=30)
        assert client.returncode == (1 if number == signal.SIGINT else -number)
        assert ("KeyboardInterrupt" in err) == (number == signal.SIGINT)


def test_ctrl_z_stops_a_script_until_its_start_goes_on(tmp_path, folder):
    text = "import os, time; print(os.getpid(), flush=True); time.sleep(2); print('over')"
    with server(folder) as process:
        wait_for(process, folder)
        client = started(folder, script(tmp_path, text), start_new_session=True)
        both = psutil.Process(int(client.stdout.readline())), psutil.Process(client.pid)
        for number, stopped in ((signal.SIGTSTP, True), (signal.SIGCONT, False)):
            os.killpg(client.pid, number)
            end = time.monotonic() + 30
            while any((each.status() == psutil.STATUS_STOPPED) != stopped for each in both) and time.monotonic() < end:
                time.sleep(0.01)
            assert [each.status() == psutil.STATUS_STOPPED for each in both] == [stopped] * 2
        assert client.communicate(timeout=30)[0] == "over\n" and client.returncode == 0


@pytest.mark.parametrize("killed", ["client", "waiting"])
def test_a_script_ends_with_its_client_and_its_client_with_what_waits_for_it(tmp_path, folder, killed):
    """A job without what waits for it is ended by its own watch."""
    text = "import os, time; print(os.getpid(), os.getppid(), flush=True); time.sleep(600)"
    with server(folder) as process:
        wait_for(process, folder)
        client = started(folder, script(tmp_path, text))
        forked, waiting = map(int, client.stdout.readline().split())
        if killed == "client":
            script_process = psutil.Process(forked)
            client.kill()
            psutil.wait_procs([script_process], timeout=30)
            assert not psutil.pid_exists(forked)
        else:
            os.kill(waiting, signal.SIGKILL)
            assert client.wait(30) == 1
            os.kill(forked, signal.SIGKILL)
        _, err = client.communicate()
        assert ("the process that waited for it was ended" in err) == (killed == "waiting")


@pytest.mark.parametrize("why", ["no server", "another variable", "not of Snakemake", "a server that has ended"])
def test_else_the_interpreter_runs_it(tmp_path, folder, why):
    path, variables = script(tmp_path, TOLD), dict(os.environ)
    if why == "not of Snakemake":
        path = tmp_path / "check.py"
        path.write_text(TOLD)
    if why == "another variable":
        variables["TF_ENABLE_ONEDNN_OPTS"] = "0"
    with server(folder) as process:
        wait_for(process, folder)
        if why == "no server":
            path = script(tmp_path, TOLD, "train")
        if why == "a server that has ended":
            process.kill()
            process.wait()
        status, out, err = run(folder, str(path), env=variables)
    assert (status, err, json.loads(out)["forked"]) == (0, "", False)


def test_a_client_waits_for_imports_unless_it_is_stopped(tmp_path, folder):
    """It would import the same as long as they take."""
    (tmp_path / "slow.py").write_text("import time; time.sleep(2)")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    with begun(folder, ["slow", MODULE], env={**os.environ, "PYTHONPATH": path}) as process:
        waiting = started(folder, script(tmp_path, "print('begun')"))
        time.sleep(0.5)
        waiting.send_signal(signal.SIGINT)
        assert (*waiting.communicate(), waiting.returncode) == ("", "", -signal.SIGINT)
        assert json.loads(run(folder, script(tmp_path, TOLD))[1])["forked"]
        process.stdin.close()
        process.wait()


def test_a_server_ends_with_the_process_that_has_started_it_and_leaves_nothing(tmp_path, folder):
    with server(folder) as process:
        wait_for(process, folder)
        assert run(folder, script(tmp_path, ""))[0] == 0
        process.stdin.close()
        assert process.wait(30) == 0
        assert not folder.exists()


def test_there_is_a_server_for_every_script_and_for_nothing_else(tmp_path):
    assert servers_of([script(tmp_path, "", "train")]) == [ENGINE]
    assert servers_of([script(tmp_path, "", "report")]) == [STAGES]
    assert servers_of([script(tmp_path, "", "track")]) == [MIRROR, STAGES]
    assert servers_of(["-P", "-m", "butfor.training.build_job"]) == [ENGINE]
    assert [servers_of(words) for words in ([], ["-c", "1"], ["/x/train.py"], ["-m", "snakemake"])] == [[]] * 4


def test_a_server_that_is_asked_for_the_data_imports_more_once_that_has_begun(tmp_path, folder):
    with server(folder, late=["+wave", "mirror=mailbox"]) as process:
        wait_for(process, folder)
        assert run(folder, script(tmp_path, IMPORTED, "data"))[1] == f"['{MODULE}']\n"
        assert run(folder, script(tmp_path, IMPORTED, "report"))[1] == f"['{MODULE}', 'wave']\n"
        wait_for(process, folder, MIRROR)
        assert run(folder, script(tmp_path, IMPORTED, "track"))[1] == f"['{MODULE}', 'wave', 'mailbox']\n"


LATE_MODULES = {FIGURES: "wave", MIRROR: "mailbox"}
IMPORTED = f"import sys; print([name for name in {[MODULE, *LATE_MODULES.values()]} if name in sys.modules])"


def test_a_client_that_comes_before_the_process_of_a_server_waits_for_it(tmp_path, folder):
    """A start's first script is begun as soon as its servers are."""
    servers.write_client(folder)
    with listening(folder, STAGES) as listener:
        first = started(folder, script(tmp_path, TOLD))
        time.sleep(0.5)
        command = [*SERVER, str(folder), str(listener.fileno()), MODULE]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[listener.fileno()])
    assert json.loads(first.communicate(timeout=60)[0])["forked"]
    process.stdin.close()
    assert process.wait(30) == 0


def test_late_servers_import_more_beside_the_others(tmp_path, folder):
    names = ("check", "decide", "report", "figures", "track", "compare")
    scripts = {name: script(tmp_path, IMPORTED, name) for name in names}
    late = [f"{name}={module},json" for name, module in LATE_MODULES.items()]

    def imported(name):
        status, out, err = run(folder, scripts[name])
        assert (status, err) == (0, "")
        return json.loads(out.replace("'", '"'))

    with server(folder, late=[f"{FOLLOWS}compare", *late]) as process:
        for name in (FIGURES, MIRROR):
            wait_for(process, folder, name)
        assert imported("figures") == [MODULE, "wave"]
        assert imported("track") == [MODULE, "wave", "mailbox"]
        assert imported("check") == imported("report") == imported("decide") == [MODULE]
        assert not (folder / TRAINED).exists()
        assert imported("compare") == [MODULE] and (folder / TRAINED).exists()
        alone = psutil.Process(process.pid).children(recursive=True)
        process.stdin.close()
        assert process.wait(10) == 0
        assert psutil.wait_procs(alone, 10)[1] == []


def test_a_server_that_cannot_say_that_trainings_are_over_goes_on(tmp_path, folder):
    (folder / TRAINED).symlink_to(tmp_path / "gone" / TRAINED)
    with server(folder, late=[f"{FOLLOWS}check"]) as process:
        for name in ("check", "report"):
            assert json.loads(run(folder, script(tmp_path, TOLD, name))[1])["forked"]
        assert process.poll() is None


@pytest.mark.parametrize(
    "searches, costs, first",
    [([], [], "check"), (["rates/a.json"], [], "compare"), ([], ["costs.json"], "report"), (["a"], ["c"], "report")],
)
def test_a_start_has_trained_before_a_script_that_needs_all_that_trains_or_is_timed(searches, costs, first):
    """Arms are trained at their best rates, and what models cost is measured, beside the first check of records."""
    assert first_after_trainings(searches, costs) == first


@pytest.mark.parametrize("jobs", [{}, {"train": 1}, {"train": 9}, {"compare": 2, "report": 1}, {"compare": 1}])
def test_servers_are_started_for_several_jobs_only(monkeypatch, tmp_path, jobs):
    begun = []
    monkeypatch.setattr(servers.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    monkeypatch.setenv(SERVERS, "")  # so that what is set is taken back
    monkeypatch.delenv(SERVERS)
    monkeypatch.setattr(
        servers, "_started", lambda folder, listener, modules, threads: begun.append((listener.getsockname(), threads))
    )
    monkeypatch.setattr(servers.atexit, "register", lambda *_: None)
    rules = [rule for rule, count in jobs.items() for _ in range(count)]
    ForkServers().start(rules, next(iter(servers.OF_ENGINES)), 2, "check")
    trainings, stages = jobs.get("train", 0), sum(jobs.values()) - jobs.get("train", 0)
    assert [(Path(name).name, threads) for name, threads in begun] == [(ENGINE, 2)] * (trainings >= FEWEST[ENGINE]) + [
        (STAGES, 1)
    ] * (stages >= FEWEST[STAGES])
    assert (interpreter() == sys.executable) == (not begun)


@pytest.mark.parametrize("why", ["no pidfd", "nothing is run there", "a full disk", "too long a path"])
def test_none_are_started_where_they_could_not_serve(monkeypatch, tmp_path, why):
    def fails(*_, **__):
        raise OSError(28, "no space left")

    made = tmp_path / ("long" * 30 if why == "too long a path" else "made")
    made.mkdir()
    monkeypatch.setattr(servers, "_started", lambda *_: pytest.fail("started"))
    monkeypatch.setattr(servers.tempfile, "mkdtemp", fails if why == "a full disk" else lambda prefix: str(made))
    monkeypatch.setenv(SERVERS, "")
    monkeypatch.delenv(SERVERS)
    if why == "no pidfd":
        monkeypatch.setattr(os, "pidfd_open", fails)
    if why == "nothing is run there":
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    ForkServers().start(["train"] * 9, next(iter(servers.OF_ENGINES)), 1, "check")
    assert interpreter() == sys.executable
    assert made.exists() == (why in ("no pidfd", "a full disk"))  # where it was not begun


def test_where_imports_fail_the_interpreter_runs_scripts(tmp_path, folder):
    """So it is where they have taken an accelerator."""
    with begun(folder, ["no_such_module"], stderr=subprocess.DEVNULL) as process:
        assert process.wait(60) == 1
        process.stdin.close()
    assert (folder / STAGES).exists()
    status, out, err = run(folder, script(tmp_path, TOLD))
    assert (status, err, json.loads(out)["forked"]) == (0, "", False)


def test_a_process_that_uses_an_accelerator_is_known():
    assert not holds_device()
    with open("/dev/full", "w"):
        assert holds_device(("/dev/full",))


def test_none_are_started_for_an_engine_of_ones_own_nor_where_there_are_some(monkeypatch, tmp_path):
    monkeypatch.setattr(servers, "_started", lambda *_: pytest.fail("started"))
    monkeypatch.setenv(SERVERS, "")
    monkeypatch.delenv(SERVERS)
    ForkServers().start(["train"] * 9, "module:Class", 1, "check")
    assert interpreter() == sys.executable
    monkeypatch.setenv(SERVERS, str(tmp_path))
    ForkServers().start(["train"] * 9 + ["compare"] * 9, next(iter(servers.OF_ENGINES)), 1, "check")
    assert interpreter() == str(tmp_path / "python")


STUDY = {
    "study": "forks", "data": {"name": "digits"}, "recipe": SMALL, "seeds": 2, "tracking": {"mlflow": False},
    "ablations": {"no_dropout": {"set": {"dropout": 0.0}}},
}  # fmt: skip


@pytest.mark.cases
def test_records_are_those_of_interpreters(workflow_copy):
    """As a user starts a study, to the bit; and its trainings were forks."""
    records, names = [], set()
    for more, words in (({}, ()), ({SERVERS: ""}, ("--until", "train"))):
        copy = workflow_copy("forks", KERAS)
        copy.write(STUDY)
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *words]
        process = psutil.Popen(command, cwd=copy.folder, env={**environment(KERAS), **more}, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            with suppress(psutil.Error):
                for each in process.children(recursive=True) if not more else ():
                    with suppress(psutil.Error):  # one that has ended meanwhile hides no other
                        names.add(each.name())
            time.sleep(0.02)
        assert process.returncode == 0
        paths = sorted((copy.folder / "results" / "forks" / "runs").glob("*/*/seed_*.json"))
        records.append([json.loads(path.read_text()) for path in paths])
    for one in (*records[0], *records[1]):
        del one["timing"], one["sha256"]
    assert len(records[0]) == 4 and records[0] == records[1]
    assert {"train", "compare", "report"} & names == {"train", "compare", "report"}
