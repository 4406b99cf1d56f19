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
from butfor.figures.strongest import strongest, which_are_shown
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
    metric = judged_by(study)
    on_metric = metric.rows(rows)
    if picture == gallery.EFFECTS:
        most = set(strongest([row["arm"] for row in on_metric], on_metric, picture.most))
        largest = [row for row in on_metric if row["arm"] in most]
        said = which_are_shown(len(on_metric), picture.most)
        return effects(largest, differences(study, records), metric, study["verdict"], said)
    if picture.kind == gallery.INTERACTIONS:
        grid = next(grid for grid in grids(study) if tuple(grid.arms) == picture.arms)
        return interactions(grid, measured(study, records))
    arms = [picture.arms[0], *strongest(picture.arms[1:], on_metric, picture.most)]
    return _drawing(picture.kind)(comparable([record for record in records if record.arm in set(arms)]), arms)


def _drawing(kind: str) -> Drawing:
    module, _, function = next(one.drawing for one in gallery.KINDS if one.name == kind).partition(":")
    drawing: Drawing = getattr(import_module(module), function)
    return drawing
