"""A table in a file: CSV or Parquet, read by pandas, with what it cannot read answered by the line to write."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from butfor.data.dataset import DataError
from butfor.process.memory_limit import memory_limit

Settings = dict[str, Any]

SEPARATOR = re.compile(r"[\s,;|]+")
OTHERS = (";", "\t", "|", ",")  # separators that a file may have instead
LETTERS = {"cp949": re.compile("[가-힣]"), "cp1252": re.compile("[À-ÿ]")}  # by which an encoding is told
KINDS = {  # of files that are no CSV, by their first bytes
    b"PK": "is a zip file, as Excel's workbooks are. Save the sheet as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook. Save the sheet as CSV (UTF-8)",
    b"PAR1": "is a Parquet file. Write name: parquet",
    b"version https://git-lfs": "is a pointer of Git LFS, not the file itself. Run git lfs pull",
    b"<": "is a web page or another text in tags. Download the file itself, and look at the address",
}


def read_table(path: Path, settings: Settings) -> pd.DataFrame:
    """The table of a file. settings: the study's `data`. Raises DataError."""
    memory = memory_limit()
    if path.stat().st_size > memory:
        raise DataError(
            f"{path}: expected a table that fits into {memory / 2**30:.3g} GiB of memory, received a file of"
            f" {path.stat().st_size / 2**30:.3g}."
        )
    table = _parquet(path) if settings["name"] == "parquet" else _csv(path, settings)
    table = table.rename(columns=lambda name: str(name).strip())
    if twice := sorted({name for name in table.columns if (table.columns == name).sum() > 1}):
        raise DataError(f"{path}: expected columns of different names, received {', '.join(twice)} more than once.")
    if table.empty:
        raise DataError(f"{path}: expected a row with names and rows below it, received {len(table)} rows.")
    return table


def _parquet(path: Path) -> pd.DataFrame:
    _refuse_other_kinds(path, "Parquet")
    try:
        table = pd.read_parquet(path)
    except Exception as failure:  # pyarrow's errors have no common class
        raise DataError(f"{path}: expected a whole Parquet file: {' '.join(str(failure).split())}") from failure
    return table.reset_index() if any(table.index.names) else table.reset_index(drop=True)


def _csv(path: Path, settings: Settings) -> pd.DataFrame:
    separator, encoding, values = settings["separator"], settings["encoding"], settings["missing_values"]
    decimal = settings["decimal"] if settings["name"] == "csv" else "."
    if decimal == separator:
        raise DataError(
            f'{path}: expected a separator that is no decimal point, received {separator!r} for both. Write separator: ";".'
        )
    _refuse_other_kinds(path, "CSV")
    form: dict[str, Any] = {
        "sep": separator, "decimal": decimal, "encoding": "utf-8-sig" if _is_utf8(encoding) else encoding,
        "na_values": values, "keep_default_na": values is None,
    }  # fmt: skip
    as_text = {settings["text"]: str} if settings["text"] else None
    if values is not None:
        form["na_values"] = [*values, ""]
    try:
        names = pd.read_csv(path, header=None, nrows=1, dtype=str, **form).iloc[0]
        _refuse_other_separator(path, list(map(str, names)), separator)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            table: pd.DataFrame = pd.read_csv(path, index_col=False, low_memory=False, dtype=as_text, **form)
    except UnicodeError as failure:
        raise DataError(f"{path}: expected text in {encoding}, received other bytes. {_encoding(path)}") from failure
    except pd.errors.EmptyDataError as failure:
        raise DataError(f"{path}: expected a table, received an empty file.") from failure
    except pd.errors.ParserWarning as failure:
        raise DataError(_damaged(path, f"there are {len(names)} names, and more values")) from failure
    except (pd.errors.ParserError, ValueError) as failure:
        raise DataError(_damaged(path, str(failure))) from failure
    if len(names) == len(table.columns):  # pandas numbers those of one name
        table.columns = pd.Index(
            [str(name) if isinstance(name, str) else table.columns[i] for i, name in enumerate(names)]
        )
    return table


def _refuse_other_separator(path: Path, names: list[str], separator: str) -> None:
    if len(names) > 1:
        return
    name = names[0]
    for other in OTHERS:
        if other != separator and other in name:
            written = r"\t" if other == "\t" else other
            raise DataError(
                f"{path}: expected columns with {separator!r} between them, received one, called {name[:60]!r}. Write separator:"
                f' "{written}"{_decimal_hint(other)}.'
            )


def _decimal_hint(separator: str) -> str:
    return ', and decimal: "," if its numbers are written 0,5' if separator == ";" else ""


def _encoding(path: Path) -> str:
    """The line to write for a file in another encoding, as far as its first other letters tell which."""
    with path.open("rb") as file:
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            return "Write encoding: utf-16."
        file.seek(0)
        line = next((line for line in file if not line.isascii()), b"")
    for encoding, letter in LETTERS.items():
        sample = next((word for word in SEPARATOR.split(line.decode(encoding, "replace")) if letter.search(word)), None)
        if sample and "\ufffd" not in sample:
            return f"Write encoding: {encoding} (in which it reads {sample!r}), or another by Python's name."
    return "Write encoding: …, by Python's name."


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8")


def _refuse_other_kinds(path: Path, wanted: str) -> None:
    with path.open("rb") as file:
        beginning = file.read(64)
    kind = next((words for start, words in KINDS.items() if beginning.startswith(start)), "")
    if wanted == "Parquet" and not kind:
        kind = "begins otherwise. If it is a CSV, write name: csv"
    if kind and not (wanted == "Parquet" and beginning.startswith(b"PAR1")):
        raise DataError(f"{path}: expected a {wanted} file; this one {kind}.")


def _damaged(path: Path, failure: str) -> str:
    reason = " ".join(failure.replace("Error tokenizing data. C error:", "").split()).rstrip(".")
    return f"{path}: expected a whole CSV file, with as many values in each row as there are names: {reason}."
