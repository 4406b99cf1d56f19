"""The plan of a study before it costs anything: what is cached, how long it takes, what it can see, what it leaves out."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from butfor import stats
from butfor.errors import StudyError
from butfor.forks.interpreter import SERVERS, are_forks_wanted
from butfor.outlook import design_power, power_text, time_needed, written_outlook
from butfor.outlook.alike_arms import alike_arms
from butfor.outlook.detectable import Detectable, detectable
from butfor.outlook.job_start import FORK, INTERPRETER, SCHEDULING, start_by_probe, usual_start
from butfor.outlook.known_runs import KnownRun, runs_in
from butfor.outlook.makespan import BETWEEN_LOOKS, INTERPRETERS, around, makespan
from butfor.outlook.outlook import from_file, outlook
from butfor.outlook.outlook_text import idle_words, outlook_text
from butfor.outlook.planned_study import planned_study
from butfor.outlook.probed_steps import EPOCHS, SEEDS, _run
from butfor.outlook.probes import Probes
from butfor.outlook.routes import least, most
from butfor.outlook.run_seconds import ALIKE, OTHER_MODEL, OWN, by_recipe, run_seconds, start_seconds, were_slowed
from butfor.outlook.spreads import Spread, usual_spread
from butfor.outlook.step_probe import Probed
from butfor.outlook.untouched_parts import lines_to_add, untouched_parts
from butfor.study.schema import load_schema, parts
from butfor.workflow.plan_alone import is_plan_alone
from conftest import NUMPY, SCHEMA, SMALL, resolved
from numpy_engine import NumpyEngine

STUDY = {
    "study": "small",
    "results": "results/small",
    "seeds": [2, 4],
    "data": "digits",
    "recipe": {**SMALL, "l2": 0.0001},
    "ablations": {"no_dropout": {"set": {"dropout": 0.0}}, "slow": {"set": {"learning_rate": 0.0001}}},
    "claims": {"dropout": {"sentence": "It helps.", "arm": "no_dropout", "expect": "hurts"}},
    "tracking": {"mlflow": False},
    "placebo": True,
}


@pytest.fixture(scope="module")
def copy(workflow_copy):
    made = workflow_copy("outlook")
    made.write(STUDY)
    return made


def plan_of(copy, *words):
    done = copy.run("plan", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads((copy.folder / "results" / "small" / "plan.json").read_text())


@pytest.mark.cases
def test_a_plan_says_all_and_changes_nothing_before_and_after_a_study(copy):
    words, plan = plan_of(copy)
    results = copy.folder / "results" / "small"
    assert {path.name for path in results.iterdir()} == {"plan.json", "logs"}
    assert "4 arms, 2 of them compared with a reference" in words
    assert "8 runs up to the first, at most 16 in all" in words
    assert plan["time"]["arms"]["baseline"]["source"] == "a probe"
    assert plan["time"]["arms"]["baseline"]["each"] > 0
    assert "    ablations:\n      untouched: {remove_each: [l2]}" in words
    assert "No claim is about slow" in words
    assert "It is assumed that a difference spreads" in words and "without the caution: " in words
    assert "All times are those of a machine that does nothing else." in words
    row = re.search(r"  baseline +([\d.]+) s +([\d.]+) s +([\d.]+) s", words)
    once, each, first = map(float, row.groups())
    assert first == pytest.approx(once + 2 * each, abs=0.2)

    assert copy.run().returncode == 0
    assert "<summary>Placebo</summary>" in (results / "report.md").read_text()
    before = {path: path.stat().st_mtime_ns for path in results.rglob("*") if path.is_file()}
    words, plan = plan_of(copy)
    trained = len(list((results / "runs").glob("*/look*/seed_*.json")))
    assert sum(len(job["seeds"]) for job in plan["cached"]) == trained
    assert plan["time"]["arms"]["slow"]["source"] == OWN
    assert plan["time"]["least"] == plan["time"]["most"] == {"runs": trained, "to_train": 0, "seconds": 0.0}
    assert "Nothing is left to train." in words
    assert plan["power"]["spread"]["source"] == "records"
    after = {path: path.stat().st_mtime_ns for path in results.rglob("*") if path.is_file()}
    assert {path.name for path in after if after[path] != before.get(path)} == {"plan.json", "plan.log"}

    copy.write({**STUDY, "ablations": {**STUDY["ablations"], "quick": {"set": {"learning_rate": 0.01}}}})
    words, plan = plan_of(copy)
    assert plan["time"]["least"]["to_train"] == 2, "a new arm's first look, while the others' runs are there"
    assert plan["time"]["arms"]["quick"]["source"] == ALIKE
    after = {path: path.stat().st_mtime_ns for path in results.rglob("*") if path.is_file()}
    assert {path.name for path in after if after[path] != before.get(path)} == {"plan.json", "plan.log"}


def test_an_outlook_is_had_from_a_study_file_without_snakemake(copy, monkeypatch):
    monkeypatch.chdir(copy.folder)
    monkeypatch.setenv("BUTFOR_START_SETTINGS", "{}")
    copy.write(STUDY)
    found = from_file(Path("config/config.yaml"), cores=4, probe=False)
    assert list(found.arms) == ["baseline", "no_dropout", "slow", "placebo"]
    assert found.untouched == {"l2": 0.0}
    assert found.cores == 4


def test_a_plan_says_which_arms_watch_another_loss_than_trains_them(copy, monkeypatch):
    monkeypatch.chdir(copy.folder)
    monkeypatch.setenv("BUTFOR_START_SETTINGS", "{}")
    smoothed = {**SMALL, "label_smoothing": 0.1, "early_stopping": {"name": "patience"}}
    copy.write(
        {
            **STUDY,
            "results": "results/none",
            "recipe": smoothed,
            "ablations": {"hard": {"set": {"label_smoothing": 0.0}}},
            "claims": {},
        }
    )
    found = from_file(Path("config/config.yaml"), cores=4, probe=False)
    (told,) = found.as_json()["watched"]
    assert told == {
        "arms": ["baseline", "placebo"],
        "keys": ["early_stopping"],
        "plain": "cross-entropy",
        "trained": "label_smoothing: 0.1",
    }
    assert "In baseline, placebo, early_stopping watches the cross-entropy of validation examples" in outlook_text(
        found
    )


@pytest.mark.parametrize(
    ("asked", "alone"),
    [
        ("plan --cores 2", True),
        ("plan --nolock --cores all --quiet all --configfile config/tiny.yaml --config first_seed=3", True),
        ("--cores 2", False),
        ("plan report --cores 2", False),
        ("--cores 2 --config study=plan", False),
        ("--cores 2 --configfile plan", False),
    ],
)
def test_a_start_changes_nothing_where_the_plan_alone_is_asked_for(monkeypatch, asked, alone):
    monkeypatch.setattr("sys.argv", ["snakemake", *asked.split()])
    is_plan_alone.cache_clear()
    assert is_plan_alone() is alone
    is_plan_alone.cache_clear()


def test_a_busy_machine_is_told_with_how_much_longer_things_take():
    time = SimpleNamespace(arms={"baseline": SimpleNamespace(source=OWN)}, were_slowed=False)
    busy, idle = (SimpleNamespace(load=load, machine_cores=2) for load in (9.0, 1.5))
    assert idle_words(busy, time) == [
        "The machine is busy now: load 9.0 on 2 cores; expect about 4.5 times as long."
    ] and not idle_words(idle, time)
    time.were_slowed = True
    (words,) = idle_words(busy, time)
    assert (
        "load 9.0 on 2 cores. Its processors were full in the recorded runs too" in words and "up to 4.5 times" in words
    )
    assert not idle_words(idle, time)


@pytest.mark.parametrize(("percent", "slowed"), [([100.0, 100.0], True), ([60.0, 55.0], False), ([], True)])
def test_a_record_tells_whether_its_run_may_have_been_slowed(tmp_path, percent, slowed):
    """A probe has never been: it counts the time alone in which it had a processor."""
    record = tmp_path / "runs" / "a" / "look1" / "seed_0.json"
    loads = [{"cpu_utilization_percentage": each} for each in percent]
    fields = {
        "timing": {"started": 0.0, "ended": 9.0, "seconds": {"train": 9.0}, "loads": loads},
        **{"arm": "a", "recipe": {}, "data": {}, "history": [], "steps_per_epoch": 1, "status": "ok", "machine": {}},
    }
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps(fields))
    (run,) = runs_in([record])
    assert were_slowed([run]) is slowed
    assert not were_slowed([replace(run, job=Path())]) and not were_slowed([])


def a_run(job, recipe, started, seconds, epochs=2):
    ended = started + sum(seconds.values())
    return KnownRun(Path(job), "baseline", recipe, {"name": "digits"}, seconds, epochs, 40, True, started, ended)


def test_seconds_are_those_of_the_arms_own_records_or_of_the_one_most_like_it():
    recipe, first, later = (
        resolved(epochs=2),
        {"data": 1.0, "compile": 2.0, "train": 4.0},
        {"train": 4.0, "evaluate": 1.0},
    )
    recipe = json.loads(json.dumps(recipe, sort_keys=True))
    known = [a_run("a", recipe, 0, first), a_run("a", recipe, 8, later), a_run("a", recipe, 14, later)]
    known = by_recipe(known)
    own = run_seconds(recipe, known)
    assert (own.once, own.each, own.source) == (3.0, 5.0, OWN)
    longer = run_seconds({**recipe, "epochs": 6}, known)
    assert (longer.each, longer.source, longer.like) == (13.0, ALIKE, "baseline"), (
        "three times the epochs, one evaluation"
    )
    assert run_seconds({**recipe, "train_size": 700}, known, steps_per_epoch=20).each == 3.0, "half the steps"
    assert run_seconds({**recipe, "batch_size": 2 * recipe["batch_size"]}, known, 20).each == 5.0, (
        "half, each twice as long"
    )
    before = {"batch_size": 4 * recipe["batch_size"]}, {"train_size": 20 * recipe["batch_size"]}
    assert [run_seconds({**recipe, **changed}, known).each for changed in before] == [5.0, 3.0], "data not stored yet"
    of_two = by_recipe([a_run("a", recipe, 0, {**first, "diagnose": 3.0}), a_run("a", recipe, 11, later)])
    both = run_seconds(recipe, of_two)
    assert (both.once, both.each) == (5.0, 5.0), "of two, the second is examined as all that come after it"
    other = run_seconds({**recipe, "model": {"name": "mlp", "widths": [9]}}, known)
    assert other.source == OTHER_MODEL
    assert run_seconds(recipe, {}) is None


def test_what_each_fold_compiles_is_told_by_the_records_of_folds():
    recipe, of_a_fold = json.loads(json.dumps(resolved(epochs=2), sort_keys=True)), {"compile": 3.0, "train": 4.0}
    folds = [a_run("a", recipe, 0, {**of_a_fold, "data": 1.0}), *(a_run("a", recipe, 9, of_a_fold) for _ in range(2))]
    own = run_seconds(recipe, by_recipe(folds))
    assert (own.once, own.each) == (1.0, 7.0), "the data once, a compilation for each fold"
    assert run_seconds({**recipe, "dropout": 0.7}, by_recipe(folds)).each == 7.0


def test_an_arm_that_watches_a_metric_is_timed_by_runs_that_do():
    plain = json.loads(json.dumps(resolved(epochs=2), sort_keys=True))
    auc = {"name": "auc", "score": "roc_auc", "options": {}, "higher_is_better": True}
    patience = {**plain["early_stopping"], "name": "patience", "patience": 2, "monitor": auc}
    watching = {**plain, "early_stopping": patience, "l2": 0.1, "dropout": 0.6, "batch_size": plain["batch_size"]}
    asked = {**plain, "early_stopping": {**patience, "patience": 3}}
    known = by_recipe([a_run("a", plain, 0, {"train": 4.0}), a_run("b", watching, 8, {"train": 6.0})])
    assert run_seconds(asked, known).each == 6.0
    assert run_seconds({**plain, "l1": 0.1, "l2": 0.1, "dropout": 0.6}, known).each == 4.0


class Watching:
    """A scorer that counts what it scores."""

    scored = 0

    def try_on(self, seed, train_size, predicted):
        return None

    def of(self, seed, train_size):
        return self._scored

    def _scored(self, predicted):
        self.scored += 1
        return {"busy": 1.0}


def test_a_probe_computes_after_each_epoch_what_is_watched(digits_data):
    recipe = resolved(model={"name": "mlp", "widths": [4]}, epochs=20)
    training = {"arm": "a", "recipe": recipe, "validation": 0.1, "engine": NUMPY}
    watching = Watching()
    _run(NumpyEngine, training, digits_data, "CPU", 2, watching)
    assert watching.scored >= len(SEEDS) * EPOCHS


def test_what_a_job_takes_to_begin_is_the_pause_after_the_one_before_it():
    jobs = [(0, 10), (1, 12), (13, 20), (15, 22), (23, 30), (25, 33)]
    known = [a_run(f"job{place}", {}, start, {"train": end - start}) for place, (start, end) in enumerate(jobs)]
    assert start_seconds(known) == 3
    later = [a_run(f"later{place}", {}, start + 900, {"train": end - start}) for place, (start, end) in enumerate(jobs)]
    again = [a_run(f"again{place}", {}, 2000 + 400 * place, {"train": 10}) for place in range(9)]
    assert start_seconds([*known, *later, *again]) == 3, "what passes between two starts is no pause of a start"
    assert start_seconds(known[:3]) is None, "too few to tell"


def test_where_forks_are_switched_off_each_job_is_reckoned_with_an_interpreter_of_its_own(monkeypatch):
    monkeypatch.delenv(SERVERS, raising=False)
    keras = "butfor.engine.keras_engine:KerasEngine"
    forks = usual_start(keras), start_by_probe(3.5, 3.25, keras), around(4)
    monkeypatch.setenv(SERVERS, "")
    assert (usual_start(keras), start_by_probe(3.5, 3.25, keras), around(4)) == pytest.approx(
        (forks[0] - FORK + INTERPRETER, SCHEDULING + 3.5, forks[2] + INTERPRETERS)
    )
    assert forks[1] == pytest.approx(SCHEDULING + FORK + 0.25), "what a fork has not imported"


def test_engines_of_ones_own_are_reckoned_with_an_interpreter_for_each_job(monkeypatch):
    monkeypatch.delenv(SERVERS, raising=False)
    own = "my_engine:Mine"
    assert (usual_start(own), start_by_probe(3.5, 3.25, own)) == (SCHEDULING + INTERPRETER, SCHEDULING + 3.5)


def test_jobs_of_a_cluster_are_reckoned_without_forks(monkeypatch, tmp_path):
    seen = []

    def planned(*_):
        seen.append(are_forks_wanted())
        raise StudyError("enough is seen")

    monkeypatch.setenv(SERVERS, str(tmp_path))
    monkeypatch.setattr(written_outlook, "planned_study", planned)
    for forks in (True, False):
        with pytest.raises(StudyError):
            written_outlook.write_outlook({}, [], 1, tmp_path / "plan.json", forks)
    assert seen == [True, False]


def test_jobs_fill_the_cores_look_by_look():
    assert makespan([[5.0, 5.0, 5.0]], 2) == 10.0
    assert makespan([[5.0], [5.0]], 2) == pytest.approx(10.0 + BETWEEN_LOOKS), "a look waits for the one before it"
    assert makespan([[]], 2) == 0.0


def test_a_study_comes_to_something_between_its_first_look_and_all_that_its_budget_allows(planned):
    _, plan = planned("{seeds: [2, 3, 5], data: digits, recipe: {dropout: 0.1}, ablations: {a: {set: {dropout: 0.0}}}}")
    assert least(plan, lambda look: None) == [("baseline", "look1"), ("a", "look1")]
    assert len(most(plan, lambda look: None)) == 6
    assert len(most(plan, lambda look: None, max_runs=6)) == 4
    assert len(most(plan, {"look1": []}.get)) == 2, "all is decided"
    assert len(least(plan, {"look1": ["baseline", "a"]}.get)) == 4, "the second look is known to come"


@pytest.mark.parametrize(
    ("ablations", "seeds"),
    [(1, 8), (3, 10), *(pytest.param(*more, marks=pytest.mark.long) for more in ((4, 5), (6, 8)))],
)
def test_what_a_design_can_see_is_what_its_verdicts_find(ablations, seeds):
    """By simulation: of the size that is said to be seen, 4 of 5 studies call it real; of one smaller by 15 %, fewer."""
    rule, spread = stats.Rule(margin=0.5, looks=(seeds,)), Spread(0.3, "assumed")
    size, draws = detectable(spread, rule, ablations).smallest[seeds], np.random.default_rng(0)

    def found(effect):
        reference, *others = (draws.normal(85, 0.3 / np.sqrt(2), seeds) for _ in range(ablations + 1))
        others[0] = others[0] + effect
        judged = stats.judge({f"a{n}": values.tolist() for n, values in enumerate(others)}, reference.tolist(), rule)
        return judged["a0"].p_difference <= rule.alpha

    assert 73 <= sum(found(size) for _ in range(100)) <= 87
    assert sum(found(0.85 * size) for _ in range(100)) <= 76


def test_an_assumed_spread_is_none_that_a_small_test_set_cannot_show(tmp_path, monkeypatch):
    monkeypatch.setattr("butfor.outlook.spreads.differences", lambda study, records: {})
    study = {"verdict": {"metric": "test/accuracy"}}
    spreads = {test: usual_spread(study, [], tmp_path / "none", "mine", test) for test in (None, 360, 10_000, 60_000)}
    assert spreads[None].source == "unknown"
    assert {test: round(spread.sd, 2) for test, spread in spreads.items() if test} == {
        360: 1.84,
        10_000: 0.35,
        60_000: 0.35,
    }


def test_a_plan_beside_a_study_at_work_goes_by_the_runs_that_are_measured(tmp_path, monkeypatch):
    """Runs of a look are measured by the study's own metrics together, as the look ends."""
    monkeypatch.chdir(tmp_path)
    study = planned_study(
        {**STUDY, "placebo": False, "claims": {}, "metrics": {"matthews": {"primary": True, "margin": "2%"}}}, []
    )
    waiting, known = (
        SimpleNamespace(arm="baseline", seed=seed, data={}, status="ok", failed=lambda *_: False, metrics=metrics)
        for seed, metrics in enumerate([{"test/loss": 0.3}, {"test/loss": 0.3, "test/matthews": 0.8}])
    )
    assert design_power.design_power(study, [waiting, known]).margin == pytest.approx(1.6)  # points


def test_what_a_design_can_see_is_told_by_the_spread_that_is_told_first_in_two_digits():
    seen = Detectable({2: 21.31, 5: 4.26}, 115, 39, {2: 21.31, 5: 1.884})
    power = design_power.DesignPower(
        "test/accuracy", "test accuracy", "points", 2, 0.5, 1, Spread(1.843, "assumed", examples=10_000), seen
    )
    spread, lead, *lines = power_text.power_lines(power)
    assert "by 1.8 points" in spread and "an eighth of the 10 000 test examples" in spread
    assert lead == "What it can see in test accuracy, of one ablation:"
    assert lines[0] == "  with 2 seeds: a true difference of 21 points or more, in 4 of 5 studies", (
        "the caution changes nothing"
    )
    assert lines[1].endswith("4.3 points or more, in 4 of 5 studies (without the caution: 1.9 points)")
    unknown = power_text.power_lines(replace(power, spread=Spread(1.0, "unknown"), corrected_over=2))
    assert unknown[0].startswith("How far a difference spreads") and "21 times that spread" in unknown[2]
    earlier = power_text.power_lines(replace(power, spread=Spread(0.3, "earlier", 1, "results/a")))
    assert earlier[0].endswith("by 0.30 points, as those of the earlier study in results/a do.")
    several = power_text.power_lines(replace(power, spread=Spread(0.3, "records", 2)))
    assert several[0].endswith("(the middle one of 2 ablations).")
    large = power_text.power_lines(replace(power, can_see=Detectable({2: 2174.0, 5: 995.1}, None, None)))
    assert "difference of 2200 points" in large[2] and "difference of 1000 points" in large[3]


def test_a_plan_of_folds_talks_of_folds_and_of_no_look(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folds = {
        **{k: v for k, v in STUDY.items() if k != "seeds"},
        "placebo": False,
        "claims": {},
        "replicates": {"folds": 5},
    }
    study = planned_study({**folds, "metrics": {"matthews": {"primary": True, "margin": "2 %"}}}, [])
    words = outlook_text(outlook(study, 2, probe=False))
    assert "Each arm is trained with 5 folds: 15 runs." in words and "with 5 folds: a true difference of" in words
    assert "seed" not in words and "look" not in words.replace("outlook", "")


def test_a_plan_says_over_how_many_arms_and_metrics_verdicts_are_corrected(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = {**STUDY, "placebo": False, "claims": {}, "metrics": {"matthews": {"primary": True}}}
    power = design_power.design_power(planned_study(asked, []), [])
    own, others = power_text._corrected(power)
    assert own == "Verdicts on test Matthews correlation are corrected over 2 ablations, and over no other metric."
    titles = "test accuracy, test loss, training accuracy minus test accuracy and test loss minus training loss"
    assert f"({titles}) share one more α over 8 comparisons: they take nothing from that verdict" in others
    few = {**asked, "verdict": {"others": "descriptive", "corrected_over": "family"}}
    (own,) = power_text._corrected(design_power.design_power(planned_study(few, []), []))
    assert "over the ablations of each family, and over no other metric" in own


def test_a_margin_that_is_a_share_is_said_before_records_tell_it():
    power = design_power.DesignPower("test/mse", "test error", "units", 2, None, 1, Spread(1.0, "unknown"), None, 0.02)
    (said,) = power_text._margin(power)
    assert said == "The margin is 2 % of the baseline's mean, which no record tells yet."
    assert "no margin" in power_text._margin(replace(power, share=None))[0]


def test_what_a_design_can_see_grows_with_spread_and_ablations_and_shrinks_with_seeds():
    rule, spread = stats.Rule(margin=0.5, looks=(8,)), Spread(0.3, "assumed")
    found = detectable(spread, rule, ablations=6)
    assert detectable(spread, rule, 20).smallest[8] > found.smallest[8]
    assert detectable(Spread(0.6, "assumed"), rule, 6).smallest[8] == pytest.approx(2 * found.smallest[8], rel=1e-3)
    n = found.for_margin
    assert detectable(spread, stats.Rule(margin=0.5, looks=(n,)), 6).smallest[n] <= 0.5
    assert detectable(spread, stats.Rule(margin=0.5, looks=(n - 1,)), 6).smallest[n - 1] > 0.5
    assert found.for_sameness <= n
    assert detectable(spread, stats.Rule(margin=None), 6).for_margin is None


def test_arms_that_come_to_the_same_are_told_before_they_train(planned):
    _, plan = planned(
        "{data: digits, recipe: {epochs: 3, schedule: none}, ablations: {late: {set: {schedule: {name: step, every: 5}}},"
        " early: {set: {schedule: {name: step, every: 1}}}, idle: {set: {early_stopping: {name: patience, patience: 9,"
        " restore_best: false}}}}}"
    )
    assert alike_arms(plan, {"": 1437}) == [["baseline", "late", "idle"]]
    assert alike_arms(plan, {"": None}) == [["baseline", "idle"]], "without the number of examples no rates are known"
    _, plan = planned(
        "{data: digits, recipe: {schedule: none}, ablations: {plateau: {set: {schedule: reduce_on_plateau}},"
        " patient: {set: {schedule: {name: reduce_on_plateau, patience: 3}}}}}"
    )
    assert alike_arms(plan, {"": 1437}) == [], "what a plateau does to the rates is known in the training alone"


def test_active_parts_that_no_arm_touches_are_named_with_what_asks_about_them(planned):
    recipe = "{dropout: 0.1, l2: 0.001, clipping: norm, label_smoothing: 0.1}"
    study = f"data: digits, recipe: {recipe}, ablations: {{a: {{set: {{l2: 0.01}}}}"
    _, plan = planned(f"{{{study}}}}}")
    found = untouched_parts(plan.arms.values(), parts(load_schema(SCHEMA)))
    assert list(found) == ["clipping", "dropout", "label_smoothing"]
    added = lines_to_add(found)[1].strip().removeprefix("untouched: ")
    _, plan = planned(f"{{{study}, untouched: {added}}}}}")
    assert untouched_parts(plan.arms.values(), parts(load_schema(SCHEMA))) == {}
    assert lines_to_add({}) == []


def test_a_model_that_cannot_be_tried_is_said_though_other_models_have_runs(copy, monkeypatch):
    monkeypatch.chdir(copy.folder)
    tried = Probed(None, why="mine:build: building it for baseline, it raised ValueError: expected ndim=4.")
    monkeypatch.setattr(Probes, "steps", lambda probes, arm: tried)
    other = json.loads(json.dumps(resolved(model={"name": "mlp", "widths": [3]})))
    monkeypatch.setattr(time_needed, "known_runs", lambda study: [a_run("other", other, 0, {"train": 4.0})])
    study = planned_study({**STUDY, "placebo": False, "claims": {}}, [])
    found = outlook(study, cores=2)
    assert found.time is None and "it raised ValueError" in outlook_text(found)


@pytest.mark.parametrize(("engine", "more"), [("", ""), ("jax", " ENGINE=jax")])
def test_a_plan_says_what_to_install_for_gpus_that_no_library_can_use(copy, monkeypatch, engine, more):
    monkeypatch.chdir(copy.folder)
    monkeypatch.setenv("BUTFOR_START_SETTINGS", "{}")
    monkeypatch.setenv("BUTFOR_ENGINE", engine)
    copy.write(STUDY)
    found = from_file(Path("config/config.yaml"), cores=2, probe=False)
    assert "No GPU is needed, and none is used here." in outlook_text(replace(found, gpus=0, unusable_gpus=0))
    text = outlook_text(replace(found, gpus=0, unusable_gpus=2))
    assert f"although this machine has 2 GPUs: `make setup GPU=1{more}` installs those that use it." in text
