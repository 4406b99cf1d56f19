"""Every dependency is pinned to a version and to the files' hashes, and no lock names where they come from."""

import re

import pytest

from conftest import ROOT

LOCKS = sorted(ROOT.glob("requirements*.lock"))


def requirements(text):
    """The requirements of a lock, each with its hashes on the same line."""
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]


def pinned(line):
    return re.fullmatch(r"[\w.\[\]-]+==[^\s;]+( ; [^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+\s*", line) is not None


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_requirement_has_a_version_and_hashes_and_no_index_is_named(path):
    found = requirements(path.read_text())
    least = 1 if path.name == "requirements-slurm.lock" else 50  # the executor alone, beside all the others
    assert len(found) >= least and [line[:80] for line in found if not pinned(line)] == []
    assert not re.search(r"index-url|find-links|trusted-host|://", path.read_text())


def test_a_requirement_without_a_hash_would_be_seen():
    good = "numpy==2.1.0 --hash=sha256:" + "0" * 64
    assert pinned(good)
    for bad in (
        "numpy==2.1.0",
        good.replace("==", ">="),
        "--index-url https://x/simple",
        good[:-1],
        "x @ git+https://y",
    ):
        assert not pinned(bad)


def test_installing_asks_for_the_hashes():
    commands = [
        line
        for line in (ROOT / "Makefile").read_text().splitlines()
        if any(words in line for words in ("pip sync", "pip install"))
    ]
    assert len(commands) == 4 and all("--require-hashes" in line for line in commands)
