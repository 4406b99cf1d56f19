"""A script of the tests in a process of its own, since Keras takes its backend once in a process."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from conftest import ROOT, need


def said_by(script: str, asked: Any, programs: Path) -> str:
    """What it prints, of what it is asked. programs: the folder where XLA finds what another script, or the same one before, has
    compiled, which takes most of the time of each.
    """
    need(importlib.util.find_spec("jax"), "JAX: make ENGINE=jax setup")
    path = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "scripts")])
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / script], input=json.dumps(asked),
        env={**os.environ, **kept_in(programs), "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def kept_in(programs: Path) -> dict[str, str]:
    """The variables by which JAX keeps every program in a folder."""
    return {"JAX_COMPILATION_CACHE_DIR": str(programs), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
