"""The benchmarks read their own arguments and make their tables of what was measured; nothing is timed here."""

import importlib
import json
from types import SimpleNamespace

import pytest

from conftest import ROOT

MEASURED = ("engine", "study", "overhead", "parallel", "streams")
MACHINE = {"date": "2026-01-01 12:00", "cores": "2", "processor": "made up"}


@pytest.fixture(autouse=True)
def _beside_each_other(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")


def benchmark(name):
    return importlib.import_module(name)


def cells(table):
    """The rows of a table in Markdown, which has as many cells in each as it has headings."""
    lines = [line for line in table.markdown().splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert {len(row) for row in rows} == {len(table.headings)}
    return rows[2:]


@pytest.mark.parametrize("name", MEASURED)
def test_options_have_values_and_unknown_ones_are_refused(name, capsys):
    options = benchmark(name).arguments([])
    assert getattr(options, "rounds", 1) >= 1
    with pytest.raises(SystemExit):
        benchmark(name).arguments(["--no-such-option"])
    assert "--no-such-option" in capsys.readouterr().err


@pytest.mark.parametrize("name", MEASURED)
def test_the_makefile_has_a_target_of_each(name):
    assert f"bench-{name}: " in (ROOT / "Makefile").read_text()
    assert f"benchmarks/{name}.py" in (ROOT / "Makefile").read_text()


def test_a_median_stands_with_its_spread_and_a_ratio_is_that_of_a_round():
    table = benchmark("measured_table")
    assert table.Measured((3.0, 1.0, 2.0)).text(1) == "2.0 (1.0–3.0)"
    assert table.Measured((0.5,)).text() == "0.50"
    assert table.ratio([2.0, 40.0], [1.0, 10.0]).values == (2.0, 4.0)
    assert (table.met(2.5, 2.5), table.met(2.4, 2.5)) == ("2.5 met", "2.5 missed")


def test_tables_are_written_with_date_and_machine(tmp_path):
    measured = benchmark("measured_table")
    table = measured.Table("Made up", ["way", "seconds"], [["one", "1.0"]], ["A note."])
    text = measured.write("made_up", [table], MACHINE, {"one": [1.0]}, tmp_path)
    assert "date 2026-01-01 12:00, cores 2, processor made up" in text
    assert (tmp_path / "made_up.md").read_text() == text
    assert json.loads((tmp_path / "made_up.json").read_text())["figures"] == {"one": [1.0]}
    assert {"date", "cores", "processor", "tensorflow"} <= set(measured.machine())


def test_an_epoch_is_held_against_fit_and_against_its_products():
    seconds = {
        way: {clock: [value, 2 * value] for clock in ("wall", "processor")}
        for way, value in {
            "fit": 4.0,
            "fit, 50 steps": 2.0,
            "butfor": 1.0,
            "products, XLA": 0.5,
            "products": 0.8,
        }.items()
    }
    dense = {"network": "dense", "targets": {"1": 2.5, "2": 3.5}, "seconds": seconds}
    others = {way: rows for way, rows in seconds.items() if not way.startswith("products")}
    convolution = {"network": "convolution", "targets": {"1": 5.0}, "seconds": others}
    rows = cells(benchmark("engine").table(1, [dense, convolution], "wall"))
    assert rows[0][4:] == ["4.00 (4.00–4.00)", "2.5 met", "2.00 (2.00–2.00)", "0.50 (0.50–0.50), 0.75 missed"]
    assert rows[1][5:] == ["5 missed", "2.00 (2.00–2.00)", ""]


def test_a_peer_is_held_against_butfor_before_and_after_it():
    def row(way, wall, failure=""):
        return {
            "way": way,
            "wall": wall,
            "processor": 2 * wall,
            "failure": failure,
            "accuracies": {"a 0": 0.88, "a 1": 0.9},
        }

    peers = [
        row("plain loop", 36.0),
        row("Optuna", 18.0),
        row("butfor", 14.0),
        row("Ray Tune", 5.0, failure="no such module"),
    ]
    rows = cells(benchmark("study").table([row("butfor", 10.0), *peers, row("butfor", 10.0)], 2))
    by_way = {row[0]: row[1:] for row in rows}
    assert by_way["plain loop"] == ["36.0", "3.00", "3 met", "72.0", "3.00", "2 of 2", "89.00 ± 1.00"]
    assert by_way["Optuna"][:3] == ["18.0", "1.50", "3 missed"]
    assert by_way["butfor"][0] == "10.0 (10.0–14.0)"
    assert by_way["Ray Tune"][0] == "failed"


def test_a_study_is_divided_into_parts_that_are_all_of_its_cores_seconds():
    overhead, sampled = benchmark("overhead"), benchmark("sampled_processes")
    lived = [
        sampled.Lived("train", 0.0, 60.0, 60.0),
        sampled.Lived("report", 60.0, 5.0, 4.0),
        sampled.Lived("Snakemake", 0.0, 70.0, 6.0),
    ]
    phases = {"train": 40.0, "compile": 5.0, "evaluate": 3.0}
    shares = {overhead.COMPILED: 0.75, "evaluation after epochs": 0.2, "other of an epoch": 0.05}
    costs = overhead.parts(lived, phases, shares, wall=70.0, cores=2)
    assert costs[overhead.COMPILED] == (30.0, 30.0)
    assert costs[overhead.JOB_START] == (12.0, 12.0)
    assert costs["Snakemake: parse, plan, start jobs"] == (6.0, 6.0)
    assert sum(seconds for seconds, _ in costs.values()) == 140.0
    table = overhead.table(costs, 6, 70.0, 2)
    assert cells(table)[0] == [overhead.COMPILED, "30.0", "21.4", "30.0", "42.9"]
    assert "78.6 % of the cores' seconds (at most 10: missed)" in table.notes[0]


def test_processes_are_told_apart_by_their_command_lines():
    kind = benchmark("sampled_processes").kind
    assert kind(["python", "/study/.snakemake/scripts/tmpab_1.train.py"]) == "train"
    assert kind(["python", "/butfor/scripts/follow.py"]) == "follow"
    assert kind(["python", "-m", "snakemake", "--cores", "2"]) == "Snakemake"
    assert kind(["git", "status"]) == "other"
    server = ["python", "/butfor/scripts/butfor/forks/server.py", "/tmp/x", "engine", "numpy"]
    assert [kind(server, name) for name in ("python3.11", "train")] == ["forks", "train"]
    client = ["python", "-SE", "/butfor/scripts/butfor/forks/client.py", "/tmp/x", "python"]
    assert kind([*client, "/study/.snakemake/scripts/tmpab_1.train.py"]) == "other"


def test_two_jobs_are_held_against_one():
    one = {"wall": 10.0, "processor": 9.0, "memory": 900e6}
    rounds = [{"alone": one, "all": [one, {**one, "wall": 12.5, "processor": 10.0, "memory": 950e6}]}]
    parallel = benchmark("parallel")
    table = parallel.table(rounds, 2, parallel.declared())
    assert cells(table)[1] == ["2", "12.50", "1.60", "1.80", "0.85 (0.80–0.90)", "950"]
    assert "1.8 missed" in table.notes[0] and "2000 MB" in table.notes[0]


def test_inputs_on_disk_are_held_against_those_in_memory():
    streams = benchmark("streams")
    seconds = {way: {"wall": [n, n]} for n, way in enumerate((streams.HELD, streams.CACHED, streams.COLD), start=1)}
    (row,) = cells(streams.table([{"network": "dense", "bytes": 5_000_000, "seconds": seconds}], "wall"))
    assert row == ["dense", *["1.00 (1.00–1.00)"], *["2.00 (2.00–2.00)"] * 2, *["3.00 (3.00–3.00)"] * 2]


def test_the_age_of_a_process_is_by_the_clock_that_dates_it(monkeypatch):
    """Not by the date, which may have been set since the machine began, and of whose beginning whole seconds are known."""
    sampled = benchmark("sampled_processes")
    process = SimpleNamespace(create_time=lambda: sampled.psutil.boot_time() + 40.0)
    monkeypatch.setattr(sampled.time, "clock_gettime", {sampled.time.CLOCK_BOOTTIME: 47.5}.get)
    assert sampled.age(process) == pytest.approx(7.5)
