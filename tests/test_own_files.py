"""The files that a user's own code reads: noticed, declared, and compared by content."""

import json
import os
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from butfor import file_digests
from butfor.file_digests import FileDigests, file_digest
from butfor.user_code import call, files_read, location
from butfor.user_code.declared_files import declared_digest
from butfor.user_code.files_read import noticed, token_of
from butfor.user_code.location import OwnCodeError


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes a module into the working folder, and gives the name of its function `load`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    module = f"reads_{tmp_path.name}"

    def write(text):
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(text))
        return f"{module}:load"

    return write


def read_by(name):
    with noticed(name) as read:
        call.load(name)()
    return set(read.digests)


def test_what_a_call_reads_is_noticed_however_it_is_opened(own, tmp_path):
    np.save("a.npy", np.zeros(2))
    np.savez("b.npz", x=np.zeros(2))
    for name in ("c.csv", "d.txt", "e.json", "f.bin", "g.csv", "unread.csv", "at_import.txt"):
        Path(name).write_text("1")
    Path("lines.db").touch()
    name = own("""
        import json, os, sqlite3, threading
        from pathlib import Path
        import numpy as np
        import pandas as pd

        START = Path("at_import.txt").read_text()

        def load():
            np.load("a.npy"), np.load("b.npz")["x"], np.loadtxt("c.csv"), Path("d.txt").read_text()
            json.load(open("e.json")), os.read(os.open("f.bin", os.O_RDONLY), 1), pd.read_csv("g.csv")
            sqlite3.connect("lines.db").close()
            Path("made.txt").write_text("x")
            Path("made.txt").read_text()
            Path("/proc/self/status").read_text()
            Path("absent.txt").exists()
    """)
    expected = {"a.npy", "b.npz", "c.csv", "d.txt", "e.json", "f.bin", "g.csv", "lines.db", "at_import.txt"}
    assert read_by(name) == expected
    assert read_by(name) == expected  # the module is imported no more


def test_a_function_that_remembers_is_asked_again_for_each_call(own):
    Path("w.npy").write_text("1")
    name = own("""
        from functools import cache
        from pathlib import Path

        @cache
        def weights():
            return Path("w.npy").read_text()

        def load():
            return weights()
    """)
    assert read_by(name) == read_by(name) == {"w.npy"}


def test_files_of_libraries_caches_and_temporary_ones_of_the_call_do_not_count(own, tmp_path, monkeypatch):
    temporary = tmp_path.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    monkeypatch.setattr(files_read.tempfile, "gettempdir", lambda: str(temporary))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path.parent / "keras"))
    (tmp_path.parent / "keras").mkdir(exist_ok=True)
    places = [temporary / "t.txt", tmp_path.parent / "keras" / "mnist.npz", tmp_path.parent / "shared.csv"]
    for path in (*places, tmp_path / "inside.csv"):
        path.write_text("1")
    name = own(f"""
        import subprocess

        from sklearn.datasets import load_digits

        def load():
            load_digits()
            for path in {[*map(str, places), "inside.csv"]}:
                open(path).close()
            subprocess.run(["cp", "inside.csv", {str(temporary / "copy.csv")!r}])
            open({str(temporary / "copy.csv")!r}).close()
    """)
    time.sleep(0.02)  # a file system's clock may tick that slowly
    assert read_by(name) == {"inside.csv", str(places[0]), str(places[-1])}


def test_a_file_is_compared_by_content_and_one_that_is_gone_has_not_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noted, table = tmp_path / "noted.reads", tmp_path / "t.csv"

    def token():
        return token_of(noted, lambda path: file_digest(files_read.resolved(path, tmp_path)))

    table.write_text("1")
    assert token() == ""
    files_read.FilesRead({"t.csv": file_digest(table)}).write(noted, "")
    os.utime(table, (1e9, 1e9))
    assert token() == ""
    table.unlink()
    assert token() == ""
    table.write_text("2")
    changed = token()
    assert changed and changed == token()
    files_read.FilesRead({"t.csv": file_digest(table)}).write(noted, changed)
    assert token() == changed  # as long as nothing else changes
    table.write_text("1")
    assert token() == ""  # as at the first call, whose records are kept
    table.write_text("3")
    assert token() not in ("", changed)
    files_read.FilesRead({"t.csv": file_digest(table)}).write(noted, third := token())
    for text, expected in (("1", ""), ("2", changed), ("3", third)):
        table.write_text(text)
        assert token() == expected
    noted.write_text("{")
    assert token() == ""


def test_a_digest_is_never_taken_from_before_a_change(tmp_path, monkeypatch):
    path, cache = tmp_path / "large.bin", tmp_path / "kept" / "files.json"
    path.write_bytes(b"1" * 100)
    monkeypatch.setattr(file_digests.time, "time", lambda: os.stat(path).st_ctime + 10)
    first = FileDigests(cache)
    before = first.of(path)
    first.save()
    with monkeypatch.context() as patch:
        patch.setattr(file_digests, "file_digest", None)  # whatever would be read now raises
        assert FileDigests(cache).of(path) == before
    status = path.stat()
    time.sleep(0.02)  # a file system's clock may tick that slowly
    path.write_bytes(b"2" * 100)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # as large and as old as before, in the same place
    assert FileDigests(cache).of(path) == file_digest(path) != before
    cache.write_text("[]")
    assert FileDigests(cache).of(path) == file_digest(path) and FileDigests(cache).of(tmp_path / "none") == ""


def test_a_digest_of_a_file_that_has_just_changed_is_not_kept(tmp_path):
    (tmp_path / "f").write_text("1")
    digests = FileDigests(tmp_path / "cache")
    digests.of(tmp_path / "f")
    digests.save()
    assert not (tmp_path / "cache").exists()


def test_declared_files_count_by_content_wherever_they_lie(tmp_path):
    for name, text in {"a/w/1.npy": "1", "a/w/2.npy": "2", "b/deep/w/1.npy": "1", "b/deep/w/2.npy": "2"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def digest(*patterns, folder="a"):
        return declared_digest(patterns, [tmp_path / folder], file_digest, "data")

    assert digest() == ""
    assert digest("w/*.npy") == digest("deep/w/*.npy", folder="b") == digest("w")
    assert digest("w/1.npy") == digest("deep/w/1.npy", folder="b") != digest("w/2.npy")
    before = digest("w/*.npy")
    (tmp_path / "a" / "w" / "3.npy").write_text("")
    assert digest("w/*.npy") != before
    with pytest.raises(
        OwnCodeError, match=r"data: depends: expected files, received v/\*.npy, of which there are none"
    ):
        digest("v/*.npy")


def test_packages_count_with_all_that_they_import(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sources = {
        "net.py": "from layers import x\nimport editable.deep\ndef build(): pass",
        "layers/__init__.py": "from .core import x\nfrom . import side",
        "layers/core.py": "from ..net import y",
        "layers/side.py": "",
        "layers/sub/__init__.py": "",
        "layers/unused.py": "",
        "lib/editable/__init__.py": "",
        "lib/editable/deep.py": "import json",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "lib")])
    found = {path.relative_to(tmp_path).as_posix() for path in location.files("net:build")}
    assert found == {*sources} - {"layers/sub/__init__.py", "layers/unused.py"}


def test_the_notes_are_plain_json(tmp_path):
    files_read.FilesRead({"a.csv": "0"}).write(tmp_path / "n.reads", "t")
    assert json.loads((tmp_path / "n.reads").read_text()) == {
        **{"token": "t", "made_of": "", "files": {"a.csv": "0"}, "earlier": []}
    }
