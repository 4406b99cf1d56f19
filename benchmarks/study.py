"""How long four arms of the example study by three seeds take, from nothing to results in MLflow: butfor, a loop over `fit`,
Optuna, Ray Tune and KerasTuner, with the same recipes, epochs, seeds and cores.

    study.py [--peers FOLDER] [--rounds 1] [--ways "plain loop" …] [--epochs 7] [--images 54000] [--seeds 3] [--cores 2]

In turn, butfor before and after every two of the others, whose ratio is that to the mean of both. Start-up counts:
every way begins with the published files. butfor's time has its checks, verdicts, figures and report in it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

import yaml

from measured_process import Cost, cost
from measured_table import RESULTS, ROOT, Measured, Table, machine, met, ratio, write

PEERS = {
    "plain loop": "plain_loop",
    "Optuna": "optuna_processes",
    "Ray Tune": "ray_tune",
    "KerasTuner": "keras_tuner_grid",
}
OURS = "butfor"
TARGET = 3.0  # times faster than each
IN_A_ROW = 2  # others between two of butfor's


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--peers", type=Path, default=RESULTS / "peers", help="the folder that peers.lock is installed in"
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--ways", nargs="+", choices=list(PEERS), default=list(PEERS), help="beside butfor")
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--images", type=int, default=54_000, help="at most, to train on")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args(words)


def files() -> dict[str, str]:
    """Fashion-MNIST's, found or downloaded once."""
    from butfor.data.catalogue import PUBLISHED
    from butfor.data.fetch import find

    _, paths = find(PUBLISHED["fashion_mnist"], None, True, RESULTS / "files")
    return {name: str(path) for name, path in paths.items()}


def study(asked: argparse.Namespace, folder: Path, paths: dict[str, str]) -> dict[str, object]:
    """The example study's file, with some of its arms."""
    from peers.by_hand import ARMS

    example = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    example.pop("claims", None)
    each = {
        "no_dropout": {"dropout": 0.0},
        "no_decay": {"schedule": "none"},
        "init_he_uniform": {"initialiser": "he_uniform"},
    }
    example["recipe"] |= {"epochs": asked.epochs}
    if asked.images < 54_000:
        example["recipe"] |= {"train_size": asked.images}
    return {
        **example,
        "results": "results",
        "seeds": asked.seeds,
        "data": {"name": "fashion_mnist", "folder": str(Path(next(iter(paths.values()))).parent)},
        "ablations": {arm: {"set": each[arm]} for arm in ARMS if arm in each},
    }


def ours(asked: argparse.Namespace, folder: Path, paths: dict[str, str]) -> tuple[Cost, dict[str, float]]:
    """A study from nothing."""
    (folder / "study.yaml").write_text(yaml.safe_dump(study(asked, folder, paths)))
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", str(asked.cores)]
    command += ["--directory", str(folder), "--configfile", "study.yaml"]
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    used = cost(command, folder, environment)
    records = [json.loads(path.read_text()) for path in folder.glob("results/runs/*/look1/seed_*.json")]
    return used, {f"{one['arm']} {one['seed']}": one["metrics"]["test/accuracy"] for one in records}


def peer(asked: argparse.Namespace, way: str, folder: Path, paths: dict[str, str]) -> tuple[Cost, dict[str, float]]:
    """The same by another program."""
    work = {"files": paths, "seeds": list(range(asked.seeds)), "epochs": asked.epochs, "images": asked.images}
    work |= {"cores": asked.cores, "place": str(folder)}
    (folder / "work.json").write_text(json.dumps(work))
    own = ROOT / "benchmarks" / "peers"
    places = os.pathsep.join([str(own), str(asked.peers.absolute())])
    environment = {**os.environ, "PYTHONPATH": places, "TF_CPP_MIN_LOG_LEVEL": "2", "RAY_TMPDIR": str(folder)}
    environment.pop("MLFLOW_TRACKING_URI", None)
    used = cost([sys.executable, str(own / f"{PEERS[way]}.py"), "work.json"], folder, environment)
    reached = folder / "accuracies.json"
    return used, json.loads(reached.read_text()) if reached.is_file() else {}


def once(asked: argparse.Namespace, way: str, paths: dict[str, str]) -> dict[str, object]:
    """What one way cost in a fresh folder, and the accuracies that it reached."""
    folder = Path(mkdtemp(prefix="bench-"))
    try:
        used, accuracies = ours(asked, folder, paths) if way == OURS else peer(asked, way, folder, paths)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{way}: {used.wall:.1f} s, {used.processor:.1f} processor seconds, {len(accuracies)} runs", flush=True)
    if used.failure:
        print(used.failure, flush=True)
    return {
        "way": way,
        "wall": used.wall,
        "processor": used.processor,
        "failure": used.failure,
        "accuracies": accuracies,
    }


def around(rows: Sequence[dict[str, object]], place: int, clock: str) -> float:
    """The mean of butfor's seconds before and after another's."""
    before = next(row for row in rows[place::-1] if row["way"] == OURS)
    after = next(row for row in rows[place:] if row["way"] == OURS)
    return statistics.mean(float(str(row[clock])) for row in (before, after))


def table(rows: Sequence[dict[str, object]], runs: int) -> Table:
    """What each way took: butfor's rows are the first, the last and some between them."""
    headings = ["way", "seconds", "times butfor's", f"target {TARGET:g}", "processor seconds", "times butfor's", "runs"]
    made = Table("Study, four arms", [*headings, "mean test accuracy"])
    for way in dict.fromkeys(str(row["way"]) for row in rows):
        places = [place for place, row in enumerate(rows) if row["way"] == way]
        failed = [place for place in places if rows[place]["failure"]]
        if failed:
            made.rows.append([way, "failed", *[""] * 6])
            continue
        wall, used = ([float(str(rows[p][clock])) for p in places] for clock in ("wall", "processor"))
        cells = ["", "", ""]
        if way != OURS:
            slower = ratio(wall, [around(rows, place, "wall") for place in places])
            more = ratio(used, [around(rows, place, "processor") for place in places])
            cells = [slower.text(), met(slower.median, TARGET), more.text()]
        reached = [value for place in places for value in rows[place]["accuracies"].values()]  # type: ignore[attr-defined]
        mean = f"{100 * statistics.mean(reached):.2f} ± {100 * statistics.stdev(reached) / len(reached) ** 0.5:.2f}"
        every = f"{len(reached) // len(places)} of {runs}"
        made.rows.append(
            [way, Measured(tuple(wall)).text(1), *cells[:2], Measured(tuple(used)).text(1), cells[2], every, mean]
        )
    made.notes.append("The accuracy is that of all runs, with its standard error, in percent.")
    return made


def main() -> None:
    asked = arguments()
    sys.path.insert(0, str(ROOT / "benchmarks"))
    if not asked.peers.is_dir():
        sys.exit(
            f"expected peers.lock to be installed in {asked.peers}, received no such folder. Run make bench-study."
        )
    on, paths = machine(), files()
    rows = [once(asked, OURS, paths)]
    for _ in range(asked.rounds):
        for at in range(0, len(asked.ways), IN_A_ROW):
            rows += [once(asked, way, paths) for way in (*asked.ways[at : at + IN_A_ROW], OURS)]
    on["load at the end"] = f"{os.getloadavg()[0]:.1f}"
    about = {
        "rounds": str(asked.rounds),
        "epochs": str(asked.epochs),
        "images": str(asked.images),
        "seeds": str(asked.seeds),
    }
    print(write("study", [table(rows, 4 * asked.seeds)], {**on, **about, "cores used": str(asked.cores)}, rows))


if __name__ == "__main__":
    main()
