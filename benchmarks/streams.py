"""What an epoch costs more where its inputs stay on disk: the engine on inputs held in memory, on the same in a file that the
system holds in its cache, and in a file that it does not.

    streams.py [--rounds 5] [--networks "MLP 64" …] [--images 53888] [--values float32]

In turn in one process of one thread. Order and numbers are the same every way. A file larger than memory is mostly not in the
cache, so the last way is its cost on this disk.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from measured_table import Measured, Table, machine, ratio, write

HELD, CACHED, COLD = "held in memory", "on disk, in the system's cache", "on disk, not in the cache"
Seconds = dict[str, dict[str, list[float]]]


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--networks", nargs="+", default=["MLP 64", "MLP 256-128 + parts", "CNN 8-16"])
    parser.add_argument("--images", type=int, default=421 * 128)
    parser.add_argument("--values", choices=["uint8", "float32"], default="float32", help="as which inputs are stored")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(words)


def forget(path: Path) -> None:
    """Have the system drop a file from its cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measured(asked: argparse.Namespace) -> None:
    """Print what was measured of each network in a line of JSON."""
    import numpy as np

    from butfor.data.stored_arrays import streamed_arrays
    from butfor.engine.device import use_device
    from epoch_ways import engine, images
    from plain_networks import BATCH

    use_device(1)
    x, y = images(max(2, asked.images // BATCH))
    x = x if asked.values == "uint8" else x.astype(np.float32) / 255
    with TemporaryDirectory(dir=Path.cwd()) as name:  # not in a file system that is memory itself
        path = Path(name) / "arrays.npz"
        np.savez(path, x_train=x)
        on_disk = streamed_arrays(path, ["x_train"])["x_train"]
        for network in asked.networks:
            held, streamed = engine(network, (x, y)), engine(network, (on_disk, y))
            ways = {HELD: held, CACHED: streamed, COLD: streamed}
            held(), streamed()
            of_ways: Seconds = {way: {"wall": [], "processor": []} for way in ways}
            for _ in range(asked.rounds):
                for way, epoch in ways.items():
                    if way == COLD:
                        forget(path)
                    began, used = time.perf_counter(), time.process_time()
                    epoch()
                    of_ways[way]["wall"].append(time.perf_counter() - began)
                    of_ways[way]["processor"].append(time.process_time() - used)
            print(json.dumps({"network": network, "bytes": x.nbytes, "seconds": of_ways}), flush=True)


def table(networks: Sequence[dict[str, Any]], clock: str) -> Table:
    """The seconds of an epoch each way, by a clock."""
    headings = ["network", HELD, CACHED, "times as long", COLD, "times as long"]
    title = {"wall": "seconds an epoch", "processor": "processor seconds an epoch"}[clock]
    made = Table(f"Inputs on disk, 1 thread, {title}", headings)
    for each in networks:
        held, cached, cold = (each["seconds"][way][clock] for way in (HELD, CACHED, COLD))
        cells = [held, cached, ratio(cached, held), cold, ratio(cold, held)]
        made.rows.append(
            [
                each["network"],
                *(one.text() if isinstance(one, Measured) else Measured(tuple(one)).text() for one in cells),
            ]
        )
    made.notes.append(f"{networks[0]['bytes'] / 1e6:.0f} MB of inputs are read in an epoch, in an order of their own.")
    return made


def main() -> None:
    asked = arguments()
    if asked.measure:
        measured(asked)
        return
    on = machine()
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, __file__, "--measure", *sys.argv[1:]]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=quiet)
    networks = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    on["load at the end"] = f"{os.getloadavg()[0]:.1f}"
    print(write("streams", [table(networks, clock) for clock in ("wall", "processor")], on, networks))


if __name__ == "__main__":
    main()
