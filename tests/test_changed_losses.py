"""Arms that change the very loss that is measured of them: told in the plan, and in the report by what a first step shows."""

import math
from types import SimpleNamespace

import pytest

from butfor.languages.phrases import speaking
from butfor.report import changed_loss as section
from butfor.report.changed_loss import changed_loss
from butfor.study.changed_losses import decides, in_words, may_change_loss, settings_in_loss


def arm(name, *changed, reference="baseline"):
    return {"name": name, "reference": reference if changed else None, "changed": list(changed)}


def study(task="own", metric="test/loss"):
    arms = [
        arm("baseline"), arm("no_kl", "model.beta"), arm("slow", "learning_rate"), arm("no_l2", "l2", "epochs"),
        arm("narrow", "model.latent"), arm("raw", "input_scaling"),
    ]  # fmt: skip
    return {"task": task, "verdict": {"metric": metric}, "arms": arms}


def test_only_a_model_s_own_loss_may_be_another_quantity():
    found = may_change_loss(study())
    assert found == {"no_kl": ["model.beta"], "no_l2": ["l2"], "narrow": ["model.latent"], "raw": ["input_scaling"]}
    assert may_change_loss(study(task="regression")) == {}, "there the plain loss is measured, whatever trains"
    assert may_change_loss(study(metric="test/ssim")) == found, "it stands beside what decides"
    assert decides(study()) and not decides(study(metric="test/ssim"))
    assert settings_in_loss(["epochs", "batch_size"]) == ["batch_size"], "of more examples, a loss of pairs is another"
    said = in_words(found, True, "`")
    assert "change what it may be made of: `no_kl` (model.beta), `no_l2` (l2), " in said
    assert '`metrics: {name: {function: "my_metrics:name", higher_is_better: …, primary: true}}`' in said
    assert "and 2 more" not in said and "2 more." in in_words({str(n): ["model.a"] for n in range(7)}, True).replace(
        ". Wh", "."
    )
    beside = in_words(found, False, "`")
    assert beside.startswith("Beside what decides stands the loss") and "`no_kl` (model.beta), " in beside
    assert "primary" not in beside
    with speaking("ko"):
        assert "no_kl (model.beta)" in in_words(found, True) and "quantity" not in in_words(found, True)
        assert "no_kl (model.beta)" in in_words(found, False) and "quantity" not in in_words(found, False)


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


def test_so_it_is_told_of_a_loss_beside_what_decides(told):
    shown = run("no_kl", 0, 1.2), run("no_l2", 0, 1.5), run("raw", 0, 1.5), run("narrow", 0, 1.2, weights="others")
    other, perhaps = told(*shown, metric="test/ssim")
    assert other.startswith(
        "**Another quantity:** `no_kl` changed the loss that the model itself works out, which stands beside"
    )
    assert (
        perhaps.startswith("**Perhaps another quantity:** Beside what decides") and "`narrow` (model.latent)" in perhaps
    )
    with speaking("ko"):
        assert "quantity" not in "".join(told(*shown, metric="test/ssim"))


def test_penalties_need_not_be_in_the_loss_that_is_measured_and_devices_round_otherwise(told):
    (perhaps,) = told(
        run("no_l2", 0, 1.2), run("no_kl", 0, 1.2, device="GPU"), run("narrow", 0, 1.5), run("raw", 0, 1.5)
    )
    assert "`no_l2` (l2)" in perhaps and "`no_kl` (model.beta)" in perhaps and "narrow" not in perhaps


def test_what_no_pair_of_runs_tells_is_said_to_be_possible(told):
    (perhaps,) = told(run("no_kl", 7, 1.2), run("no_l2", 0, math.nan), run("raw", 1, 9.9, outputs=0.7))
    assert all(name in perhaps for name in ("no_kl", "no_l2", "raw", "narrow"))
