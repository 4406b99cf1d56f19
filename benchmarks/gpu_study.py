"""What training costs on a GPU, in one run of less than 10 minutes and without a network: prints tables, writes JSON lines.

    python3 benchmarks/gpu_study.py [OUT] [--small] [--only=PART]     OUT: a folder for gpu_study.jsonl (default: $OUT, or here)
                                                        --small: a few seconds of each part, to try it on a CPU
                                                        --only: determinism, start_up, packing or with_mps

1. Determinism and TF32: seconds per epoch of an MLP and a CNN by each loop, and whether a second process repeats the bits.
2. Start-up by part, of one job with one seed; and what XLA's compilation cache saves the second of two like jobs.
3. Packing: 1, 2, 4, 8 jobs at once on one device; with an MPS server too, where there is one.
Parts for which the time does not suffice any more are left out, and named. The images are made up, in Fashion-MNIST's shape.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

SMALL = "--small" in sys.argv
LONGEST = 3000.0 if SMALL else 560.0  # seconds for all of it
EXAMPLES = (2_000, 500) if SMALL else (60_000, 10_000)
LOOPS = ("xla", "graph", "fit")
EPOCHS = {"xla": 5, "graph": 2, "fit": 2}
MLP = {
    "model": {"name": "mlp", "widths": [32] if SMALL else [256, 128]},
    "schedule": {"name": "cosine_restarts", "first_decay": 1, "t_mul": 2},
    "l2": 1e-5,
    "dropout": 0.2,
    "epochs": 2 if SMALL else 7,
}
CNN = {"model": {"name": "cnn", "filters": [2, 4] if SMALL else [32, 64]}, "epochs": MLP["epochs"]}
RECIPES = {"mlp": MLP, "cnn": CNN}
PACKED = (1, 2) if SMALL else (1, 2, 4, 8)
SEEDS = 1 if SMALL else 3
JSON_MARK = "RESULT "


def made_up(folder: Path) -> None:
    """Images of ten classes that can be told apart but not wholly, stored as butfor stores a data set."""
    import numpy as np

    from butfor.data.prepare import prepare

    draws, sizes = np.random.default_rng(0), EXAMPLES
    centres = draws.normal(size=(10, 28, 28))
    arrays: dict[str, Any] = {}
    for part, count in zip(("train", "test"), sizes, strict=True):
        labels = draws.integers(0, 10, count)
        images = 128 + 20 * centres[labels] + 60 * draws.normal(size=(count, 28, 28))
        arrays |= {f"x_{part}": images.clip(0, 255).astype(np.uint8), f"y_{part}": labels.astype(np.int64)}
    np.savez(folder / "made_up.npz", **arrays)
    study, plan = planned(folder, MLP)
    (data,) = study["data_sets"].values()
    names = ("arrays.npz", "manifest.json", "source.json")
    prepare({**data, "largest": plan.largest("")}, *(folder / name for name in names), store=folder / "files")


def planned(folder: Path, recipe: dict[str, Any]) -> Any:
    """A study of one arm with that recipe, checked and planned."""
    from butfor.study.settings import study_and_plan

    written = {
        "study": "gpu",
        "data": {"name": "npz", "file": str(folder / "made_up.npz")},
        "recipe": recipe,
        "seeds": 3,
    }
    return study_and_plan({**written, "ablations": {"other": {"set": {"batch_size": 64}}}}, ROOT / "config/schema.yaml")


def loops(folder: Path, deterministic: bool, precisions: list[str]) -> dict[str, Any]:
    """In a process of its own: seconds per epoch of every model and loop, and a digest of the weights that each ends with."""
    import numpy as np

    from butfor.data.dataset import load
    from butfor.engine.keras_engine import KerasEngine
    from butfor.recipe import schedules

    device = KerasEngine.device(1)
    results: dict[str, Any] = {"device": device}
    stored = load(folder / "arrays.npz", folder / "manifest.json")
    for precision in precisions:
        for name, settings in RECIPES.items():
            for loop in LOOPS:
                asked = {"loop": loop, "deterministic": deterministic, "matmul_precision": precision}
                _, plan = planned(folder, {**settings, **asked})
                recipe = plan.arms["baseline"].recipe
                KerasEngine.set_arithmetic(recipe)
                dataset = stored.of_seed(0).scaled(recipe)
                size = recipe["batch_size"]
                steps = len(dataset.y_train) * 9 // 10 // size
                try:
                    rates = schedules.learning_rates({**recipe, "epochs": 1 + EPOCHS[loop]}, steps)
                    engine = KerasEngine({**recipe, "epochs": 1 + EPOCHS[loop]}, dataset, rates)
                    engine.start(0)
                    order, seconds = np.random.default_rng(0), []
                    for _ in range(1 + EPOCHS[loop]):
                        rows = order.permutation(len(dataset.y_train))[: steps * size].reshape(steps, size)
                        began = time.perf_counter()
                        engine.train_epoch(rows.astype(np.int32))
                        weights = engine.weights()  # which waits for the device
                        seconds.append(time.perf_counter() - began)
                    bits = hashlib.sha256(b"".join(w.tobytes() for w in weights)).hexdigest()[:16]
                    accuracy = engine.evaluate("test", np.arange(len(dataset.y_test)))["accuracy"]
                    row = {"first": seconds[0], "epoch": statistics.median(seconds[1:]), "bits": bits}
                    results[f"{name} {loop} {precision}"] = {**row, "accuracy": accuracy}
                except Exception as failure:  # an operation that has no deterministic form
                    results[f"{name} {loop} {precision}"] = {"failed": f"{type(failure).__name__}: {failure}"[:300]}
    return results


def job(folder: Path, name: str, results: Path, seeds: int) -> dict[str, Any]:
    """In a process of its own: a training job as a study has it; its seconds by part."""
    began = float(os.environ["BEGAN"])
    from butfor.training.engine_choice import engine_named
    from butfor.workflow import parameters

    engine_named(parameters.KERAS)
    imported = time.time() - began
    from butfor.training.arm_job import train_arm

    _, plan = planned(folder, {**RECIPES[name], "loop": "xla"})
    training = {**plan.training("baseline", "look1"), "engine": parameters.KERAS, "seeds": list(range(seeds))}
    paths = folder / "arrays.npz", folder / "manifest.json"
    runs = results / "runs" / f"job{os.getpid()}" / "look1"
    train_arm(training, *paths, threads=1, runs=runs)
    records = [json.loads((runs / f"seed_{seed}.json").read_text()) for seed in range(seeds)]
    parts = {key: round(value, 3) for key, value in records[0]["timing"]["seconds"].items()}
    seen = {"gpu": os.environ.get("CUDA_VISIBLE_DEVICES"), "device": records[0]["machine"]["device"]}
    return {"import": round(imported, 3), **parts, "whole": round(time.time() - began, 3), **seen}


class Bench:
    """Runs parts in processes until the time is over, and writes what they find."""

    def __init__(self, out: Path, folder: Path) -> None:
        self.began, self.folder = time.time(), folder
        self._file = (out / "gpu_study.jsonl").open("w")

    def left(self) -> float:
        """Seconds."""
        return LONGEST - (time.time() - self.began)

    def start(self, part: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """A part in a process of its own."""
        env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **environment, "BEGAN": str(time.time())}
        command = [sys.executable, __file__, "part", part, str(self.folder), *arguments, *(["--small"] * SMALL)]
        return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def result(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        """What a part measured, or why nothing was."""
        try:
            output, errors = process.communicate(timeout=max(1.0, self.left()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return {"failed": "no time was left"}
        line = next((line for line in output.splitlines() if line.startswith(JSON_MARK)), "")
        return json.loads(line.removeprefix(JSON_MARK)) if line else {"failed": errors[-600:]}

    def write(self, part: str, **values: Any) -> None:
        """A line of the file, and of the output."""
        print(f"{time.time() - self.began:6.0f} s  {part}: {json.dumps(values)}", flush=True)
        self._file.write(json.dumps({"part": part, **values}) + "\n")
        self._file.flush()

    def has(self, part: str, seconds: float) -> bool:
        """Whether there is time for a part that takes so long; says so if not."""
        if not SMALL and self.left() < seconds:
            self.write(part, left_out=f"{self.left():.0f} s were left, it takes {seconds:.0f}")
            return False
        return True


def determinism(bench: Bench) -> None:
    """Timed one after the other; repeated, untimed, side by side."""
    ways = {"free": ("0", "tf32", "float32"), "deterministic": ("1", "tf32")}
    timed = {}
    for way, arguments in ways.items():
        if bench.has(way, 110):
            timed[way] = bench.result(bench.start("loops", *arguments))
            bench.write(way, **timed[way])
    if timed and bench.has("repeats", 130):
        running = {way: bench.start("loops", *ways[way], **shared_by(len(timed))) for way in timed}
        again = {way: bench.result(process) for way, process in running.items()}
        for way, values in again.items():
            same = {
                key: [row.get("bits") == timed[way].get(key, {}).get("bits"), row.get("accuracy")]
                for key, row in values.items()
                if isinstance(row, dict)
            }
            bench.write(f"repeats of {way}", same_bits_and_accuracy=same, failed=values.get("failed"))
    print(
        "\n| model, loop | s per epoch | TF32 off | deterministic | costs | deterministic fails |\n"
        + "| --- " * 6
        + "|"
    )
    free, strict = timed.get("free", {}), timed.get("deterministic", {})
    for name in RECIPES:
        for loop in LOOPS:
            plain, exact = free.get(f"{name} {loop} tf32", {}), free.get(f"{name} {loop} float32", {})
            same = strict.get(f"{name} {loop} tf32", {})
            cost = f"{same['epoch'] / plain['epoch'] - 1:+.0%}" if "epoch" in same and "epoch" in plain else "?"
            figures = " | ".join(f"{row['epoch']:.3f}" if "epoch" in row else "?" for row in (plain, exact, same))
            print(f"| {name} {loop} | {figures} | {cost} | {same.get('failed', '')} |", flush=True)


def start_up(bench: Bench) -> None:
    """A job with one seed; then two like jobs with the compilation cache."""
    for name in RECIPES:
        if bench.has(f"start-up of {name}", 30):
            values = bench.result(bench.start("job", name, str(bench.folder / "alone"), "1", BUTFOR_CACHE_ON_GPUS=""))
            bench.write(f"start-up of {name}", **values)
        if bench.has(f"cache of {name}", 55):
            results = str(bench.folder / f"cached_{name}")
            for which in ("fills", "finds"):
                values = bench.result(bench.start("job", name, results, "1", BUTFOR_CACHE_ON_GPUS="1"))
                bench.write(f"cache of {name}, job {which}", **values)


def shared_by(jobs: int) -> dict[str, str]:
    """The environment of jobs of which so many share the device."""
    from butfor.process.start_settings import VARIABLE

    return {VARIABLE: json.dumps({"gpu_share": jobs})}


def packing(bench: Bench, word: str = "") -> None:
    """So many jobs at once, each with its seeds; how many jobs a minute that gives."""
    for count in PACKED:
        if not bench.has(f"packed {count}{word}", 25 + 4 * count):
            continue
        began, settings = time.time(), {**shared_by(count), "BUTFOR_CACHE_ON_GPUS": ""}
        results = str(bench.folder / f"packed{count}{word}")
        running = [bench.start("job", "mlp", results, str(SEEDS), **settings) for _ in range(count)]
        jobs = [bench.result(process) for process in running]
        wall = time.time() - began
        failed = [row["failed"] for row in jobs if "failed" in row]
        rate = round(60 * (count - len(failed)) / wall, 2)
        bench.write(f"packed {count}{word}", wall=round(wall, 2), jobs_per_minute=rate, failed=failed, first=jobs[0])


def with_mps(bench: Bench) -> None:
    """The same with an MPS server of its own, where the machine has one."""
    tool, place = shutil.which("nvidia-cuda-mps-control"), bench.folder / "mps"
    if not tool:
        bench.write("mps", left_out="nvidia-cuda-mps-control is not installed")
        return
    place.mkdir()
    os.environ |= {"CUDA_MPS_PIPE_DIRECTORY": str(place), "CUDA_MPS_LOG_DIRECTORY": str(place)}
    try:
        subprocess.run([tool, "-d"], check=True, timeout=20)
        packing(bench, ", MPS")
    except (OSError, subprocess.SubprocessError) as failure:
        bench.write("mps", failed=str(failure))
    finally:
        subprocess.run([tool], input="quit\n", text=True, timeout=20, check=False)


def main() -> None:
    """All parts, the most telling first."""
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    only = [word.removeprefix("--only=") for word in sys.argv if word.startswith("--only=")]
    out = Path(words[0] if words else os.environ.get("OUT", "."))
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(out, Path(scratch))
        made_up(Path(scratch))
        bench.write("data", seconds=round(time.time() - bench.began, 1), examples=EXAMPLES)
        for part in (determinism, start_up, packing, with_mps):
            if not only or part.__name__ in only:
                part(bench)
        bench.write("end", seconds=round(time.time() - bench.began))


if __name__ == "__main__":
    if sys.argv[1:2] == ["part"]:
        which, where, *rest = [word for word in sys.argv[2:] if word != "--small"]
        if which == "loops":
            answer = loops(Path(where), rest[0] == "1", rest[1:])
        else:
            answer = job(Path(where), rest[0], Path(rest[1]), int(rest[2]))
        print(JSON_MARK + json.dumps(answer), flush=True)
    else:
        main()
