"""Arms that are taken out, added and renamed once there are data, put to the test: fifteen that change nothing, of which the
best are kept, through the register as a start writes it and the stations that judge. As validation.py does verdicts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import pandas as pd

import validation
from butfor.study.study_protocol import ArmTerms, Protocol
from butfor.verdicts import preregistration, register, reported
from butfor.verdicts.preregistration import Seen
from butfor.verdicts.removed import with_removed
from validation import ALPHA, ARMS, LOOKS, SIGMA, at_most

NEVER = "said: alpha does not hold"


@dataclass(frozen=True)
class Scenario:
    """What is done after the report on each look, before it is made again: how many arms of those that there are are kept, the
    best first, and how many new ones are tried beside them. begins: how many arms there are at first; renames: whether what
    is kept has another name by then; counts: whether what was taken out counts."""

    name: str
    begins: int = 15
    kept: int = 1
    added: int = 0
    renames: bool = False
    counts: bool = True
    looks: tuple[int, ...] = (5,)


SCENARIOS = {
    s.name: s
    for s in (
        Scenario("14 of 15 taken out, the best kept"),
        Scenario("14 of 15 taken out, the best renamed", renames=True),
        Scenario("12 of 15 taken out, the best three kept", kept=3),
        Scenario("five, after each look the best kept and five new ones tried", begins=5, added=5, looks=LOOKS),
        Scenario("14 of 15 taken out, the best kept, not counted", counts=False),
    )
}


class Owner:
    """Who runs a study and changes it after each look: the `arms` that it has, by what they ask, and its register."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario, self.path = scenario, folder / "register.json"
        self.arms = {name: name for name in ARMS[1 : scenario.begins + 1]}  # by name, what it asks
        self.tried = scenario.begins
        self.looks = validation.study(1.0, scenario.looks)["looks"]
        self.time, self.report = datetime(2026, 1, 1, tzinfo=UTC), None

    def starts(self, records: list) -> None:
        """Enter what the study asks by now, as before every start."""
        self.time += timedelta(days=1)
        terms = {name: _terms(asks) for name, asks in {"baseline": "baseline", **self.arms}.items()}
        seen = Seen(Counter(record.arm for record in records), self.report)
        before = register.read(self.path)
        register.write(self.path, preregistration.entered(before, Protocol(arms=terms), seen, self.time))

    def asked(self) -> dict:
        """The study as the stations have it, with what the register says was taken out."""
        told = validation.study(0.1, self.scenario.looks)
        told["verdict"]["count_removed"] = self.scenario.counts
        first = told["arms"][0]
        arms = [{**first, "name": name, "reference": "baseline", "family": "planted"} for name in self.arms]
        return with_removed({**told, "arms": [first, *arms]}, self.path)

    def reports(self, rows: list[dict], records: list) -> None:
        """Note what the report says, and change the study by it: keep the best, under other names, and try new arms."""
        rows = [row for row in rows if row["metric"] == "test/accuracy"]
        said = json.loads(
            json.dumps([{key: row[key] for key in ("arm", "metric", "verdict", "effect")} for row in rows])
        )
        self.report = reported.reported(said, register.read(self.path), len(records), "d", self.path)
        self.report["time"] = self.time.strftime("%Y-%m-%dT%H:%M:%SZ")
        best = sorted(rows, key=lambda row: row["p_raw"])[: self.scenario.kept]
        renamed = "kept_" if self.scenario.renames else ""
        kept = {f"{renamed}{row['arm'].removeprefix('kept_')}": self.arms[row["arm"]] for row in best}
        new = [f"new_{self.tried + place}" for place in range(self.scenario.added)]
        self.tried += len(new)
        self.arms = kept | dict(zip(new, new, strict=True))


def _terms(asks: str) -> ArmTerms:
    is_baseline = asks == "baseline"
    return {
        "recipe": asks,
        "reference": None if is_baseline else "baseline",
        "family": "",
        "sets": {} if is_baseline else {"dropout": asks},
        "asks": asks,
    }


def one_study(scenario: Scenario, seed: int, number: int) -> list[dict]:
    """Whether the last report says of an arm that it helps or hurts, of which none does, and whether any did. Every arm that
    the study has at a look is trained on all of its seeds."""
    rng, runs, said = np.random.default_rng([seed, number]), {}, []

    def trained(name: str, asks: str, seeds: list[int]) -> list:
        runs.setdefault(asks, 88 + SIGMA * rng.standard_normal(LOOKS[-1]))
        return [validation.made_up(name, each, runs[asks][each]) for each in seeds]

    with TemporaryDirectory() as folder, mock.patch("butfor.checks.manipulation.examine", lambda study, records: []):
        owner, records, seeds = Owner(scenario, Path(folder)), [], []
        for look in owner.looks:
            seeds += look["seeds"]
            for is_changed in (False, True):  # once before what it says decides what is kept, and once after
                owner.starts(records)
                arms = {"baseline": "baseline", **owner.arms}
                records = [record for name, asks in arms.items() for record in trained(name, asks, seeds)]
                rows = validation.judged(owner.asked(), records)
                verdicts = [row["verdict"] for row in rows if row["metric"] == "test/accuracy"]
                said.append(bool({"helps", "hurts"} & {*verdicts}))
                if not is_changed:
                    owner.reports(rows, records)
    return [{"study": number, "wrong": said[-1], "ever": any(said)}]


def run(scenario: Scenario, studies: int, seed: int, each: Callable[..., Iterable[list[dict]]] = map) -> pd.DataFrame:
    """So many studies, a row for each."""
    rows = each(partial(one_study, scenario, seed), range(studies))
    return pd.DataFrame([row for rows_of_one in rows for row in rows_of_one])


def wrong_reports(found: pd.DataFrame) -> float:
    """The share of studies whose last report has a wrong verdict."""
    return float(found.wrong.mean())


def line(scenario: Scenario, found: pd.DataFrame) -> dict[str, str]:
    """A scenario's row of the table."""
    return {
        "of arms that change nothing": scenario.name,
        "studies": f"{len(found)}",
        "wrong last reports, %": f"{100 * wrong_reports(found):.1f}",
        "promised, at most": f"{100 * at_most(ALPHA, len(found)):.1f}" if scenario.counts else NEVER,
    }
