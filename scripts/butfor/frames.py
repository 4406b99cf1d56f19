"""The records of a study as pandas tables, `load_study` and `load_history`, for notebooks and figures of your own."""

from butfor.records.tables import load_history, load_study

__all__ = ["load_history", "load_study"]
