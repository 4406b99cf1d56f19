"""Arms that change the very loss that decides: told in the plan, and in the report by what a first step shows."""

import math
from types import SimpleNamespace

import pytest

from butfor.languages.phrases import speaking
from butfor.report import changed_loss as section
from butfor.report.changed_loss import changed_loss
from butfor.study.changed_losses import in_words, may_change_loss


def arm(name, *changed, reference="baseline"):
    return {"name": name, "reference": reference if changed else None, "changed": list(changed)}


def study(task="own", metric="test/loss"):
    arms = [
        arm("baseline"), arm("no_kl", "model.beta"), arm("slow", "learning_rate"), arm("no_l2", "l2", "epochs"),
        arm("narrow", "model.latent"), arm("raw", "input_scaling"),
    ]  # fmt: skip
    return {"task": task, "verdict": {"metric": metric}, "arms": arms}


def test_only_an_own_loss_that_decides_may_be_another_quantity():
    found = may_change_loss(study())
    assert found == {"no_kl": ["model.beta"], "no_l2": ["l2"], "narrow": ["model.latent"], "raw": ["input_scaling"]}
    assert may_change_loss(study(task="regression")) == {}, "there the plain loss is measured, whatever trains"
    assert may_change_loss(study(metric="test/ssim")) == {}
    said = in_words(found, "`")
    assert "change what it may be made of: `no_kl` (model.beta), `no_l2` (l2), " in said
    assert '`metrics: {name: {function: "my_metrics:name", higher_is_better: …, primary: true}}`' in said
    assert "and 2 more" not in said and "2 more." in in_words({str(n): ["model.a"] for n in range(7)}).replace(
        ". Wh", "."
    )
    with speaking("ko"):
        assert "no_kl (model.beta)" in in_words(found) and "quantity" not in in_words(found)


def run(name, seed, objective, weights="w", outputs=0.5, device="CPU, 1 thread"):
    return SimpleNamespace(
        arm=name, seed=seed, trial={"objective": objective}, steady=(weights, outputs), machine={"device": device}
    )


@pytest.fixture
def told(monkeypatch):
    names = "weights/code", "first outputs"

    def moved(a, b):
        return [name for name, one, two in zip(names, a.steady, b.steady, strict=True) if one != two]

    monkeypatch.setattr(section, "moved", moved)
    return lambda *runs, **about: changed_loss(
        study(**about), [run("baseline", 0, 1.5), run("baseline", 1, 1.6), *runs]
    )


def test_a_first_step_from_the_same_weights_shows_which_loss_is_another(told):
    shown = run("no_kl", 0, 1.2), run("no_l2", 0, 1.5), run("raw", 0, 1.5), run("narrow", 0, 1.2, weights="others")
    other, perhaps = told(*shown)
    assert other.startswith("**Another quantity:** what decides") and "`no_kl`" in other
    assert not {"`no_l2`", "`narrow`", "`raw`", "`slow`"} & set(other.split())
    assert perhaps.startswith("**Perhaps another quantity:**") and "`narrow` (model.latent)" in perhaps
    assert "no_l2" not in perhaps and "raw" not in perhaps, "the same loss to begin with"
    assert told(*shown, task="classification") == []


def test_penalties_need_not_be_in_the_loss_that_is_measured_and_devices_round_otherwise(told):
    (perhaps,) = told(
        run("no_l2", 0, 1.2), run("no_kl", 0, 1.2, device="GPU"), run("narrow", 0, 1.5), run("raw", 0, 1.5)
    )
    assert "`no_l2` (l2)" in perhaps and "`no_kl` (model.beta)" in perhaps and "narrow" not in perhaps


def test_what_no_pair_of_runs_tells_is_said_to_be_possible(told):
    (perhaps,) = told(run("no_kl", 7, 1.2), run("no_l2", 0, math.nan), run("raw", 1, 9.9, outputs=0.7))
    assert all(name in perhaps for name in ("no_kl", "no_l2", "raw", "narrow"))
