"""The cohorts of a start, told without JAX: which arms train together before their jobs, and which by themselves."""

from types import SimpleNamespace

import pytest

from butfor.recipe.cohorts import cohorts
from butfor.workflow import inheritance, joint_trainings
from butfor.workflow.joint_trainings import are_wanted
from butfor.workflow.planned_cohorts import PlannedCohorts

STUDY = """
seeds: [2, 4]
data: {name: digits}
recipe: {dropout: 0.2}
ablations:
  no_dropout: {set: {dropout: 0.0}}
  faster: {set: {learning_rate: 0.01}}
  larger_batch: {set: {batch_size: 512}}
  larger_batch_slower: {set: {batch_size: 512, learning_rate: 0.0001}}
"""


@pytest.fixture
def start(planned, monkeypatch, tmp_path):
    """Gives what a start would train together, by the arms whose records are there, and by what else is said."""
    monkeypatch.setenv("BUTFOR_ENGINE", "jax")

    def planned_with(there=(), asked=(), text=STUDY, models=(), folds=None, **job):
        settings, plan = planned(text)
        settings["job"] |= {"cohorts": "always", **job}
        settings["results"] = "results"

        def training(arm, look):
            return plan.training(arm, look)

        targets = SimpleNamespace(
            models=lambda: models,
            training=training,
            planned=lambda: ((look.name, training(arm, look.name)) for look in plan.looks for arm in plan.arms),
            trained=lambda until: [
                f"results/runs/{arm}/{until}" for arm in plan.arms if until == "look1" or arm != "faster"
            ],
            data=SimpleNamespace(made_of={"": "digits"}, made={"": {"folds": folds} if folds else {}}),
        )
        monkeypatch.setattr(inheritance, "is_in_place", lambda results, t, look: t["arm"] in there)
        return PlannedCohorts(settings, plan, targets, lambda: asked, joint_trainings.devices_of(settings))

    return planned_with


def together(found, look="look1", arms=("baseline", "no_dropout", "faster", "larger_batch", "larger_batch_slower")):
    """The arms by what they wait for."""
    by_receipt = {}
    for arm in arms:
        for receipt in found.receipts(arm, look):
            by_receipt.setdefault(receipt, []).append(arm)
    return by_receipt


def test_arms_that_share_a_program_wait_for_one_job(start):
    found = start()
    first, second = together(found).items()
    assert first[1] == ["baseline", "no_dropout", "faster"] and second[1] == ["larger_batch", "larger_batch_slower"]
    folder, look, name = first[0].rsplit("/", 2)
    mark = name.removesuffix(".json")
    assert (folder, look) == ("results/cohorts", "look1") and len(mark) == 16
    assert [t["arm"] for t in found.trainings("look1", mark)] == first[1]
    assert found.folders("look1", mark) == [f"results/runs/{arm}/look1" for arm in first[1]]
    assert found.announcement("look1", mark) == "Train 6 runs of 3 arms together, look1"
    assert found.announced_after(None, "Train a, look1") == "Train a, look1"
    assert found.announced_after([first[0]], "Train a, look1").endswith("look1, as far as it was not trained together")
    alone = start(there={"larger_batch_slower"})
    (receipt,) = alone.receipts("larger_batch", "look1")
    mark = receipt.rsplit("/", 1)[1].removesuffix(".json")
    assert alone.announcement("look1", mark) == "Train 2 runs of larger_batch together, look1"


def test_of_a_later_look_only_those_that_it_trains(start):
    found = start()
    assert list(together(found, "look2").values()) == [
        ["baseline", "no_dropout"],
        ["larger_batch", "larger_batch_slower"],
    ]
    assert not set(together(found, "look2")) & set(together(found))


def test_records_that_are_there_are_no_part_of_it_and_make_it_another(start):
    before = together(start())
    found = start(there={"faster"})
    after = together(found)
    assert list(after.values()) == [["baseline", "no_dropout"], ["larger_batch", "larger_batch_slower"]]
    assert [receipt in after for receipt in before] == [False, True]
    assert found.receipts("faster", "look1") == []


def test_it_is_the_same_at_the_next_start_and_another_where_a_number_changed(start):
    assert together(start()) == together(start())
    other = together(start(text=STUDY.replace("0.01}", "0.02}")))
    assert list(other.values()) == list(together(start()).values())
    assert [receipt in other for receipt in together(start())] == [False, True]


def test_what_a_start_trains_changes_none_of_its_cohorts(start, monkeypatch):
    found = start()
    before = together(found)
    monkeypatch.setattr(inheritance, "is_in_place", lambda results, training, look: True)
    assert together(found) == before


def test_an_arm_that_is_asked_for_by_its_path_trains_alone(start):
    assert together(start(asked=["results/runs/faster/look1"])) == {}
    assert together(start(asked=["results/report.md", "all"])) != {}


def test_folds_have_none_of_which_each_seed_has_other_data(start):
    assert together(start(folds=5)) == {}


def test_models_and_time_limits_have_none(start):
    assert start().are_possible
    for found in (start(models={"best": "models"}), start(text=STUDY + "max_minutes: 5\n"), start(cohorts="never")):
        assert not found.are_possible and together(found) == {}


@pytest.mark.parametrize(
    ("engine", "asked", "gpus", "wanted"),
    [
        ("jax", "auto", 0, False), ("jax", "auto", 1, True), ("jax", "always", 0, True), ("jax", "never", 1, False),
        ("tensorflow", "always", 1, False), ("numpy_engine:NumpyEngine", "always", 1, False),
    ],
)  # fmt: skip
def test_they_are_wanted_of_jax_and_on_gpus_unless_the_study_says_otherwise(monkeypatch, engine, asked, gpus, wanted):
    monkeypatch.setenv("BUTFOR_ENGINE", engine)
    monkeypatch.setattr(joint_trainings, "gpus", lambda: gpus)
    assert are_wanted({"job": {"cohorts": asked}}) is wanted


@pytest.fixture
def on_gpus(start, monkeypatch):
    """Gives what a start trains together on so many GPUs, by the arms of each job, with what it is told of its program."""

    def jobs(count, **job):
        monkeypatch.setattr(joint_trainings, "gpus", lambda: count)
        found = start(**job)
        marks = [receipt.rsplit("/", 1)[1].removesuffix(".json") for receipt in together(found)]
        return [([t["arm"] for t in found.trainings("look1", m)], found.program("look1", m)) for m in marks]

    return jobs


def test_on_several_gpus_a_cohort_is_as_many_jobs_none_larger_than_a_gpus_share(on_gpus):
    large = ["larger_batch", "larger_batch_slower"]
    assert [arms for arms, _ in on_gpus(1)] == [["baseline", "no_dropout", "faster"], large]
    assert sorted(arms for arms, _ in on_gpus(2)) == [["baseline", "no_dropout", "faster"], large]
    assert sorted(arms for arms, _ in on_gpus(3)) == [["baseline", "faster"], large, ["no_dropout"]]
    assert sorted(arms for arms, _ in on_gpus(2, gpu_share=4)) == [
        ["baseline"], ["faster"], ["larger_batch"], ["larger_batch_slower"], ["no_dropout"],
    ]  # fmt: skip


def test_the_jobs_of_a_program_have_the_same_lanes_and_parts(on_gpus):
    programs = {arms[0]: program for arms, program in on_gpus(3)}
    assert programs["baseline"] == programs["no_dropout"] == {"switches": ["dropout_1", "dropout_2"], "lanes": 4}
    assert programs["larger_batch"]["lanes"] == 4


def test_each_is_one_program(start):
    found = start()
    for receipt in together(found):
        mark = receipt.rsplit("/", 1)[1].removesuffix(".json")
        assert len(cohorts([(t["recipe"], seed) for t in found.trainings("look1", mark) for seed in t["seeds"]])) == 1


def test_a_gpu_leaves_its_share_of_the_cores_to_records(monkeypatch):
    settings = {"threads": 1, "job": {"gpu_share": 1}}
    for count, cores, threads in ((0, 16, 1), (1, 16, 16), (4, 16, 4), (4, 2, 1), (1, None, 1)):
        monkeypatch.setattr(joint_trainings, "gpus", lambda count=count: count)
        assert joint_trainings.threads_of(settings, cores) == threads
