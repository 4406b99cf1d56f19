"""What goes into a paper, compiled by Debian's LaTeX: nothing sticks out, nothing is undefined, all fonts are embedded."""

import re
import shutil
import subprocess

import pytest

from butfor.paper.paper import write_paper
from butfor.paper.paper_evidence import PaperSources
from conftest import SCHEMA, need
from numbers_study import made
from paper_studies import NAMES, STUDIES, files_of

pytestmark = pytest.mark.services
TEX = "pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main"
AGAIN = 3  # times at most after bibtex
UNFINISHED = re.compile("Rerun (to get|LaTeX)|undefined references")
RATES = ", ".join(f"{place / 1000}" for place in range(11, 111))
HUNDRED = f"{NAMES}seeds: 4\nablations: {{rates: {{each: {{learning_rate: [{RATES}]}}}}}}\n"
KOREAN = (
    NAMES.replace("Does", "드롭아웃이 필요한가? Does")
    + """seeds: 4
ablations: {모두_바꿈: {set: {activity_l2: 0.1, l1: 0.1, dropout: 0.3, learning_rate: 0.1}}}
"""
)
CASES = {
    **{name: (text, "neurips2024") for name, text in STUDIES.items()},
    "many in two columns": (STUDIES["many"], "icml2024"),
    "sets in two columns": (STUDIES["sets"], "cvpr2024"),
    "metrics, narrow": (STUDIES["metrics"], "eccv2024"),
    "hundred": (HUNDRED, "neurips2024"),
    "hundred in two columns": (HUNDRED, "icml2024"),
    "Korean": (KOREAN, "tmlr2023"),
}
LONG = "metrics", "many in two columns"  # "metrics, narrow" and "hundred in two columns" fit where there is less room


def compiled(folder):
    """The log of LaTeX in the end, once it asks for no more, as LaTeX's users have it."""
    need(
        shutil.which("pdflatex") and shutil.which("bibtex"), "pdflatex and bibtex (Debian's texlive-latex-recommended)"
    )
    need(shutil.which("pdffonts"), "pdffonts (Debian's poppler-utils)")
    for step in (TEX, ("bibtex", "main")):
        take(step, folder)
    for _ in range(AGAIN):
        take(TEX, folder)
        log = (folder / "main.log").read_text(errors="replace")
        if not UNFINISHED.search(log):
            break
    return log


def take(step, folder):
    done = subprocess.run(step, cwd=folder, capture_output=True, text=True, errors="replace", timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def has(package):
    """Whether LaTeX has a package that few need."""
    found = shutil.which("kpsewhich") and subprocess.run(["kpsewhich", package], capture_output=True, check=False)
    return found and found.stdout


def complaints(log):
    """What LaTeX finds fault with."""
    return re.findall(
        r"^(?:Overfull .*|.*[Uu]ndefined.*|.*Missing character.*|.*multiply defined.*|.*Float too large.*)$",
        log,
        re.MULTILINE,
    )


def test_claims_interactions_and_costs_fit_the_page(tmp_path):
    whole = made(tmp_path)
    files = (tmp_path / f"{name}.json" for name in ("contrasts", "comparison", "claims"))
    sources = PaperSources(sorted(tmp_path.glob("runs/*/look*")), *files)
    write_paper(whole.study, sources, SCHEMA, "neurips2024", mlflow=True, main=tmp_path / "paper" / "main.tex")
    assert not complaints(compiled(tmp_path / "paper"))


@pytest.mark.filterwarnings("ignore:Glyph")  # a machine need not have a font for the figure's Korean letters
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] if name in LONG else []) for name in CASES]
)
def test_the_document_compiles_without_a_box_that_sticks_out_or_a_name_that_is_missing(name, tmp_path):
    text, venue = CASES[name]
    need(name != "Korean" or has("kotex.sty"), "Debian's texlive-lang-korean")
    study, sources = files_of(tmp_path, text)
    write_paper(study, sources, SCHEMA, venue, mlflow=True, main=tmp_path / "paper" / "main.tex")
    log = compiled(tmp_path / "paper")
    assert not complaints(log)
    assert "Rerun to get" not in log
    fonts = subprocess.run(
        ["pdffonts", tmp_path / "paper" / "main.pdf"], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.rsplit(maxsplit=5) for line in fonts.splitlines()[2:]]
    assert rows and all(row[1] == "yes" for row in rows), fonts
    assert "Type 3" not in fonts, fonts


def test_a_number_in_a_sentence_is_written_by_its_macro(tmp_path):
    study, sources = files_of(tmp_path, STUDIES["many"])
    write_paper(study, sources, SCHEMA, "neurips2024", mlflow=False, main=tmp_path / "paper" / "main.tex")
    main = tmp_path / "paper" / "main.tex"
    start = "\\abNoDropoutAccuracy"
    sentence = f"It {start}Verdict{{}}: {start}Effect{{}} {start}Interval{{}} of \\abStudyRuns{{}} runs.\n"
    main.write_text(main.read_text().replace("\\subsection*{Methods}", sentence + "\\subsection*{Methods}"))
    assert "Undefined control sequence" not in compiled(main.parent)
