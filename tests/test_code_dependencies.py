"""What a rule depends on: all code that its script imports, and nothing of comments, docstrings, layout or messages."""

import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from butfor.process import kept_beside_code
from butfor.study.settings import study_and_plan
from butfor.workflow import code_dependencies, parameters
from butfor.workflow.code_dependencies import CodeDependencies
from butfor.workflow.parameters import KERAS, RUN_WRITING, mirrored
from conftest import ROOT
from preloaded_scripts import LIBRARIES
from test_layout import PACKAGE, imports, reached

STAGES = sorted(
    re.findall(r'"\.\./scripts/(\w+)\.py"', "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk")))
)
SOURCE = '''"""What it is."""
import logging

log = logging.getLogger("x")


def double(x):
    """Twice x."""
    if x < 0:
        raise ValueError(f"expected a number above 0, received {x}")
    log.info("doubling %s", x)
    return 2 * x  # of course
'''
SAME = {
    "a comment": ("# of course", "# two times"),
    "a docstring": ("Twice x.", "Two times x."),
    "no docstring": ('    """Twice x."""\n', ""),
    "the module's docstring": ("What it is.", "What it really is."),
    "layout": ("return 2 * x", "return (\n        2 * x\n    )"),
    "quotes": ('"x"', "'x'"),
    "the words of an error": ("expected a number above 0, received ", "no number above 0: "),
    "the words of a log": ("doubling %s", "twice %s"),
}
OTHER = {
    "a number": ("2 * x", "3 * x"),
    "what is raised": ("ValueError", "TypeError"),
    "when it is raised": ("x < 0", "x <= 0"),
    "a text that is no message": ('"x"', '"y"'),
    "a default": ("double(x)", "double(x=1)"),
}


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A made-up library: texts by file, and the closure and fingerprint of its `entry`."""
    monkeypatch.setattr(code_dependencies, "LIBRARY", tmp_path / "butfor")
    write(tmp_path, {"butfor/__init__.py": "", "butfor/process/__init__.py": "", "butfor/process/log.py": "x = 1"})
    return tmp_path


def write(folder, texts):
    code_dependencies._files.cache_clear(), code_dependencies._is_file.cache_clear()
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def fingerprint(folder, texts):
    write(folder, texts)
    return CodeDependencies(folder / "cache.json").fingerprint(folder / "entry.py")


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_changes_no_result_changes_no_fingerprint(library, change):
    assert change[0] in SOURCE
    assert fingerprint(library, {"entry.py": SOURCE}) == fingerprint(library, {"entry.py": SOURCE.replace(*change)})


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER)
def test_any_change_of_code_changes_the_fingerprint(library, change):
    assert change[0] in SOURCE
    assert fingerprint(library, {"entry.py": SOURCE}) != fingerprint(library, {"entry.py": SOURCE.replace(*change)})


@pytest.mark.parametrize(
    "entry",
    [
        "from butfor.wing import module",
        "from butfor.wing.module import double",
        "import butfor.wing.module",
        "def later():\n    from butfor.wing.module import double",
        "from butfor import door",
        'ENGINE = "butfor.wing.module:double"',
        'command = ["-m", "butfor.wing.module"]',
    ],
)
def test_a_change_of_what_is_imported_counts_however_it_is_imported(library, entry):
    texts = {
        "entry.py": entry,
        "butfor/door.py": "from butfor.wing.module import double",
        "butfor/wing/__init__.py": "",
    }
    before = fingerprint(library, {**texts, "butfor/wing/module.py": SOURCE})
    assert fingerprint(library, {"butfor/wing/module.py": SOURCE.replace("2 * x", "3 * x")}) != before
    assert fingerprint(library, {"butfor/wing/module.py": SOURCE}) == before
    assert fingerprint(library, {"butfor/wing/__init__.py": "import os"}) != before


def test_what_surrounds_a_job_does_not_count(library):
    texts = {"entry.py": "from butfor.process.log import x\nfrom butfor.process import log"}
    before = fingerprint(library, texts)
    assert fingerprint(library, {"butfor/process/log.py": "x = 2"}) == before


@pytest.mark.parametrize("module", ["errors", "records/results_folder"])
def test_how_errors_are_worded_and_where_files_lie_does_not_count(library, module):
    name = module.replace("/", ".")
    texts = {"entry.py": f"from butfor.{name} import x", "butfor/records/__init__.py": ""}
    before = fingerprint(library, {**texts, f"butfor/{module}.py": "x = 1"})
    assert fingerprint(library, {f"butfor/{module}.py": "x = 2"}) == before


def test_parsed_code_is_kept_and_used_again(library, monkeypatch):
    write(library, {"entry.py": SOURCE})
    first = CodeDependencies(library / "kept" / "code.json")
    whole = first.fingerprint(library / "entry.py")
    first.save()
    monkeypatch.setattr(code_dependencies, "_parsed", None)  # whatever would be parsed now raises
    assert CodeDependencies(library / "kept" / "code.json").fingerprint(library / "entry.py") == whole
    write(library, {"entry.py": SOURCE + "\n"})
    with pytest.raises(TypeError):
        CodeDependencies(library / "kept" / "code.json").fingerprint(library / "entry.py")


def test_parsed_code_is_kept_for_starts_in_all_folders(library, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_beside_code, "LIBRARY", library / "butfor")
    write(library, {"entry.py": SOURCE})
    first = CodeDependencies(code_dependencies.kept_code(tmp_path / "one"))
    whole = first.fingerprint(library / "entry.py")
    first.save()
    monkeypatch.setattr(code_dependencies, "_parsed", None)  # whatever would be parsed now raises
    later = CodeDependencies(code_dependencies.kept_code(tmp_path / "another"))
    assert later.fingerprint(library / "entry.py") == whole


def test_where_the_code_cannot_be_written_to_a_start_keeps_what_it_parses_in_its_own_folder(
    library, tmp_path, monkeypatch
):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert code_dependencies.kept_code(tmp_path) == tmp_path / "code.json"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"parser": "x", "sources": []}', '{"sources": {}}'])
def test_a_damaged_cache_is_made_anew(library, text):
    write(library, {"entry.py": SOURCE})
    whole = CodeDependencies(library / "none.json").fingerprint(library / "entry.py")
    (library / "cache.json").write_text(text)
    assert CodeDependencies(library / "cache.json").fingerprint(library / "entry.py") == whole


def test_a_cache_of_another_version_is_not_used(library, monkeypatch):
    write(library, {"entry.py": SOURCE})
    first = CodeDependencies(library / "code.json")
    first.fingerprint(library / "entry.py")
    first.save()
    monkeypatch.setattr(code_dependencies, "_parser", lambda: "another")
    monkeypatch.setattr(code_dependencies, "_parsed", None)
    with pytest.raises(TypeError):
        CodeDependencies(library / "code.json").fingerprint(library / "entry.py")


def test_a_cache_that_cannot_be_written_stops_nothing(library):
    write(library, {"entry.py": SOURCE})
    (library / "code.json" / "full").mkdir(parents=True)
    dependencies = CodeDependencies(library / "code.json")
    dependencies.fingerprint(library / "entry.py")
    dependencies.save()
    assert list(library.glob(".code*")) == []


def test_a_mistake_in_the_code_names_its_file(library):
    write(library, {"entry.py": "def ("})
    with pytest.raises(SyntaxError) as raised:
        CodeDependencies(library / "code.json").fingerprint(library / "entry.py")
    assert raised.value.filename == str(library / "entry.py")


FORKS = """
import json, os, sys
from importlib import import_module
asked = json.loads(sys.argv[1])
for library in asked["libraries"]:
    import_module(library)
for stage, imports in asked["stages"].items():
    if not os.fork():
        exec(imports)
        found = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "butfor"]
        print(json.dumps([stage, found]), flush=True)
        os._exit(0)
    if os.wait()[1]:
        sys.exit(f"the imports of {stage} fail")
"""


@functools.cache
def loaded():
    """The files of butfor's that Python runs for the imports of each script: in a process for each, which has other libraries
    already.
    """
    stages = {
        stage: "\n".join(line for line in script(stage).read_text().splitlines() if line.startswith(("from", "import")))
        for stage in STAGES
    }
    words = [sys.executable, "-c", FORKS, json.dumps({"stages": stages, "libraries": LIBRARIES})]
    done = subprocess.run(words, cwd=ROOT / "scripts", capture_output=True, text=True, check=True)
    found = dict(json.loads(line) for line in done.stdout.splitlines() if line.startswith("["))
    return {stage: {Path(file) for file in files} for stage, files in found.items()}


def script(stage):
    return ROOT / "scripts" / f"{stage}.py"


def inside(paths):
    """Those of the library that count."""
    inner = {path for path in paths if PACKAGE in path.parents and path.relative_to(PACKAGE).parts[0] != "process"}
    return inner - {PACKAGE / "errors.py", PACKAGE / "records" / "results_folder.py"}


@pytest.fixture(scope="module")
def dependencies(tmp_path_factory):
    """Those of butfor's own code, each file parsed once for all tests."""
    return CodeDependencies(tmp_path_factory.mktemp("code") / "code.json")


@pytest.mark.parametrize("stage", STAGES)
def test_the_closure_is_what_python_really_imports(stage, dependencies):
    """At once, to the file; and, beyond that, only what functions import or texts name."""
    engine = [KERAS] if stage in ("train", "tune", "search", "build") else []
    closure, at_once = inside(dependencies.closure(script(stage), *engine)), inside(loaded()[stage])
    assert at_once and at_once <= closure
    assert at_once == inside(reached(imports(script(stage))))
    later = [name for path in closure for name in dependencies._source(str(path)).names]
    assert closure == at_once | inside(reached([name.replace(":", ".") for name in (*later, *engine)]))


def test_trainings_depend_on_the_engine_and_what_is_judged_does_not(dependencies, monkeypatch):
    monkeypatch.delenv("BUTFOR_ENGINE", raising=False)
    wings = {
        stage: {path.relative_to(PACKAGE).parts[0] for path in inside(dependencies.closure(script(stage)))}
        for stage in STAGES
    }
    with_training = {"build", "cohort", "cost", "plan", "search", "train", "tune"}
    assert {stage for stage in STAGES if "training" in wings[stage]} == with_training
    engine = {
        stage: {path.stem for path in inside(dependencies.closure(script(stage))) if path.parent.name == "engine"}
        for stage in STAGES
        if "engine" in wings[stage] and stage not in with_training
    }
    of_metrics = {"__init__", "import_notices", "keras_import", "keras_scores"}  # which train nothing
    assert engine == {"measure": of_metrics, "partial": of_metrics}
    with_keras = {path.stem for path in inside(dependencies.closure(script("train"), KERAS))}
    assert {"keras_engine", "models", "loops", "keras_parts", "probe"} <= with_keras
    assert parameters.trained_by() == (KERAS,)
    monkeypatch.setenv("BUTFOR_ENGINE", "jax")
    with_jax = {path.stem for path in inside(dependencies.closure(script("train"), *parameters.trained_by()))}
    assert {"jax_engine", "cohort_process", "cohort_training", "cohort_records"} <= with_jax
    assert "report" not in wings["train"] and "verdicts" not in wings["train"] and "study" not in wings["train"]


def test_runs_in_mlflow_are_replaced_when_what_writes_them_changes_and_only_then(dependencies):
    closure = dependencies.closure(RUN_WRITING)
    names = {str(path.relative_to(PACKAGE).with_suffix("")) for path in inside(closure)}
    assert {f"tracking/{name}" for name in ("run_writing", "run_content", "run_files", "model_artifacts")} <= names
    assert {"figures/run_curves", "figures/style", "records/record"} <= names
    choosing = "watched_figures"  # by which the best model of an arm is chosen
    assert {name for name in names if name.startswith("recipe/")} == {
        f"recipe/{name}" for name in ("__init__", "tasks", choosing)
    }
    assert {name.split("/")[0] for name in names if "/" in name} == {
        *("tracking", "figures", "records", "study", "recipe")
    }
    assert not names & {"tracking/mirror", "tracking/views", "tracking/live_runs", "study/ablations", "study/plan"}
    settings, plan = study_and_plan(
        {"study": "s", "ablations": {"a": {"set": {"l2": 0.1}}}}, ROOT / "config" / "schema.yaml"
    )
    assert mirrored(settings, plan, lambda module: f"code of {module}")["code"] == f"code of {RUN_WRITING}"


def test_every_rule_with_a_script_has_its_code_among_its_parameters():
    for path in (ROOT / "rules").glob("*.smk"):
        for rule in re.split(r"^(?:rule|checkpoint) ", path.read_text(), flags=re.MULTILINE)[1:]:
            stage = re.search(r'"\.\./scripts/(\w+)\.py"', rule)[1]
            named = f'code("{stage}"' in rule
            # The code of some is in `training`, and in the files' names; a plan is made anew whenever it is asked for.
            assert named or stage in ("train", "cohort", "build", "plan"), stage
