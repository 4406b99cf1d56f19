"""Each choice has one table: what the schema offers and what the code has are the same, or no training begins."""

import copy
import inspect

import keras
import numpy as np
import pytest
from scipy import stats

from butfor.checks.footprints.expected_weights import SPREADS, distribution, share_below
from butfor.recipe.architectures import ARCHITECTURES
from butfor.recipe.initialisers import CUT, CUT_SPREAD, INITIALISERS, Law
from butfor.recipe.normalisations import NORMALISATIONS
from butfor.recipe.optimisers import CLIPPING, OPTIMISERS
from butfor.study import choices
from butfor.study.schema import load_schema
from conftest import SCHEMA, SMALL, resolved

ROOT_SCHEMA = load_schema(SCHEMA)
RECIPE = ROOT_SCHEMA["$defs"]["recipe"]["properties"]


def test_every_choice_of_the_schema_is_held_against_a_table_or_needs_none():
    choices.check_own()
    chosen = {key for key, schema in RECIPE.items() if "choices" in schema or "$ref" in schema}
    elsewhere = {
        "bias_initialiser",
        "weight_decay",
        "early_stopping",
        *("categories", "loss", "class_weight", "target_scaling", "ema"),
    }  # some of the initialisers; a rule with settings each
    assert chosen == set(choices.TABLES) | elsewhere
    assert set(RECIPE["bias_initialiser"]["choices"]) <= set(INITIALISERS)


@pytest.mark.parametrize("key", choices.TABLES)
def test_a_choice_without_a_row_and_a_row_without_a_choice_are_named(key):
    root = copy.deepcopy(ROOT_SCHEMA)
    where = root["$defs"] if "$ref" in RECIPE[key] else root["$defs"]["recipe"]["properties"]
    offered = where[key]["choices"]
    offered["new"] = {}
    with pytest.raises(choices.ChoiceError, match=rf"^{key}: .*recipe/\w+\.py .*new \(no row\)"):
        choices.check(root)
    del offered["new"], offered[next(iter(offered))]
    with pytest.raises(choices.ChoiceError, match=r"\(not in the schema\)"):
        choices.check(root)


def test_a_forgotten_half_ends_a_start_before_its_first_job(workflow_copy):
    copy = workflow_copy("half")
    schema = copy.folder / "config" / "schema.yaml"
    schema.write_text(
        schema.read_text().replace(
            "          lion:\n", "          nadam:\n            properties: *betas\n          lion:\n"
        )
    )
    copy.write(
        {"study": "half", "data": "digits", "seeds": 2, "recipe": SMALL, "ablations": {"a": {"set": {"l2": 0.1}}}}
    )
    done = copy.run("--quiet", "reason", "host")
    assert done.returncode != 0 and "nadam (no row)" in done.stdout + done.stderr
    assert not (copy.folder / "results" / "half" / "runs").exists() and "Traceback" not in done.stderr


def settings(key, name):
    """The settings of a choice, completed; keys that Keras's class must take."""
    return {k: v for k, v in resolved(**{key: name})[key].items() if k != "name"}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_keras_has_each_optimiser_with_its_settings(name):
    kind = getattr(keras.optimizers, OPTIMISERS[name])
    assert {*settings("optimiser", name), *CLIPPING.values()} <= {*kind(**settings("optimiser", name)).get_config()}


@pytest.mark.parametrize("name", [name for name in NORMALISATIONS if name != "none"])
def test_keras_has_each_normalisation_with_its_settings(name):
    assert {*settings("normalisation", name)} <= {*getattr(keras.layers, NORMALISATIONS[name])().get_config()}


@pytest.mark.parametrize("name", INITIALISERS)
def test_keras_has_each_initialiser_with_its_arguments(name):
    row = INITIALISERS[name]
    kind = getattr(keras.initializers, row.keras)
    kind(**row.arguments(settings("initialiser", name)))
    assert row.draws == ("seed" in inspect.signature(kind).parameters)


def test_what_the_cut_leaves_of_a_normal_s_spread():
    assert stats.truncnorm(-CUT, CUT).std() == CUT_SPREAD
    assert distribution(Law("truncated", 2.0)).std() == pytest.approx(2 * CUT_SPREAD)
    assert distribution(Law("uniform", 2.0)).support() == (-2, 2) and distribution(Law("normal", 2.0)).std() == 2


@pytest.mark.parametrize("kind", SPREADS)
def test_shares_and_spreads_of_a_law_are_those_of_scipy(kind):
    law = Law(kind, 0.37)
    for value in np.linspace(-1.5, 1.5, 301):
        assert share_below(law, value) == pytest.approx(distribution(law).cdf(value), abs=1e-14)
    assert SPREADS[kind] * law.size == pytest.approx(distribution(law).std(), rel=1e-14)
    assert np.isnan(share_below(law, np.nan)) and (share_below(law, -np.inf), share_below(law, np.inf)) == (0, 1)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_builds_the_layers_that_it_says(name):
    from butfor.engine import models

    recipe = resolved(model=name, dropout=0.1, spatial_dropout=0.1 if ARCHITECTURES[name].convolves else 0.0)
    side = max(ARCHITECTURES[name].smallest_side(recipe["model"]), 2)
    model = models.build(recipe, (side, side), 10, 0, "philox")
    units = {layer.name: layer.output.shape[-1] for layer in model.layers if hasattr(layer, "kernel")}
    assert units == {**ARCHITECTURES[name].hidden_layers(recipe["model"]), "logits": 10}
    names = [layer.name for layer in model.layers]
    assert sum(x.startswith("dropout_") for x in names) == ARCHITECTURES[name].dropouts(recipe["model"])
    assert sum(x.startswith("spatial_dropout_") for x in names) == ARCHITECTURES[name].spatial_dropouts(recipe["model"])
    assert models.convolves(model) == ARCHITECTURES[name].convolves
