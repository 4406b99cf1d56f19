"""Text as LaTeX sets it: what users wrote, with the letters that LaTeX takes for commands escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}", "→": r"$\to$", "←": r"$\leftarrow$",
    "±": r"$\pm$", "−": r"$-$", "×": r"$\times$", "≤": r"$\leq$", "≥": r"$\geq$", "²": r"\textsuperscript{2}",
    "α": r"$\alpha$", "β": r"$\beta$", "γ": r"$\gamma$", "λ": r"$\lambda$", "σ": r"$\sigma$", "µ": r"$\mu$",
    "μ": r"$\mu$", "Σ": r"$\Sigma$", "√": r"$\surd$", "…": r"\dots{}", "\u00a0": "~", "\u202f": r"\,", "“": "``", "”": "''",
    "’": "'",
}  # fmt: skip
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
MARKED = re.compile(r"`([^`]*)`|\\([\\`*_{}\[\]<>#|~$&!])|\*\*")


def escaped(text: str) -> str:
    """A user's words in one line, as LaTeX prints them."""
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return "".join(SPECIAL.get(letter, letter) for letter in shown)


def from_markdown(text: str) -> str:
    """A sentence of the report, which has names between backticks."""
    parts, end = [], 0
    for match in MARKED.finditer(text):
        code, letter = match.groups()
        between = rf"\texttt{{{escaped(code)}}}" if code is not None else escaped(letter or "")
        parts += [_spaced(text[end : match.start()]), between]
        end = match.end()
    return "".join([*parts, _spaced(text[end:])]).strip()


def _spaced(text: str) -> str:
    """Words with the spaces at their ends, since others follow."""
    return " " * text[:1].isspace() + escaped(text) + " " * (text[-1:].isspace() and bool(text.strip()))


def listed(words: Iterable[str]) -> str:
    """Words in a row, the last after an `and`."""
    several = list(words)
    return several[0] if len(several) == 1 else f"{', '.join(several[:-1])} and {several[-1]}"
