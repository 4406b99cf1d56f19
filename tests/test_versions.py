"""The oldest MLflow that pyproject.toml allows: the importer's whole work, the pages, and the way from there to this one."""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from mlflow.version import VERSION

from butfor.records.record import read, write
from conftest import ROOT, need
from real_servers import NONE, Study, faults, status
from test_ui import Pages

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def oldest(tmp_path_factory):
    """The folder and version of the oldest MLflow; everything else is as installed here."""
    wanted = next(
        one
        for one in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
        if one.startswith("mlflow")
    )
    version = re.match(r"mlflow>=([\d.]+),<4$", wanted)[1]
    version += ".0" * (2 - version.count("."))
    folder = tmp_path_factory.mktemp("oldest")
    uv = shutil.which("uv")
    tool = [uv, "pip", "install", "-q"] if uv else [sys.executable, "-m", "pip", "install", "-q"]
    done = subprocess.run([*tool, "--no-deps", "--target", str(folder), f"mlflow=={version}"], capture_output=True)
    need(done.returncode == 0, f"mlflow {version} from a package index ({done.stderr.decode()[-200:]})")
    return folder, version


def test_the_oldest_mlflow_imports_repeats_replaces_removes_and_is_followed_by_this_one(tmp_path, oldest):
    folder, version = oldest
    study, database = Study(tmp_path / "r", arms=3, seeds=2, epochs=3), f"sqlite:///{tmp_path}/r/mlflow/mlflow.db"
    path = {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT / "scripts")])}
    code = "from mlflow.version import VERSION; print(VERSION)"
    said = subprocess.run([sys.executable, "-c", code], env={**os.environ, **path}, capture_output=True, text=True)
    assert said.stdout.strip() == version != VERSION

    def imported(**environment):
        assert study.track(**environment) == ""
        assert faults(study, database) == NONE
        return json.loads((study.results / "tracked.json").read_text())["runs"]

    assert set(imported(**path).values()) == {"new"}
    assert set(imported(**path).values()) == {"same"}
    changed = study.jobs[2] / "seed_1.json"
    write(changed, dataclasses.replace(read(changed), reason="", metrics={"test/accuracy": 0.9, "test/loss": 1.0}))
    shutil.rmtree(study.jobs.pop(1))
    study.tracking["arms"].pop("a1")
    done = imported(**path)
    assert done["s/a2/1"] == "replaced" and len(done) == 4 and list(done.values()).count("same") == 3
    pages = Pages(study.results, tmp_path / "ui.log", **path)
    try:
        assert status(pages.server) == 200 and status(pages.server, Host="10.evil.com") == 403
    finally:
        assert pages.end() == (0, [])
    assert set(imported().values()) == {"same"}
    assert list(study.results.glob("mlflow/mlflow.db.*"))
