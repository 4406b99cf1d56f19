"""Texts as a source of data, as the numbers of their words: a file each in a folder of their class, or a column of a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.counted_words import CountedWords
from butfor.data.dataset import Array, DataError
from butfor.data.place_digests import place_digests
from butfor.data.sources.brought import Brought
from butfor.data.sources.class_parts import class_parts, labels_of
from butfor.data.sources.column_kinds import check_named
from butfor.data.sources.table_source import groups_of, table_parts, targets, words_of
from butfor.data.sources.vocabulary import UNKNOWN, numbered, tokens, vocabulary
from butfor.process.memory_limit import memory_limit
from butfor.user_code.files_read import FilesRead

ENDINGS = {".txt"}
SHOWN = 5  # files, or rows, that a message names
NUMBER = 4  # bytes


def from_texts(settings: dict[str, Any]) -> Brought:
    """The texts of a folder or a column as numbers of words `(n, length)`, by the words of the training texts. settings: the
    study's `data`. Raises DataError or FolderError."""
    read = FilesRead(place_digests(settings, "file", "test_file", "validation_file", "folder"))
    texts, arrays, words = (_of_column if settings["file"] else _of_folder)(settings)
    _check_size(NUMBER * settings["length"] * sum(map(len, texts.values())), settings)
    folds = settings.get("folds")  # of which each has its own words, among all
    known = vocabulary(texts["train"], None if folds else settings["vocabulary"])
    if not known:
        raise DataError(f"{words}: expected words in the training texts, received none.")
    for part, content in texts.items():
        arrays[f"x_{part}"] = tokens(content, known, settings["length"])
    if folds:
        counted: dict[str, Any] = {
            "words": CountedWords(*numbered(texts["train"], known), known, settings["vocabulary"])
        }
        numbers = f"{len(known)} words, of which each fold's most frequent have {settings['vocabulary']} numbers"
    else:
        counted = {}
        others = float((arrays["x_test"] == UNKNOWN).sum() / max(1, (arrays["x_test"] > 0).sum()))
        numbers = f"{len(known)} words with numbers, {others:.1%} of the test part's words without"
    longer = np.mean([len(text.split()) > settings["length"] for text in texts["train"]])
    source = (
        f"{settings['file'] or settings['folder']} (the first {settings['length']} words of each text, {longer:.0%} of which are"
        f" longer; {numbers}; {words})"
    )
    return Brought(arrays, source, read, vocabulary=known, pixels=False, **counted)


def _check_size(needed: int, settings: dict[str, Any]) -> None:
    """Raise DataError where texts, or the numbers of their words, would take more than half of the memory."""
    memory = memory_limit()
    if needed > memory / 2:
        raise DataError(
            f"{settings['file'] or settings['folder']}: expected texts that take half of {memory / 2**30:.3g} GiB of memory"
            f" or less, with the numbers of their words, received {needed / 2**30:.3g}. Write a smaller length; or number the"
            " words yourself, in a function that returns a tf.data.Dataset for train and test, which may be larger than memory."
        )


def _of_folder(settings: dict[str, Any]) -> tuple[dict[str, list[str]], dict[str, Array], str]:
    parts, words = class_parts(settings, ENDINGS)
    _check_size(sum(path.stat().st_size for files in parts.values() for path in files.paths), settings)
    texts: dict[str, list[str]] = {}
    unreadable: list[Path] = []
    encoding = "utf-8-sig" if settings["encoding"].lower() in ("utf-8", "utf8") else settings["encoding"]
    for part, files in parts.items():
        texts[part] = []
        for path in files.paths:
            try:
                texts[part].append(path.read_text(encoding))
            except UnicodeError:
                unreadable.append(path)
    if unreadable:
        shown = ", ".join(map(str, unreadable[:SHOWN])) + (", …" if len(unreadable) > SHOWN else "")
        raise DataError(
            f"{settings['folder']}: expected texts in {settings['encoding']}, received other bytes in {len(unreadable)} files"
            f" ({shown}). Write encoding: cp949 (Korean Windows), cp1252 (western), or what they are in."
        )
    return texts, {f"y_{part}": labels_of(files) for part, files in parts.items()}, words


def _of_column(settings: dict[str, Any]) -> tuple[dict[str, list[str]], dict[str, Array], str]:
    source, column = settings["file"], settings["text"]
    parts, words = table_parts(settings)
    texts, arrays = {}, {}
    for part, table in parts.items():
        check_named([column], list(table.columns), "data.text", source)
        if len(gaps := table.index[table[column].isna()] + 1):
            shown = ", ".join(map(str, gaps[:SHOWN])) + (", …" if len(gaps) > SHOWN else "")
            raise DataError(
                f"{source}: data.text: expected a text in each row, received none in {len(gaps)} of {len(table)} rows of the"
                f" {part} part, of the file the rows {shown}, counted from 1. Leave them out, or write a word there that stands"
                ' for no text; if NA or None is a text of its own, write missing_values: [""].'
            )
        texts[part] = list(map(str, table[column]))
        if part == "train" and (name := (settings.get("folds") or {}).get("groups")):
            arrays["groups"] = words_of(groups_of(table, name, "replicates.groups", source))
        arrays[f"y_{part}"] = targets(table, settings["target"], f"{source}, {part} part")
    return texts, arrays, words
