"""What users have written in MLflow's pages, which outlives whatever is written anew."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

NOTE = "mlflow.note.content"  # the description of a run or an experiment
WRITTEN = "butfor.note"  # stands for the description that was written here
OURS = ("butfor.", "mlflow.")  # how tags begin that no user sets by hand


def preserved(tags: dict[str, str], held: Mapping[str, str]) -> dict[str, str]:
    """The `tags` to be set, with what users have set among those that are `held` so far: tags of their own, and a description
    other than the one that was written here.
    """
    own = {key: value for key, value in held.items() if not key.startswith(OURS) and key not in tags}
    marked = {WRITTEN: _mark(tags[NOTE])} if NOTE in tags else {}
    if NOTE in tags and WRITTEN in held and held[WRITTEN] != _mark(held.get(NOTE, "")):
        marked[NOTE] = held.get(NOTE, "")
    return {**tags, **own, **marked}


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
