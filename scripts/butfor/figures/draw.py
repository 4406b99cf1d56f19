"""Every picture in the gallery, drawn and saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from matplotlib.figure import Figure

from butfor.figures import gallery, style
from butfor.figures.effects import effects
from butfor.figures.gallery import Picture
from butfor.figures.interaction_plot import interactions
from butfor.records.record import Record
from butfor.records.tables import records_in
from butfor.study.designs import grids
from butfor.study.metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts.paired_values import differences, measured
from butfor.verdicts.rows import ContrastRow

# Records of a family's arms, and the arms' names with the reference first, some of which may have left no record.
Drawing = Callable[[list[Record], list[str]], Figure]


def draw(study: Study, folders: Iterable[Path | str], contrasts_path: Path | str, figures: Path) -> None:
    """Draw every figure of the study and save each as PNG and SVG."""
    records, rows = records_in(folders), json.loads(Path(contrasts_path).read_text())
    style.apply()
    figures.mkdir(parents=True, exist_ok=True)
    for picture in gallery.pictures(study):
        figure = _drawn(picture, study, records, rows)
        figure.draw_without_rendering()
        figure.set_layout_engine(None)  # it is arranged now, and arranging takes most of the time
        for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            figure.savefig(figures / f"{picture.name}.{kind}", metadata=metadata)


def comparable(records: list[Record]) -> list[Record]:
    """The records of the seeds that all the arms among them have: after a look only some arms have more."""
    seeds: dict[str, set[int]] = {}
    for record in records:
        seeds.setdefault(record.arm, set()).add(record.seed)
    common = set.intersection(*seeds.values()) if seeds else set()
    return [record for record in records if record.seed in common]


def _drawn(picture: Picture, study: Study, records: list[Record], rows: list[ContrastRow]) -> Figure:
    if picture == gallery.EFFECTS:
        metric = judged_by(study)
        return effects(metric.rows(rows), differences(study, records), metric, study["verdict"])
    if picture.kind == gallery.INTERACTIONS:
        grid = next(grid for grid in grids(study) if tuple(grid.arms) == picture.arms)
        return interactions(grid, measured(study, records))
    shown = comparable([record for record in records if record.arm in picture.arms])
    return _drawing(picture.kind)(shown, list(picture.arms))


def _drawing(kind: str) -> Drawing:
    module, _, function = next(one.drawing for one in gallery.KINDS if one.name == kind).partition(":")
    drawing: Drawing = getattr(import_module(module), function)
    return drawing
