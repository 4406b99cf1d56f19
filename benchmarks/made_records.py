"""A study of any number of arms with all its records, made by the library's own trainer and writers in one process.

Its arms differ from the baseline in two numbers, the learning rate and L2's, and are trained for real by the NumPy engine
of the tests: each in some milliseconds, because network and data are small. So ten thousand arms have true records in minutes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import sys
import time
from base64 import urlsafe_b64encode
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(sys.argv[1]) if __name__ == "__main__" else Path(__file__).parent.parent  # whose library it is
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

import yaml

from butfor.data.dataset import load
from butfor.records import earlier, job_folder, provenance
from butfor.records.job_folder import Receipt
from butfor.records.record import write
from butfor.records.results_folder import ARRAYS, MANIFEST, RUNS, data_file, record_in
from butfor.study.settings import study_and_plan
from butfor.training.arm_runs import ArmRuns
from butfor.training.engine_choice import engine_named
from butfor.workflow.code_dependencies import CodeDependencies, kept_code
from butfor.workflow.own_files import OwnFiles
from butfor.workflow.targets import Targets

ENGINE = "numpy_engine:NumpyEngine"
RECIPE = {
    "model": {"name": "mlp", "widths": [8]}, "learning_rate": 0.01, "l2": 1e-4, "dropout": 0.1, "train_size": 128,
    "batch_size": 32, "epochs": 2, "loop": "graph",
}  # fmt: skip


def study_of(arms: int, results: str = "results") -> dict[str, Any]:
    """The study file of so many arms, the baseline among them, in about as many families as each has arms: by turns of arms
    that change the learning rate, L2, or both."""
    ablations, size = {}, max(1, math.isqrt(arms))
    for place in range(1, arms):
        family, level = divmod(place, size)
        rate, l2 = 0.001 * 1.05 ** (level + 1), 1e-5 * 1.07 ** (family + 1)
        own = 1 + place / arms  # of this arm alone
        changes = (
            {"learning_rate": float(f"{0.003 * own:.7g}")},
            {"l2": float(f"{0.01 * own:.7g}")},
            {"learning_rate": float(f"{rate:.5g}"), "l2": float(f"{l2:.5g}")},
        )[family % 3]
        ablations[f"arm_{place:05d}"] = {"set": changes, "family": f"family_{family:03d}"}
    return {
        "study": "growth", "results": results, "question": "What does a study cost as it grows?", "seeds": 2,
        "data": {"name": "digits"}, "recipe": RECIPE, "ablations": ablations,
    }  # fmt: skip


def write_study(path: Path, arms: int) -> None:
    """Write that study file."""
    path.write_text(yaml.safe_dump(study_of(arms), sort_keys=False))


def train_all(targets: Targets, results: Path) -> int:
    """Train every arm of a planned study whose data are stored, as its jobs would; gives the number of runs."""
    logging.disable(logging.INFO)
    for name in ("revision", "training_versions", "machine"):  # asked for by each job once
        setattr(provenance, name, cache(getattr(provenance, name)))
    os.fsync = lambda file: None
    dataset_files, made = [data_file(results, name, "") for name in (ARRAYS, MANIFEST)], 0
    dataset = load(*dataset_files)
    for look, training in targets.planned():
        runs, kind = results / RUNS.format(arm=training["arm"], look=look), engine_named(training["engine"])
        if (runs / ".snakemake_timestamp").exists():
            continue
        arm_runs = ArmRuns(kind, training, dataset, kind.device(1))
        for seed in training["seeds"]:
            write(record_in(runs, seed), arm_runs.train(seed))
            made += 1
        token = targets.training(training["arm"], look)["token"]
        origin = earlier.origin(training, dataset.fingerprint)
        job_folder.write(runs, Receipt(earlier.mark(origin, kind.device(1)), training["seeds"], origin, token))
        (runs / ".snakemake_timestamp").touch()
        _note(runs, token, dataset_files)
    return made


def _note(runs: Path, token: str, inputs: list[Path]) -> None:
    """Write Snakemake's own note of a job that has ended: without one, a start without work has less to read than it would."""
    now = time.time()
    note = {
        "rule": "train", "input": list(map(str, inputs)), "log": [], "shellcmd": None, "params": [repr(token)],
        "code": '        "../scripts/train.py"\n', "record_format_version": 6, "conda_env": None, "container_img_url": None,
        "software_stack_hash": hashlib.md5(usedforsecurity=False).hexdigest(), "job_hash": 0, "starttime": now,
        "endtime": now, "incomplete": False, "external_jobid": None,
        "input_checksums": {str(path): f"sha256:{_sha256(path)}" for path in inputs},
    }  # fmt: skip
    (Path(".snakemake") / "metadata" / urlsafe_b64encode(str(runs).encode()).decode()).write_text(json.dumps(note))


@cache
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def planned_targets(study_file: Path, root: Path) -> Targets:
    """What a start with that study asks for, as the Snakefile makes it."""
    settings, plan = study_and_plan(yaml.safe_load(study_file.read_text()), root / "config" / "schema.yaml")
    dependencies = CodeDependencies(kept_code(Path(".snakemake") / "butfor"))

    def code(stage: str, *engine: str) -> str:
        return dependencies.fingerprint(root / "scripts" / f"{stage}.py", *engine)

    codes = code("data"), code("build", ENGINE), code("train", ENGINE)
    return Targets(settings, plan, codes, OwnFiles(settings["results"], dependencies.fingerprint), lambda look: [])


if __name__ == "__main__":
    made = train_all(planned_targets(Path("study.yaml"), ROOT), Path("results"))
    print(f"{made} records")
