"""Seconds of training that were taken under different loads, or by other processors, are not compared without a word."""

from types import SimpleNamespace

import pytest

from butfor.verdicts.uneven_loads import BOUND, remark_on_seconds

CPU = {"device": "CPU, 1 thread", "processor": "A processor"}


def runs(arm, *loads, **machine):
    load = [[{"cpu_utilization_percentage": value, "system_memory_usage_percentage": 1.0}] for value in loads]
    timings = [{"seconds": {"train": 1.0}, "loads": one} for one in load]
    return [SimpleNamespace(arm=arm, timing=timing, machine={**CPU, **machine}) for timing in timings]


def test_arms_under_different_loads_are_named_with_them():
    said = remark_on_seconds([*runs("baseline", 99, 98, 20), *runs("slow", 50, 52, 51), *runs("fast", 80, 80)])
    assert said.startswith(
        "Seconds were taken under different loads: 51 % of the machine's processors were at work while slow"
    )
    assert "and 98 % while baseline did." in said


@pytest.mark.parametrize(
    ("others", "words"),
    [
        (runs("slow", 90 - BOUND), ""),
        (runs("slow", 89 - BOUND), "different loads"),
        (runs("slow", 10, device="CPU, 2 threads"), "same processors and threads"),
        (runs("slow", 90, processor="Another"), "same processors and threads"),
    ],
)
def test_what_is_told_of_two_arms(others, words):
    said = remark_on_seconds([*runs("baseline", 90), *others])
    assert words in said and bool(words) == bool(said)


def test_runs_on_gpus_and_those_without_loads_say_nothing():
    gpu = {"device": "GPU, NVIDIA"}
    assert remark_on_seconds([*runs("baseline", 90, **gpu), *runs("slow", 10, **gpu)]) == ""
    none = [SimpleNamespace(arm="a", timing={"seconds": {"train": 1.0}}, machine=CPU), *runs("b", 10)]
    assert remark_on_seconds(none) == "" == remark_on_seconds([])
