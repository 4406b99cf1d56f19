"""What several tests share: a checked plan from a few lines of YAML, a small data set, and a copy of the workflow."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from butfor.config import study_and_plan
from butfor.data import Dataset, prepare
from butfor.plan import Plan
from butfor.schema import complete, load_schema

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "config" / "schema.yaml"
SMALL = {  # a recipe for a whole study; XLA would compile longer than it trains
    "model": {"name": "mlp", "widths": [32]},
    "dropout": 0.1,
    "epochs": 2,
    "batch_size": 32,
    "loop": "graph",
}
WHOLE_STUDIES = {"workflow_copy", "faults", "slurm", "servers"}  # fixtures and markers of tests that run them


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
    largest = {"train_size": 0, "batch_size": 1, "side": 0}
    settings = {"name": "digits", "folder": None, "file": None, "validation": 0.1, "largest": largest}
    paths = folder / "arrays.npz", folder / "manifest.json"
    prepare(settings, *paths, folder / "source.json", folder / "files")
    return paths


@pytest.fixture(scope="session")
def digits_data(digits: tuple[Path, Path]) -> Dataset:
    """The digits data set in memory."""
    from butfor.data import load

    return load(*digits)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that run whole studies come first, so that the small ones fill the workers' time at the end."""
    whole = {item.path for item in items if WHOLE_STUDIES & {*getattr(item, "fixturenames", ()), *item.keywords}}
    items.sort(key=lambda item: item.path not in whole)


class Workflow:
    """A copy of the workflow in a folder of its own, driven by the command line as a user drives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("rules", "scripts", "config", "profiles", "examples"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "Snakefile", folder)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`snakemake --cores 2` with more words."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *words]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=600, check=False)

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
def workflow_copy(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Workflow]:
    """A fresh copy of the workflow."""
    return lambda name: Workflow(tmp_path_factory.mktemp(name) / "copy")
