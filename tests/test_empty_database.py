"""A database without runs is made once for all studies on a machine: later ones begin with a copy."""

import sqlite3
from contextlib import closing

import pytest

from butfor.process import kept_beside_code
from butfor.tracking import schema_version


@pytest.fixture
def library(tmp_path, monkeypatch):
    """The folder beside whose bytecode things are kept."""
    monkeypatch.setattr(kept_beside_code, "LIBRARY", tmp_path / "library")
    (tmp_path / "library").mkdir()
    return tmp_path / "library"


def prepared(folder):
    schema_version.prepare(f"sqlite:///{folder / 'mlflow.db'}", own=True)
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        return {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}


def test_the_second_study_copies_what_the_first_has_made(library, tmp_path, monkeypatch):
    tables = prepared(tmp_path / "one")
    monkeypatch.setattr(schema_version, "_make_tables", None)  # whatever would be made now raises
    assert prepared(tmp_path / "another") == tables >= {"experiments", "runs", "metrics"}
    assert [path.suffix for path in (library / "__pycache__").iterdir()] == [".db"]


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + bytes(84)], ids=["empty", "damaged"])
def test_a_database_that_is_no_database_is_not_copied(library, tmp_path, content):
    tables = prepared(tmp_path / "one")
    (kept,) = (library / "__pycache__").iterdir()
    kept.write_bytes(content)
    assert prepared(tmp_path / "another") == tables
    assert kept.read_bytes() == (tmp_path / "another" / "mlflow.db").read_bytes()


def test_where_nothing_can_be_kept_every_study_makes_its_own(library, tmp_path, monkeypatch):
    monkeypatch.setattr(schema_version, "kept_beside_code", lambda name: None)
    assert "runs" in prepared(tmp_path / "one")
    assert list(library.iterdir()) == []
