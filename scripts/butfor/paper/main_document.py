"""A document that shows all that is made for a paper, to compile and look at; its preamble says which packages a paper needs."""

from __future__ import annotations

from collections.abc import Sequence

from butfor.paper.captions import margin_words
from butfor.paper.latex_text import HANGUL, escaped
from butfor.paper.paper_evidence import PaperEvidence

PREAMBLE = r"""\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{textcomp}
\usepackage{amsmath,amssymb}
\usepackage{booktabs,longtable,array}
\usepackage{siunitx}
\usepackage{graphicx}
\usepackage{natbib}
\usepackage{url}
\sisetup{detect-weight=true, mode=text, separate-uncertainty=true, table-number-alignment=center}
"""
KOREAN = "\\usepackage{kotex}\n"


def preamble(texts: Sequence[str]) -> str:
    """The packages that the files need; one for Korean letters where there are some."""
    shown = (line for text in texts for line in text.splitlines() if not line.startswith("%"))
    return PREAMBLE + KOREAN * any(map(HANGUL.search, shown))


def main_document(
    evidence: PaperEvidence, tables: Sequence[str], figures: Sequence[tuple[str, str]], sizes: tuple[float, bool]
) -> str:
    """tables: the names of the tables' files. figures: of each, its name and caption. sizes: the text's width in inches, and
    whether a page has two columns."""
    width, two_columns = sizes
    floats = "\n".join(
        f"\\begin{{figure}}[tbp]\n\\centering\n\\includegraphics{{figures/{name}.pdf}}\n\\caption{{{caption}}}\n"
        f"\\label{{fig:{name}}}\n\\end{{figure}}"
        for name, caption in figures
    )
    inputs = "\n".join(f"\\input{{tables/{name}}}" for name in tables)
    shown = ", ".join(f"Table~\\ref{{tab:{name}}}" for name in tables)
    drawn = ", ".join(f"Figure~\\ref{{fig:{name}}}" for name, _ in figures)
    same = r" no meaningful difference \abStudySame," if margin_words(evidence) else ""
    return rf"""% Compile: pdflatex main; bibtex main; pdflatex main; pdflatex main
\documentclass[10pt{",twocolumn" if two_columns else ""}]{{article}}
\usepackage[letterpaper,textwidth={width:g}in,textheight=9in{",columnsep=0.25in" if two_columns else ""}]{{geometry}}
\usepackage{{mathptmx,courier}}
\input{{preamble}}
\input{{macros}}
\setcitestyle{{round}}
\begin{{document}}
\section*{{{escaped(evidence.study["study"])}}}
{escaped(evidence.study["question"])}
Verdicts on \abStudyAblations{{}} ablations: helps \abStudyHelps, hurts \abStudyHurts,{same}
undecided \abStudyOpen{{}} ({shown}; {drawn}).

{inputs}
{floats}

\subsection*{{Methods}}
\input{{methods}}

\subsection*{{Deviations from the plan}}
\input{{deviations}}

\subsection*{{Checklist}}
\input{{checklist}}

\bibliographystyle{{plainnat}}
\bibliography{{references}}
\end{{document}}
"""
