"""What several tests share: a checked plan from a few lines of YAML, a small data set, and a copy of the workflow."""

from __future__ import annotations

import atexit
import compileall
import functools
import gc
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from butfor.data.dataset import Dataset
from butfor.data.prepare import prepare
from butfor.study.plan import Plan
from butfor.study.schema import complete, load_schema
from butfor.study.settings import study_and_plan
from preloaded import Preloaded
from preloaded_scripts import shared_servers

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "config" / "schema.yaml"
CASES, FAULTS = ROOT / "tests" / "cases", ROOT / "tests" / "faults"
MARKS = {"cases", "services", "long"}
PATIENCE = 600  # seconds for a whole study
SMALL = {  # a recipe for a whole study; XLA would compile longer than it trains
    "model": {"name": "mlp", "widths": [32]},
    "dropout": 0.1,
    "epochs": 2,
    "batch_size": 32,
    "loop": "graph",
}
NEEDS = {  # what the recipes of a study with built-in models need of the data (see Plan.largest)
    "train_size": 0, "batch_size": 1, "accumulated": 1, "side": 0, "auto": "built in", "models": "built in", "watched": [],
    "weighted": [], "smoothed": False, "losses": [], "positive": [], "moved": [], "mixed": [], "given_weights": False,
}  # fmt: skip


def need(found: object, what: str) -> None:
    """Skip the test where what it needs is not installed; in CI that is a failure."""
    if found:
        return
    if os.environ.get("CI"):
        pytest.fail(f"this test needs {what}, and CI is to have it")
    pytest.skip(f"needs {what}")


def resolved(**written: Any) -> dict[str, Any]:
    """A recipe with every default filled in."""
    root = load_schema(SCHEMA)
    return complete(written, root["$defs"]["recipe"], root)  # type: ignore[no-any-return]


@pytest.fixture
def planned() -> Callable[[str], tuple[dict[str, Any], Plan]]:
    """A study file's text, checked and planned."""

    def plan_of(text: str) -> tuple[dict[str, Any], Plan]:
        return study_and_plan({"study": "test", **yaml.safe_load(text)}, SCHEMA)

    return plan_of


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The stored digits data set: arrays and manifest."""
    folder = tmp_path_factory.mktemp("digits")
    settings = {"name": "digits", "folder": None, "file": None, "arrays": {}, "validation": 0.1, "largest": NEEDS}
    paths = folder / "arrays.npz", folder / "manifest.json"
    prepare(settings, *paths, folder / "source.json", folder / "files")
    return paths


@pytest.fixture(scope="session")
def digits_data(digits: tuple[Path, Path]) -> Dataset:
    """The digits data set in memory."""
    from butfor.data.dataset import load

    return load(*digits)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Tests whose assertions pytest has rewritten are kept as bytecode, also where nobody else's code is (unless `-B` asks for
    none): every worker of every start would rewrite all of them again. What tests are made of is no garbage to look through.
    """
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, "-B" in sys.orig_argv
    gc.disable()
    try:
        return (yield)
    finally:
        sys.dont_write_bytecode = writes
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that run no whole study come first, since most failures show there in seconds; then the others, Keras's before
    NumPy's and those with the most whole studies first, so that no worker is left alone at the end. What lies in tests/cases
    and tests/faults belongs to `make test-cases`.
    """
    texts = {path: path.read_text() for path in {item.path for item in items}}
    for item in items:
        for mark in item.iter_markers():
            if mark.name in MARKS and f"mark.{mark.name}" not in texts[item.path]:
                raise pytest.UsageError(
                    f"{item.nodeid}: expected mark.{mark.name} in its file, by which the Makefile finds it"
                )
        if {CASES, FAULTS} & {*item.path.parents}:
            item.add_marker(pytest.mark.cases)
    whole = Counter(item.path for item in items if "workflow_copy" in getattr(item, "fixturenames", ()))
    items.sort(key=lambda item: (whole[item.path] > 0, CASES not in item.path.parents, -whole[item.path]))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where there is a terminal: in a worker there is none. Scripts are compiled once, for jobs of all copies of the workflow."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal:
        session.config.pluginmanager.register(FailuresAtOnce(terminal))
        compileall.compile_dir(ROOT / "scripts", quiet=2)


class FailuresAtOnce:
    """A line for each failure when it happens; pytest gives its account of all at the end."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            reason = getattr(report.longrepr, "reprcrash", None)
            words = reason.message.partition("\n")[0] if reason else ""
            self._terminal.write_line(f"\nFAILED {report.nodeid}: {words}"[:300], red=True)


LEFT_BEHIND = "tf_xla_persistent_cache_directory"  # in TF_XLA_FLAGS, by a training in the tests' own process
NUMPY, KERAS = "numpy_engine:NumpyEngine", "butfor.engine.keras_engine:KerasEngine"


def environment(engine: str = NUMPY) -> dict[str, str]:
    """What a whole study is run in: with NumPy, a training takes a tenth of the processor time that Keras takes. On one
    thread each, since two trainings run side by side. With Snakemake's own messages, which say what it does and why.
    """
    path = os.pathsep.join(filter(None, [str(ROOT / "tests"), os.environ.get("PYTHONPATH")]))
    inherited = {name: value for name, value in os.environ.items() if LEFT_BEHIND not in value}
    return {
        "KERAS_BACKEND": "tensorflow",  # as it is in a process that has trained: servers are for interpreters that are alike
        **inherited,
        "BUTFOR_ENGINE": engine,
        "PYTHONPATH": path,
        "OPENBLAS_NUM_THREADS": "1",
        "BUTFOR_CHATTER": "1",
    }


@functools.cache
def snakemake() -> Preloaded:
    """Snakemake, which is imported once with its libraries, those that it imports late too."""
    late = "docutils.statemachine", "jinja2", "nbformat", "PIL.Image", "snakemake.report.html_reporter"
    libraries = "pandas", "smart_open", "snakemake.cli", "sqlmodel", "yte", *late
    server = Preloaded("snakemake", libraries, environment())
    atexit.register(server.close)
    return server


class Workflow:
    """A copy of the workflow in a folder of its own, driven by the command line as a user drives it. `engine`: what trains.
    `one_process`: whether each arm is trained in one process, though cores are idle."""

    def __init__(self, folder: Path, engine: str = NUMPY, one_process: bool = False) -> None:
        self.folder, self.engine = folder, engine
        self._before = ["--set-threads", "train=1"] * one_process
        for name in ("rules", "scripts", "config", "profiles", "examples"):
            shutil.copytree(ROOT / name, folder / name)  # compiled files too
        shutil.copy(ROOT / "Snakefile", folder)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`snakemake --cores 2` with more words."""
        asked, variables = [*self._before, "--cores", "2", *words], environment(self.engine)
        if snakemake().fits(variables):
            shared = shared_servers(environment(), self.engine)
            return snakemake().run(asked, self.folder, {**variables, **shared}, PATIENCE)
        return subprocess.run(
            [sys.executable, "-m", "snakemake", *asked], cwd=self.folder, env=variables,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    def would_run(self, *words: str) -> dict[str, int]:
        """How many jobs of each rule a dry run announces."""
        done = self.run("-n", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        stats = re.findall(r"^(\w+)\s+(\d+)$", done.stdout + done.stderr, re.MULTILINE)
        return {rule: int(count) for rule, count in stats if rule not in ("total", "all")}

    def write(self, study: dict[str, Any]) -> None:
        """Make this the study in config/config.yaml."""
        (self.folder / "config" / "config.yaml").write_text(yaml.safe_dump(study, sort_keys=False))


@pytest.fixture(scope="session")
def workflow_copy(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Workflow]:
    """A fresh copy of the workflow, of that name; another engine than NumPy's if it is named."""
    return lambda name, *engine: Workflow(tmp_path_factory.mktemp(name) / "copy", *engine)


@contextmanager
def put_back(paths: Iterable[Path]) -> Iterator[None]:
    """A context after which the files hold what they held before."""
    before = {path: path.read_bytes() for path in paths}
    yield
    for path, content in before.items():
        path.write_bytes(content)


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives a folder with a model of the tests' own and its declaration; one for all tests of a file, since Python imports a
    module once.
    """

    def folder(model: str) -> Path:
        made = tmp_path_factory.mktemp(model)
        for name in (f"{model}.py", f"{model}.yaml"):
            shutil.copy(ROOT / "tests" / name, made)
        return made

    return functools.cache(folder)


@pytest.fixture
def case(request: pytest.FixtureRequest, workflow_copy: Callable[..., Workflow]) -> Workflow:
    """A copy of the workflow with the files of the test's own folder in it, trained by Keras. Each folder of tests/cases
    holds case.md (a situation that real users reported, where, and the right outcome), its files, and the test of that.
    A second process of an arm would compile all again; in `spirals` and `test_spare_cores.py` there are such processes.
    """
    folder = request.path.parent
    copy = workflow_copy(folder.name, KERAS, True)
    ignored = shutil.ignore_patterns("case.md", "test_*.py", "__pycache__")
    shutil.copytree(folder, copy.folder, ignore=ignored, dirs_exist_ok=True)
    return copy


@pytest.fixture
def loud_figures() -> Iterator[None]:
    """No picture may warn, be it of empty slices, of letters that no font has or of what cannot be arranged."""
    from butfor.figures import style

    style.apply()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
