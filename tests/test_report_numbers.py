"""Every number of a report follows from the records, by a second computation that shares no code with the first; and a number
that nothing computes again is found."""

import json
import re

import jsonschema
import pytest

from accounted_report import account
from conftest import ROOT
from number_ledger import NUMBER, Ledger
from numbers_study import made
from recomputed_study import Recomputed


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The study's report, and its numbers as the records have them."""
    whole = made(tmp_path_factory.mktemp("numbers"))
    return whole.text, Recomputed(whole.folder)


def accounted(text, facts):
    told = Ledger(text)
    account(told, facts)
    return told


def test_every_number_follows_from_the_records(study):
    told = accounted(*study)
    assert not told.left(), "\n".join(["nothing accounts for these numbers:", *told.left()])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("## Verdicts", "Effects are 3.2 times as large as usual.\n\n## Verdicts"),
        ("| the reference |", "| the reference, of 17 |"),
        ("Holm's procedure", "Holm's procedure of 1979"),
        ("\n\n## Details", " It cost 42 kWh.\n\n## Details"),
    ],
    ids=["sentence", "cell", "words", "end"],
)
def test_a_number_that_nothing_computes_again_is_found(study, before, after):
    text, facts = study
    assert before in text
    assert len(accounted(text.replace(before, after, 1), facts).left()) == 1


def test_another_digit_is_found(study):
    text, facts = study
    numbers = [one for one in NUMBER.finditer(text) if not re.match("`?[0-9a-f]{16}", text[one.start() :])]
    for one in numbers[:: len(numbers) // 12]:
        digit = (int(text[one.end() - 1]) + 5) % 10
        other = f"{text[: one.end() - 1]}{digit}{text[one.end() :]}"
        with pytest.raises(AssertionError):
            assert not accounted(other, facts).left(), f"{one[0]} with {digit} as its last digit"


def test_the_summary_has_the_placebo_s_numbers(study):
    _, facts = study
    schema = json.loads((ROOT / "docs" / "summary.schema.json").read_text())
    jsonschema.validate(facts.summary, schema)
    shown, one = facts.summary["placebo"][0], facts.placebo
    low, high = one.interval(0.025)
    assert [shown[key] for key in ("effect", "low", "high")] == pytest.approx([one.effect, low, high])
    assert shown["pairs"] == one.runs and not shown["shows"]
    sizes = {arm["arm"]: (arm["parameters"], arm["all_parameters"]) for arm in facts.summary["arms"]}
    assert all(sizes[arm][0] + 16 * arm.startswith("batch_size") == sizes[arm][1] for arm in facts.runs)
