"""How Sphinx makes a site of these pages: `make docs`."""

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from schema_reference import reference  # noqa: E402 - it lies beside this file

project = "butfor"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "butfor"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
myst_heading_anchors = 4  # so that pages may link to a heading as GitHub names it
nitpicky = True
KEYS = "<!-- the keys -->"  # where study-file.md has what config/schema.yaml says


def filled(_: Sphinx, page: str, source: list[str]) -> None:
    """The manual of study files from its schema, and the order of pages from the links of the first one."""
    if page == "study-file":
        source[0] = source[0].replace(KEYS, reference(HERE.parent / "config" / "schema.yaml"))
    if page == "index":
        source[0] += "".join(map(_navigation, re.split(r"^## ", source[0], flags=re.MULTILINE)[1:]))


def _navigation(section: str) -> str:
    pages = "\n".join(re.findall(r"\]\(([\w-]+)\.md\)", section))
    return f"\n\n```{{toctree}}\n:hidden:\n:caption: {section.splitlines()[0]}\n\n{pages}\n```\n" if pages else ""


def setup(app: Sphinx) -> None:
    app.connect("source-read", filled)
