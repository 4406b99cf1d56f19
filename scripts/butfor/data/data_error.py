"""The error of data. Standard library only."""

from __future__ import annotations

from butfor.errors import StudyError


class DataError(StudyError):
    """A data set that cannot be trained on."""
