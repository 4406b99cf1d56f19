"""The verdicts put to the test: a trainer of made-up runs with planted effects drives the stations that judge them.

    python tests/validation.py 2000     # studies per scenario; the table goes to the screen and to results/validation.md

Each study has 15 ablations and looks after 5, 10, 20 and 30 seeds. As in the workflow, what `next_look` says after a look
is trained next, and `contrasts` has the last word. Only the manipulation checks are left out, since made-up runs moved
nothing, and what is told beside a verdict.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from scipy.special import log_ndtr, ndtr, stdtrit

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))

from butfor import stats
from butfor.records.record import FORMAT, Record
from butfor.stats.typical import Typical
from butfor.study.plan import looks
from butfor.verdicts import contrasts, next_look

LOOKS = (5, 10, 20, 30)
ABLATIONS = 15
ALPHA = 0.05
UNSEEN = "said: runs like those seen"
SIGMA = 0.3  # accuracy points, of one run over seeds
UNTOLD = Typical(math.nan, math.nan, "")
SHARED = 0.3  # correlation of two arms' runs of one seed, before they get their law

# From standard normal figures to mean 0 and standard deviation 1: a long tail to the left (minus an exponential), a
# heavy tail to both sides (t with 3 degrees of freedom), and 3 runs of 100 that end at chance unnoticed.
LAWS = {
    "normal": lambda z: z,
    "skewed": lambda z: log_ndtr(z) + 1,
    "heavy": lambda z: stdtrit(3, ndtr(z)) / np.sqrt(3),
    "contaminated": lambda z: np.where(ndtr(z) < 0.03, -200.0, z),
}


@dataclass(frozen=True)
class Scenario:
    """What is planted: per ablation the effect, the spread, the chance to diverge and that to lose 40 standard deviations
    unnoticed; effects and margin in standard deviations of one run. Ablations that are not named have no effect. examples:
    of the test set, if accuracies come in steps of one; primary: how many of the first ablations are;
    ablations: how many there are."""

    name: str
    law: str = "normal"
    effects: tuple[float, ...] = ()
    margin: float = 1.0
    spreads: tuple[float, ...] = ()
    diverging: tuple[float, ...] = ()
    baseline_diverging: float = 0.0
    collapsing: tuple[float, ...] = ()
    baseline_collapsing: float = 0.0
    looks: tuple[int, ...] = LOOKS
    examples: int = 0
    primary: int = 0
    ablations: int = ABLATIONS

    @property
    def collapses(self) -> bool:
        """Whether something happens that many samples do not show, and then no test: the report bounds it in words."""
        return bool(self.collapsing or self.baseline_collapsing)

    def planted(self, written: tuple[float, ...], otherwise: float) -> np.ndarray:
        """The baseline's value and every ablation's."""
        return np.array([otherwise, *written, *[otherwise] * (self.ablations - len(written))])


MIX = (0.25, 0.25, 0.5, 0.5, 1.0, 1.0, -2.0, -2.0, -20.0, -20.0)
ALL_HALF = (0.5,) * ABLATIONS
SCENARIOS = {
    s.name: s
    for s in (
        Scenario("nothing, normal"),
        Scenario("nothing, skewed", "skewed"),
        Scenario("nothing, heavy tails", "heavy"),
        Scenario("nothing, margin 0.1", margin=0.1),
        Scenario("nothing, 3 % lost runs", "contaminated"),
        Scenario("nothing, skewed, one arm x 3", "skewed", spreads=(3.0,)),
        Scenario("all exactly at the margin", effects=(1.0,) * ABLATIONS),
        Scenario("mix, normal", effects=MIX),
        Scenario("mix, skewed", "skewed", MIX),
        Scenario("mix, heavy tails", "heavy", MIX),
        Scenario("mix, margin 1.67", effects=MIX, margin=5 / 3),
        Scenario("+1, +2, -20, normal", effects=(1.0, 2.0, -20.0)),
        Scenario("+1, +2, -20, skewed", "skewed", (1.0, 2.0, -20.0)),
        Scenario("+1, +2, -20, heavy tails", "heavy", (1.0, 2.0, -20.0)),
        Scenario("30 % diverge, else equal", diverging=(0.3,)),
        Scenario("30 % diverge, else +2", effects=(2.0,), diverging=(0.3,)),
        Scenario("all diverge in 50 %", diverging=ALL_HALF, baseline_diverging=0.5),
        Scenario("all diverge in 50 %, one look at 2", diverging=ALL_HALF, baseline_diverging=0.5, looks=(2,)),
        Scenario("all diverge in 50 %, looks 3 10 30", diverging=ALL_HALF, baseline_diverging=0.5, looks=(3, 10, 30)),
        Scenario("baseline diverges in 30 %, else equal", baseline_diverging=0.3),
        Scenario("50 test examples, at the margin", effects=(1.0,) * ABLATIONS, examples=50),
        Scenario("mix, margin 0.5", effects=MIX, margin=0.5),
        Scenario("mix, three primary", effects=MIX, primary=3),
        Scenario("nothing, normal, all x 3", spreads=(3.0,) * ABLATIONS),
        Scenario("nothing, skewed, all x 2", "skewed", spreads=(2.0,) * ABLATIONS),
        Scenario("nothing, skewed, all x 3", "skewed", spreads=(3.0,) * ABLATIONS),
        Scenario("nothing, skewed, three x 3", "skewed", spreads=(3.0,) * 3),
        Scenario("skewed, all x 2, at the margin", "skewed", (-1.0,) * ABLATIONS, spreads=(2.0,) * ABLATIONS),
        Scenario("one ablation, nothing, normal", ablations=1),
        Scenario("one ablation, +1, normal", effects=(1.0,), ablations=1),
        Scenario("one ablation, +2, normal", effects=(2.0,), ablations=1),
        Scenario("one ablation, nothing, skewed, x 3", "skewed", spreads=(3.0,), ablations=1),
        Scenario("one ablation, skewed, x 3, at the margin", "skewed", (-3.0,), 3.0, (3.0,), ablations=1),
        Scenario("two ablations, nothing, normal", ablations=2),
        Scenario("two ablations, nothing, skewed, x 3", "skewed", spreads=(3.0, 3.0), ablations=2),
        Scenario("two ablations, skewed, x 3, at the margin", "skewed", (-3.0, -3.0), 3.0, (3.0, 3.0), ablations=2),
        Scenario("two bad and x 10, +2, +1", effects=(-20.0, -20.0, 2.0, 2.0, 1.0, 1.0), spreads=(10.0, 10.0)),
        Scenario("one collapses unnoticed in 5 %", collapsing=(0.05,)),
        Scenario("baseline collapses unnoticed in 5 %", baseline_collapsing=0.05),
    )
}


class Trainer:
    """Gives the records of the runs of one study; what each run would give is drawn beforehand, as by its seed."""

    def __init__(self, scenario: Scenario, rng: np.random.Generator) -> None:
        shape = 1 + scenario.ablations, scenario.looks[-1]
        drawn = np.sqrt(SHARED) * rng.standard_normal(shape[1]) + np.sqrt(1 - SHARED) * rng.standard_normal(shape)
        noise = LAWS[scenario.law](drawn) * scenario.planted(scenario.spreads, 1.0)[:, None]
        collapses = scenario.planted(scenario.collapsing, 0.0)
        collapses[0] = scenario.baseline_collapsing
        noise -= 40 * (rng.random(shape) < collapses[:, None])
        self.accuracies = 88 + SIGMA * (noise + scenario.planted(scenario.effects, 0.0)[:, None])
        if scenario.examples:
            self.accuracies = np.round(self.accuracies / 100 * scenario.examples) / scenario.examples * 100
        chances = np.array([scenario.baseline_diverging, *scenario.planted(scenario.diverging, 0.0)[1:]])
        self.diverges = rng.random(shape) < chances[:, None]
        self.examples = scenario.examples
        self.places = {name: place for place, name in enumerate(ARMS)}

    def train(self, arm: str, seeds: list[int]) -> list[Record]:
        """One job: the records of these seeds."""
        place = self.places[arm]
        return [
            made_up(arm, seed, self.accuracies[place, seed], self.diverges[place, seed], self.examples)
            for seed in seeds
        ]


ARMS = ["baseline", *(f"ablation_{place}" for place in range(1, ABLATIONS + 1))]
SAME = {  # of every made-up record, what only the report shows
    **dict.fromkeys(Record.__dataclass_fields__),
    "learning_rate": [],
    **{
        "recipe": {"dropout": 0.1, "early_stopping": {"name": "none"}},
        "fingerprint": "0" * 16,
        "loop": "none",
        "history": [],
        "format": FORMAT,
    },
    "data": {
        "name": "none",
        "fingerprint": "0" * 16,
        "train": 0,
        "validation": 0,
        "test": 0,
        "scaling": "none",
        "inputs": [0.0, 1.0],
    },
    "machine": {"device": "none"},
    "timing": {"seconds": {"train": 1.0}},
}


def made_up(arm: str, seed: int, accuracy: float, diverges: bool = False, examples: int = 0) -> Record:
    """The record of a run that was never made; accuracy in points, and a loss that mirrors it."""
    reached = {
        "test/accuracy": accuracy / 100,
        "test/loss": 1 - accuracy / 100,
        "train/accuracy": 0.9,
        "train/loss": 0.1,
        "validation/accuracy": 0.85,
        "validation/loss": 0.2,
    }
    status, reason = ("diverged", "the loss was nan in epoch 1") if diverges else ("ok", "")
    said = {"arm": arm, "seed": seed, "status": status, "reason": reason, "metrics": {} if diverges else reached}
    said["draws"] = {"validation": str(seed)}
    return Record(**{**SAME, **said, "data": {**SAME["data"], "test": examples}})


def study(margin: float, planned_looks: tuple[int, ...] = LOOKS, primary: int = 0, ablations: int = ABLATIONS) -> dict:
    """What the stations after training are told of a study; the margin in standard deviations of one run."""
    told = {"changed": ["dropout"], "grid": "", "levels": {}, "recipe": SAME["recipe"]}
    arms = [
        {
            **{"name": name, "reference": "baseline" if place else None, "family": "planted" if place else None},
            **{"primary": 0 < place <= primary, **told},
        }
        for place, name in enumerate(ARMS[: 1 + ablations])
    ]
    verdict = {"alpha": ALPHA, "margin": margin * SIGMA, "loss_margin": None, "must_learn": True}
    verdict |= {"metric": "test/accuracy", "corrected_over": "report", "paired": True, "futility": True}
    planned = [
        {"name": look.name, "seeds": list(look.seeds), "seen": look.seen} for look in looks(list(planned_looks), 0)
    ]
    budget = {"max_runs": None, "max_gpu_hours": None}
    return {"study": "made_up", "question": "?", "arms": arms, "looks": planned, "verdict": verdict, "budget": budget}


def trained(asked: dict, trainer: Trainer) -> list[Record]:
    """All records of a study: of every arm those of the first look, then of the arms that go on."""
    records: list[Record] = []
    arms = [arm["name"] for arm in asked["arms"]]
    for look in asked["looks"]:
        records += [record for arm in arms for record in trainer.train(arm, look["seeds"])]
        if look is asked["looks"][-1]:
            break
        arms = next_look.after(asked, look["name"], records)["next"]
        if not arms:
            break
    return records


def judged(asked: dict, records: list[Record]) -> list[dict]:
    """The contrasts of a study, without what is told beside a verdict, up to two thirds of the work: the typical run, what
    pairing costs, and what the seeds of an undecided ablation could have shown and lack."""
    lacking = {"smallest_effect": lambda *_: None, "more_seeds": lambda *_: None}
    with mock.patch.multiple(stats, typical=lambda *_, **__: UNTOLD, pairing_cost=lambda *_: math.nan, **lacking):
        return contrasts.judge(asked, records, [])


def one_study(scenario: Scenario, seed: int, number: int) -> list[dict]:
    """A row per ablation: what was planted, and what the study made of it."""
    trainer, asked = (
        Trainer(scenario, np.random.default_rng([seed, number])),
        study(scenario.margin, scenario.looks, scenario.primary, scenario.ablations),
    )
    with mock.patch("butfor.checks.manipulation.examine", lambda study, records: []):
        records = trained(asked, trainer)
    runs = pd.Series([record.arm for record in records]).value_counts()
    rows = judged(asked, records)
    found, losses = ([row for row in rows if row["metric"] == name] for name in ("test/accuracy", "test/loss"))
    effects, diverging = scenario.planted(scenario.effects, 0.0), scenario.planted(scenario.diverging, 0.0)
    effects = effects - 40 * (scenario.planted(scenario.collapsing, 0.0) - scenario.baseline_collapsing)
    diverging = diverging - scenario.baseline_diverging
    return [
        {
            "study": number,
            "effect": effects[place],
            "diverging": diverging[place],
            "verdict": row["verdict"],
            "runs": runs[row["arm"]],
            "failures": trainer.diverges[place, : runs[row["arm"]]].sum(),
            "of_baseline": trainer.diverges[0, : runs[row["arm"]]].sum(),
            "covered": row["low"] <= SIGMA * effects[place] <= row["high"] if row["low"] == row["low"] else None,
            "margin": scenario.margin,
            "most": scenario.looks[-1],
            "loss_verdict": loss["verdict"],
        }
        for place, (row, loss) in enumerate(zip(found, losses, strict=True), start=1)
    ]


def run(scenario: Scenario, studies: int, seed: int, each: Callable[..., Iterable[list[dict]]] = map) -> pd.DataFrame:
    """So many studies, a row per study and ablation; `each` maps like `map`, over processes if it likes."""
    rows = each(partial(one_study, scenario, seed), range(studies))
    return pd.DataFrame([row for rows_of_one in rows for row in rows_of_one])


def wrong(found: pd.DataFrame, verdict: str = "verdict") -> pd.Series:
    """Whether a verdict contradicts what was planted: a direction that is not there, no difference where there is at
    least the margin's or the baseline fails more, or anything good of an arm that was seen to fail more often than it."""
    direction = found[verdict].map({"helps": 1.0, "hurts": -1.0})
    by_failing = ((direction < 0) & (found.diverging > 0)) | ((direction > 0) & (found.diverging < 0))
    against = direction.notna() & (direction != np.sign(found.effect)) & ~by_failing
    same = (found[verdict] == "no meaningful difference") & (
        (found.effect.abs() >= found.margin) | (found.diverging < 0)
    )
    return against | same | praised(found)


def praised(found: pd.DataFrame) -> pd.Series:
    """Whether an arm that was seen to fail more often than the baseline was said to help or to make no difference."""
    return (found.failures > found.of_baseline) & found.verdict.isin(["helps", "no meaningful difference"])


def wrong_reports(found: pd.DataFrame, verdict: str = "verdict") -> float:
    """The share of studies with at least one wrong verdict."""
    return float(wrong(found, verdict).groupby(found.study).any().mean())


def coverage(found: pd.DataFrame) -> tuple[float, float]:
    """The share of printed intervals that hold the planted effect, and its standard error; a study's ablations share a
    baseline, so it is studies that are independent."""
    by_study = found[found.covered.notna()].groupby("study").covered.mean().astype(float)
    return float(by_study.mean()), float(by_study.std(ddof=1) / np.sqrt(len(by_study)))


def spent(found: pd.DataFrame) -> float:
    """Runs of the ablations, as a share of all seeds."""
    return float(found.runs.mean() / found.most.iloc[0])


def verdicts(found: pd.DataFrame, effect: float) -> pd.Series:
    """The shares of verdicts on the ablations of one planted effect."""
    return found[found.effect == effect].verdict.value_counts(normalize=True)


def at_most(share: float, studies: int) -> float:
    """A share with two standard errors of a simulation."""
    return share + 2 * float(np.sqrt(share * (1 - share) / studies))


def line(scenario: Scenario, found: pd.DataFrame) -> dict[str, str]:
    """A scenario's row of the table."""
    studies = found.study.nunique()
    by_effect = []
    shown = found[found.diverging > 0] if scenario.diverging else found
    for effect, rows in shown.groupby("effect"):
        shares = rows.verdict.value_counts(normalize=True)
        said = ", ".join(f"{verdict} {100 * share:.1f}" for verdict, share in shares.items())
        by_effect.append(f"{effect:+g}: {said}")
    share, error = coverage(found)
    return {
        "planted": scenario.name.replace("-", "−"),
        "studies": f"{studies}",
        "wrong reports, %": f"{100 * wrong_reports(found):.1f}",
        "promised, at most": UNSEEN if scenario.collapses else f"{100 * at_most(ALPHA, studies):.1f}",
        "intervals that hold the truth, %": f"{100 * share:.2f} ± {100 * error:.2f}",
        "inconclusive, %": f"{100 * (found.verdict == 'inconclusive').mean():.1f}",
        "share of seeds": f"{spent(found):.2f}",
        "verdicts by effect, %": "; ".join(by_effect).replace("-", "−"),
    }


def table(rows: list[dict[str, str]]) -> str:
    """Rows of text as a markdown table."""
    head = list(rows[0])
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *(row.values() for row in rows))]
    return "\n".join(lines) + "\n"


def main(studies: int) -> None:
    """Run every scenario and write the table."""
    import validation_of_folds  # which import this file
    import validation_of_interactions
    import validation_of_removals
    import validation_over_data_sets

    start, path = time.monotonic(), Path("results") / "validation.md"
    path.parent.mkdir(exist_ok=True)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        each = partial(pool.map, chunksize=20)
        rows = [line(scenario, run(scenario, studies, seed=2, each=each)) for scenario in SCENARIOS.values()]
        tables, kinds = [rows], (validation_over_data_sets, validation_of_interactions, validation_of_removals)
        for kind in (*kinds, validation_of_folds):
            scenarios = kind.SCENARIOS.values()
            tables.append([kind.line(one, kind.run(one, studies, seed=2, each=each)) for one in scenarios])
    path.write_text("\n".join(map(table, tables)))
    print(
        path.read_text(),
        f"{sum(map(len, tables)) * studies} studies in {time.monotonic() - start:.0f} s; {path}",
        sep="\n",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
