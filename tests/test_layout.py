"""The laws of the house: heavy imports stay in their modules, files stay short, entry scripts hold no logic."""

import ast
import subprocess
import sys

import pytest

from conftest import ROOT

PACKAGE = ROOT / "scripts" / "butfor"
LIBRARY = sorted(PACKAGE.rglob("*.py"))
TRAINS = {
    "arm_job",
    "chance_layers",
    "diagnostics",
    "epoch",
    "initialisers",
    "losses",
    "lean_keras",
    "model_file",
    "models",
    "optimisers",
    "parts",
    "rate_search",
    "training",
}
AT_HOME = {
    "tensorflow": TRAINS,
    "keras": TRAINS,
    "mlflow": {"tracking"},
    "matplotlib": {"figures"},
    "seaborn": {"figures"},
}
STANDARD_LIBRARY_ONLY = {
    "plan",
    "ablations",
    "anatomy",
    "arm",
    "claim_table",
    "claims",
    "cluster",
    "durations",
    "gallery",
    "live_tracking",
    "network_folders",
    "provenance",
    "checksum",
    "orphan",
    "receipt",
    "start",
    "tracking_target",
    "verdict_words",
    "errors",
}


def home(path):
    """The module, or the package inside butfor, that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def named(path):
    return str(path.relative_to(PACKAGE).with_suffix(""))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", LIBRARY, ids=named)
def test_heavy_libraries_are_imported_only_at_home(path):
    strangers = [name for name in imported(path) if home(path) not in AT_HOME.get(name, {home(path)})]
    assert not strangers
    if home(path) in STANDARD_LIBRARY_ONLY:
        assert set(imported(path)) <= sys.stdlib_module_names | {"butfor"}


def test_parsing_the_workflow_imports_neither_tensorflow_nor_mlflow_nor_pandas():
    code = (
        "import sys; sys.path.insert(0, 'scripts')\n"
        "from butfor import gallery, provenance, tracking_target\nfrom butfor.config import study_and_plan\n"
        "print(sorted({'tensorflow', 'mlflow', 'pandas', 'matplotlib', 'scipy', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_start_of_snakemake_brings_nothing_heavy_into_the_head_node(tmp_path):
    """Beside what Snakemake and its plugins import for any workflow."""
    (tmp_path / "Snakefile").write_text("rule all:\n")
    code = (
        "import runpy, sys\n"
        "try:\n    runpy.run_module('snakemake', run_name='__main__')\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(*{'tensorflow', 'keras', 'mlflow', 'pandas', 'matplotlib', 'scipy', 'numpy'} & set(sys.modules))"
    )
    imported = [
        subprocess.run(
            [sys.executable, "-c", code, "-n", "--cores", "1", "--quiet", "all", "-d", tmp_path, "-s", snakefile, *more],
            capture_output=True, text=True, check=True, cwd=ROOT,
        ).stdout.splitlines()[-1].split()
        for snakefile, *more in [
            (tmp_path / "Snakefile",),
            (ROOT / "Snakefile", "--configfile", ROOT / "config" / "tiny.yaml"),
        ]
    ]  # fmt: skip
    assert set(imported[1]) <= set(imported[0])


def test_the_plain_environment_holds_no_cluster_plugin():
    locks = {name: (ROOT / name).read_text() for name in ("requirements.lock", "requirements-gpu.lock")}
    assert not [name for name, text in locks.items() if "snakemake-executor-plugin" in text]
    pinned = (ROOT / "requirements-slurm.lock").read_text()
    assert pinned in (ROOT / "requirements-ci.lock").read_text()


@pytest.mark.parametrize("path", LIBRARY, ids=named)
def test_files_stay_short_and_named_after_a_concept(path):
    assert path.stem not in {"utils", "helpers", "common", "misc"}
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", sorted((ROOT / "scripts").glob("*.py")), ids=lambda path: path.stem)
def test_entry_scripts_hold_no_logic(path):
    tree = ast.parse(path.read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.For | ast.While | ast.Try)]


def test_the_reading_order_has_every_module():
    names = [path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__"]
    order = (PACKAGE / "__init__.py").read_text()
    assert [name for name in [*names, "figures", "footprints", "stats"] if f"`{name}`" not in order] == []
