"""Every picture in the gallery, drawn and saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from matplotlib.figure import Figure

from butfor import frames, gallery
from butfor.contrasts import differences, measured
from butfor.figures import style
from butfor.figures.curves import curves
from butfor.figures.depth import depth, gradients
from butfor.figures.distributions import distributions
from butfor.figures.effects import effects
from butfor.figures.gaps import gaps
from butfor.figures.interactions import interactions
from butfor.figures.rates import rates
from butfor.figures.schedules import schedules
from butfor.figures.stopping import stopping
from butfor.figures.weights import weights
from butfor.grids import grids
from butfor.record import Record

# Records of a family's arms, and the arms' names with the reference first, some of which may have left no record.
Drawing = Callable[[list[Record], list[str]], Figure]
DRAWINGS: dict[str, Drawing] = {
    "curves": curves,
    "rates": rates,
    "schedules": schedules,
    "depth": depth,
    "distributions": distributions,
    "gradients": gradients,
    "weights": weights,
    "gaps": gaps,
    "stopping": stopping,
}


def comparable(records: list[Record]) -> list[Record]:
    """The records of the seeds that all the arms among them have: after a look only some arms have more."""
    seeds: dict[str, set[int]] = {}
    for record in records:
        seeds.setdefault(record.arm, set()).add(record.seed)
    common = set.intersection(*seeds.values()) if seeds else set()
    return [record for record in records if record.seed in common]


def draw(study: gallery.Study, folders: Iterable[Path], contrasts_path: Path, figures: Path) -> None:
    """Draw every figure of the study and save each as PNG and SVG."""
    records = frames.records_in(folders)
    rows = [row for row in json.loads(contrasts_path.read_text()) if row["metric"] == "test/accuracy"]
    style.apply()
    figures.mkdir(parents=True, exist_ok=True)
    for picture in gallery.pictures(study):
        if picture.kind == gallery.INTERACTIONS:
            grid = next(grid for grid in grids(study) if tuple(grid.arms) == picture.arms)
            figure = interactions(grid, measured(study, records))
        elif picture.family:
            shown = comparable([record for record in records if record.arm in picture.arms])
            figure = DRAWINGS[picture.kind](shown, list(picture.arms))
        else:
            figure = effects(rows, differences(study, records), study["verdict"])
        figure.draw_without_rendering()
        figure.set_layout_engine(None)  # it is arranged now, and arranging takes most of the time
        for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            figure.savefig(figures / f"{picture.name}.{kind}", metadata=metadata)
