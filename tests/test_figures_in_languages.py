"""Figures in every language show the same numbers, miss no letter, and leave no English sentence."""

import logging
import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.font_manager import fontManager

from butfor.figures import gallery, letters, style
from butfor.figures.cost_effect import cost_effect
from butfor.figures.curves import curves
from butfor.figures.depth import depth, gradients
from butfor.figures.distributions import distributions
from butfor.figures.draw import draw
from butfor.figures.effects import effects
from butfor.figures.final_weights import weights
from butfor.figures.gaps import gaps
from butfor.figures.hover_titles import MARK
from butfor.figures.loss_by_rate import rates
from butfor.figures.picture_kinds import KINDS
from butfor.figures.rates_used import schedules
from butfor.figures.sensitivity import Effects, sensitivity
from butfor.figures.shown_language import STILL_ENGLISH, figures_warning
from butfor.figures.stopping import stopping
from butfor.languages.phrases import ENGLISH, languages, letters_in, phrase, speaking
from butfor.outlook.outlook import outlook
from butfor.outlook.outlook_text import outlook_text
from butfor.outlook.planned_study import planned_study
from butfor.study.changed_numbers import ChangedNumber
from butfor.study.metrics import METRICS
from test_figures import STUDY, VERDICT, arm_plans, record

pytestmark = pytest.mark.usefixtures("loud_figures")
OTHERS = [name for name in languages() if name != ENGLISH]
SENTENCE = re.compile(r"(?:\b[A-Za-z']+,? ){3}[A-Za-z']+\b")  # four English words in a row
STOPPING = {"early_stopping": {"name": "patience", "patience": 1, "monitor": "accuracy"}}
ARMS = ["baseline", "slow", "fast"]
RATES = {"baseline": 0.1, "slow": 0.01, "fast": 10.0}
RECORDS = [
    record(arm, seed, level=0.5 + 0.1 * place + 0.01 * seed, status="at_chance" if arm == "fast" else "ok")
    for place, arm in enumerate(ARMS)
    for seed in range(2)
]


def row(arm, effect, verdict, remark=""):
    known = {"low": effect - 0.3, "high": effect + 0.3} if effect is not None else {"low": None, "high": None}
    return {
        "arm": arm, "reference": "baseline", "metric": "test/accuracy", "verdict": verdict, "remark": remark, "decimals": 2,
        "effect": effect, **known, "failed_ablation": 2, "failed_reference": 0,
    }  # fmt: skip


ROWS = [row("slow", 1.0, "helps"), row("fast", None, "inconclusive", "no finished pair")]
BY_SEED = {"slow": [0.9, 1.1]}
KNOWN = Effects({each["arm"]: each for each in ROWS}, BY_SEED, METRICS["test/accuracy"], VERDICT)
NUMBERS = {"learning_rate": {arm: ChangedNumber("learning_rate", RATES[arm], 0.1) for arm in ARMS[1:]}}
DRAWINGS = {
    "effects": lambda: effects(ROWS, BY_SEED, METRICS["test/accuracy"], VERDICT, {"slow": [0, 1]}, "Which."),
    "cost": lambda: cost_effect([with_seconds(each) for each in RECORDS], KNOWN, "baseline"),
    "sensitivity": lambda: sensitivity(NUMBERS, KNOWN, "baseline"),
    "curves": lambda: curves(RECORDS, ARMS),
    "rates": lambda: rates(RECORDS, ARMS),
    "schedules": lambda: schedules(RECORDS, ARMS),
    "depth": lambda: depth(RECORDS, ARMS),
    "distributions": lambda: distributions(RECORDS, [*ARMS, "lost"]),
    "gradients": lambda: gradients(RECORDS, ARMS),
    "weights": lambda: weights(RECORDS, [*ARMS, "lost"]),
    "gaps": lambda: gaps(RECORDS, ARMS),
    "stopping": lambda: stopping(
        [record(**STOPPING), record("early", level=-1.0, **STOPPING)], ["baseline", "early", "lost"]
    ),
}


def with_seconds(made):
    made.timing["seconds"]["train"] = 2.0 + made.seed
    return made


def drawn(name, language):
    """A figure in a language, arranged."""
    with speaking(language):
        letters.provide([])
        figure = DRAWINGS[name]()
        figure.draw_without_rendering()
    return figure


def numbers(figure):
    """The data of all lines and points of a figure, in their order."""
    lines = [line.get_xydata() for axes in figure.axes for line in axes.lines]
    points = [
        item.get_offsets() for axes in figure.axes for item in axes.collections if isinstance(item, PathCollection)
    ]
    return [np.ma.filled(np.ma.asarray(each, float), np.nan) for each in (*lines, *points)]


def written(figure):
    """All that is written in a figure and beneath the pointer, a text a line."""
    shown = [item.get_text() for item in figure.findobj(lambda item: hasattr(item, "get_text"))]
    titles = [
        gid
        for item in figure.findobj(lambda item: str(item.get_gid() or "").startswith(MARK))
        if (gid := item.get_gid())
    ]
    return [text.replace("\n", " ") for text in (*shown, *titles)]


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", DRAWINGS)
def test_a_figure_has_the_same_numbers_in_another_language_and_no_english(name, language):
    english, other = drawn(name, ENGLISH), drawn(name, language)
    for one, two in zip(numbers(english), numbers(other), strict=True):
        np.testing.assert_array_equal(one, two)
    assert [axes.get_xlim() for axes in english.axes] == [axes.get_xlim() for axes in other.axes]
    assert set(written(other)) != set(written(english))
    assert [text for text in written(other) if SENTENCE.search(text)] == []


def test_every_kind_of_picture_is_among_these():
    assert {kind.name for kind in KINDS} | {gallery.EFFECTS.kind, gallery.COST.kind} == set(DRAWINGS)


@pytest.mark.parametrize("language", OTHERS)
def test_titles_and_captions_are_in_the_language(planned, language):
    study, _ = arm_plans(STUDY, planned)
    english = gallery.pictures(study)
    with speaking(language):
        other = gallery.pictures(study)
    assert [picture.name for picture in other] == [picture.name for picture in english]
    for one, two in zip(english, other, strict=True):
        assert two.title != one.title and two.caption != one.caption
        assert not SENTENCE.search(f"{two.title} {two.caption}")


@pytest.mark.parametrize("language", OTHERS)
def test_digits_and_signs_are_those_of_the_usual_font_in_every_language(language):
    with speaking(language):
        letters.provide([])
    assert matplotlib.rcParams["font.family"][0] == "sans-serif"
    assert matplotlib.rcParams["font.sans-serif"][0] in (
        letters.USUAL,
        "Arial",
    )  # seaborn's first, which falls back to it


@pytest.mark.parametrize("language", OTHERS)
def test_where_no_font_has_the_letters_figures_are_in_english_and_log_and_report_say_so(
    language, planned, tmp_path, monkeypatch, caplog
):
    study, _ = arm_plans("data: {name: digits}\nablations: {dropped: {set: {dropout: 0.3}}}", planned)
    (tmp_path / "contrasts.json").write_text("[]")
    labels = []
    monkeypatch.setattr(
        "butfor.figures.draw._Drawn.figure", lambda *_: (labels.append(phrase("learning rate")), style.sheet(1.0))[1]
    )
    usual = [font for font in fontManager.ttflist if font.name == letters.USUAL]
    for folder in (tmp_path / "in_letters", tmp_path / "without"):
        with caplog.at_level(logging.WARNING):
            draw({**study, "report": {"language": language}}, [], tmp_path / "contrasts.json", folder)
        monkeypatch.setattr(fontManager, "ttflist", usual)
        monkeypatch.setattr(letters, "IN_PACKAGES", {})
    asked = {"study": "s", "data": "digits", "results": str(tmp_path), "report": {"language": language}}
    asked["ablations"] = {"dropped": {"set": {"dropout": 0.3}}}
    planned_for = outlook(planned_study(asked, []), cores=2, probe=False)
    assert not planned_for.has_font and "figures that it draws will be in English" in outlook_text(planned_for)
    assert len(caplog.messages) == 1 and f"language {language}: figures are in English" in caplog.text
    assert labels[0] != labels[-1] == "learning rate"
    assert figures_warning(tmp_path / "in_letters", language) == ""
    assert figures_warning(tmp_path / "without", language) == STILL_ENGLISH
    assert figures_warning(tmp_path / "without", ENGLISH) == figures_warning(tmp_path / "none", language) == ""


def test_the_font_of_a_package_is_read_without_importing_that(tmp_path, monkeypatch):
    font = tmp_path / "a_package_of_fonts" / "fonts" / "one.ttf"
    font.parent.mkdir(parents=True)
    font.write_bytes(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf").read_bytes())
    (tmp_path / "a_package_of_fonts" / "__init__.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(letters, "IN_PACKAGES", {"ko": ("a_package_of_fonts", "fonts/one.ttf")})
    monkeypatch.setattr(fontManager, "ttflist", [])
    assert letters.legible("ko") == ENGLISH
    assert [font.fname for font in fontManager.ttflist] == [str(font)]


def test_the_letters_of_english_are_everywhere():
    assert letters_in(ENGLISH) == set() and letters.legible(ENGLISH) == ENGLISH
