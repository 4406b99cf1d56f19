"""The servers that whole studies of the tests share."""

from pathlib import Path

import psutil

import preloaded_scripts
from butfor.forks.interpreter import SERVERS
from conftest import environment
from test_forks import run, script


def test_they_serve(tmp_path, monkeypatch):
    """Not by interpreters of their own, by which all would pass as well, in twice the time."""
    monkeypatch.setattr(preloaded_scripts.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(preloaded_scripts, "LIBRARIES", ("wave",))
    before = psutil.Process().children()
    given = preloaded_scripts.shared_servers(environment(), preloaded_scripts.NUMPY)
    try:
        path = script(tmp_path, "import sys; print('wave' in sys.modules)", "train")
        variables = {**environment(), **preloaded_scripts.SET_BY_STARTS, **given}
        assert run(Path(given[SERVERS]), path, env=variables) == (0, "True\n", "")
    finally:
        for each in set(psutil.Process().children()) - set(before):
            each.kill()
            each.wait()
