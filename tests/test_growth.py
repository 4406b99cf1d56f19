"""A study of very many arms is planned, told to Snakemake and reported in what can be read: no work of the square of its size."""

import itertools
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from butfor.figures import gallery
from butfor.figures.pictured_families import MOST_FAMILIES
from butfor.fingerprint import canonical, fingerprint
from butfor.languages.phrases import phrase, speaking, stored
from butfor.report.families_section import families_section
from butfor.report.long_tables import MOST_LINES, few, shortened
from butfor.stats.correction import step_down
from butfor.study.designs import parts_both_ways
from butfor.study.plan import Plan
from butfor.workflow import inheritance, present_scripts
from butfor.workflow.finished_trainings import MANY, FinishedTrainings
from butfor.workflow.name_patterns import any_of
from conftest import ROOT, SMALL


@pytest.mark.parametrize("seed", range(20))
def test_the_correction_is_the_least_over_all_places(seed):
    generator = np.random.Generator(np.random.PCG64(seed))
    count = int(generator.integers(1, 40))
    p, weights = generator.random((3, count)), generator.integers(1, 4, count).astype(float)
    closing, others = np.maximum(p[0], p[1]).round(int(seed % 3) + 1), float(seed % 4)
    order = np.argsort(closing / weights)
    left = weights.sum() + others - np.concatenate([[0.0], np.cumsum(weights[order])])
    bars = np.concatenate([[0.0], np.maximum.accumulate((closing / weights)[order] * left[:-1])])
    left = np.maximum(left, weights.min())
    expected = np.minimum(1.0, np.maximum(bars, (p / weights)[..., None] * left).min(axis=-1))
    assert np.array_equal(step_down(p, closing, weights, others), expected)


def test_names_are_matched_and_no_others():
    names = ["baseline", "a", "a.b", "a-b", "ab", "ab@c", "größer", "arm_1", "arm_10", "arm_2"]
    pattern = re.compile(f"(?P<arm>{any_of(names)})/x")
    assert all(pattern.fullmatch(f"{name}/x") for name in names)
    assert not any(pattern.fullmatch(f"{name}/x") for name in ("", "axb", "arm_", "arm_100", "base", "b"))
    assert any_of(["only.one"]) == r"only\.one"
    assert re.fullmatch(any_of(["a]", "a-", "a^", "b"]), "a^") and not re.fullmatch(any_of(["a]", "a-"]), "a\\")


def test_numbered_names_make_a_short_pattern():
    names = [f"arm_{n:05d}" for n in range(1, 10_000)]
    pattern = any_of(names)
    assert len(pattern) < 300 and all(map(re.compile(pattern).fullmatch, names))
    assert not any(map(re.compile(pattern).fullmatch, ("arm_00000", "arm_10000", "arm_0001", "arm_000011")))


def test_of_trainings_without_folders_nothing_is_asked(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        inheritance, "is_in_place", lambda results, training, look: asked.append(training["arm"]) or True
    )
    finished = FinishedTrainings(str(tmp_path), MANY)
    plan = [("look1", {"arm": "there"}), ("look1", {"arm": "missing"})]
    assert finished.folders(plan, lambda runs: False) == set()
    (tmp_path / "runs" / "there" / "look1").mkdir(parents=True)
    assert finished.folders(plan, lambda runs: False) == {f"{tmp_path}/runs/there/look1"} and asked == ["there"]


def test_of_new_arms_neither_data_nor_earlier_records_are_asked_for(tmp_path, monkeypatch):
    training = {"arm": "new", "seeds": [0, 1], "predictions": [], "recipe": {"l2": 0.1}}
    expected = inheritance.token(tmp_path, training, "look1")
    monkeypatch.setattr(inheritance, "data_trained_on", lambda results: pytest.fail("the data are asked for"))
    assert inheritance.token(tmp_path, training, "look1") == expected
    assert inheritance.announcement(tmp_path, training, "look1") == "Train new, look1"
    (tmp_path / "earlier").mkdir()
    with pytest.raises(pytest.fail.Exception):
        inheritance.announcement(tmp_path, training, "look1")


def test_the_script_of_a_rule_is_looked_for_once_in_a_start():
    looked = []

    class Processor:
        script_type = "script"

        def process_job(self, job):
            looked.append(job.rule.script)
            if job.rule.script == "gone.py":
                raise FileNotFoundError

    present_scripts.look_once(Processor)
    jobs = [
        SimpleNamespace(rule=SimpleNamespace(script=name, basedir="rules")) for name in ("a.py", "{arm}.py", "b.py")
    ]
    one, other = Processor(), Processor()
    for job in jobs * 3:
        one.process_job(job)
    other.process_job(jobs[0])
    assert looked == ["a.py", "{arm}.py", "b.py", "{arm}.py", "{arm}.py", "a.py"]
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            one.process_job(SimpleNamespace(rule=SimpleNamespace(script="gone.py", basedir="rules")))


NOTED = """
import sys
sys.path.insert(0, sys.argv[1])
from snakemake.iocontainers import Params, Snakemake
from snakemake.persistence import PersistenceBase
from snakemake.persistence.file import FilePersistence
if sys.argv[2:]:
    from butfor.workflow.parameter_frames import look_where_imported
    look_where_imported(PersistenceBase, Snakemake)
persistence, given = FilePersistence.__new__(FilePersistence), Snakemake.__new__(Snakemake)

def noted(value):
    given._safely_store_params(Params(fromdict={"one": value}))
    written = persistence._serialize_param(value)
    return type(written) is str and written, list(given._params_store), given._params_types, type(given.params.one)

import numpy
print(noted({"seeds": [1, 2]}), noted(numpy.ones(2)), "pandas" in sys.modules)
from pandas import DataFrame, Series
print(noted(Series([1, 2])), noted(DataFrame({"a": [1]})), noted(3))
"""


def test_pandas_is_imported_for_no_parameter_and_its_tables_are_noted_as_ever():
    ways = [[], ["where imported"]]
    command = [sys.executable, "-c", NOTED, str(ROOT / "scripts")]
    printed = [subprocess.run([*command, *way], capture_output=True, text=True, check=True).stdout for way in ways]
    assert "DataFrame" in printed[0] and printed[0].replace("True", "False") == printed[1] != printed[0]


def test_a_setting_that_an_arm_changes_stays_as_it_was_in_its_reference(planned):
    _, plan = planned(
        text({"wide": {"set": {"model.widths": [8, 4]}}, "wider": {"set": {"model.widths": [9]}, "from": "wide"}})
    )
    widths = [arm.recipe["model"]["widths"] for arm in plan.arms.values()]
    assert widths[1:] == [[8, 4], [9]] and widths[0] not in widths[1:]


def test_equal_values_have_equal_fingerprints_however_they_are_written():
    value = {"b": (1, 2.0), "a": [{"d": None, "c": ("x",)}]}
    assert (
        fingerprint(value)
        == fingerprint({"a": [{"c": ["x"], "d": None}], "b": [1, 2.0]})
        == fingerprint(canonical(value))
    )
    assert fingerprint({1: "a"}) != fingerprint({1: "b"})


def test_long_tables_keep_both_ends_and_say_so():
    rows = [f"| {n} |" for n in range(MOST_LINES + 50)]
    text = "\n".join(["words", "", "| head |", "| --- |", *rows, "", "after"])
    short = shortened(text)
    assert "| 0 |" in short and f"| {len(rows) - 1} |" in short and f"| {MOST_LINES // 2 + 10} |" not in short
    assert f"of {len(rows)} rows" in short and short.endswith("\n\nafter")
    fits = "\n".join(["| head |", "| --- |", *rows[:MOST_LINES]])
    assert shortened(fits) == fits
    assert few(["a", "b"]) == "a, b" and few([str(n) for n in range(100)]).endswith("and 70 more")


def test_a_study_of_many_families_has_pictures_of_all_together(planned):
    arms = {f"arm_{n}": {"set": {"l2": 1e-5 * n}, "family": f"family_{n}"} for n in range(1, MOST_FAMILIES + 2)}
    _, plan = planned(text(arms))
    pictures = gallery.pictures(plan.summary())
    assert "curves" in {picture.name for picture in pictures} and len(pictures) < 12
    assert len({picture.name for picture in pictures}) == len(pictures)
    _, plan = planned(text(dict(itertools.islice(arms.items(), MOST_FAMILIES))))
    assert {"curves_family_1", "curves_family_2"} <= set(gallery.figures(plan.summary()))


def test_the_table_of_very_many_families_is_in_the_language_in_use(planned):
    _, plan = planned(text({"small": {"set": {"l2": 1e-5}}, "large": {"set": {"l2": 1e-3}, "family": "sizes"}}))
    study = {**plan.summary(), "verdict": {"metric": "test/accuracy"}, "metrics": {}}
    about = {"metric": "test/accuracy", "label": "", "effect": 0.5, "low": 0.1, "high": 0.9, "decimals": 2}
    rows = [
        {**about, "arm": arm, "family": family, "verdict": "no meaningful difference"}
        for arm, family in (("small", "others"), ("large", "sizes"))
    ]
    with speaking("ko"):
        section = families_section(study, rows)
        assert f"| {phrase('of no family')} | 1 | {stored('no meaningful difference')} 1" in section
    assert "no meaningful" not in section and "| sizes |" in section and "points" not in section


def test_recipes_that_differ_in_type_alone_are_completed_apart(planned):
    _, plan = planned(text({"one": {"set": {"l2": 1, "l1": 1.0}}, "two": {"set": {"l2": 1.0, "l1": 2}}}))
    assert [repr((plan.arms[arm].recipe["l1"], plan.arms[arm].recipe["l2"])) for arm in ("one", "two")] == [
        "(1.0, 1.0)",
        "(2.0, 1.0)",
    ]


def test_arms_share_the_values_that_they_have_in_common(planned):
    _, plan = planned(text({f"arm_{n}": {"set": {"l2": 1e-5 * n}} for n in range(1, 4)}))
    assert isinstance(plan, Plan)
    assert len({id(recipe["model"]) for recipe in plan.recipes.values()}) == 1
    assert len({recipe["l2"] for recipe in plan.recipes.values()}) == 4


def test_parts_that_are_only_left_out_make_no_design(planned):
    _, plan = planned(text({f"arm_{n}": {"set": {"l2": 1e-5 * n}} for n in range(1, 200)}))
    assert parts_both_ways(plan.summary()) == []


@pytest.mark.cases
def test_finished_trainings_of_very_many_arms_are_no_jobs(workflow_copy):
    copy = workflow_copy("many")
    limit = copy.folder / "scripts" / "butfor" / "workflow" / "finished_trainings.py"
    limit.write_text(limit.read_text().replace("MANY = 300", "MANY = 2"))
    study = {
        "study": "many", "seeds": 2, "data": {"name": "digits"}, "recipe": SMALL, "tracking": {"mlflow": False},
        "ablations": {"no_dropout": {"set": {"dropout": 0.0}}},
    }  # fmt: skip
    copy.write(study)
    assert copy.run().returncode == 0
    assert copy.would_run() == {}
    assert copy.would_run("--forcerun", "train")["train"] == 2
    study["ablations"]["l2"] = {"set": {"l2": 0.01}}
    copy.write(study)
    asked = copy.would_run()
    assert asked["train"] == 1 and asked["compare"] == 1
    shutil.rmtree(copy.folder / "results" / "many" / "runs" / "no_dropout" / "look1")
    assert copy.would_run()["train"] == 2
    assert copy.would_run("results/many/runs/l2/look1") == {"train": 1}
    done = copy.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert copy.would_run() == {}
    study["recipe"] = {**SMALL, "l1": 0.001}
    copy.write(study)
    assert copy.would_run()["train"] == 3


def text(ablations):
    import yaml

    return yaml.safe_dump({"data": {"name": "digits"}, "recipe": {"model": {"name": "mlp"}}, "ablations": ablations})
