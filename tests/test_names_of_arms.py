"""Names of arms in letters of any alphabet, in every spelling of these."""

import logging
import unicodedata

import matplotlib
import pytest
import yaml

from butfor.errors import StudyError
from butfor.figures import letters, style
from butfor.process.text_encoding import EncodingError, refuse_other_names
from butfor.study.arm_labels import labels_of
from butfor.study.settings import study_and_plan
from conftest import SCHEMA

KOREAN, RUSSIAN, GERMAN = "드롭아웃", "без_дропаута", "größer"
TEXT = """
ablations:
  {0}: {{set: {{dropout: 0.2}}}}
  {1}: {{set: {{l2: 0.1}}, from: {2}}}
claims: {{c: {{sentence: S., arm: {2}, expect: same}}}}
"""


def test_letters_of_any_alphabet_make_the_name_of_an_arm(planned):
    _, plan = planned(TEXT.format(KOREAN, RUSSIAN, KOREAN))
    assert list(plan.arms) == ["baseline", KOREAN, RUSSIAN] and plan.arms[RUSSIAN].reference == KOREAN
    _, plan = planned("ablations: {x: {each: {l2: {둘: 0.2, x²: 0.3}}}}")
    assert list(plan.arms) == ["baseline", "둘", "x²"]


@pytest.mark.parametrize("name", [KOREAN, GERMAN])
def test_a_name_is_the_same_in_composed_and_in_single_letters(planned, name):
    single = unicodedata.normalize("NFD", name)
    assert single != name
    settings, plan = planned(TEXT.format(single, "b", name))
    assert list(plan.arms) == ["baseline", name, "b"] and settings["claims"]["c"]["arm"] == name
    _, plan = planned(TEXT.format(name, "b", single))
    assert plan.arms["b"].reference == name


def arms(*names):
    entries = (f'"{name}": {{set: {{dropout: 0.{place}}}}}' for place, name in enumerate(names, start=1))
    return f"ablations: {{{', '.join(entries)}}}"


@pytest.mark.parametrize(
    "pair", [("Größer", "größer"), ("ΣΑΣ", "σας"), (KOREAN, unicodedata.normalize("NFD", KOREAN))], ids=str
)
def test_two_names_of_one_folder_are_refused(planned, pair):
    with pytest.raises(StudyError, match=r"same folder|not safe"):
        planned(arms(*pair))


@pytest.mark.parametrize("name", ["가" * 64, "🙂", "a b", "ⅷ/x", "\u202eabc", "가나다라마바사" * 9 + "아자"])
def test_names_that_no_folder_could_have_are_refused(planned, name):
    with pytest.raises(StudyError, match="not safe as a folder's name"):
        planned(arms(name))


def test_a_locale_without_these_letters_is_said():
    with pytest.raises(EncodingError, match="PYTHONUTF8=1"):
        refuse_other_names([KOREAN], "ascii")


def test_letters_that_no_font_has_are_said_once_and_others_need_nothing(caplog):
    style.apply()
    try:
        with caplog.at_level(logging.WARNING):
            letters.provide(["baseline", "größer", RUSSIAN])
            assert caplog.messages == [] and matplotlib.rcParams["font.family"] == ["sans-serif"]
            letters.provide(["\U0010ff00x", "\U0010ff00"])  # of a private alphabet
        assert len(caplog.messages) == 1 and "no font on this machine has the letters \U0010ff00:" in caplog.text
    finally:
        matplotlib.rcdefaults()


def test_letters_are_taken_from_another_font_where_one_has_them(caplog):
    style.apply()
    try:
        letters.provide(["\u211d\u2a0c\u2a7d", "\U0001d4d0"])  # of mathematics, which matplotlib brings fonts for
        assert len(matplotlib.rcParams["font.family"]) > 1 and caplog.messages == []
    finally:
        matplotlib.rcdefaults()


def test_the_baseline_can_be_called_otherwise_and_its_placebo_is_not():
    asked = "data: {name: digits}\nplacebo: true\nreport: {baseline: The full recipe}\nablations: {a: {set: {l2: 0.1}}}"
    _, plan = study_and_plan({"study": "s", "question": "Q?", **yaml.safe_load(asked)}, SCHEMA)
    assert labels_of(plan.summary()) == {"baseline": "The full recipe", "a": "a", "placebo": "placebo"}
    assert plan.tracking()["arms"]["baseline"]["label"] == "The full recipe"
