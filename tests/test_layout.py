"""The laws of the house: heavy imports stay in their wings, wings stand on each other without circles, files stay short."""

import ast
import re
import subprocess
import sys
from collections import Counter
from functools import cache

import pytest

from conftest import ROOT

PACKAGE = ROOT / "scripts" / "butfor"
LIBRARY = sorted(PACKAGE.rglob("*.py"))
ENTRIES = sorted((ROOT / "scripts").glob("*.py"))
AT_HOME = {
    "tensorflow": {"engine"},
    "keras": {"engine", "jax_engine"},
    "jax": {"jax_engine"},
    "mlflow": {"tracking"},
    "matplotlib": {"figures"},
    "seaborn": {"figures"},
}
CHECKED_WITH = {"yaml", "jsonschema"}  # what a study file is read and checked with, as Snakemake itself does
SLOW = {"scipy.stats", "sklearn"}  # a second of every stage that imports them
WORKFLOW = [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]


def wing(path):
    """The folder inside butfor that a file belongs to; a file beside them is a room of its own."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def named(path):
    return str(path.relative_to(PACKAGE).with_suffix(""))


@cache
def imports(path, at_once=False):
    """The modules that a file imports, with the names taken from them; `at_once`: only those at its top."""
    tree, names = ast.parse(path.read_text()), []
    for node in tree.body if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += (f"{node.module}.{alias.name}" for alias in node.names)
    return names


@cache
def file_of(name):
    """The file of butfor's that a dotted name is imported from; None for other libraries."""
    parts = name.split(".")
    while parts[:1] == ["butfor"]:
        path = PACKAGE.joinpath(*parts[1:])
        if path.with_suffix(".py").is_file():
            return path.with_suffix(".py")
        if (path / "__init__.py").is_file():
            return path / "__init__.py"
        parts.pop()
    return None


def reached(names):
    """All files of butfor's that importing these names runs."""
    waiting, files = [file_of(name) for name in names], set()
    while waiting:
        path = waiting.pop()
        if path is None or path in files:
            continue
        files.add(path)
        waiting += [folder / "__init__.py" for folder in path.parents if folder == PACKAGE or PACKAGE in folder.parents]
        waiting += [file_of(name) for name in imports(path, at_once=True)]
    return files


def test_heavy_libraries_are_imported_only_at_home():
    libraries = {path: {name.split(".")[0] for name in imports(path)} & set(AT_HOME) for path in LIBRARY}
    assert {library for of_one in libraries.values() for library in of_one} == set(AT_HOME)
    strays = [
        (named(path), library) for path in LIBRARY for library in libraries[path] if wing(path) not in AT_HOME[library]
    ]
    assert strays == []


def test_what_the_workflow_imports_is_the_standard_library_alone():
    named_there = [
        f"{module}.{name.strip()}"
        for path in WORKFLOW
        for module, names in re.findall(r"^from (butfor[\w.]*) import ([\w, ]+)$", path.read_text(), re.MULTILINE)
        for name in names.split(",")
    ]
    assert len(named_there) > 5
    for path in reached(named_there):
        libraries = {name.split(".")[0] for name in imports(path, at_once=True)}
        assert libraries <= sys.stdlib_module_names | {"butfor"} | CHECKED_WITH, path


def test_a_start_of_snakemake_brings_nothing_heavy_into_the_head_node(tmp_path):
    """Beside what Snakemake and its plugins import for any workflow."""
    (tmp_path / "Snakefile").write_text("rule all:\n")
    code = (
        "import os, runpy, sys, snakemake.cli\n"
        "heavy = {'tensorflow', 'keras', 'mlflow', 'pandas', 'matplotlib', 'scipy', 'numpy'}\n"
        "asked = sys.argv[1:], [*sys.argv[1:], '-s', 'Snakefile', '--configfile', 'config/tiny.yaml']\n"
        "for words in asked:\n"
        "    if not os.fork():\n"
        "        sys.argv[1:] = words\n"
        "        try:\n            runpy.run_module('snakemake', run_name='__main__')\n"
        "        except SystemExit as end:\n            assert not end.code\n"
        "        print('imported', *heavy & set(sys.modules))\n"
        "        sys.exit()\n"
        "    assert not os.wait()[1]\n"
    )
    words = ["-n", "--cores", "1", "--quiet", "all", "-d", tmp_path, "-s", tmp_path / "Snakefile"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, cwd=ROOT)
    others, ours = (set(line.split()) for line in done.stdout.splitlines() if line.startswith("imported"))
    assert ours <= others


def test_only_what_measures_imports_slow_libraries_before_it_needs_them():
    """Whatever a stage imports: one user of ranks made every verdict, figure and report wait for them."""
    at_once = {path: imports(path, at_once=True) for path in LIBRARY}
    slow = {
        named(path)
        for path, names in at_once.items()
        if any(f"{name}.".startswith(f"{library}.") for name in names for library in SLOW)
    }
    assert slow == {"metrics/scores"}


def test_wings_stand_on_each_other_without_a_circle():
    """Counted by imports, those inside functions too."""
    below = {wing(path): set() for path in LIBRARY}
    for path in LIBRARY:
        below[wing(path)] |= {wing(file) for name in imports(path) if (file := file_of(name))} - {wing(path)}
    while ground := [name for name, others in below.items() if not others & set(below)]:
        for name in ground:
            del below[name]
    assert not below, f"these stand on each other in a circle, or on one: {below}"


def test_no_file_name_occurs_twice():
    names = Counter(path.name for path in LIBRARY if path.name != "__init__.py")
    assert [name for name, count in names.items() if count > 1] == []


def test_files_stay_short_and_named_after_a_concept():
    assert [named(path) for path in LIBRARY if path.stem in {"utils", "helpers", "common", "misc"}] == []
    assert [named(path) for path in LIBRARY if len(path.read_text().splitlines()) > 275] == []


def test_private_names_stay_in_their_file():
    taken = [
        (named(path), name)
        for path in LIBRARY
        for name in imports(path)
        if file_of(name) and name.rsplit(".", 1)[-1].startswith("_")
    ]
    assert taken == []


def test_the_adapters_between_rules_and_library_stay_few():
    assert len((ROOT / "rules" / "common.smk").read_text().splitlines()) <= 80


@pytest.mark.parametrize("path", ENTRIES, ids=lambda path: path.stem)
def test_entry_scripts_hold_no_logic(path):
    tree = ast.parse(path.read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.For | ast.While | ast.Try)]
    assert len(path.read_text().splitlines()) <= 15


def test_the_plain_environment_holds_no_cluster_plugin():
    locks = {name: (ROOT / name).read_text() for name in ("requirements.lock", "requirements-gpu.lock")}
    assert not [name for name, text in locks.items() if "snakemake-executor-plugin" in text]
    pinned = (ROOT / "requirements-slurm.lock").read_text()
    assert pinned in (ROOT / "requirements-ci.lock").read_text()


def test_every_target_of_the_makefile_stands_there_once():
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split()
    rules = Counter(re.findall(r"^([\w-]+):(?!=)", text, re.MULTILINE))
    assert len(phony) > 15 and {target: rules[target] for target in phony} == dict.fromkeys(phony, 1)
    assert set(rules) == set(phony)
