import pytest
import yaml

from butfor.errors import StudyError
from butfor.study.composed_yaml import composed
from butfor.study.duplicate_keys import DuplicateKeyError, refuse_duplicate_keys
from butfor.study.schema import ConfigError, load_schema
from conftest import SCHEMA

ABLATION = "ablations: {a: {set: {dropout: 0.5}}}\n"


def test_defaults_come_from_the_schema(planned):
    settings, plan = planned(ABLATION)
    assert settings["looks"] == [5, 10, 20, 30] and settings["results"] == "results/test"
    assert plan.arms["baseline"].recipe["schedule"] == {"name": "none"}
    assert plan.arms["baseline"].recipe["optimiser"]["beta_2"] == 0.999


def test_the_schema_is_parsed_once_and_no_plan_changes_it(planned, tmp_path):
    first = load_schema(SCHEMA)
    _, plan = planned("data: {name: digits}\nrecipe: {l2: 0.1, optimiser: sgd, layer_initialisers: {}}\n" + ABLATION)
    plan.arms["baseline"].recipe["optimiser"]["momentum"] = 0.5
    assert load_schema(SCHEMA) is first
    (tmp_path / "schema.yaml").write_text(SCHEMA.read_text())
    written_anew = load_schema(tmp_path / "schema.yaml")
    (tmp_path / "schema.yaml").write_text("type: object")
    assert written_anew == first == yaml.safe_load(SCHEMA.read_text())
    assert load_schema(tmp_path / "schema.yaml") == {"type": "object"}


def test_settings_without_a_name_mean_the_only_choice_that_has_settings(planned):
    _, plan = planned("recipe: {early_stopping: {patience: 7}}\n" + ABLATION)
    stopping = plan.arms["baseline"].recipe["early_stopping"]
    assert (stopping["name"], stopping["patience"], stopping["restore_best"]) == ("patience", 7, True)


def test_settings_without_a_name_do_not_set_others_back_unsaid(planned):
    base = "recipe: {early_stopping: {patience: 7, min_delta: 0.1}}\n"
    with pytest.raises(StudyError, match=r"keep the others, write early_stopping.monitor: loss"):
        planned(f"{base}ablations: {{a: {{set: {{early_stopping: {{monitor: loss}}}}}}}}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("recipe: {learning_rate: 1e-3}\n" + ABLATION, ["recipe.learning_rate", "a number", "1.0e-3", "0.001"]),
        ("recipe: {schedule: off}\n" + ABLATION, ["recipe.schedule", "YAML reads off", "write none"]),
        ("recipe: {early_stopping: no}\n" + ABLATION, ["recipe.early_stopping", "write none"]),
        (
            "recipe: {class_weight: {weights: [1, 5]}}\n" + ABLATION,
            ["name: expected", "Write class_weight: {name: given, …}"],
        ),
        ("recipe: {loss: keras}\n" + ABLATION, ["of: expected this key in recipe.loss", "{name: keras, of: LogCosh}"]),
        ("ablations: {a: {set: {loss: {name: keras}}}}", ["of: expected this key", "Name the class"]),
        (
            "recipe: {class_weight: {1: 7}}\n" + ABLATION,
            ["Write class_weight: {name: given, weights: [1, 7]}: a weight"],
        ),
        ("recipe: {class_weight: [1, 7.5]}\n" + ABLATION, ["Write class_weight: {name: given, weights: [1, 7.5]}"]),
        (
            "recipe: {class_weight: {name: given, weights: {0: 2, 2: 3}}}\n" + ABLATION,
            ["weights: [2, 1, 3]}: a weight"],
        ),
        ("ablations: {a: {set: {class_weight: {0: 1}}}}", ["Write class_weight: {name: given, weights: [1, 1]}"]),
        ("recipe: {initializer: zeros}\n" + ABLATION, ["initializer", "unknown key", "Did you mean initialiser?"]),
        ("recipe: {schedule: {name: step, factr: 0.1}}\n" + ABLATION, ["factr", "Did you mean factor?"]),
        ("recipe: {initialiser: xavier}\n" + ABLATION, ["recipe.initialiser", "glorot_normal", "'xavier'"]),
        ("recipe: {schedule: cosin}\n" + ABLATION, ["recipe.schedule", "Did you mean cosine?"]),
        ("recipe: {warmup: none}\n" + ABLATION, ["recipe.warmup", "write 0"]),
        ("recipe: {warmup: 9, epochs: 3}\n" + ABLATION, ["recipe.warmup", "at most the 3 epochs"]),
        ("data: {name: npz, file: gone.npz}\n" + ABLATION, ["data.file", "gone.npz"]),
        ("recipe: {dropout: 1.0}\n" + ABLATION, ["recipe.dropout", "less than 1", "received 1."]),
        ("recipe: {epochs: '3'}\n" + ABLATION, ["recipe.epochs", "whole number", "write 3 without", "--config"]),
        ("recipe: {epochs: 2e0}\n" + ABLATION, ["recipe.epochs", "whole number", "write 2 without"]),
        ("ablations: {no: {set: {dropout: 0.5}}}", ["False", "quote"]),
        ("ablations: {2024-01-01: {set: {dropout: 0.5}}}", ["not text", "quote"]),
        ("ablations: {a: {set: {dropuot: 0.5}}}", ["ablations.a", "dropuot", "Did you mean dropout?"]),
        ("ablations: {a: {set: {dropout: 1e-1}}}", ["ablations.a.dropout", "1.0e-1"]),
        ("ablations: {a: {dropout: 0.5}}", ["dropout", "unknown key", "set, each"]),
        ("budget: {max_runs: 9}\n" + ABLATION, ["budget.max_runs", "at least the 10 runs of the first look"]),
        ("seeds: [10, 5]\n" + ABLATION, ["seeds", "rise"]),
        ("data: {name: npz}\n" + ABLATION, ["data.file", ".npz"]),
        ("data: {name: imagenet}\n" + ABLATION, ["data.name", "fashion_mnist", "'imagenet'"]),
        ("seeds: 5\n", ["ablations", "expected this key"]),
    ],
)
def test_bad_input_ends_in_one_message_that_says_what_to_write(planned, text, words):
    with pytest.raises(StudyError) as raised:
        planned(text)
    message = str(raised.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_a_file_without_a_study_name_is_told_so():
    from butfor.study.settings import study_and_plan

    with pytest.raises(ConfigError, match="laid over"):
        study_and_plan({"ablations": {"a": {"set": {"dropout": 0.5}}}}, SCHEMA)


def test_a_key_written_twice_is_refused_with_both_lines(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("study: a\nrecipe: &one\n  l2: 1.0e-4\n  l2: 1.0e-3\nother: *one\n")
    with pytest.raises(DuplicateKeyError, match=r"line 4: expected l2 once, received it in line 3"):
        refuse_duplicate_keys(composed([path]))
    path.write_text('{\n\t"a": 1\n}\n')
    refuse_duplicate_keys(composed([path]))
    path.write_text("a: {l2: 1}\nb: {l2: 1}\nc: [{l2: 1}, {l2: 1}]\n")
    refuse_duplicate_keys(composed([path]))


def test_an_arm_is_not_said_to_change_nothing_where_the_baseline_s_value_was_refused(planned):
    refused = """
    recipe: {class_weight: [1, 7], dropout: 0.0}
    ablations:
      parts: {remove_each: [class_weight%s]}
      w: {set: {class_weight: none}}
    """
    with pytest.raises(StudyError) as one:
        planned(refused % "")
    assert str(one.value).startswith("recipe.class_weight: expected one of") and "\n" not in str(one.value)
    with pytest.raises(StudyError, match=r"ablations\.parts: dropout is already off in baseline"):
        planned(refused.replace("class_weight%s", "dropout"))
