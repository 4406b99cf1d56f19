"""The cluster that the tests of this folder share."""

import importlib.util
from collections.abc import Iterator

import pytest

from butfor.cluster import start
from conftest import need
from slurm.box import Box, can_run


@pytest.fixture(scope="session")
def box() -> Iterator[Box]:
    """A real Slurm with two nodes, both idle at the beginning."""
    need(can_run(), "Slurm's daemons and root, and no Slurm of its own")
    need(importlib.util.find_spec(start.PLUGIN), "Snakemake's executor for clusters (requirements-slurm.lock)")
    box = Box()
    try:
        box.up()
        yield box
    finally:
        box.down()
