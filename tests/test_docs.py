"""The README and the docs: short enough to be read, with links that lead somewhere and examples that are right."""

import re

import numpy as np
import pytest
import yaml

from butfor.data.dataset import Dataset
from butfor.engine.keras_parts import Parts
from butfor.engine.user_models import build
from conftest import ROOT, resolved

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


def test_the_model_of_texts_takes_the_numbers_of_words(tmp_path, monkeypatch):
    _, source = blocks("own-model-and-data.md", "py")
    (tmp_path / "words_shown.py").write_text(source)
    (tmp_path / "words_shown.yaml").write_text("uses: []")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    numbers = np.random.default_rng(0).integers(0, 10_000, (64, 20)).astype(np.float32)
    texts = Dataset("texts", "", 2, numbers, np.arange(64) % 2, numbers, np.arange(64) % 2)
    rows = build(resolved(model={"name": "words_shown:build"}, batch_size=32, loop="graph"), texts, "arm")
    assert [row["layer"] for row in rows if row["parameters"]] == ["words", "logits"]


def test_the_model_of_several_inputs_takes_them_by_name(tmp_path, monkeypatch):
    source, _ = blocks("own-model-and-data.md", "py")
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
    assert {*told} == {name for name, value in vars(Parts).items() if callable(value) and not name.startswith("_")}
