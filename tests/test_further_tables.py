"""The tables of a paper's appendix hold the numbers of the records: interactions, costs, and claims about runs that fail."""

import pytest

from butfor.paper.claim_table import claim_tables
from butfor.paper.further_tables import cost_tables, interaction_tables, tuned_tables
from butfor.paper.method_paragraph import method_paragraph
from butfor.paper.paper_evidence import PaperSources, gathered
from butfor.paper.run_counts import replicates_words
from butfor.study.schema import load_schema, parts
from conftest import SCHEMA
from numbers_study import made
from recomputed_study import Recomputed


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """What a paper is made from, and the numbers as the records have them."""
    folder = tmp_path_factory.mktemp("further")
    whole = made(folder)
    files = (folder / f"{name}.json" for name in ("contrasts", "comparison", "claims"))
    sources = PaperSources(sorted(folder.glob("runs/*/look*")), *files)
    return gathered(whole.study, sources, parts(load_schema(SCHEMA))), Recomputed(folder)


def test_interactions_are_those_of_the_records(study):
    evidence, facts = study
    (table,) = interaction_tables(evidence)
    assert [row[0] for row in table.cells][2:] == [
        r"batch size 32 $\to$ 256 $\times$ epochs 5 $\to$ 20",
        "dropout: in the full recipe and alone",
    ]
    for row, name in zip(table.cells, ("batch_size", "epochs", "interaction", "dropout"), strict=True):
        assert float(row[1].strip("$")) == pytest.approx(facts.grid[name].effect, abs=0.051)
        ends = [float(end) for end in row[2].strip("$[]").split(r",\,")]
        assert ends == pytest.approx(facts.grid[name].interval(0.025), abs=0.051)
    assert [row[3] for row in table.cells] == ["same", "helps", "interaction", "interaction"]
    assert tuned_tables(evidence) == [], "no rates were tuned"


def test_costs_are_those_of_the_records(study):
    evidence, facts = study
    (table,) = cost_tables(evidence)
    assert len(table.cells) == len(facts.runs)
    sizes = {tuple(row[1:3]) for row in table.cells}
    assert (r"1\,642", r"1\,658") in sizes and (r"1\,370", r"1\,370") in sizes
    assert "all parameters" in table.caption


def test_a_claim_about_failures_tells_them_and_a_caption_those_that_stopped(study):
    evidence, _ = study
    (table,) = claim_tables(evidence, 5.5)
    assert [row[3] for row in table.cells][3:5] == ["6 of 6 failed", "1 of 10 failed"]
    assert "settled at a planned look, or that no planned look would have decided, got no more" in replicates_words(
        evidence
    )
    paragraph = method_paragraph(evidence, mlflow=False)
    assert paragraph.count("got no more") == 1 and replicates_words(evidence, says_why=False) in paragraph
