"""The README and the docs: short enough to be read, with links that lead somewhere and examples that are right."""

import importlib
import inspect
import re
from typing import get_args

import numpy as np
import pytest
import yaml

from butfor.checks.outcomes import CheckOutcome
from butfor.data.dataset import Dataset
from butfor.engine.keras_parts import Parts
from butfor.engine.user_models import build
from butfor.study.schema import load_schema
from butfor.study.settings import study_and_plan
from butfor.user_code.own_schedule import rates_of
from butfor.verdicts.rows import Outcome, Verdict
from conftest import ROOT, SCHEMA, resolved

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)


def test_a_newcomer_reads_the_readme():
    assert len(PAGES[0].read_text().splitlines()) <= 120


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_files_that_are_there(page):
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_is_linked_from_the_readme():
    text = PAGES[0].read_text()
    assert [page.name for page in PAGES[1:] if f"(docs/{page.name})" not in text] == []


def test_the_settings_of_verdicts_are_the_defaults(planned):
    shown, *_ = blocks("studies.md", "yaml")
    study, _ = planned("ablations: {a: {set: {dropout: 0.2}}}")
    written = yaml.safe_load(shown)["verdict"]
    assert written == {key: study["verdict"][key] for key in written}


def test_the_model_and_its_declaration_are_held_to_their_word(tmp_path, monkeypatch, digits_data):
    page = "own-model-and-data.md"
    source, without_seeds = blocks(page, "python")
    declaration = next(text for text in blocks(page, "yaml") if text.startswith("uses"))
    (tmp_path / "shown.py").write_text(source)
    (tmp_path / "shown.yaml").write_text(declaration)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    rows = build(resolved(model={"name": "shown:build"}, dropout=0.1, batch_size=32, loop="graph"), digits_data, "arm")
    assert [row["layer"] for row in rows if row["parameters"]] == ["hidden_1", "logits"]
    (tmp_path / "seedless.py").write_text(without_seeds)
    (tmp_path / "seedless.yaml").write_text("uses: []")
    rows = build(resolved(model={"name": "seedless:build"}, batch_size=32, loop="graph"), digits_data, "arm")
    assert [row["layer"] for row in rows if row["parameters"]] == ["reader", "lstm_cell", "hidden", "logits"]


def test_the_schedule_is_worked_out(tmp_path, monkeypatch):
    *_, source = blocks("own-model-and-data.md", "py")
    (tmp_path / "shown_rates.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    name = "shown_rates:stable_then_down"
    recipe = resolved(schedule={"name": name, "settings": {"cooldown": 0.5}}, epochs=2, learning_rate=0.1)
    assert list(rates_of(recipe, 4)) == pytest.approx([0.1] * 5 + [0.075, 0.05, 0.025])


def test_the_model_of_texts_takes_the_numbers_of_words(tmp_path, monkeypatch):
    _, source, _ = blocks("own-model-and-data.md", "py")
    (tmp_path / "words_shown.py").write_text(source)
    (tmp_path / "words_shown.yaml").write_text("uses: []")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    numbers = np.random.default_rng(0).integers(0, 10_000, (64, 20)).astype(np.float32)
    texts = Dataset("texts", "", 2, numbers, np.arange(64) % 2, numbers, np.arange(64) % 2)
    rows = build(resolved(model={"name": "words_shown:build"}, batch_size=32, loop="graph"), texts, "arm")
    assert [row["layer"] for row in rows if row["parameters"]] == ["words", "logits"]


def test_the_model_of_several_inputs_takes_them_by_name(tmp_path, monkeypatch):
    source, *_ = blocks("own-model-and-data.md", "py")
    (tmp_path / "both_shown.py").write_text(source)
    uses = ["initialiser", "layer_initialisers", "bias_initialiser", "normalisation", "l1", "l2", "activity_l1"]
    uses += ["activity_l2", "max_norm", "shift", "flip"]
    (tmp_path / "both_shown.yaml").write_text(f"uses: [{', '.join(uses)}]\nlayers: [hidden_1, logits]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    rng = np.random.default_rng(0)
    inputs = {"image": rng.random((64, 8, 8), np.float32), "row": rng.random((64, 3), np.float32)}
    both = Dataset("both", "", 2, inputs, np.arange(64) % 2, inputs, np.arange(64) % 2)
    rows = build(resolved(model={"name": "both_shown:build"}, shift=1, batch_size=32, loop="graph"), both, "arm")
    assert {"image", "row", "shift"} <= {row["layer"] for row in rows}


def test_the_table_of_parts_lists_all_that_a_model_is_given():
    text = (ROOT / "docs" / "own-model-and-data.md").read_text()
    told = re.findall(r"`(\w+)\(", "".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `")))
    assert {*told} == {name for name, _ in inspect.getmembers(Parts, callable) if not name.startswith("_")}


def chart():
    """The rows of the README's chart: arm, drawing, effect, interval's ends, verdict."""
    text = PAGES[0].read_text().split("```text\n")[1].split("```")[0].replace("−", "-")
    numbers = r"([+-][\d.]+) \[([+-][\d.]+), ([+-][\d.]+)\]"
    for line in text.splitlines()[1:]:
        drawn, *found, verdict = re.fullmatch(rf"(.*?) +{numbers}  (.*)", line).groups()
        yield drawn.split()[0], drawn, *map(float, found), verdict


def test_the_chart_of_the_readme_is_of_the_example_study_drawn_to_scale_and_judged_as_it_judges():
    study, plan = study_and_plan(yaml.safe_load((ROOT / "config" / "config.yaml").read_text()), SCHEMA)
    margin = study["verdict"]["margin"]
    rows = list(chart())
    assert len(rows) == 8 and {arm for arm, *_ in rows} <= {*plan.arms}
    left, right = sorted({match.start() for _, drawn, *_ in rows for match in re.finditer("┊", drawn)})
    for arm, drawn, effect, low, high, verdict in rows:
        places = [left + (right - left) * (value + margin) / (2 * margin) for value in (effect, low, high)]
        line = [place for place, letter in enumerate(drawn) if letter in "─●"]
        assert np.allclose([drawn.index("●"), line[0], line[-1]], places, atol=0.51), arm
        is_inside = -margin < low and high < margin
        assert verdict == ("helps" if low > 0 else "hurts" if high < 0 else "no meaningful difference"), arm
        assert is_inside or verdict != "no meaningful difference"


def test_the_page_on_verdicts_has_every_word_that_a_report_may_use():
    text = (ROOT / "docs" / "verdicts.md").read_text()
    words = [*get_args(Verdict), *get_args(Outcome), *get_args(CheckOutcome)]
    assert [word for word in words if word not in text and word not in ("proven", "unknown")] == []


def test_guides_begin_with_what_one_types():
    for name in (
        "cluster-and-gpu",
        "mlflow",
        "paper",
        "planning",
        "for-programs",
        "tutorial",
        "from-train-py",
        "studies",
    ):
        head = (ROOT / "docs" / f"{name}.md").read_text().split("```")
        assert len(head) > 2 and len(head[0].splitlines()) < 8, name


def test_the_workflow_catalogue_is_told_what_is_so():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    rules = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    assert usage["report"] is True and "report(" in rules
    assert not any(usage["software-stack-deployment"].values()) and not re.search(r"^ +(conda|container):", rules, re.M)
    assert {*usage["mandatory-flags"]} == {"desc", "flags"} and "make setup" in usage["mandatory-flags"]["desc"]
    assert (ROOT / "config" / "README.md").is_file() and (ROOT / "config" / "config.yaml").is_file()


def test_the_manual_has_every_key_with_its_range_unit_default_and_the_value_that_takes_it_out(monkeypatch):
    """Without Sphinx, which makes a page of it."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    manual = importlib.import_module("schema_reference").reference(SCHEMA)
    lines = {match[1]: match[0] for match in re.finditer(r"^\| `([\w.]+)` \|.*$", manual, re.MULTILINE)}
    recipe = load_schema(SCHEMA)["$defs"]["recipe"]["properties"]
    assert set(recipe) < set(lines)
    for text in (
        "at least 0 and less than 1",
        "unless said `0.0`",
        "Unit: share of inputs dropped",
        "`0.0` takes it out",
    ):
        assert text in lines["input_dropout"]
    assert "or your own, `module:function`" in lines["model"] and "step" in manual.split("### `recipe.schedule`")[1]
