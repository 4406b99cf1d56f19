"""The language of a results folder, for commands that read it without its study file. Standard library only."""

from __future__ import annotations

from pathlib import Path

from butfor.languages.phrases import ENGLISH, languages
from butfor.records.files import write_atomically
from butfor.records.results_folder import LANGUAGE


def note_language(results: Path, name: str) -> None:
    """Note the language that the study in a results folder asks for."""
    write_atomically(results / LANGUAGE, f"{name}\n")


def language_in(results: Path) -> str:
    """The language that the study asked for whose results, or partial results, these are; English where none is known."""
    noted = next((place / LANGUAGE for place in (results, results.parent) if (place / LANGUAGE).is_file()), None)
    name = noted.read_text("utf-8").strip() if noted else ENGLISH
    return name if name in languages() else ENGLISH
