"""Every mistake in a study is told at once, each once, with the file, the line and what to write."""

import re
from types import SimpleNamespace

import pytest
import yaml
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from butfor import spoken_units
from butfor.errors import StudyError, StudyFileError
from butfor.study.unreadable_yaml import refuse_unreadable_yaml
from butfor.study.written_lines import WrittenLines
from butfor.workflow import planning
from conftest import SCHEMA

BASE = """study: overlay
seeds: 2
data: digits
recipe:
  model: {name: mlp, widths: [16, 8], activation: tanh}
  schedule: {name: cosine_restarts, first_decay: 1, t_mul: 2}
  optimiser: {name: sgd, momentum: 0.9}
ablations:
  no_decay: {set: {schedule: none}}
"""
ARM = "ablations: {a: {set: {dropout: 0.5}}}\n"


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """The lines with which a start refuses these files, laid over each other, and what --config says."""
    monkeypatch.chdir(tmp_path)

    def lines(*texts, **overrides):
        files, config = [], {}
        for number, text in enumerate(texts):
            files.append(tmp_path / f"{'abc'[number]}.yaml")
            files[-1].write_bytes(text if isinstance(text, bytes) else text.encode())
            update_config(config, load_configfile(files[-1]))
        update_config(config, overrides)
        with pytest.raises(SystemExit) as ended:
            said = SimpleNamespace(config=overrides)
            workflow = SimpleNamespace(configfiles=list(map(str, files)), config_settings=said, is_main_process=False)
            workflow.modifier = SimpleNamespace(base_snakefile=None)
            planning.planned(config, workflow, SCHEMA)
        return str(ended.value.code).splitlines()

    return lines


def test_all_that_is_wrong_is_told_at_once_with_its_line(refused):
    text = """study: many
seed: 4
data: digits
recipe:
  model: {name: mlp, widths: [16], filters: [3]}
  spatial_dropout: 0.2
  epochs: 3x
ablations:
  rates: {set: {learning_rate: [0.001, 0.01, 0.1]}}
  drop: {dropout: 0.5}
  deep: {set: {model.activation: rulu}}
  child: {from: drop, set: {l2: 0.1}}
  cells: {grid: {batch_size: [16, 32], learning_rate: [fast, 0.1]}}
  decay: {each: {schedule: {a: cosine, b: cosin}}}
  both: {set: {l1: 0.1}, each: {l2: [0.1, 0.2]}}
claims:
  c: {sentence: x, arm: drop, expect: hurts}
  d: {sentence: y, arm: deep, expect: helpz}
  e: {arm: child}
  f: {sentence: x, arm: baseline, expect: hurts}
job: {mem: 8GB, runtime: 2h}
"""
    wanted = {
        2: ["seed: unknown key. Did you mean seeds .* or first_seed "],
        5: ["filters: unknown key in recipe.model. .* a key of the model cnn and of the model residual_cnn"],
        6: ["recipe.spatial_dropout: the model mlp does not use it"],
        7: ["recipe.epochs: expected a whole number \\(epochs\\), received the text '3x'"],
        9: ["ablations.rates.learning_rate: .* write rates: {each: {learning_rate: \\[0.001, 0.01, 0.1\\]}}"],
        10: ["dropout: unknown key in ablations.drop. .* write drop: {set: {dropout: …}}"],
        11: ["ablations.deep.model.activation: .* 'rulu'"],
        13: ["ablations.batch_size_16__learning_rate_fast.learning_rate: expected a number"],
        14: ["ablations.b.schedule: .* Did you mean cosine?"],
        15: ["ablations.both: expected exactly one of .* received set and each"],
        18: ["claims.d.expect: "],
        19: ["sentence: expected this key in claims.e", "expect: expected this key in claims.e"],
        20: ["claims.f.arm: expected an arm that is compared"],
        21: ["mem: unknown key in job. .* mem_mb: 8000 \\(megabytes\\)", "job.runtime: .* Write 120 \\(minutes\\)"],
    }
    lines = refused(text)
    for number, patterns in wanted.items():
        here = [line for line in lines if line.startswith(f"a.yaml, line {number}: ")]
        for pattern in patterns:
            assert [line for line in here if re.search(pattern, line)], (number, pattern, here)
    assert len(lines) == sum(map(len, wanted.values())), "\n".join(lines)


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        (
            "ablations: {a: {set: [dropout, l2]}}",
            r"Write a: {remove_each: \[dropout, l2\]} .* or a: {set: {dropout: …}}",
        ),
        ("ablations: {a: {set: [{dropout: 0.1}]}}", r"Write a: {set: {key: value}} for one arm"),
        ("ablations: {a: {set: {dropout: 30}}}", r"less than 1, received 30\. For 30 %, write 0\.3\.$"),
        ("ablations: {a: {set: {dropout: 1.5}}}", r"less than 1, received 1\.5\.$"),
        (f"verdict: {{alpha: 5}}\n{ARM}", r"at most 0\.5 probability, received 5\. For 5 %, write 0\.05\."),
        (f"recipe: {{epochs: 0}}\n{ARM}", r"at least 1 epoch, received 0"),
        (
            f"recipe: {{label_smoothing: 1}}\n{ARM}",
            r"less than 1 \(share of the label spread over all classes\), received 1",
        ),
        ("ablations: {}", r"at least 1 entry, received {}"),
        (
            f"data: {{name: npz, file: mine/serie.npz}}\n{ARM}",
            r"received mine/serie\.npz, .* Did you mean mine/series\.npz\?",
        ),
    ],
)
def test_the_advice_can_be_written(refused, tmp_path, written, advice):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "series.npz").touch()
    (line,) = refused(f"study: s\n{'' if 'data' in written else 'data: digits'}\n{written}")
    assert re.search(advice, line), line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: {c: 1 d: 2}\n", "s.yaml, line 2: expected YAML, received 'b: {c: 1 d: 2}': .* A comma, a quote"),
        ("a:\n\tb: 1\n", "s.yaml, line 2: .* spaces, never with tabs"),
        ("a: {b: 1\n", "s.yaml, line 2: .* expected ',' or '}'"),
        ('{\n\t"a": 1}', None),
        ("a: 1", None),
    ],
)
def test_a_study_that_is_no_yaml_is_refused_with_the_line(tmp_path, monkeypatch, text, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(text)
    refuse_unreadable_yaml(tmp_path / "missing.yaml")
    if not words:
        refuse_unreadable_yaml(tmp_path / "s.yaml")
        return
    with pytest.raises(StudyError, match=f"^{words}"):
        refuse_unreadable_yaml(tmp_path / "s.yaml")


def test_a_long_message_is_cut_between_words():
    words = [f"word{number}" for number in range(400)]
    assert set(str(StudyError(" ".join(words))).split()) - {"…"} <= {*words}


def test_what_all_arms_inherit_is_told_once(refused):
    arms = "".join(f"  a{n}: {{set: {{l2: 0.{n}}}}}\n" for n in range(1, 9))
    recipe = "recipe: {spatial_dropout: 0.1, train_size: 1400, model: {name: mlp, widths: [4, 4], depth: 3}}\n"
    lines = refused(f"study: s\ndata: digits\n{recipe}ablations:\n{arms}")
    assert [line.split(": ")[1] for line in lines] == [
        "recipe.spatial_dropout",
        "recipe.model.depth",
        "recipe.train_size",
    ]
    (line,) = refused(f"study: s\ndata: digits\nrecipe: {{model: 'gone:build'}}\nablations:\n{arms}")
    assert "gone" in line
    lines = refused(
        f"study: s\ndata: digits\nrecipe: {{schedule: cosin}}\nablations:\n{arms}  b: {{set: {{schedule.alpha: 0.1}}}}"
    )
    assert len(lines) == 1 and "Did you mean cosine?" in lines[0]


def test_leftovers_of_merged_files_are_told_to_be_such(refused):
    quick = "recipe:\n  schedule: {name: step, every: 1}\n  optimiser: adam\n"
    lines = refused(BASE, quick)
    assert [line.split(": ")[1] for line in lines] == ["first_decay", "t_mul"]
    assert lines[0].startswith("a.yaml, line 6: first_decay: unknown key in recipe.schedule.")
    assert "first_decay is a key of the schedule cosine_restarts." in lines[0]
    assert (
        "merges the mappings of config files key by key, here recipe.schedule of a.yaml, line 6 and b.yaml, line 2"
        in lines[0]
    )
    (line,) = refused(BASE, "recipe: {model: {name: residual_mlp, width: 16, blocks: 1}}\n")
    assert (
        line.startswith("a.yaml, line 5: widths: ") and "here recipe.model of a.yaml, line 5 and b.yaml, line 1" in line
    )
    (line,) = refused(BASE, "ablations: {no_decay: {each: {l2: [0.1]}}}\n")
    assert "received set and each" in line and "here ablations.no_decay of a.yaml, line 9 and b.yaml, line 1" in line
    (line,) = refused(BASE, "recipe: {dropout: 2.0}\n")
    assert line.startswith("b.yaml, line 1: recipe.dropout") and "merges" not in line


def test_a_study_inside_the_config_of_an_outer_workflow_has_lines_too():
    lines = WrittenLines([], {})
    lines._trees["paper.yaml"] = yaml.compose("paper: mine\nstudy_one:\n  recipe:\n    epochs: 0\n")
    assert lines.message(StudyFileError("it is 0", ("recipe", "epochs"))) == "paper.yaml, line 4: it is 0"


def test_what_config_says_is_told_to_come_from_there(refused):
    (line,) = refused(BASE, recipe={"epochs": "1"})
    assert line.startswith("--config: recipe.epochs: ") and "put them in a file" in line and "merges" not in line
    (line,) = refused(study="mine")
    assert line.startswith("--config study=mine: expected a study file") and "--configfile config/config.yaml" in line


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        ({"tracking": {"mlflow": "false"}}, "tracking: {mlflow: false}"),
        ({"tracking": {"mlflow": "Yes"}}, "tracking: {mlflow: true}"),
        ({"recipe": {"optimiser": {"momentum": "0.5"}}}, "recipe: {optimiser: {momentum: 0.5}}"),
    ],
)
def test_a_nested_value_of_config_is_refused_with_the_line_that_works(refused, overrides, line):
    (told,) = refused(BASE, **overrides)
    assert "arrive as text" in told and f"with {line}, and add it after" in told
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):  # as a file, it is taken
        refused(BASE, line)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("job: {mem: 8GB}", "mem: unknown key in job.*mem_mb: 8000"),
        ("job: {mem_gb: 8}", "mem_mb: 8000"),
        ("job: {mem_mb: 16 GB}", r"whole number \(megabytes\).*Write 16000"),
        ("job: {mem_mb: 8}", "at least 500 megabytes, received 8. Write 8000"),
        ("job: {runtime: 2h}", "Write 120"),
        ("job: {runtime: '02:00:00'}", "Write 120"),
        ("job: {runtime: 1-12}", "Write 2160"),
        ("job: {runtime: 2:00:00}", "received 2:00:00, which YAML reads as 7200. If it is a time, write 120"),
        ("max_minutes: 1:30", "which YAML reads as 90. If it is a time, write 90"),
        ("max_minutes: 45 min", r"a number \(minutes\) or null.*Write 45"),
        ("budget: {max_gpu_hours: 1 day}", "Write 24"),
        ("seeds: 012", "received 012, which YAML reads as 10. Leave the 0 out"),
        ("job: {gres: 'gpu:1'}", "profiles/slurm/profile.yaml"),
        ("recipe: {class_weights: balanced}", "Did you mean class_weight"),
        ("recipe: {loss: {name: pinball, alpha: 0.9}}", "The quantile is `share` of the loss pinball"),
        ("recipe: {loss: {name: pinball, tau: 0.9}}", "The quantile is `share` of the loss pinball"),
        ("metrics: {pinball: {share: 0.9}}", "and `alpha` of the metric pinball"),
        ("metrics: {upper: {score: pinball, quantile: 0.9}}", "and `alpha` of the metric pinball"),
        ("recipe: {sample_weights: given}", "Did you mean sample_weight"),
        ("recipe: {augmentation: flip}", "a key of its own: shift, flip"),
        ("data: {name: csv, file: a.csv, target: b, positive: ill}", "`positive` belongs to a metric"),
        ("recipe: {lr: 0.1}", "Did you mean learning_rate"),
        ("recipe: {lr: 0.1, learning_rate: 0.1}", "^a.yaml, line 2: lr: unknown key in recipe. Expected one of [^?]*$"),
        ("recipe: {optimizer: adam, optimiser: sgd}", "optimizer: unknown key in recipe. Expected one of [^?]*$"),
        ("recipe: {activation: relu}", "activation is a key of the model mlp"),
        ("recipe: {validation_split: 0.2}", "validation is a key of `data:`"),
        ("epochs: 3", "epochs is a key of `recipe:`"),
        ("recipe: {seeds: 3}", "seeds is a key of the study file"),
        ("recipe: {learning_rate: [0.1, 0.2]}", r"and ablations: {learning_rate: {each: {learning_rate: \[0.1, 0.2\]}}}"),
        ("data: {name: digits, arrays: {x_train: x}}", "data.arrays: expected with npz, npy or your own function"),
        ("study: 2024-01-01", "in quotes"),
        ("recipe: {epochs: 3, epochs: 4}", "expected epochs once"),
    ],
)  # fmt: skip
def test_each_refusal_says_what_to_write(refused, text, words):
    head = "study: s\n" if "study" not in text else ""
    lines = refused(f"{head}{text}\n{'' if 'data' in text else 'data: digits'}\n{ARM}")
    assert len(lines) == 1, lines
    assert re.search(words, lines[0]), lines[0]


@pytest.mark.parametrize(
    "name", ["yes", "no", "1e3", "1", "null", "~", "2024-01-01", ".inf", "1.5", "가나", "a b", "50%", "a/b", ""]
)
@pytest.mark.parametrize(
    "place", ["ablations: {%s: {set: {l2: 0.1}}}", "ablations: {a: {each: {l2: {%s: 0.1}}}}", "study: %s"]
)
def test_names_are_taken_as_written_or_refused_in_a_sentence(refused, name, place):
    text = place % (name or "''")
    study = yaml.safe_load(text)
    if name in ("1e3", "가나"):  # names like others
        return
    rest = ARM if "ablations" not in study else "study: s\n"
    (line,) = refused(f"{text}\ndata: digits\n{rest}")
    assert line.startswith("a.yaml, line 1: ")
    assert any(words in line for words in ("quote", "Give the level a name", "beginning with a letter or digit")), line


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("2h", "minutes", 120), ("90 sec", "minutes", 1.5), ("1h 30m", "minutes", 90), ("3 days", "minutes", 4320),
        ("1-00:30", "minutes", 1470), ("01:30", "minutes", 90), ("30m", "hours", 0.5), ("2 hours", "hours", 2),
        ("16GB", "megabytes", 16000), ("500M", "megabytes", 500), ("1.5 GiB", "megabytes", 1500), ("2T", "megabytes", 2e6),
        ("soon", "minutes", None), ("3x", "minutes", None), ("1e3", "minutes", None), (True, "megabytes", None),
        ("5", "minutes", None),
        ("8 apples", "megabytes", None), ("2h", "epochs", None),
    ],
)  # fmt: skip
def test_units_as_people_write_them(value, unit, expected):
    assert spoken_units.number(value, unit) == expected


def test_windows_line_ends_marks_and_aliases_move_no_line(refused):
    text = "study: s\ndata: digits\nx-base: &x {epochs: 0}\nrecipe: {<<: *x, l2: -1}\n" + ARM
    for form in (text, text.replace("\n", "\r\n"), b"\xef\xbb\xbf" + text.encode()):
        lines = refused(form)
        assert [line.split(": ")[0:2] for line in lines] == [
            ["a.yaml, line 3", "recipe.epochs"], ["a.yaml, line 4", "recipe.l2"]
        ]  # fmt: skip


MODEL = "def build(recipe, shape, classes, parts): ...\n"
DECLARED = """uses: []
properties:
  heads: {type: integer, minimum: 0, default: 4, without: 0}
  gate: {type: boolean, default: true, without: false}
  wide: {type: boolean, default: true}
"""


OTHER_TOOLS = [  # as people write them who know Keras, Hydra, W&B, Optuna or Lightning
    ("recipe: {optimiser: Adam}", "Did you mean adam?"),
    ("recipe: {initialiser: HeNormal}", "Did you mean he_normal?"),
    ("recipe: {initialiser: xavier_uniform}", "Did you mean glorot_uniform?"),
    ("recipe: {schedule: ReduceLROnPlateau}", "Did you mean reduce_on_plateau?"),
    ("recipe: {normalisation: BatchNorm}", "Did you mean batch?"),
    ("recipe: {normalisation: true}", "name one: batch, layer"),
    ("recipe: {early_stopping: 5}", "Write {name: patience, patience: 5}"),
    ("recipe: {clipping: 1.0}", r"Write .* or {name: norm, limit: 1.0}"),
    ("recipe: {weight_decay: 0.01}", r"Write {name: decoupled, rate: 0.01} or {name: coupled, rate: 0.01}"),
    (
        "recipe: {optimiser: adamw, weight_decay: 0.01}",
        "rate of its own: optimiser: {name: adamw, weight_decay: 0.01}.",
    ),
    ("recipe: {schedule: {type: cosine}}", "Write name: cosine instead of type: cosine"),
    ("recipe: {model: {_target_: my.Net}}", "Write name: my:Net instead of _target_: my.Net"),
    ("recipe: {dropout: 20%}", "one rate .* or a list of rates, .* Write 0.2"),
    ("recipe: {learning_rate: '${oc.env:LR}'}", "Variables are not filled in"),
    ("verdict: {margin: 1%}", r"Write 1 \(accuracy points\)"),
    ("verdict: {alpha: 5%}", "Write 0.05"),
    ("verdict: {metric: accuracy}", "Did you mean test/accuracy?"),
    ("data: cifar100", "received the text 'cifar100'.$"),
    ("data: MNIST", "Did you mean mnist?"),
    ("data: {file: my.npz}", "Write data: {name: npz, file: my.npz}"),
    ("tune: true", "mapping of factors, seeds or null, .* write {}"),
    ("budget: 100", "a mapping of max_runs, max_gpu_hours"),
    ("seeds: '5'", "write 5 without quotes"),
    ("ablations: {a: {remove_each: dropout}}", r"a list of parts, or all, .* Write \[dropout\]"),
    ("ablations: {a: {set: {recipe.dropout: 0.5}}}", "a key of the recipe, received recipe itself"),
    ("ablations: {a: {set: {recipe: {dropout: 0.5}}}}", "a key of the recipe, received recipe itself"),
    ("ablations: {a: {set: {model: {activation: tanh}}}}", "keep the others, write model.activation: tanh"),
    ("ablations: {a: {values: [0.1]}}", "Did you mean each?"),
    ("claims: {c: {sentence: s, arm: a, expect: worse}}", "Did you mean hurts?"),
    ("claims: {c: dropout matters}", "a mapping of sentence, arm, data_sets, against, metric, expect, margin"),
    ("method: grid", "call it x-method"),
]


@pytest.mark.parametrize(("text", "words"), OTHER_TOOLS, ids=[text for text, _ in OTHER_TOOLS])
def test_what_people_bring_from_other_tools_is_answered(refused, text, words):
    lines = refused(
        f"study: s\n{text}\n{'' if 'data' in text else 'data: digits'}\n{'' if 'ablations' in text else ARM}"
    )
    assert len(lines) == 1 and re.search(words, lines[0]), lines


@pytest.fixture
def own(tmp_path, monkeypatch, planned):
    """Plans a study with a model of the user's own, declared so."""
    monkeypatch.chdir(tmp_path)
    name = f"model_{abs(hash(str(tmp_path)))}"

    def arms(declared, ablations, model="{}"):
        (tmp_path / f"{name}.py").write_text(MODEL)
        (tmp_path / f"{name}.yaml").write_text(declared)
        own = yaml.safe_load(model)
        recipe = yaml.safe_dump({"recipe": {"model": {"name": f"{name}:build", **own}}})
        return planned(f"data: digits\n{recipe}ablations: {ablations}\n")[1].arms

    return arms


def test_a_setting_of_an_own_model_that_can_be_without_is_a_part(own):
    for written in ("heads", "model.heads"):
        arms = own(DECLARED, f"{{parts: {{remove_each: [{written}]}}}}")
        assert list(arms) == ["baseline", "no_heads"] and arms["no_heads"].changed == ("model.heads",)
        assert arms["no_heads"].recipe["model"]["heads"] == 0
    assert list(own(DECLARED, "{parts: {remove_each: all}}")) == ["baseline", "no_heads", "no_gate"]
    arms = own(DECLARED, "{parts: {add_each: all}}")
    assert (
        list(arms)[1:] == ["bare", "only_heads", "only_gate"]
        and arms["bare"].recipe["model"]["heads"] == 0
        and arms["only_heads"].recipe["model"]["heads"] == 4
    )
    with pytest.raises(StudyError, match="heads is already off"):
        own(DECLARED, "{parts: {remove_each: [heads]}}", "{heads: 0}")
    for written in ("wide", "model.wide"):
        with pytest.raises(StudyError) as refused:
            own(DECLARED, f"{{parts: {{remove_each: [{written}]}}}}")
        assert re.search(
            rf"{written} is no part .* model.gate. wide is a setting of model_\d+:build: write without: false beside its default,"
            r" in the model's own YAML file, .* no_wide: {set: {model.wide: false}}",
            str(refused.value),
        )
    with pytest.raises(StudyError, match=r"rate is no part .* For a setting, write no_rate: {set: {rate: …}}"):
        own(DECLARED, "{parts: {remove_each: [rate]}}")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "without",
            "witout",
            "properties.heads: expected words of JSON Schema, received witout. Did you mean without?",
        ),
        ("minimum", "min", "received min. "),
        ("default: 4", "default: four", "properties.heads.default: 'four' is not of type 'integer'"),
        ("without: 0", "without: -1", "properties.heads.without: -1 is less than"),
        ("uses", "use", "use: unknown key .* Did you mean uses?"),
    ],
)
def test_a_word_of_a_declaration_that_would_do_nothing_is_refused(own, old, new, words):
    with pytest.raises(StudyError, match=words):
        own(DECLARED.replace(old, new), "{a: {set: {model.heads: 2}}}")
