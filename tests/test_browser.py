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
    """The arms as the first view is to list them: the baseline, the usable ones by effect, the void one."""
    arms = [arm for arm in USABLE if arm != "baseline"]
    return ["baseline", *sorted(arms, key=lambda arm: mean(records, arm, difference)), pages.VOID]


def test_the_printed_link_opens_on_the_arms_with_what_was_judged(link, records, page):
    page.goto(link)
    rows = pages.table(page)
    assert [row[views.NAME] for row in rows] == by_effect(records)
    judged = {row["arm"]: row for row in pages.judged(list(records.values()), len(pages.SEEDS))[: len(USABLE)]}
    for arm, row in zip(by_effect(records), rows, strict=True):
        assert row["tags.`mean and sd`"].startswith(f"{100 * mean(records, arm):.2f} ± ")
        failed = [seed for seed in pages.SEEDS if (arm, seed) == pages.DIVERGED]
        assert (row["metrics.`seeds`"], row["metrics.`failed`"]) == (str(len(pages.SEEDS)), str(len(failed)))
        assert row["tags.`verdict`"] == (judged[arm]["verdict"] if arm != "baseline" else "reference")
        if arm not in ("baseline", pages.VOID):
            assert float(row[EFFECT]) == round(mean(records, arm, difference), 2)
    for column in ("tags.`verdict`", EFFECT, "tags.`interval`", "tags.`mean and sd`"):
        assert pages.is_whole(page, column), "seen without scrolling"


def test_the_link_is_as_exact_with_99_arms(link, results, page, tmp_path, monkeypatch):
    """Of another study in the same store: to start its pages takes longer than to look at them."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{results}/mlflow/mlflow.db")
    effects, seeds = pages.many(99), 3
    reached = dict.fromkeys(effects, 0.0)
    for record in pages.study(tmp_path, effects, range(seeds), "digits-many"):
        reached[record.arm] += 100 * record.metrics["test/accuracy"] / seeds
    page.set_viewport_size({"width": 1440, "height": 5000})
    page.set_default_timeout(240_000)
    page.goto(link.split("/#")[0] + json.loads((tmp_path / "tracked.json").read_text())["link"])
    shown = pages.table(page)
    arms = sorted(effects, key=lambda arm: (arm != "baseline", reached[arm]))
    assert shown[0][views.NAME] == "baseline" and len(shown) == len(effects)
    assert [row["tags.`mean and sd`"].split()[0] for row in shown] == [f"{reached[arm]:.2f}" for arm in arms]
    assert {row["metrics.`seeds`"] for row in shown} == {str(seeds)}


def test_nothing_stands_in_a_first_visitor_s_way(link, page):
    page.goto(link)
    pages.table(page)
    said = page.inner_text("body")
    assert "Arms, the baseline first" in said and pages.QUESTION in said
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
        assert float(row[ACCURACY]) == pytest.approx(records[arm, seed].metrics["test/accuracy"], abs=1e-7)
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


def test_learning_curves_are_drawn_as_means_over_seeds_in_colours_of_their_own(link, records, page):
    page.goto(link.split("/#")[0] + views.link(link.split("/experiments/")[1].split("/")[0], views.CURVES, charts=True))
    drawn = pages.charts(page, "val/accuracy")
    lines = {
        tuple(line["y"]): line["colour"] for line in drawn["data"] if line["x"] == list(range(1, pages.EPOCHS + 1))
    }
    for arm in pages.EFFECTS:
        seeds = [seed for seed in pages.SEEDS if (arm, seed) != pages.DIVERGED]
        rows = zip(*(records[arm, seed].history for seed in seeds), strict=True)
        curve = [statistics.fmean(row["validation/accuracy"] for row in epoch) for epoch in rows]
        assert any(list(line) == pytest.approx(curve, rel=1e-5) for line in lines), arm
    assert len(lines) == len(set(lines.values())) == len(pages.EFFECTS)
    sections = re.findall(r"^(\w+)\s*\((\d+)\)$", page.inner_text("body"), re.MULTILINE)
    assert sections == [("val", "2"), ("train", "4"), ("delta", "2"), ("band", "4")], "no other, and none that is empty"


def test_effects_are_drawn_as_bars_from_nothing(link, records, page):
    page.goto(in_view(link, views.FIRST, charts=True))
    drawn = pages.charts(page, DELTA)
    (bars,) = [trace for trace in drawn["data"] if trace["type"] == "bar"]
    arms = [arm for arm in by_effect(records) if arm not in ("baseline", pages.VOID)]
    assert bars["names"][::-1] == arms, "from below"
    assert bars["x"][::-1] == [round(mean(records, arm, difference), 2) for arm in arms]


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


def test_the_page_beside_the_report_leads_to_an_arm_s_run(link, results, page):
    page.goto(f"{(results / 'mlflow.html').absolute().as_uri()}#no_dropout")
    page.get_by_label("MLflow's address:").fill(link.split("/#")[0])
    page.get_by_role("link", name="no_dropout", exact=True).click()
    page.get_by_text("no_dropout").first.wait_for()
    assert page.url.startswith(link.split("/#")[0]) and "/runs/" in page.url


def test_the_report_s_row_and_link_show_the_report(link, results, page):
    page.goto(in_view(link, "butfor-report"))
    page.get_by_role("link", name="report", exact=True).click()
    page.get_by_role("cell", name="no_dropout").first.wait_for()
    page.goto(link.split("/#")[0] + json.loads((results / "tracked.json").read_text())["report"])
    page.get_by_role("heading", name=pages.QUESTION).wait_for()
    page.get_by_text("figures").first.click()
    page.get_by_text("effects.png").first.click()
    page.wait_for_function("[...document.images].some(image => image.naturalWidth > 400)")


@pytest.mark.parametrize("state", ["no view at all", "of another kind"])
def test_where_the_format_of_views_is_not_understood_the_runs_are_shown_all_the_same(link, results, page, state):
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{results}/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name(pages.EXPERIMENT).experiment_id
    other = json.dumps({"columns": {"of": ["a", "later", "format"]}, "groupBy": 3})
    packed = "deflate;" + base64.b64encode(zlib.compress(other.encode())).decode()
    saved = {"no view at all": "{", "of another kind": json.dumps({"name": "other", "state": packed})}[state]
    client.set_experiment_tag(experiment, f"{views.TAG}broken", saved)
    page.goto(in_view(link, "broken"))
    if state == "no view at all":
        page.get_by_text("share key is invalid").first.wait_for()
        page.goto(in_view(link, "").split("&")[0])
    page.get_by_role("link", name="no_dropout", exact=True).first.wait_for()
    page.goto("about:blank")
    page.goto(link)
    assert len(pages.table(page)) == len(pages.EFFECTS)
    client.delete_experiment_tag(experiment, f"{views.TAG}broken")
