"""The terminal in every language: the same numbers, columns that stand below each other in 80 places, and no English sentence."""

import json
import re
import tomllib
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from butfor.languages.phrases import ENGLISH, FOLDER, languages, speaking, stored
from butfor.outlook.design_power import DesignPower
from butfor.outlook.detectable import Detectable
from butfor.outlook.outlook import Outlook
from butfor.outlook.outlook_text import outlook_text, where_written
from butfor.outlook.run_seconds import ALIKE, OTHER_MODEL, OWN, PROBE, RunSeconds
from butfor.outlook.spreads import Spread
from butfor.outlook.time_needed import Span, TimeNeeded
from butfor.report.arm_story import arm_story
from butfor.terminal.live_view import live_view
from butfor.terminal.progress_text import NAMES, progress_text
from butfor.terminal.time_left import Left
from butfor.text_width import padded, padded_before, width, wrapped
from conftest import ROOT
from test_start_view import progress

OTHERS = [name for name in languages() if name != ENGLISH]
SENTENCE = re.compile(r"(?:\b[A-Za-z']+,? ){3}[A-Za-z']+\b")  # four English words in a row
NUMBER = re.compile(r"\d+(?:\.\d+)?")
DECISION = {
    "seen": 3, "settled": 4, "ablations": 6, "next": ["wide"], "undecided": ["slow"],
    "verdicts": {
        "no_dropout": {"verdict": "hurts", "effect": "−0.54"},
        "wide": {"verdict": "no meaningful difference", "effect": "+0.02"},
        "slow": {"verdict": "inconclusive", "effect": "+0.2"},
    },
}  # fmt: skip
AT_WORK = {"looks": [3, 5], "failed": ["exploding: ×"], "notes": ["broken: ×"]}
SOURCES = dict(zip(("baseline", "느린_학습률", "wide", "exploding"), (OWN, ALIKE, OTHER_MODEL, PROBE), strict=True))


def progress_of(is_decided, **more):
    return progress(**{**AT_WORK, "decisions": [DECISION] if is_decided else [], "place": int(is_decided), **more})


def power(source, for_margin, for_sameness, margin=0.5, plain=True):
    can_see = Detectable({3: 0.91, 5: 0.52}, for_margin, for_sameness, {3: 0.71, 5: 0.42} if plain else {})
    spread = Spread(0.35, source, ablations=7, folder="results/other", examples=8123)
    return DesignPower("test/accuracy", "test accuracy", "accuracy points", 2, margin, 4, spread, can_see)


def time(least, most):
    arms = {arm: RunSeconds(1.5, 61.25, source) for arm, source in SOURCES.items()}
    return TimeNeeded(arms, 3.5, 2, Span(9, least, 41.0), Span(29, most, 7654.0), 900.0, 10)


def plan(power, time, **more):
    known = {
        "study": "mine", "results": "results/mine", "arms": {"baseline": None, **dict.fromkeys(list(SOURCES)[1:], "baseline")},
        "looks": {"look1": [0, 1, 2], "look2": [3, 4]}, "cached": {("baseline", "look1"): [0, 1]}, "cores": 4, "threads": 2,
        "load": 17.0, "machine_cores": 8, "gpus": 0, "unusable_gpus": 1, "memory": 900.0, "memory_is_measured": True,
        "why_no_time": "", "alike": [["wide", "exploding"]], "untouched": {"l2": 0}, "claims": 1, "unclaimed": ["wide"],
        "has_font": False,
    }  # fmt: skip
    return Outlook(**{**known, "power": power, "time": time, **more})


PLANS = {
    "of_looks": plan(power("records", 23, 31), time(9, 29)),
    "of_nothing": plan(power("earlier", 23, None), time(0, 0), cached={}),
    "of_one_look": plan(power("assumed", None, 31, plain=False), time(19, 19), looks={"look1": [0, 1, 2]}, gpus=6),
    "of_the_last_look": plan(power("assumed", None, None), time(0, 29), memory_is_measured=False),
    "without_a_time": plan(power("unknown", None, None), None, why_no_time="no record tells it"),
    "without_a_margin": plan(power("records", None, None, margin=None), time(9, 29)),
}
TEXTS = {
    "before_a_look": lambda: progress_text(progress_of(False), Path("results/mine"), Left(60, 3000)),
    "at_work": lambda: progress_text(progress_of(True), Path("results/mine"), Left(60, 60)),
    "at_rest": lambda: progress_text(progress_of(True, is_running=False), Path("results/mine")),
    "reported": lambda: progress_text(progress_of(True, is_running=False, is_reported=True), Path("results/mine")),
    **{name: lambda of=of: outlook_text(of) for name, of in PLANS.items()},
    "written": lambda: where_written(Path("plan.json")),
}


def said(text, language):
    with speaking(language):
        return text()


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_has_the_same_numbers_in_another_language_and_no_english(name, language):
    english, other = said(TEXTS[name], ENGLISH), said(TEXTS[name], language)
    lost = Counter(NUMBER.findall(english)) - Counter(NUMBER.findall(other))
    assert not lost, f"{lost}\n{english}\n{other}"
    assert english != other and SENTENCE.findall(other) == []
    assert "{" not in other.replace("{remove_each", "")


@pytest.mark.parametrize("language", languages())
def test_columns_stand_below_each_other_in_every_language(language):
    table = [line for line in said(TEXTS["of_looks"], language).splitlines() if line.endswith((" s", " min"))]
    assert len(table) == 4 and len({width(line) for line in table}) == 1
    text = said(TEXTS["at_work"], language).splitlines()
    with speaking(language):
        names = [stored("hurts"), stored("no meaningful difference")]
    rows = [line for line in text if line.startswith(tuple(names))]
    assert len({width(line[: line.index(arm)]) for line, arm in zip(rows, ("no_dropout", "wide"), strict=True)}) == 1


@pytest.mark.parametrize("language", languages())
def test_the_live_view_keeps_to_80_places(language):
    console = Console(width=80, record=True, force_terminal=False, file=open("/dev/null", "w"))  # noqa: SIM115
    with speaking(language):
        console.print(live_view("mine", progress_of(True), Left(60, 3000), 0.0, "×"))
    lines = console.export_text().splitlines()
    assert max(map(cell_len, lines)) <= 80 and len(lines) > len(NAMES)


@pytest.mark.parametrize("language", OTHERS)
def test_what_jobs_say_of_themselves_is_told_in_the_language(language):
    rules = "\n".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    told = re.findall(r'message:\n\s+f?"([^"]+)"', rules)
    assert len(told) > 10
    known = [text for text in told if text != "{params.announcement}"]
    known += ["Train {arm}, {look}", "Train {a}, {b} (2 of 5 records are of earlier trainings)"]
    known += [
        "{a}, {b}: 5 records of earlier trainings with the same recipe are used.",
        "Train 6 runs of 3 arms together, {look}",
    ]
    with speaking(language):
        filled = [re.sub(r"\{which\}", " digits", text) for text in known]
        filled = [re.sub(r"\{[^}]*\}", "x1", text) for text in filled]
        assert [text for text in filled if stored(text) == text] == []


@pytest.mark.parametrize("language", OTHERS)
def test_an_arm_s_story_is_told_in_the_language(language, tmp_path):
    level = {"test/accuracy": {"mean": 54.5, "sd": 4.37}}
    known = {"changes": ["dropout: 0.2 → 0.5"], "runs": 5, "failed": 2, "reaches": level, "label": ""}
    arms = [{**known, "arm": "baseline", "reference": None}, {**known, "arm": "dropped", "reference": "baseline"}]
    failed = [
        {
            "arm": "dropped",
            "seeds": [3, 4],
            "ending": "diverged",
            "reason": "the loss was nan in epoch 2",
            "look": "look1",
        }
    ]
    comparison = {"metric": "test/accuracy", "task": "classification", "arms": arms, "failed": failed}
    judged = {
        "arm": "dropped", "reference": "baseline", "metric": "test/accuracy", "verdict": "inconclusive", "remark": "",
        "effect": 0.4, "low": -0.2, "high": 1.0, "unit": "points", "pairs": 3, "planned": 5, "missing": 2, "more_seeds": 7.0,
    }  # fmt: skip
    check = {"arm": "dropped", "outcome": "proven", "line": "", "problems": [], "reasons": [], "note": ""}
    for name, content in (("comparison", comparison), ("contrasts", [judged]), ("checks", [check])):
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    english, other = (said(lambda: arm_story(tmp_path, "dropped"), name) for name in (ENGLISH, language))
    assert not Counter(NUMBER.findall(english)) - Counter(NUMBER.findall(other))
    assert SENTENCE.findall(other) == []
    heads = [line[:14] for line in other.splitlines()[1:] if not line.startswith("   ")]
    assert all(head.rstrip() != head or "  " in head or " " in head[2:] for head in heads), "a word runs into its line"


def test_wide_letters_take_two_places():
    assert width("조건 a") == 6 and width("a\u0301") == 1
    assert padded("조건", 6) == "조건  " and padded_before("조건", 6) == "  조건" and padded("조건", 3) == "조건"
    text = "막대는 절제 항목별 95 % 신뢰구간이며, 판정은 전체에 대해 다중 비교를 보정한 것이다."
    lines = wrapped(text, 30)
    assert " ".join(lines) == text and max(map(width, lines)) <= 30
    assert all(width(f"{one} {two.split()[0]}") > 30 for one, two in pairwise(lines))


@pytest.mark.parametrize("language", OTHERS)
def test_sections_are_those_that_the_code_reads(language):
    from butfor.languages import phrases

    sections = set(tomllib.loads((FOLDER / f"{language}.toml").read_text()))
    assert sections >= {*phrases.NEVER_STORED, phrases.TERMS}
