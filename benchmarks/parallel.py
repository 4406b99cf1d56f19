"""How much more two jobs of one thread do together than one alone, on two cores; and what a job takes of the machine.

    parallel.py [--jobs 2] [--rounds 5] [--epochs 3] [--images 53888]

One job trains the example study's network alone, then all train at once, in turn; the gain is how many epochs a second all train
for each that one does. A job's threads are its processor seconds for each that passes; its memory is the most that it held.
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

from measured_table import ROOT, Measured, Table, machine, met, write

NETWORK = "MLP 256-128 + parts"
TARGET = 1.8  # times one job's epochs a second, by two jobs on two cores


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3, help="that a job trains in a round")
    parser.add_argument("--images", type=int, default=421 * 128)
    parser.add_argument(
        "--job", action="store_true", help=argparse.SUPPRESS
    )  # be one, for whoever writes to this process
    return parser.parse_args(words)


def job(images: int) -> None:
    """Train as many epochs as a line asks for, whenever one comes; answer with what that took."""
    import dataclasses

    import plain_networks
    from butfor.engine.device import use_device
    from butfor.process import peak_memory
    from epoch_ways import engine

    use_device(1)
    steps = max(2, images // plain_networks.BATCH)
    plain_networks.NETWORKS[NETWORK] = dataclasses.replace(plain_networks.NETWORKS[NETWORK], steps=steps)
    epoch = engine(NETWORK)
    epoch()
    for line in sys.stdin:
        began, used = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            epoch()
        wall, processor = time.perf_counter() - began, time.process_time() - used
        print(json.dumps({"wall": wall, "processor": processor, "memory": peak_memory.peak() or 0}), flush=True)


class Job:
    """A process that trains when it is asked to."""

    def __init__(self, images: int) -> None:
        command = [sys.executable, __file__, "--job", "--images", str(images)]
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=quiet)

    def ask(self, epochs: int) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{epochs}\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, float]:
        assert self._process.stdout
        return dict(json.loads(self._process.stdout.readline()))

    def end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def declared() -> int:
    """The megabytes that a job asks for, if a study says nothing else."""
    from butfor.study.schema import load_schema

    return int(load_schema(ROOT / "config" / "schema.yaml")["properties"]["job"]["properties"]["mem_mb"]["default"])


def gain(rounds: Sequence[dict[str, Any]], jobs: int, clock: str) -> Measured:
    """How many times one job's epochs a second all train together, by a clock: `wall`, or `processor`, by which jobs that share
    memory and caches slow each other down even where other programs take their turns."""
    return Measured(tuple(jobs * one["alone"][clock] / max(each[clock] for each in one["all"]) for one in rounds))


def table(rounds: Sequence[dict[str, Any]], jobs: int, asked_mb: int) -> Table:
    """What one job and all did."""
    gained = {clock: gain(rounds, jobs, clock) for clock in ("wall", "processor")}
    heading = ["jobs of 1 thread", "seconds of a round", "epochs a second, times one job's", "by processor seconds"]
    made = Table(f"{jobs} jobs beside one another", [*heading, "threads", "memory, MB"])
    ways = {"1": [[one["alone"]] for one in rounds], str(jobs): [one["all"] for one in rounds]}
    for way, rows in ways.items():
        longest = Measured(tuple(max(each["wall"] for each in row) for row in rows)).text()
        threads = Measured(tuple(each["processor"] / each["wall"] for row in rows for each in row)).text()
        memory = max(each["memory"] for row in rows for each in row) / 1e6
        times = [value.text() for value in gained.values()] if way != "1" else ["", ""]
        made.rows.append([way, longest, *times, threads, f"{memory:.0f}"])
    reached = met(gained["wall"].median, TARGET)
    made.notes.append(f"The gain's target: {reached}. A job asks for {asked_mb} MB by default.")
    return made


def main() -> None:
    asked = arguments()
    if asked.job:
        job(asked.images)
        return
    on, rounds = machine(), []
    every = [Job(asked.images) for _ in range(asked.jobs)]
    for one in every:  # all have compiled before any is measured
        one.ask(1)
    for one in every:
        one.answer()
    for _ in range(asked.rounds):
        every[0].ask(asked.epochs)
        answers: dict[str, Any] = {"alone": every[0].answer()}
        for one in every:
            one.ask(asked.epochs)
        rounds.append({**answers, "all": [one.answer() for one in every]})
    for one in every:
        one.end()
    on["load at the end"] = f"{os.getloadavg()[0]:.1f}"
    print(write("parallel", [table(rounds, asked.jobs, declared())], on, rounds))


if __name__ == "__main__":
    main()
