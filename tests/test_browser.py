"""MLflow's pages as a first visitor sees them: `make ui`, the link that it prints, Debian's browser, a fresh profile."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import statistics
import zlib
from pathlib import Path

import pytest

import browser_pages as pages
from butfor.study.metrics import METRICS
from butfor.tracking import metric_names, views
from conftest import need

pytestmark = pytest.mark.services
DELTA = metric_names.delta(METRICS["test/accuracy"])
EFFECT, ACCURACY = f"metrics.`{DELTA}`", "metrics.`test/accuracy`"
USABLE = [arm for arm in pages.EFFECTS if arm != pages.VOID]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    need(pages.CHROMIUM.exists(), f"Debian's chromium as {pages.CHROMIUM}")
    need(importlib.util.find_spec("playwright"), "Playwright (requirements-ci.lock)")
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def records(results):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return {(record.arm, record.seed): record for record in pages.study(results)}


@pytest.fixture(scope="module")
def link(results, records):
    with pages.served(results) as link:
        yield link


@pytest.fixture(scope="module")
def chromium(link):
    with pages.chromium() as browser:
        yield browser


@pytest.fixture
def page(chromium, request, tmp_path):
    """A page of a fresh profile; what it shows in the end is kept as a picture."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(120_000)
    page = context.new_page()
    yield page
    folder = Path(os.environ.get("BUTFOR_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{request.node.name}.png")
    context.close()


def in_view(link, view, charts=False):
    server, experiment = link.split("/#")[0], link.split("/experiments/")[1].split("/")[0]
    return server + views.link(experiment, view, charts)


def difference(records, arm, seed):
    """Ablation minus baseline on test images, in points, from the records."""
    return 100 * (records[arm, seed].metrics["test/accuracy"] - records["baseline", seed].metrics["test/accuracy"])


def mean(records, arm, of=None):
    """Over the arm's seeds that have not failed: of the test accuracy, or of a function of arm and seed."""
    seeds = [seed for seed in pages.SEEDS if (arm, seed) != pages.DIVERGED]
    return statistics.fmean(of(records, arm, s) if of else records[arm, s].metrics["test/accuracy"] for s in seeds)


def by_effect(records):
    """The usable arms as the first view is to list them; the baseline has no effect and comes last."""
    arms = [arm for arm in USABLE if arm != "baseline"]
    return [*sorted(arms, key=lambda arm: mean(records, arm, difference)), "baseline"]


def test_the_printed_link_opens_on_the_mean_of_each_ablation_sorted_by_effect(link, records, page):
    page.goto(link)
    rows = pages.table(page)
    assert [row["id"] for row in rows] == [f"param.arm.{arm}" for arm in by_effect(records)]
    for arm, row in zip(by_effect(records), rows, strict=True):
        assert float(row[ACCURACY].split()[0]) == pytest.approx(mean(records, arm), abs=1e-9)
        runs = len([seed for seed in pages.SEEDS if (arm, seed) != pages.DIVERGED])
        assert row[views.NAME].split() == ["Group:", arm, str(runs)]
        if arm != "baseline":
            assert float(row[EFFECT].split()[0]) == pytest.approx(mean(records, arm, difference), abs=1e-5)
    for column in (EFFECT, ACCURACY):
        assert pages.is_whole(page, column), "seen without scrolling"


def test_nothing_stands_in_a_first_visitor_s_way(link, page):
    page.goto(link)
    pages.table(page)
    said = page.inner_text("body")
    assert "Mean per ablation, by effect" in said and pages.QUESTION in said
    assert "Model registry" in said and "Judges" not in said and "Prompts" not in said, "the mode for trainings"
    assert "Assistant" not in said and page.locator("[role=dialog]").count() == 0
    assert page.locator("input[type=password]").count() == 0


def test_every_run_has_its_ablation_seed_test_accuracy_and_difference(link, records, page):
    page.set_viewport_size({"width": 1440, "height": 1400})
    page.goto(in_view(link, "butfor-runs"))
    rows = pages.table(page)
    shown = {(row["params.`arm`"], int(row["params.`seed`"])): row for row in rows}
    assert set(shown) == {key for key in records if key[0] in USABLE and key != pages.DIVERGED}
    for (arm, seed), row in shown.items():
        assert float(row[ACCURACY]) == pytest.approx(records[arm, seed].metrics["test/accuracy"], abs=1e-9)
        if arm != "baseline":
            assert float(row[EFFECT]) == pytest.approx(difference(records, arm, seed), abs=1e-5)
    effects = [float(row[EFFECT]) for row in rows if row["params.`arm`"] != "baseline"]
    assert effects == sorted(effects)


def test_failed_and_void_runs_are_listed_with_the_reason(link, page):
    page.goto(in_view(link, "butfor-failed"))
    rows = pages.table(page)
    reasons = {row[views.NAME]: row["tags.`butfor.unusable`"] for row in rows}
    void = {f"{pages.VOID} · seed {seed}": "its arm is void" for seed in pages.SEEDS}
    assert reasons == {**void, "{} · seed {}".format(*pages.DIVERGED): "the loss was nan in epoch 3"}


def test_learning_curves_are_drawn_as_means_over_seeds(link, records, page):
    page.goto(in_view(link, views.CURVES, charts=True))
    drawn = pages.charts(page, "val/accuracy")
    assert drawn["paths"] >= len(USABLE)
    lines = [line["y"] for line in drawn["data"] if line["x"] == list(range(1, pages.EPOCHS + 1))]
    for arm in USABLE:
        seeds = [seed for seed in pages.SEEDS if (arm, seed) != pages.DIVERGED]
        rows = zip(*(records[arm, seed].history for seed in seeds), strict=True)
        curve = [statistics.fmean(row["validation/accuracy"] for row in epoch) for epoch in rows]
        assert any(line == pytest.approx(curve, abs=1e-6) for line in lines), arm
    assert len({tuple(line) for line in lines}) == len(USABLE)
    sections = re.findall(r"^(\w+)\s*\((\d+)\)$", page.inner_text("body"), re.MULTILINE)
    assert sections == [("val", "2"), ("train", "4"), ("delta", "2")], "no other, and none that is empty"


def test_effects_are_drawn_as_bars_from_nothing(link, records, page):
    page.goto(in_view(link, views.FIRST, charts=True))
    drawn = pages.charts(page, DELTA)
    (bars,) = [trace for trace in drawn["data"] if trace["type"] == "bar"]
    arms = [arm for arm in by_effect(records) if arm != "baseline"]
    assert bars["names"][::-1] == arms, "from below"
    assert bars["x"][::-1] == pytest.approx([mean(records, arm, difference) for arm in arms], abs=1e-5)


def test_a_run_says_what_it_is_and_shows_its_record(link, records, page):
    page.goto(in_view(link, "butfor-runs"))
    pages.table(page)
    page.get_by_role("link", name="no_dropout · seed 2").click()
    page.get_by_text("Seed 2 of no_dropout, an ablation of baseline: test accuracy").wait_for()
    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_text("seed_2.json").first.click()
    page.get_by_text('"no_dropout"').first.wait_for()
    page.get_by_text("recipe.yaml").first.click()
    page.get_by_text("l2: 0.1").first.wait_for()
    page.get_by_text("curves.svg").first.click()
    page.wait_for_function("[...document.images].some(image => image.naturalWidth > 200)")


def test_the_summary_run_shows_the_report_and_its_figures(link, results, page):
    page.goto(in_view(link, "butfor-report"))
    page.get_by_role("link", name="report", exact=True).click()
    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_text("report.md").first.click()
    page.get_by_role("heading", name=pages.QUESTION).wait_for()
    assert page.get_by_role("cell", name="no_dropout").count() == 1
    page.get_by_text("figures").first.click()
    page.get_by_text("effects.png").first.click()
    page.wait_for_function("[...document.images].some(image => image.naturalWidth > 400)")


@pytest.mark.parametrize("state", ["no view at all", "of another kind"])
def test_where_the_format_of_views_is_not_understood_the_runs_are_shown_all_the_same(link, results, page, state):
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{results}/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("digits-parts").experiment_id
    other = json.dumps({"columns": {"of": ["a", "later", "format"]}, "groupBy": 3})
    packed = "deflate;" + base64.b64encode(zlib.compress(other.encode())).decode()
    saved = {"no view at all": "{", "of another kind": json.dumps({"name": "other", "state": packed})}[state]
    client.set_experiment_tag(experiment, f"{views.TAG}broken", saved)
    page.goto(in_view(link, "broken"))
    if state == "no view at all":
        page.get_by_text("share key is invalid").first.wait_for()
        page.goto(in_view(link, "").split("&")[0])
    page.get_by_text("no_dropout · seed 2").first.wait_for()
    page.goto("about:blank")
    page.goto(link)
    assert len(pages.table(page)) == len(USABLE)
    client.delete_experiment_tag(experiment, f"{views.TAG}broken")
