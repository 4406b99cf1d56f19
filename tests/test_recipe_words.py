"""Recipes in words: what an arm changes, with its values."""

from butfor.study.recipe_words import changes, in_short, values_set
from conftest import resolved


def test_a_setting_in_short():
    assert (
        in_short({"name": "cosine", "first_decay": "1 epochs", "alpha": 0.0})
        == "cosine(first_decay=1 epoch, alpha=0.0)"
    )
    assert in_short({"name": "none"}) == in_short(None) == in_short({}) == "none"
    assert in_short([0.1, 0.3, 0.5]) == "[0.1, 0.3, 0.5]" and in_short(True) == "true"
    assert in_short({"hidden_1": {"name": "zeros"}}) == "hidden_1: zeros"


def test_what_a_recipe_changes_is_given_with_both_values():
    full = resolved(model={"name": "mlp", "widths": [64]}, dropout=0.2, schedule={"name": "step", "factor": 0.5})
    other = resolved(
        model={"name": "mlp", "widths": [16]}, dropout=[0.1, 0.3], schedule={"name": "step", "factor": 0.1}
    )
    assert changes(other, full, ["dropout"]) == ["dropout 0.2 → [0.1, 0.3]"]
    assert changes(other, full, ["model.widths", "schedule"]) == [
        "model.widths [64] → [16]",
        "schedule.factor 0.5 → 0.1",
    ]
    assert (
        changes(resolved(), full, ["schedule"])[0].startswith("schedule step(")
        and changes(full, full, ["schedule"]) == []
    )


def test_an_argument_that_is_not_given_has_its_own_default():
    plain, late = (resolved(schedule={"name": "mine:triangle", **more}) for more in ({}, {"settings": {"peak": 0.6}}))
    for keys in (["schedule"], ["schedule.settings"], ["schedule.settings.peak"]):
        assert changes(late, plain, keys) == ["schedule.settings.peak not set → 0.6"]
        assert values_set(plain, late, keys) == ["schedule.settings.peak: 0.6 → not set"]
