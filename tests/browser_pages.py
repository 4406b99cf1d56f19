"""MLflow's pages over a study, in a browser that has never been there: what the browser's tests share."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import requests

from butfor import tracking
from butfor.record import Record, write
from test_tracking import RUN, TRACKING

ROOT = Path(__file__).parent.parent
CHROMIUM = Path("/usr/bin/chromium")
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"
SEEDS, EPOCHS, STEPS = range(5), 6, 4
EFFECTS = {  # on test accuracy, in points
    "baseline": 0.0,
    "no_dropout": -0.9,
    "no_learning_rate_decay": -6.5,
    "batch_512": 0.4,
    "init_zeros": -80.0,
    "huge_rate": -3.0,
}
VOID, DIVERGED = "init_zeros", ("huge_rate", 3)
QUESTION = "Which parts of the recipe for digits are worth having?"


def made_up(arm: str, seed: int) -> Record:
    """A run with figures like those of a small study: the arm's effect, what its seed does to every arm, and noise."""
    draw = np.random.default_rng([seed, list(EFFECTS).index(arm)])
    final = 0.975 + EFFECTS[arm] / 100 + 0.002 * np.sin(seed) + draw.normal(0, 0.001)
    history = []
    for epoch in range(1, EPOCHS + 1):
        reached = final * (1 - 0.5 ** (epoch + 1)) + draw.normal(0, 0.001)
        figures = {"accuracy": reached, "loss": 2.5 * (1 - reached)}
        parts = {f"{part}/{key}": value for part in ("train", "validation") for key, value in figures.items()}
        history.append({"epoch": epoch, "objective": 2.6 * (1 - reached), **parts})
    started = 1.76e9 + 60 * seed + 400 * list(EFFECTS).index(arm)
    whole = dataclasses.replace(
        RUN,
        arm=arm,
        seed=seed,
        history=history,
        learning_rate=[0.01 * 0.5 ** (step // 8) for step in range(EPOCHS * STEPS)],
        steps_per_epoch=STEPS,
        stopped_epoch=EPOCHS,
        restored_epoch=EPOCHS,
        metrics={f"{part}/{key}": value for part in ("train", "validation", "test") for key, value in figures.items()}
        | {"test/accuracy": final, "test/loss": 2.5 * (1 - final)},
        timing={
            "started": started,
            "ended": started + 21,
            "epochs_ended": [started + 3 * epoch for epoch in range(1, EPOCHS + 1)],
            "seconds": {},
        },
    )
    if (arm, seed) != DIVERGED:
        return whole
    cut = {**whole.timing, "epochs_ended": whole.timing["epochs_ended"][:2]}
    ended = {"history": whole.history[:2], "learning_rate": whole.learning_rate[: 2 * STEPS], "metrics": {}}
    return dataclasses.replace(whole, status="diverged", reason="the loss was nan in epoch 3", timing=cut, **ended)


def study(results: Path) -> list[Record]:
    """A study's records, imported; gives the records."""
    import matplotlib.figure

    records = [made_up(arm, seed) for arm in EFFECTS for seed in SEEDS]
    for record in records:
        write(results / "runs" / record.arm / "look1" / f"seed_{record.seed}.json", record)
    arms = {arm: {"family": "parts", "reference": "baseline"} for arm in EFFECTS}
    arms["baseline"] = {"family": "baseline", "reference": None}
    told = {**TRACKING, "experiment": "digits-parts", "question": QUESTION, "arms": arms}
    checks = [{"arm": arm, "outcome": "void" if arm == VOID else "proven"} for arm in EFFECTS]
    (results / "checks.json").write_text(json.dumps(checks))
    (results / "report.md").write_text(f"# {QUESTION}\n\n| arm | verdict |\n| --- | --- |\n| no_dropout | hurts |\n")
    (results / "figures").mkdir()
    drawn = matplotlib.figure.Figure(figsize=(5, 3))
    drawn.subplots().barh(list(EFFECTS), list(EFFECTS.values()))
    drawn.savefig(results / "figures" / "effects.png")
    files = [results / "report.md", results / "figures" / "effects.png"]
    folders = [results / "runs" / arm / "look1" for arm in EFFECTS]
    tracking.track(told, folders, results / "checks.json", results, files, results / "tracked.json")
    return records


@contextmanager
def served(results: Path) -> Iterator[str]:
    """`make ui` until it says that it listens; gives the link that it prints."""
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    command = [sys.executable, "scripts/ui.py", str(results)]
    log = results / "ui.log"
    with log.open("w") as said:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)
    try:
        wait_until(lambda: log.read_text().startswith("http"), server)
        link = log.read_text().split()[0]
        wait_until(lambda: answers(urlsplit(link).port), server)
        yield link
    finally:
        server.terminate()
        server.wait(30)


def wait_until(true: Callable[[], bool], server: subprocess.Popen[bytes]) -> None:
    """Wait up to two minutes for the server, as a machine may be busy."""
    end = time.monotonic() + 120
    while not true():
        assert server.poll() is None and time.monotonic() < end, "the server does not come up"
        time.sleep(0.2)


def answers(port: int | None) -> bool:
    """Whether the server is up; the name in its link is one for browsers."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/health", timeout=5).ok
    except requests.RequestException:
        return False


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's browser; each `new_context` of it is a fresh profile."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=QUIET.split())
        yield browser
        browser.close()
