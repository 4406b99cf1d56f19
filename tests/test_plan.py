import unicodedata

import pytest
import yaml

from butfor.errors import StudyError, StudyFileError
from butfor.fingerprint import canonical, fingerprint
from butfor.study.ablations import PlanError
from conftest import ROOT


def arms(planned, text):
    return planned(text)[1].arms


@pytest.mark.parametrize("name", ["연구", "café"])
def test_the_two_spellings_of_a_name_are_one_study(planned, name):
    spellings = [unicodedata.normalize(form, name) for form in ("NFC", "NFD")]
    assert spellings[0] != spellings[1]
    text = "\ndata: digits\nrecipe: {dropout: 0.1}\nablations: {a: {set: {dropout: 0.0}}}\n"
    first, second = (planned(f"study: {each}{text}")[0] for each in spellings)
    assert first == second and first["results"] == f"results/{spellings[0]}"


def test_the_example_study_has_every_ablation_of_the_notes(planned):
    _, plan = planned((ROOT / "config" / "config.yaml").read_text())
    assert len(plan.arms) == 21
    assert plan.arms["l1_instead"].changed == ("l2", "l1")
    assert plan.families[:2] == ["learning_rate_decay", "initialisers"]
    assert all(arm.reference == "baseline" for arm in plan.ablations)


def test_set_replaces_a_part_and_a_dotted_key_changes_inside_it(planned):
    found = arms(
        planned,
        "recipe: {schedule: {name: step, factor: 0.1}}\n"
        "ablations: {a: {set: {schedule: cosine}}, b: {set: {schedule.factor: 0.2}}}",
    )
    assert found["a"].recipe["schedule"]["name"] == "cosine" and "factor" not in found["a"].recipe["schedule"]
    assert found["b"].recipe["schedule"] == {"name": "step", "factor": 0.2, "every": "2 epochs"}


def test_each_makes_an_arm_per_level(planned):
    found = arms(planned, "ablations: {f: {each: {dropout: [0.1, 0.2]}}, g: {each: {l2: {weak: 0.1, strong: 1.0}}}}")
    assert list(found) == ["baseline", "dropout_0.1", "dropout_0.2", "weak", "strong"]
    assert found["weak"].family == "g"


def test_remove_each_takes_one_part_out_at_a_time(planned):
    found = arms(planned, "recipe: {dropout: 0.2, l2: 0.1, schedule: cosine}\nablations: {r: {remove_each: all}}")
    assert set(found) == {"baseline", "no_dropout", "no_l2", "no_schedule"}
    assert found["no_l2"].recipe["l2"] == 0 and found["no_l2"].recipe["dropout"] == 0.2


def test_add_each_puts_one_part_on_a_bare_recipe_and_compares_with_it(planned):
    found = arms(planned, "recipe: {dropout: 0.2, l2: 0.1}\nablations: {a: {add_each: all}}")
    assert found["bare"].recipe["dropout"] == 0 and found["bare"].recipe["l2"] == 0
    assert found["only_dropout"].reference == "bare"
    assert found["only_dropout"].recipe["dropout"] == 0.2 and found["only_dropout"].recipe["l2"] == 0


def test_grid_makes_every_combination_but_the_reference_itself(planned):
    found = arms(
        planned, "recipe: {dropout: 0.2, l2: 0.1}\nablations: {g: {grid: {dropout: [0.0, 0.2], l2: [0.0, 0.1]}}}"
    )
    assert set(found) == {"baseline", "dropout_0.0__l2_0.0", "dropout_0.0__l2_0.1", "dropout_0.2__l2_0.0"}
    assert found["dropout_0.0__l2_0.1"].changed == ("dropout",)


def test_an_arm_may_be_the_reference_of_another_wherever_it_is_declared(planned):
    found = arms(
        planned,
        "ablations:\n  small_dropout: {set: {dropout: 0.5}, from: small}\n  small: {set: {train_size: 5000}}",
    )
    assert found["small_dropout"].reference == "small"
    assert found["small_dropout"].recipe["train_size"] == 5000


@pytest.mark.parametrize(
    ("ablations", "words"),
    [
        ("{a: {set: {dropout: 0.5}}, b: {set: {dropout: 0.5}}}", "a and b resolve to the same recipe"),
        (
            "{a: {set: {dropout: 0.5}}, b: {set: {l2: 0.5}}, c: {set: {dropout: 0.5, l2: 0.0}, from: b}}",
            "A claim compares it with b too: arm: a, against: b.",
        ),
        ("{a: {set: {dropout: 0.0}}}", "baseline and a resolve to the same recipe"),
        ("{../up: {set: {dropout: 0.5}}}", "not safe"),
        ("{a b: {set: {dropout: 0.5}}}", "not safe"),
        ("{A: {set: {dropout: 0.5}}, a: {set: {dropout: 0.4}}}", "case does not count"),
        ("{a: {set: {dropout: 0.5}, from: nobody}}", "expected the name of an arm in from, received nobody"),
        ("{a: {set: {l2: 0.5}, from: b}, b: {set: {l1: 0.5}, from: a}}", "circle"),
        ("{a: {set: {dropout: 0.5}, each: {l2: [0.1]}}}", "exactly one of"),
        ("{r: {remove_each: [dropout]}}", "already off"),
        ("{r: {remove_each: [epochs]}}", "no part of a recipe"),
        ("{a: {set: {schedule.factor.x: 0.5}}}", "a setting inside another, received factor"),
    ],
)
def test_ablations_that_make_no_sense_are_refused(planned, ablations, words):
    with pytest.raises(StudyFileError, match=words):
        planned(f"ablations: {ablations}")


def test_fingerprints_ignore_spelling_and_notice_swapped_values():
    assert fingerprint({"a": 1.0, "b": 2}) == fingerprint({"b": 2, "a": 1.0})
    assert fingerprint({"a": 1, "b": 2}) != fingerprint({"a": 2, "b": 1})
    assert list(canonical({"b": (1,), "a": 0.5})) == ["a", "b"]


def test_the_readmes_example_study_can_be_planned(planned):
    example = (ROOT / "README.md").read_text().split("```yaml\n")[1].split("```")[0]
    _, plan = planned(example)
    assert {"only_l2", "no_l2", "small_no_dropout", "batch_size_512__learning_rate_0.003"} <= set(plan.arms)


def test_parts_removed_from_another_arm_carry_its_name(planned):
    text = (
        "recipe: {dropout: 0.2, l2: 0.1, batch_size: 8}\nablations:\n  r: {remove_each: [l2]}\n"
        "  small: {set: {train_size: 9}}\n  s: {remove_each: [l2], from: small}"
    )
    assert {"no_l2", "small_no_l2"} <= set(arms(planned, text))


@pytest.mark.parametrize("key", ["train_size", "batch_size"])
def test_more_images_than_a_published_set_has_are_refused_before_anything_runs(planned, key):
    with pytest.raises(PlanError, match=rf"^ablations.a.{key}: expected at most the 1293"):
        planned(f"data: {{name: digits}}\nablations: {{a: {{set: {{{key}: 1294}}}}}}")


def test_a_number_has_one_spelling(planned):
    """0 and 0.0, 64 and 64.0 are the same setting, and a setting that may be a fraction is always a float."""
    texts = ("l2: 0, batch_size: 64, optimiser: {name: sgd, momentum: 0}", "l2: 0.0, batch_size: 64.0, optimiser: sgd")
    recipes = [
        arms(planned, f"recipe: {{{text}}}\nablations: {{a: {{set: {{dropout: 0.5}}}}}}")["baseline"].recipe
        for text in texts
    ]
    assert fingerprint(recipes[0]) == fingerprint(recipes[1])
    assert isinstance(recipes[0]["optimiser"]["momentum"], float) and isinstance(recipes[1]["batch_size"], int)


def test_looks_add_seeds(planned):
    _, plan = planned(yaml.safe_dump({"seeds": [2, 5], "ablations": {"a": {"set": {"dropout": 0.5}}}}))
    assert [look.seeds for look in plan.looks] == [(0, 1), (2, 3, 4)]


def test_an_arm_that_only_others_refer_to_is_not_compared_itself(planned):
    _, plan = planned(
        "ablations: {small: {set: {train_size: 500}, compare: false},"
        " small_dropout: {set: {dropout: 0.5}, from: small}}"
    )
    assert plan.arms["small"].reference is None and plan.arms["small"].recipe["train_size"] == 500
    assert [arm.name for arm in plan.ablations] == ["small_dropout"] and plan.families == ["others"]


@pytest.mark.parametrize("file", sorted((ROOT / "config").glob("[!s]*.yaml")), ids=lambda path: path.name)
def test_every_study_in_config_plans(planned, file):
    _, plan = planned(file.read_text())
    assert plan.ablations


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ("{dropout: [0.1]}", ["dropout", "2 in a list", "[0.1]"]),
        ("{spatial_dropout: 0.2}", ["spatial_dropout", "mlp does not use it"]),
        ("{layer_initialisers: {hiden_1: zeros}}", ["no layer hiden_1", "hidden_1, hidden_2, logits"]),
        ("{layer_initialisers: {hidden_1: xavier}}", ["layer_initialisers.hidden_1", "glorot_normal"]),
        ("{bias_initialiser: he_normal}", ["bias_initialiser", "zeros, ones", "he_normal"]),
        ("{model: {widths: [8], depth: 2}}", ["name"]),
        ("{model: {name: mlp, widths: [8], depth: 2}}", ["model.depth", "null beside a list"]),
        ("{optimiser: {name: sgd, nesterov: true}}", ["optimiser.nesterov", "momentum above 0"]),
        ("{optimiser: adamw, weight_decay: decoupled}", ["weight_decay", "adamw decays", "optimiser.weight_decay"]),
        ("{schedule: {name: piecewise, boundaries: [1], factors: [1.0, 0.5, 0.1]}}", ["schedule.factors", "one more"]),
        ("{schedule: {name: piecewise, boundaries: [2, 1]}}", ["schedule.boundaries", "rise"]),
        ("{schedule: {name: piecewise, boundaries: [2, 900 steps]}}", ["schedule.boundaries", "all in epochs"]),
        ("{schedule: {name: step, every: 0}}", ["schedule.every", "longer than 0", "received"]),
        ("{schedule: {name: step, every: 3 days}}", ["schedule.every", "2 epochs or 500 steps", "3 days"]),
        ("{warmup: -1}", ["warmup", "2 epochs or 500 steps"]),
    ],
)
def test_parts_that_do_not_fit_together_are_errors_while_planning(planned, recipe, words):
    with pytest.raises(StudyError) as raised:
        planned(f"recipe: {recipe}\nablations: {{a: {{set: {{l2: 0.5}}}}}}")
    for word in words:
        assert word in str(raised.value)


def test_durations_have_one_spelling(planned):
    recipes = [
        arms(planned, f"recipe: {{warmup: {text}}}\nablations: {{a: {{set: {{l2: 0.5}}}}}}")["baseline"].recipe
        for text in ("2", "2.0", "2 epochs", "2 epoch")
    ]
    assert {fingerprint(recipe) for recipe in recipes} == {fingerprint(recipes[0])}
    assert recipes[0]["warmup"] == "2 epochs"
