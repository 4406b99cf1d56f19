"""The `data` of a first study from a table: how it is written, which column is the target, and which are no inputs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from butfor.data.dataset import DataError
from butfor.data.sources import column_kinds
from butfor.data.sources.table_file import read_table
from butfor.errors import StudyError
from butfor.first_study.data_draft import DataDraft

TARGET = re.compile(
    r"(y|target|label|labels|class|outcome|diagnosis|response|result|category|species|quality|price|churn|survived"
    r"|.*[ _-](label|target|class|outcome)|정답|라벨|목표)",
    re.IGNORECASE,
)
BELONGS = re.compile(  # names of columns that say what a row belongs to
    rf"{column_kinds.IDENTIFIER.pattern}|(.*[ _-])?(customer|client|user|member|patient|subject|person|participant|household"
    r"|family|account|session|device|machine|speaker|author|site|clinic|hospital|school|student|고객|환자|사용자|피험자)s?"
    r"([ _-]?(id|no|nr|number|code|key))?",
    re.IGNORECASE,
)
PLAIN = re.compile(r"[^\W\d]\w*")  # what YAML takes for a text without quotes
FEWEST_GROUPS = 5
CLASSES = 20  # different values up to which whole numbers are more likely classes
SHOWN = 4  # candidates that the file names
FORM = {"encoding": "utf-8", "missing_values": None, "text": None}


def table_draft(path: Path, named: str, source: str, target: str | None) -> DataDraft:
    """The draft for a table. Raises StudyError."""
    form = _form(path) if source == "csv" else {}
    table = read_table(path, {"name": source, "separator": ",", "decimal": ".", **FORM, **form})
    columns = [str(name) for name in table.columns]
    if target is not None and target not in columns:
        raise StudyError(
            f"--target: expected a column of {named}, received {target}. Columns: {', '.join(columns[:20])}."
        )
    likely = candidates(table)
    if not likely:
        raise StudyError(
            f"{named}: expected a column that could be predicted, received none. Write --target and a column."
        )
    chosen = target or likely[0]
    unfit = _no_inputs(table.drop(columns=chosen), named)
    settings: dict[str, Any] = {"name": source, "file": named, **form, "target": chosen}
    others = [name for name in likely if name != chosen and name not in unfit][:SHOWN]
    notes = []
    if target is None:
        guess = f"The target was guessed: {chosen}" + (f"; it may be {' or '.join(others)}" if others else "")
        notes.append(f"{guess}.")
    belongs = repeated(table.drop(columns=chosen))
    if unfit:
        settings["drop"] = list(unfit)
    if alone := {name: why for name, why in unfit.items() if name not in belongs}:
        notes.append(f"No inputs: {'; '.join(f'{name} ({why})' for name, why in alone.items())}.")
    notes += [_belonging(name, table[name], name in unfit) for name in belongs]
    gaps = table.drop(columns=[chosen, *unfit]).isna().sum()
    if gaps.sum():
        settings["missing"] = "median"
        numbers, words = _holes(table[gaps[gaps > 0].index], gaps)
        if numbers:
            notes.append(f"Missing numbers are filled by the training rows' median: {numbers}.")
        if words:
            notes.append(f"A missing value is a category of its own in columns of words: {words}.")
    if empty := int(table[chosen].isna().sum()):
        raise StudyError(
            f"{named}: expected a value of {chosen} in every row, received none in {empty} of {len(table)}. Take these rows"
            " out, or name another column by --target."
        )
    return DataDraft(settings, notes)


def candidates(table: pd.DataFrame) -> list[str]:
    """The columns that are likely the target, the likeliest first: by name, then few values, the last column before others."""
    ranked = []
    for place, name in enumerate(map(str, table.columns)):
        values = table[name].dropna()
        different = values.nunique()
        is_text = not pd.api.types.is_numeric_dtype(values)
        if different < 2 or (is_text and different > column_kinds.FEW) or column_kinds.IDENTIFIER.fullmatch(name):
            continue
        is_named, is_last = bool(TARGET.fullmatch(name)), place == len(table.columns) - 1
        ranked.append(((not is_named, not is_last, different > CLASSES, place), name))
    return [name for _, name in sorted(ranked)]


def repeated(inputs: pd.DataFrame) -> list[str]:
    """The columns that likely say what a row belongs to, such as a customer, of whom there are several rows."""
    columns = []
    for name in map(str, inputs.columns):
        different = inputs[name].nunique()
        if BELONGS.fullmatch(name) and FEWEST_GROUPS <= different < len(inputs) and inputs[name].notna().all():
            columns.append(name)
    return columns


def _belonging(name: str, column: pd.Series[Any], is_left_out: bool) -> str:
    """What to write where rows belong together."""
    written = name if PLAIN.fullmatch(name) else f"'{name}'"
    input_or_not = "It is no input either way: drop stays." if is_left_out else "It is no input then."
    return (
        f"{name} has {column.nunique()} values in {len(column)} rows. If rows of one belong together, none should be trained on"
        f" while another is tested on: add test: {{by: group, column: {written}}} to data, or for folds of whole groups write"
        f" replicates: {{folds: 5, groups: {written}}} in place of seeds. {input_or_not}"
    )


def _form(path: Path) -> dict[str, Any]:
    """How a CSV is written, where that is not as usual."""
    raw = path.read_bytes()[:200_000]
    try:
        head = raw.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        if failure.start < len(raw) - 4:  # else the piece ends within a letter
            return {}  # read_table says which encoding to write
        head = raw[: failure.start].decode("utf-8-sig")
    first = head.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    form: dict[str, Any] = {} if separator == "," else {"separator": separator}
    if separator != "," and len(re.findall(r"\d,\d", head)) > len(re.findall(r"\d\.\d", head)):
        form["decimal"] = ","
    return form


def _holes(columns: pd.DataFrame, gaps: pd.Series[int]) -> tuple[str, str]:
    """Columns with missing values and how many: those of numbers, and those of words."""
    holes: tuple[list[str], list[str]] = ([], [])
    for name in map(str, columns):
        kind = column_kinds.kinds(columns[[name]], {}, [], "")[name]
        holes[kind == "categorical"].append(f"{name} ({gaps[name]})")
    numbers, words = (", ".join(names[:SHOWN]) for names in holes)
    return numbers, words


def _no_inputs(inputs: pd.DataFrame, named: str) -> dict[str, str]:
    """The columns that can be no inputs as they are, each with why."""
    unfit = {}
    for name in map(str, inputs.columns):
        try:
            column_kinds.kinds(inputs[[name]], {}, [], named)
        except DataError as error:
            unfit[name] = (
                str(error).partition("received ")[2].partition(f" in {name}")[0]
                or "it is neither numbers nor categories"
            )
    return unfit
