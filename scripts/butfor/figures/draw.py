"""Every picture in the gallery, drawn and saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import cast

from matplotlib.figure import Figure

from butfor.arm_names import data_set_of
from butfor.figures import gallery, hover_titles, letters, style
from butfor.figures.cost_effect import cost_effect
from butfor.figures.critical_difference import critical_difference
from butfor.figures.effects import effects
from butfor.figures.effects_by_metric import effects_by_metric
from butfor.figures.gallery import Picture
from butfor.figures.interaction_plot import interactions
from butfor.figures.sensitivity import Effects, sensitivity
from butfor.figures.strongest import strongest, which_are_shown
from butfor.records.record import Record
from butfor.records.tables import records_in
from butfor.study.arm_labels import labels_of
from butfor.study.changed_numbers import numbers_changed
from butfor.study.designs import grids
from butfor.study.metrics import Metric
from butfor.study.study_metrics import beside, judged_by
from butfor.study.summary import Study, arm_of
from butfor.verdicts.across_data_sets import ranks_of
from butfor.verdicts.as_recorded import as_recorded
from butfor.verdicts.paired_values import differences, paired_seeds
from butfor.verdicts.paired_values import measured as values_of
from butfor.verdicts.rows import ContrastRow

# Records of a family's arms, and the arms' names with the reference first, some of which may have left no record.
Drawing = Callable[[list[Record], list[str]], Figure]


def draw(
    study: Study,
    folders: Iterable[Path | str],
    contrasts_path: Path | str,
    figures: Path,
    measured: Iterable[Path | str] = (),
) -> None:
    """Draw every figure of the study and save each as PNG and SVG. measured: the files of what runs are worth by the metrics
    that the study asks for."""
    records, rows = records_in(folders, measured), json.loads(Path(contrasts_path).read_text())
    study = as_recorded(study, records)
    style.apply()
    pictures = gallery.pictures(study)
    called, study, records, rows = _labelled(study, records, rows)
    letters.provide([record.arm for record in records])
    figures.mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        shown = replace(picture, arms=tuple(called[arm] for arm in picture.arms))
        figure = _drawn(shown, study, records, rows)
        figure.draw_without_rendering()
        figure.set_layout_engine(None)  # it is arranged now, and arranging takes most of the time
        figure.savefig(figures / f"{picture.name}.png", metadata={"Software": None})
        hover_titles.save_svg(figure, figures / f"{picture.name}.svg")


def _labelled(
    study: Study, records: list[Record], rows: list[ContrastRow]
) -> tuple[dict[str, str], Study, list[Record], list[ContrastRow]]:
    """What arms are called, and the study with its records and contrasts as if those were their names."""
    called = labels_of(study)
    if all(name == label for name, label in called.items()):
        return called, study, records, rows
    arms = [
        {**arm, "name": called[arm["name"]], "reference": called.get(arm["reference"] or "")} for arm in study["arms"]
    ]
    asked = cast(Study, {**study, "arms": arms})
    known = [record for record in records if record.arm in called]
    named = [
        replace(record, arm=called[record.arm]) if called[record.arm] != record.arm else record for record in known
    ]
    judged = [{**row, "arm": called[row["arm"]], "reference": called[row["reference"]]} for row in rows]
    return called, asked, named, cast(list[ContrastRow], judged)


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
        return effects(
            largest, differences(study, records), metric, study["verdict"], paired_seeds(study, records), said
        )
    if picture == gallery.BY_METRIC:
        shown = sorted(
            strongest([row["arm"] for row in on_metric], on_metric, picture.most), key=_worth(on_metric, metric)
        )
        return effects_by_metric([row for row in rows if row["arm"] in shown], beside(study), study["verdict"], shown)
    if picture == gallery.CRITICAL:
        sets = list(dict.fromkeys(data_set_of(arm["name"]) for arm in study["arms"]))
        return critical_difference(ranks_of(study, records, metric, sets), metric.title)
    if picture.kind == gallery.INTERACTIONS:
        grid = next(grid for grid in grids(study) if tuple(grid.arms) == picture.arms)
        return interactions(grid, values_of(study, records))
    known = Effects({row["arm"]: row for row in on_metric}, differences(study, records), metric, study["verdict"])
    if picture == gallery.COST:
        return cost_effect(records, known, study["arms"][0]["name"])
    if picture.kind == gallery.SENSITIVITY:
        numbers = numbers_changed([arm_of(study, arm) for arm in picture.arms[1:]], arm_of(study, picture.arms[0]))
        return sensitivity(numbers, known, picture.arms[0])
    arms = [picture.arms[0], *strongest(picture.arms[1:], on_metric, picture.most)]
    return _drawing(picture.kind)(comparable([record for record in records if record.arm in set(arms)]), arms)


def _worth(rows: list[ContrastRow], metric: Metric) -> Callable[[str], float]:
    """Gives an arm's effect on a metric, larger for better."""
    effects_of = {row["arm"]: row["effect"] for row in rows}
    return lambda arm: metric.worth(effects_of[arm])


def _drawing(kind: str) -> Drawing:
    module, _, function = next(one.drawing for one in gallery.KINDS if one.name == kind).partition(":")
    drawing: Drawing = getattr(import_module(module), function)
    return drawing
