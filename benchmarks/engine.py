"""How long an epoch takes: Keras's `fit`, its calls of 50 steps, butfor's engine, and the matrix products alone, in turn in one
process for each number of threads.

    engine.py [--threads 1 2] [--rounds 3] [--networks "MLP 64" …] [--share 1.0]

A ratio is that of two epochs of one round; the table has the median of all rounds, and from what to what they went. The limit is
the faster of the products by XLA and by TensorFlow's kernels.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from measured_table import Measured, Table, machine, met, ratio, write

Seconds = dict[str, dict[str, list[float]]]  # by way: `wall` and `processor`, a value a round
LIMIT = 0.75  # of a perceptron's epoch, the part that its products alone would take


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="of the processor, one process each")
    parser.add_argument("--rounds", type=int, default=3, help="epochs measured of each way, beside the first")
    parser.add_argument("--networks", nargs="+", default=[], help="some of the networks, by their names")
    parser.add_argument("--share", type=float, default=1.0, help="of an epoch's steps, for a trial")
    parser.add_argument("--measure", type=int, default=0, help=argparse.SUPPRESS)  # in this process, so many threads
    return parser.parse_args(words)


def measured(threads: int, rounds: int, networks: Sequence[str], share: float) -> None:
    """Print what was measured of each network in a line of JSON."""
    import dataclasses

    import plain_networks
    from butfor.engine.device import use_device
    from epoch_ways import ways

    use_device(threads)
    for name, network in list(plain_networks.NETWORKS.items()):
        if networks and name not in networks:
            continue
        plain_networks.NETWORKS[name] = dataclasses.replace(network, steps=max(2, round(network.steps * share)))
        found: Seconds = {}
        every = ways(name)
        for epoch in every.values():
            epoch()
        for _ in range(rounds):
            for way, epoch in every.items():
                began, used = time.perf_counter(), time.process_time()
                epoch()
                row = found.setdefault(way, {"wall": [], "processor": []})
                row["wall"].append(time.perf_counter() - began)
                row["processor"].append(time.process_time() - used)
        print(json.dumps({"network": name, "targets": network.targets, "seconds": found}), flush=True)


def limit(seconds: Seconds, clock: str) -> list[float]:
    """The seconds of the products in each round, by the faster way; nothing where there are none."""
    every = [row[clock] for way, row in seconds.items() if way.startswith("products")]
    return min(every, key=lambda values: Measured(tuple(values)).median) if every else []


def table(threads: int, found: Sequence[dict[str, Any]], clock: str) -> Table:
    """What was measured with so many threads, by a clock: `wall`, or `processor`, which other programs at work disturb less."""
    units = {"wall": "seconds an epoch", "processor": "processor seconds an epoch"}
    headings = [
        "network",
        "fit",
        "fit, 50 steps",
        "butfor",
        "fit / butfor",
        "target",
        "50 steps / butfor",
        "of the limit",
    ]
    made = Table(f"Engine, {threads} thread{'s' * (threads > 1)}, {units[clock]}", headings)
    for each in found:
        seconds: Seconds = each["seconds"]
        plain, grouped, ours = (row[clock] for way, row in seconds.items() if not way.startswith("products"))
        faster, over_grouped = ratio(plain, ours), ratio(grouped, ours)
        bound = limit(seconds, clock)
        share = ratio(bound, ours) if bound else None
        wanted = {int(key): value for key, value in each["targets"].items()}.get(threads, 1.0)
        made.rows.append(
            [
                each["network"],
                *(Measured(tuple(values)).text() for values in (plain, grouped, ours)),
                faster.text(),
                met(faster.median, wanted),
                over_grouped.text(),
                f"{share.text()}, {met(share.median, LIMIT)}" if share else "",
            ]
        )
    return made


def main() -> None:
    asked = arguments()
    if asked.measure:
        measured(asked.measure, asked.rounds, asked.networks, asked.share)
        return
    on, tables, figures = machine(), [], {}
    for threads in asked.threads:
        command = [sys.executable, __file__, "--measure", str(threads), "--rounds", str(asked.rounds)]
        command += ["--share", str(asked.share), *(["--networks", *asked.networks] if asked.networks else [])]
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=quiet)
        found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        figures[threads] = found
        tables += [table(threads, found, clock) for clock in ("wall", "processor")]
        print(tables[-2].markdown(), flush=True)
    on["load at the end"] = f"{os.getloadavg()[0]:.1f}"
    print(write("engine", tables, on, figures))


if __name__ == "__main__":
    main()
