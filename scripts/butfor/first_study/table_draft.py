"""The `data` of a first study from a table: how it is written, which column is the target, and which are no inputs."""

from __future__ import annotations

import re
import statistics
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
SENTENCE = 4  # words from which on a text is no name
FORM = {"encoding": "utf-8", "missing_values": None, "text": None}


def table_draft(path: Path, named: str, source: str, target: str | None, text: str | None = None) -> DataDraft:
    """The draft for a table. target, text: as of data_draft. Raises StudyError."""
    form = _form(path) if source == "csv" else {}
    table = read_table(path, {"name": source, "separator": ",", "decimal": ".", **FORM, **form})
    columns = [str(name) for name in table.columns]
    targets = [] if target is None else [target] if target in columns else [name.strip() for name in target.split(",")]
    for option, name in (*(("--target", name) for name in targets), *([("--text", text)] if text else [])):
        if name not in columns:
            raise StudyError(
                f"{option}: expected a column of {named}, received {name}. Columns: {', '.join(columns[:20])}."
            )
    likely = [name for name in candidates(table) if name != text]
    if not (targets or likely):
        raise StudyError(
            f"{named}: expected a column that could be predicted, received none. Write --target and a column."
        )
    chosen = targets or [likely[0]]
    inputs = table.drop(columns=chosen)
    unfit = _no_inputs(inputs, named)
    settings: dict[str, Any] = {"name": source, "file": named, **form, "target": chosen if targets[1:] else chosen[0]}
    others = [name for name in likely if name not in (*chosen, *unfit)][:SHOWN]
    notes = []
    if not targets:
        guess = f"The target was guessed: {chosen[0]}" + (f"; it may be {' or '.join(others)}" if others else "")
        notes.append(f"{guess}.")
        alike = [name for name in (*chosen, *others) if _is_yes_or_no(table[name])]
        if alike[:1] == chosen and alike[1:]:
            notes.append(f"Columns of 0 and 1 can be predicted together: --target {','.join(alike)}.")
    belongs = repeated(inputs)
    if empty := int(table[chosen].isna().any(axis=1).sum()):
        raise StudyError(
            f"{named}: expected a value of {' and '.join(chosen)} in every row, received none in {empty} of {len(table)}. Take"
            " these rows out, or name another column by --target."
        )
    texts = [name for name in unfit if _are_texts(table[name])]
    if text or (texts and len(unfit) == len(inputs.columns)):
        text = text or texts[0]
        settings |= {"name": "texts", "text": text}
        notes += [_belonging(name, table[name]) for name in belongs]
        return DataDraft(settings, [*notes, f"Of each row {text} alone is read; no other column is an input."])
    if texts:
        notes.append(f"What {texts[0]} says can be learnt from, in place of the other columns: --text {texts[0]}.")
    if unfit:
        settings["drop"] = list(unfit)
    if alone := {name: why for name, why in unfit.items() if name not in belongs}:
        notes.append(f"No inputs: {'; '.join(f'{name} ({why})' for name, why in alone.items())}.")
    of_drop = {name: f" It is no input {'either way: drop stays' if name in unfit else 'then'}." for name in belongs}
    notes += [_belonging(name, table[name]) + of_drop[name] for name in belongs]
    gaps = table.drop(columns=[*chosen, *unfit]).isna().sum()
    if gaps.sum():
        settings["missing"] = "median"
        numbers, words = _holes(table[gaps[gaps > 0].index], gaps)
        if numbers:
            notes.append(f"Missing numbers are filled by the training rows' median: {numbers}.")
        if words:
            notes.append(f"A missing value is a category of its own in columns of words: {words}.")
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


def _is_yes_or_no(column: pd.Series[Any]) -> bool:
    return set(column.dropna().unique()) == {0, 1}


def _are_texts(column: pd.Series[Any]) -> bool:
    """Whether a column holds sentences, not names."""
    words = [len(str(value).split()) for value in column.dropna()]
    return not pd.api.types.is_numeric_dtype(column) and bool(words) and statistics.median(words) >= SENTENCE


def repeated(inputs: pd.DataFrame) -> list[str]:
    """The columns that likely say what a row belongs to, such as a customer, of whom there are several rows."""
    columns = []
    for name in map(str, inputs.columns):
        different = inputs[name].nunique()
        if BELONGS.fullmatch(name) and FEWEST_GROUPS <= different < len(inputs) and inputs[name].notna().all():
            columns.append(name)
    return columns


def _belonging(name: str, column: pd.Series[Any]) -> str:
    """What to write where rows belong together."""
    written = name if PLAIN.fullmatch(name) else f"'{name}'"
    return (
        f"{name} has {column.nunique()} values in {len(column)} rows. If rows of one belong together, none should be trained on"
        f" while another is tested on: add test: {{by: group, column: {written}}} to data, or for folds of whole groups write"
        f" replicates: {{folds: 5, groups: {written}}} in place of seeds."
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
