"""What the columns of a table are as inputs: numbers, truth values, or categories; what is none of them is refused."""

from __future__ import annotations

import difflib
import re
from decimal import Decimal
from typing import Any, Literal

import pandas as pd

from butfor.data.dataset import DataError

Kind = Literal["number", "truth", "categorical"]

FEW = 50  # different texts up to which a column is taken for categories
FEWEST_EACH = 2  # rows per text, on average, below which it is not
SHOWN = 8  # columns of a sort that a message names
IDENTIFIER = re.compile(
    r"(unnamed: ?\d+|index|id|no|.*[ _-](id|no)|.*[a-z]ID|id[ _-].*|.*(번호|아이디))", re.IGNORECASE
)
DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\.?([ T].*)?|\d{4}-\d{2}|\d{4}년.*")
DATES, TEXT, NUMBERED = "dates", "text with many values", "a number of its own for each row"
COMMAS, WITH_TEXT = "numbers with a decimal comma", "numbers beside text"
REMEDIES = {  # lines that make something of the columns of a sort
    COMMAS: 'decimal: ","',
    WITH_TEXT: "missing_values: [{example}] if that stands for a missing value, or types: {{{name}: categorical}}",
    TEXT: "types: {{{name}: categorical}} to take it as categories, or embedded: [{name}] to learn a vector for each;"
    " or name: texts and text: {name} to learn from its words, alone",
    NUMBERED: "types: {{{name}: number}} to use it",
}
Problem = tuple[str, str]
NONE: Problem = ("", "")
COMMA = re.compile(r"[-+]?\d+,\d+")


def kinds(train: pd.DataFrame, types: dict[str, str], named: list[str], source: str) -> dict[str, Kind]:
    """What each column is, by the training rows. types: what the study says of some; named: those that it lists as inputs.
    Raises DataError, once for all columns that are nothing that can be trained on."""
    kind_of: dict[str, Kind] = {}
    problems: dict[str, Problem] = {}
    for name in train.columns:
        column = train[name]
        if types.get(name) == "categorical":
            kind_of[name] = "categorical"
        elif types.get(name) == "number":
            kind_of[name] = "number"
        elif (problem := _problem(column.dropna(), name in named)) != NONE:
            problems[name] = problem
        else:
            kind_of[name] = _kind(column)
    if problems:
        raise DataError(f"{source}: {_sentence(problems)}")
    return kind_of


def check_named(asked: list[str], columns: list[str], where: str, source: str) -> None:
    """Raise DataError for a column that a study names and the table does not have."""
    for name in asked:
        if name not in columns:
            close = difflib.get_close_matches(name, columns, n=1, cutoff=0.6)
            shown = ", ".join(columns[:20]) + (", …" if len(columns) > 20 else "")
            meant = f"Did you mean {close[0]}?" if close else f"Columns: {shown}."
            raise DataError(f"{source}: {where}: expected a column of the table, received {name}. {meant}")


def _kind(column: pd.Series[Any]) -> Kind:
    values = column.dropna()
    return "truth" if _is_truth(values) else "number" if _is_number(values) else "categorical"


def _is_truth(values: pd.Series[Any]) -> bool:
    """Whether all are true or false; beside gaps, pandas has them as Python's own."""
    return pd.api.types.is_bool_dtype(values) or bool(len(values) and set(map(type, values)) == {bool})


def _is_number(values: pd.Series[Any]) -> bool:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return False
    return pd.api.types.is_numeric_dtype(values) or isinstance(values.iloc[0], Decimal)


def _problem(values: pd.Series[Any], is_named: bool) -> Problem:
    """Why a column can be no input as it is: the sort of what it holds, and an example; empty if it can."""
    if values.empty:
        return "no value in any training row", ""
    if pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
        return DATES, str(values.iloc[0])
    if isinstance(values.dtype, pd.CategoricalDtype) or _is_truth(values):
        return NONE
    if _is_number(values):
        is_identifier = IDENTIFIER.fullmatch(str(values.name)) and values.is_unique and len(values) > 1
        return (NUMBERED, str(values.iloc[0])) if is_identifier and not is_named else NONE
    if not isinstance(values.iloc[0], str):
        return f"values of the type {type(values.iloc[0]).__name__}", ""
    return _text_problem(values.astype(str).str.strip())


def _text_problem(values: pd.Series[Any]) -> Problem:
    different = pd.Series(values.unique())
    if different.str.fullmatch(DATE).all():
        return DATES, different.iloc[0]
    if different.str.fullmatch(COMMA).mean() > 0.5:
        return COMMAS, different.iloc[0]
    numbers = pd.to_numeric(different, errors="coerce").notna()
    if numbers.mean() > 0.5:
        return WITH_TEXT, ", ".join(map(_quoted, different[~numbers].head(3)))
    if len(different) > FEW or len(different) * FEWEST_EACH > len(values):
        return TEXT, f"{len(different)} different, such as {different.iloc[0][:30]!r}"
    return NONE


def _sentence(problems: dict[str, Problem]) -> str:
    """All that is wrong in one sentence, and the lines to write."""
    sorts: dict[str, list[str]] = {}
    for name, (sort, _) in problems.items():
        sorts.setdefault(sort, []).append(name)
    shown, remedies = [], []
    for sort, names in sorts.items():
        example = problems[names[0]][1]
        shown.append(f"{sort} in {_names(names)}" + (f" ({example})" if example else ""))
        if remedy := REMEDIES.get(sort):
            remedies.append(remedy.format(name=_quoted(names[0]), example=example))
    others = [name for name, (sort, _) in problems.items() if sort not in (COMMAS, WITH_TEXT)]
    if others:
        left_out = "it" if len(others) == 1 else "them"
        remedies.insert(0, f"drop: [{', '.join(map(_quoted, others))}] to leave {left_out} out")
    return (
        "expected columns of numbers, of true and false, or of text with few values, received"
        f" {'; '.join(shown)}. Write {'; or '.join(remedies)}."
    )


def _names(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _quoted(name: str) -> str:
    """A name as YAML takes it inside a list."""
    return name if re.fullmatch(r"[^\W\d][\w ]*", name) else f'"{name}"'
