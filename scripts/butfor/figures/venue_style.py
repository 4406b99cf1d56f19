"""The fonts, sizes and widths that a venue asks figures for, by tueplots; fonts are embedded as outlines that stay text."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence

import matplotlib

from butfor.figures import letters
from butfor.study.metrics import Metric

COLUMNS = ("cvpr2024", "icml2024", "aistats2025", "aaai2024", "uai2023")  # with two columns on a page
TIMES = "STIXGeneral"  # a Times that comes with Matplotlib
PAGE = {"cvpr2024": 6.875, "icml2024": 6.75, "aistats2025": 6.75, "aaai2024": 7.0, "uai2023": 6.75}


def apply_venue(venue: str, texts: Sequence[str]) -> float:
    """Make the venue's style the one that new figures get, and give the width of one column in inches. texts: what figures
    will say, for letters that its fonts lack."""
    from tueplots import bundles

    make = getattr(bundles, venue)
    options = {"usetex": False} if "usetex" in inspect.signature(make).parameters else {}
    settings = make(**options)
    matplotlib.rcdefaults()
    letters.provide(texts)
    more = [family for family in matplotlib.rcParams["font.family"] if family != "sans-serif"]
    matplotlib.rcParams.update(
        {key: value for key, value in settings.items() if not key.startswith("figure.constrained")}
    )
    matplotlib.rcParams.update(
        {
            "text.usetex": False,  # so that figures are drawn where there is no LaTeX
            "font.family": [TIMES, *more, letters.USUAL],
            "mathtext.fontset": "stix",
            "pdf.fonttype": 42,
            "ps.fonttype": 42,
            "axes.linewidth": 0.6,
            "xtick.major.width": 0.6,
            "xtick.major.size": 2.5,
            "axes.unicode_minus": True,
        }
    )
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    return float(settings["figure.figsize"][0])


def page(venue: str) -> tuple[float, bool]:
    """The width of the text in inches, and whether it has two columns."""
    from tueplots import bundles

    if venue in COLUMNS:
        return PAGE[venue], True
    make = getattr(bundles, venue)
    return float(
        make(**({"usetex": False} if "usetex" in inspect.signature(make).parameters else {}))["figure.figsize"][0]
    ), False


def unit_words(metric: Metric) -> str:
    """A metric's unit in the words of a paper."""
    return "percentage points" if metric.unit.short == "points" else metric.unit.short
