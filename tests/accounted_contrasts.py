"""A contrast in cells of a table of the report, held against what it is by the records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from number_ledger import Cell, Expected, Ledger
from numbers_study import BROKEN
from recomputed import Effect
from recomputed_study import ALPHA, LOOKS, Recomputed

SETTING = re.compile(r"([a-z_\\0-9]+):? (\S+) → ([^\s;]+)")


def contrast(told: Ledger, cells: Sequence[Cell], one: Effect) -> None:
    """Effect, interval, p of no difference and of one as large as the margin."""
    told.cell(cells[0], *([one.effect] if one.runs else []))
    judged = bool(one.shown) and one.runs > 1
    told.cell(cells[1], *(one.interval(ALPHA / len(LOOKS)) if judged else []))
    told.cell(cells[2], *([one.shown["differ"]] if judged else []))
    told.cell(cells[3], *([one.shown["same"]] if judged else []))


def said(cell: Cell, one: Effect) -> None:
    """A cell has the verdict."""
    assert re.match(r"\**([^*(]+?)\**($| \()", cell.text)[1] == one.verdict, (
        f"expected {one.verdict}, the report says {cell.text}"
    )  # type: ignore[index]


def every_run(facts: Recomputed, arm: str) -> list[Expected]:
    """The numbers of “every run failed (6/6)”."""
    return [facts.seen(arm)] * 2 if arm == BROKEN else []


def changed(facts: Recomputed, arm: str) -> dict[str, tuple[Any, Any]]:
    """What an arm sets, by key: its reference's value and its own."""
    own, base = (next(iter(facts.runs[a].values()))["recipe"] for a in (arm, facts.reference[arm]))
    return {key: (base[key], own[key]) for key in own if own[key] != base[key]}


def settings(told: Ledger, cell: Cell, facts: Recomputed, arm: str) -> None:
    """A cell says what an arm sets, and no more."""
    found = {key.replace("\\", ""): (before, after) for key, before, after in SETTING.findall(cell.text)}
    assert found == {key: (f"{before}", f"{after}") for key, (before, after) in changed(facts, arm).items()}, cell.text
    told.take(cell)
