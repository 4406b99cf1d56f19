"""The records and tables of a study for pandas, in notebooks and figures of your own."""

from butfor.records.tables import load_history, load_study, load_table

__all__ = ["load_history", "load_study", "load_table"]
