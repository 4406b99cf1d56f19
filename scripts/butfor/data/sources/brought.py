"""What a source of data brings: raw arrays, and what is known of them beside their values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from butfor.data.counted_words import CountedWords
from butfor.recipe.categories import Categorical
from butfor.user_code.files_read import FilesRead


@dataclass(frozen=True)
class Brought:
    """The arrays of a data set, with inputs (one array, or several by name) and targets as they were found, and where they come
    from in words for the report.

    read: the user's files that they are read from. columns: the names of the inputs' columns, if they are a table; of several
    inputs by name. groups: by part, what examples belong to, of a table (of other sources they are among the arrays).
    vocabulary: the words whose numbers the inputs are, from 2 on, if they are texts.
    categorical: the columns that hold numbers of categories.
    together: what each training example of a table belongs to, where the test part is of whole groups.
    fill, hot, numbered, words: what is to be fitted on each fold's training rows, see Folds. `groups` among the arrays: what
    stays in one fold.
    pixels: whether inputs are pixels, which are divided by 255 unless a recipe says otherwise; None: their values tell.
    """

    arrays: dict[str, Any]
    source: str
    read: FilesRead = field(default_factory=FilesRead)
    columns: list[str] | dict[str, list[str]] | None = None
    vocabulary: list[str] | None = None
    pixels: bool | None = None
    groups: dict[str, Any] = field(default_factory=dict)
    fill: str = ""
    hot: tuple[tuple[int, int], ...] = ()
    numbered: tuple[int, ...] = ()
    words: CountedWords | None = None
    categorical: tuple[Categorical, ...] = ()
    together: Any = None
