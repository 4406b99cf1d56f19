"""The servers of forks that all workers of a start of the tests share, in place of some that each whole study would start.

Of most jobs of the tests, imports take most. The servers have imported what any job imports; a study whose engine is NumPy's has
its trainings from those of the other stages. (Studies that tests start by a command of their own, those of users' situations,
faults and outer workflows, have servers of their own, as users have, and those in whose environment PYTHONHASHSEED is set have
interpreters: forks of one server order their sets alike.)
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from butfor.forks.client import ENGINE, STAGES
from butfor.forks.interpreter import SERVERS
from butfor.forks.listener import listening
from butfor.forks.servers import HERE, OF_ENGINES, OF_SCRIPTS, OF_TABLES, write_client

KERAS, NUMPY = "keras", "numpy"  # folders of servers, by what trains
KERAS_ENGINE = "butfor.engine.keras_engine:KerasEngine"
SET_BY_STARTS = {  # butfor's and Snakemake's
    "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}  # fmt: skip
LIBRARIES = (
    *OF_SCRIPTS, *OF_TABLES, "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "matplotlib.figure", "mlflow",
    "PIL.Image", "psutil", "requests", "seaborn", "sklearn.datasets", "sklearn.model_selection",
)  # fmt: skip
OWNER = "import os, sys, time\nwhile os.path.exists(f'/proc/{sys.argv[1]}'):\n    time.sleep(1)"


def shared_servers(environment: dict[str, str], engine: str) -> dict[str, str]:
    """The variable by which a study in this environment finds them; the first to ask in a start of the tests starts the servers,
    Keras's where it trains."""
    tests = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    place = Path(tempfile.gettempdir()) / f"butfor-scripts-{os.getuid()}-{tests}"
    trains = KERAS if engine == KERAS_ENGINE else NUMPY
    for folder, trained_by in ((NUMPY, STAGES), (KERAS, ENGINE))[: 1 + (trains == KERAS)]:
        with contextlib.suppress(FileExistsError):
            made = place / folder
            made.mkdir(mode=0o700, parents=True)
            for name in {STAGES, ENGINE} - {trained_by}:
                (made / name).symlink_to(place / NUMPY / STAGES)
            modules = LIBRARIES if trained_by == STAGES else OF_ENGINES[engine]
            _start(made, trained_by, modules, {**environment, **SET_BY_STARTS}, tests)
            write_client(made)  # last, since another worker waits for it
    while not (place / trains / "python").exists():  # another worker is about to write it
        time.sleep(0.01)
    return {SERVERS: str(place / trains)}


def _start(folder: Path, name: str, modules: tuple[str, ...], environment: dict[str, str], tests: int) -> None:
    """A server that ends with the tests, whichever worker has started it."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tests)], stdin=subprocess.DEVNULL, **{
        **quiet, "stdout": subprocess.PIPE,
    })  # fmt: skip
    with listening(folder, name) as listener:
        number = listener.fileno()
        command = [sys.executable, str(HERE / "server.py"), str(folder), str(number), *modules]
        subprocess.Popen(command, env=environment, stdin=owner.stdout, pass_fds=[number], **quiet)
    if owner.stdout:
        owner.stdout.close()
