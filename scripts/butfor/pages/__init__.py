"""The report as a page: `report.md` and its figures in, one file of HTML out that asks no network for anything."""
