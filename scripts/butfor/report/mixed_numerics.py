"""The report's warning that runs were compared across devices, precisions or versions that nobody asked for."""

from __future__ import annotations

from butfor.checks.outcomes import CheckRow
from butfor.languages.phrases import phrase, plural

MOST_NAMED = 8


def mixed_numerics(checks: list[CheckRow]) -> str:
    """A quoted line; nothing where every run was compared with one of the same device, precision and libraries."""
    rows = [row for row in checks if row.get("mixed")]
    if not rows:
        return ""
    differing = dict.fromkeys(name for row in rows for name in row["mixed"])
    names = [f"`{row['arm']}`" for row in rows[:MOST_NAMED]]
    arms = ", ".join(names)
    if more := len(rows) - len(names):
        arms = plural("{arms} and {n} more arm", "{arms} and {n} more arms", more, arms=arms)
    sentence = phrase(
        "**Compared across machines:** runs of {arms} and those they are compared with differ in {what}, by which alone"
        " figures may differ. “What was checked” tells how often; `--forcerun train` trains all of them anew in one place.",
        arms=arms,
        what=", ".join(map(_word, differing)),
    )
    return f"> - {sentence}"


def _word(name: str) -> str:
    words = {
        "device": phrase("device"),
        "processor": phrase("processor"),
        "engine": phrase("engine"),
        "tensorflow": phrase("version of TensorFlow"),
        "keras": phrase("version of Keras"),
        "numpy": phrase("version of NumPy"),
        "batched": phrase("how many were trained at once"),
        "deterministic": phrase("determinism"),
        "precision": phrase("precision"),
    }
    return words.get(name, name)
