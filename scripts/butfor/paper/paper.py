"""All that a study gives a paper, written into one folder: tables, macros, texts, references, figures with their data, and a
document that shows them."""

from __future__ import annotations

from pathlib import Path

from butfor.errors import StudyError
from butfor.figures.paper_cost import paper_cost
from butfor.figures.paper_effects import paper_effects
from butfor.figures.paper_sensitivity import paper_sensitivity
from butfor.figures.venue_style import page
from butfor.paper.ablation_table import ablation_tables
from butfor.paper.bibliography import references
from butfor.paper.captions import effects_caption
from butfor.paper.checklist import checklist, deviations
from butfor.paper.claim_table import claim_tables
from butfor.paper.data_set_table import data_set_tables
from butfor.paper.figure_data import effects_table, seeds_table, write_data
from butfor.paper.further_captions import cost_caption, sensitivity_caption
from butfor.paper.further_frames import costs_table, sensitivity_table
from butfor.paper.further_tables import cost_tables, interaction_tables, tuned_tables
from butfor.paper.macros import macros_file
from butfor.paper.main_document import main_document, preamble
from butfor.paper.method_paragraph import method_paragraph
from butfor.paper.paper_evidence import PaperEvidence, PaperSources, gathered
from butfor.paper.paper_files import FIGURE, FRAMES
from butfor.paper.tabular import in_latex
from butfor.records.files import write_atomically
from butfor.records.results_folder import STUDY_NAME
from butfor.study.schema import load_schema, parts
from butfor.study.summary import DescribedStudy

EFFECTS, SENSITIVITY, COST = "effects", "sensitivity", "cost"
MADE = "% Made by butfor from"


class PaperPlaceError(StudyError):
    """A folder for a paper that is another study's results."""


def write_paper(
    study: DescribedStudy, sources: PaperSources, schema: Path | str, venue: str, mlflow: bool, main: Path | str
) -> None:
    """Write the folder. schema: the manual of study files, which knows what can be taken out of a recipe. venue: whose widths and
    fonts are used. mlflow: whether runs were tracked there. main: the document that shows all; the others lie beside it."""
    place, (width, two_columns) = Path(main).parent, page(venue)
    _refuse_another_study(place)
    evidence = gathered(study, sources, parts(load_schema(Path(schema))))
    texts = paper_texts(evidence, width, two_columns, mlflow)
    for table in place.glob("tables/*.tex"):  # of before, which the study may not have any more
        if table.read_text("utf-8").startswith(MADE) and str(table.relative_to(place)) not in texts:
            table.unlink()
    for name, text in texts.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place / name, text)
    effects, seeds = effects_table(evidence), seeds_table(evidence)
    write_data(dict(zip(FRAMES, (effects, seeds), strict=True)), place / "data")
    (place / FIGURE).parent.mkdir(exist_ok=True)
    paper_effects(effects, seeds, evidence.metric, venue, place / FIGURE)
    _further_figures(evidence, venue, place)


def _further_figures(evidence: PaperEvidence, venue: str, place: Path) -> None:
    """The figures that not every study has, with their data; those of before are taken away."""
    drawn = {
        SENSITIVITY: (paper_sensitivity, sensitivity_table(evidence)),
        COST: (paper_cost, costs_table(evidence)),
    }
    for name, (draw, table) in drawn.items():
        path = place / Path(FIGURE).parent / f"{name}.pdf"
        if len(table):
            write_data({name: table}, place / "data")
            draw(table, evidence.metric, venue, path)
        else:
            for old in (path, *(place / "data" / f"{name}.{kind}" for kind in ("csv", "parquet"))):
                old.unlink(missing_ok=True)


def _refuse_another_study(place: Path) -> None:
    name = place / STUDY_NAME
    if name.is_file():
        raise PaperPlaceError(
            f"paper: expected {place} to be for a paper, received the results of the study {name.read_text('utf-8').strip()}."
            " Give one of the two studies another folder: `results:`."
        )


def paper_texts(evidence: PaperEvidence, width: float, two_columns: bool, mlflow: bool) -> dict[str, str]:
    """Every file of LaTeX and BibTeX by its place in the folder, each with a line on where it comes from."""
    tables = data_set_tables(evidence) if evidence.data_sets else ablation_tables(evidence)
    tables += claim_tables(evidence, width)
    tables += [*interaction_tables(evidence), *tuned_tables(evidence), *cost_tables(evidence)]
    figures = [(EFFECTS, effects_caption(evidence))]
    figures += [(SENSITIVITY, sensitivity_caption(evidence))] if len(sensitivity_table(evidence)) else []
    figures += [(COST, cost_caption(evidence))] if len(costs_table(evidence)) else []
    files = {
        **{f"tables/{table.name}.tex": in_latex(table, width, two_columns) for table in tables},
        "macros.tex": macros_file(evidence),
        "methods.tex": method_paragraph(evidence, mlflow),
        "checklist.tex": checklist(evidence),
        "deviations.tex": deviations(evidence),
        "main.tex": main_document(evidence, [table.name for table in tables], figures, (width, two_columns)),
    }
    files["preamble.tex"] = preamble(list(files.values()))
    files["references.bib"] = references(files.values())
    head = f"{MADE} {evidence.origin()}. It is made anew with the study: change a copy.\n"
    return {name: head + text for name, text in files.items()}
