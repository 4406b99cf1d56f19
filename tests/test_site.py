"""The site of the docs: built as `make docs` builds it, and refused where a link of a page leads nowhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conftest import ROOT, SCHEMA, need, put_back

SPHINX = Path(sys.prefix) / "sphinx"  # where make puts it, beside the environment's own packages

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A copy of the pages, and of the schema that one of them is made from. Sphinx reads again only what has changed since."""
    need(SPHINX.is_dir(), "Sphinx: make .venv/sphinx")
    folder = tmp_path_factory.mktemp("pages")
    shutil.copytree(ROOT / "docs", folder / "docs")
    (folder / "config").mkdir()
    shutil.copy(SCHEMA, folder / "config")
    return folder / "docs"


def built(pages):
    """What Sphinx says of them, and whether it is content."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-n", pages, pages.parent / "site"]
    asked = {**os.environ, "PYTHONPATH": str(SPHINX)}
    done = subprocess.run(command, env=asked, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def test_the_site_has_every_page_and_every_key_of_a_study(pages):
    is_content, text = built(pages)
    assert is_content, text
    site = pages.parent / "site"
    assert {path.stem for path in pages.glob("*.md")} <= {path.stem for path in site.glob("*.html")}
    manual = (site / "study-file.html").read_text()
    root = yaml.safe_load(SCHEMA.read_text())
    keys = [*root["properties"], *root["$defs"]["recipe"]["properties"], *root["$defs"]["ablation"]["properties"]]
    assert [key for key in keys if f">{key}<" not in manual] == []
    assert "http" not in "".join(
        line for line in manual.splitlines() if "<script" in line or 'rel="stylesheet"' in line
    )


def test_a_link_that_leads_nowhere_is_an_error_whichever_kind_it_is(pages):
    with put_back([pages / "claims.md"]):
        with (pages / "claims.md").open("a") as page:
            page.write("\n[a](gone.md) [b](metrics.md#gone) [c](#gone) [d](gone.json) [e](metrics.md#the-catalogue)\n")
        is_content, text = built(pages)
    assert not is_content
    assert text.count("claims.md") == 4 and "catalogue" not in text, text


def test_a_page_that_the_first_one_does_not_lead_to_is_an_error(pages):
    (pages / "lost.md").write_text("# Lost\n")
    is_content, text = built(pages)
    (pages / "lost.md").unlink()
    assert not is_content and "lost.md" in text
