"""The code that TensorFlow generates of a user's functions leaves no files where the process that had it is killed."""

import os
import signal
import subprocess
import sys

from butfor.forks.servers import OF_ENGINES
from conftest import KERAS, ROOT

OWN = """
import tensorflow as tf


@tf.function
def doubled(x):
    if tf.reduce_sum(x) > 0:
        return 2 * x
    return x
"""
KILLED = """
import importlib, linecache, os, signal, sys, tempfile
for name in sys.argv[1:]:
    importlib.import_module(name)
import own
assert own.doubled(own.tf.ones(3)).numpy().tolist() == [2.0, 2.0, 2.0]
generated = [module for name, module in sys.modules.items() if name.startswith("__autograph_generated")]
print(len(generated), all("def " in "".join(linecache.getlines(module.__file__)) for module in generated), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_leaves_no_generated_code(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    folder = tmp_path / "temporary"
    folder.mkdir()
    path = os.pathsep.join([str(ROOT / "scripts"), str(tmp_path)])
    variables = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": ""}
    words = [sys.executable, "-c", KILLED, *(name for name in OF_ENGINES[KERAS] if name.startswith("butfor."))]
    done = subprocess.run(words, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    generated, are_quoted = done.stdout.split()
    assert int(generated) and are_quoted == "True"
    assert not list(folder.rglob("*.py*"))
