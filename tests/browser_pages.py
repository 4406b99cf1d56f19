"""MLflow's pages over a study, in a browser that has never been there: what the browser's tests share."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from butfor.records.record import Record, write
from butfor.tracking import study_import
from butfor.verdicts.contrasts import judge
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
EXPERIMENT = "digits-parts"
QUESTION = "Which parts of the recipe for digits are worth having?"


def made_up(arm: str, seed: int, effects: dict[str, float] = EFFECTS) -> Record:
    """A run with figures like those of a small study: the arm's effect, what its seed does to every arm, and noise."""
    draw = np.random.default_rng([seed, list(effects).index(arm)])
    final = 0.975 + effects[arm] / 100 + 0.002 * np.sin(seed) + draw.normal(0, 0.001)
    history = []
    for epoch in range(1, EPOCHS + 1):
        reached = final * (1 - 0.5 ** (epoch + 1)) + draw.normal(0, 0.001)
        figures = {"accuracy": reached, "loss": 2.5 * (1 - reached)}
        parts = {f"{part}/{key}": value for part in ("train", "validation") for key, value in figures.items()}
        history.append({"epoch": epoch, "objective": 2.6 * (1 - reached), **parts})
    started = 1.76e9 + 60 * seed + 400 * list(effects).index(arm)
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


def many(arms: int) -> dict[str, float]:
    """The effects of a baseline and of so many other arms, none of them at its place by name."""
    return {"baseline": 0.0} | {f"arm_{n * 37 % arms}": round(-n / 10 + 1, 1) for n in range(arms)}


def study(
    results: Path, effects: dict[str, float] = EFFECTS, seeds: range = SEEDS, experiment: str = EXPERIMENT
) -> list[Record]:
    """A study's records, imported; gives the records."""
    import matplotlib.figure

    records = [made_up(arm, seed, effects) for arm in effects for seed in seeds]
    for record in records:
        write(results / "runs" / record.arm / "look1" / f"seed_{record.seed}.json", record)
    arms = {arm: {"family": "parts", "reference": "baseline"} for arm in effects}
    arms["baseline"] = {"family": "baseline", "reference": None}
    told = {**TRACKING, "experiment": experiment, "question": QUESTION, "arms": arms}
    checks = [{"arm": arm, "outcome": "void" if arm == VOID else "proven"} for arm in effects]
    (results / "checks.json").write_text(json.dumps(checks))
    (results / "contrasts.json").write_text(json.dumps(judged(records, len(seeds))))
    (results / "report.md").write_text(f"# {QUESTION}\n\n| arm | verdict |\n| --- | --- |\n| no_dropout | hurts |\n")
    (results / "figures").mkdir()
    drawn = matplotlib.figure.Figure(figsize=(5, 3))
    drawn.subplots().barh(list(effects), list(effects.values()))
    drawn.savefig(results / "figures" / "effects.png")
    files = [results / "report.md", results / "figures" / "effects.png"]
    folders = [results / "runs" / arm / "look1" for arm in effects]
    judgement = results / "checks.json", results / "contrasts.json"
    study_import.track(
        told, study_import.Sources(folders, *judgement, files, results / "tables"), results / "tracked.json"
    )
    return records


def judged(records: list[Record], seeds: int) -> list[dict[str, Any]]:
    """The contrasts of a study's records, as its workflow judges them."""
    arms = [
        {
            "name": arm,
            "reference": None if arm == "baseline" else "baseline",
            "family": "parts",
            "changed": [],
            "primary": False,
            "grid": "",
        }
        for arm in dict.fromkeys(record.arm for record in records)
    ]
    verdict = {"alpha": 0.05, "metric": "test/accuracy", "corrected_over": "report", "margin": 0.5, "must_learn": True}
    verdict |= {"paired": True, "futility": True}
    looks = [{"name": "look1", "seeds": list(range(seeds)), "seen": seeds}]
    planned: Any = {"arms": arms, "looks": looks, "tune": {}, "verdict": {**verdict, "loss_margin": None}}
    outcomes: Any = [{"arm": arm["name"], "outcome": "void" if arm["name"] == VOID else "proven"} for arm in arms]
    return json.loads(pd.DataFrame(judge(planned, records, outcomes)).to_json(orient="records", double_precision=15))


@contextmanager
def served(results: Path, **environment: str) -> Iterator[str]:
    """`make ui`; gives the link that it prints once the pages are there."""
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"} | environment
    log, link = results / "ui.log", re.compile(r"^http\S+$", re.MULTILINE)
    with log.open("w") as said:
        command = [sys.executable, "scripts/ui.py", str(results)]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)
    try:
        end = time.monotonic() + 120  # a machine may be busy
        while not (found := link.search(log.read_text())):
            assert server.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        yield found[0]
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's browser; each `new_context` of it is a fresh profile."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=QUIET.split())
        yield browser
        browser.close()


def table(page: Any) -> list[dict[str, str]]:
    """The rows of the runs' table from above, each with its cells by MLflow's names of columns."""
    page.wait_for_selector(".ag-center-cols-container .ag-row .ag-cell")
    return page.evaluate(r"""() => {
        const rows = {};
        for (const cell of document.querySelectorAll('.ag-row .ag-cell[col-id]')) {
            const row = cell.closest('.ag-row'), place = Number(row.getAttribute('row-index'));
            rows[place] ??= {id: row.getAttribute('row-id')};
            rows[place][cell.getAttribute('col-id')] = cell.innerText.replace(/^(Pin (run|group))?\s*#[0-9a-f]{6}\s/, '').trim();
        }
        return Object.keys(rows).map(Number).sort((a, b) => a - b).map(place => rows[place]);
    }""")


def is_whole(page: Any, column: str) -> bool:
    """Whether the head of a column of the table lies within the window, and no word of it is cut off."""
    return page.evaluate(
        """column => {
        const head = document.querySelector(`.ag-header-cell[col-id="${CSS.escape(column)}"]`);
        const words = [...head.querySelectorAll('*')].find(part => !part.children.length && part.textContent);
        const [outer, inner] = [head, words].map(part => part.getBoundingClientRect().right);
        return inner <= outer && outer <= window.innerWidth;
    }""",
        column,
    )


def charts(page: Any, title: str) -> dict[str, Any]:
    """What the chart of that title draws: its traces as plotly has them, and how many lines or bars are on the page."""
    plot = page.locator(".js-plotly-plot").first
    plot.wait_for()
    page.wait_for_function("document.querySelector('.js-plotly-plot').data.some(trace => (trace.x ?? []).length)")
    assert page.get_by_text(title, exact=True).first.is_visible()
    return plot.evaluate("""plot => ({
        data: plot.data.map(({names, type, x, y, line, marker}) => ({
            names, type, x: [...x ?? []], y: [...y ?? []], colour: line?.color ?? marker?.color,
        })),
        paths: [...plot.querySelectorAll('path.js-line, .bars .point path')].filter(path => path.getAttribute('d')).length,
    })""")
