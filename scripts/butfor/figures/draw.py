"""Every picture in the gallery, drawn and saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property
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
from butfor.figures.picture_kinds import CURVES, KINDS, SENSITIVITY
from butfor.figures.sensitivity import Effects, sensitivity
from butfor.figures.strongest import strongest, which_are_shown
from butfor.languages.phrases import language_of, speaking, term
from butfor.process.rare_collection import collect_rarely
from butfor.process.shared_work import share_work
from butfor.records.record import Record
from butfor.records.tables import records_in
from butfor.study.arm_labels import labels_of
from butfor.study.changed_numbers import numbers_changed
from butfor.study.designs import grids
from butfor.study.metrics import Metric
from butfor.study.study_metrics import beside, judged_by
from butfor.study.summary import Study
from butfor.verdicts.across_data_sets import ranks_of
from butfor.verdicts.as_recorded import as_recorded
from butfor.verdicts.paired_values import differences, paired_seeds
from butfor.verdicts.paired_values import measured as values_of
from butfor.verdicts.rows import ContrastRow
from butfor.verdicts.shown_intervals import with_shown_intervals

# Of records of a family's arms, and the arms' names with the reference first, some of which may have left no record.
Drawing = Callable[..., Figure]


def draw(
    study: Study,
    folders: Iterable[Path | str],
    contrasts_path: Path | str,
    figures: Path,
    measured: Iterable[Path | str] = (),
    processes: int = 1,
) -> None:
    """Draw every figure of the study, in its language as far as fonts have that, and save each as PNG and SVG. measured: the
    files of what runs are worth by the metrics that the study asks for. processes: that draw, each some of the figures."""
    collect_rarely()
    records, rows = records_in(folders, measured), json.loads(Path(contrasts_path).read_text())
    study = as_recorded(study, records)
    with speaking(letters.legible(language_of(study))):
        style.apply()
        pictures = gallery.pictures(study)
        called, study, records, rows = _labelled(study, records, rows)
        letters.provide([record.arm for record in records])
        figures.mkdir(parents=True, exist_ok=True)
        drawn = _Drawn(study, records, rows)
        shown = [replace(picture, arms=tuple(called[arm] for arm in picture.arms)) for picture in pictures]
        share_work(lambda picture: _save(drawn.figure(picture), figures / picture.name), shown, processes)


def _save(figure: Figure, path: Path) -> None:
    """Save a figure as PNG and SVG at a path without an ending."""
    if figure.axes and (arrangement := figure.get_layout_engine()):
        arrangement.execute(figure)  # once for both files, since it takes most of the time
        figure.set_layout_engine(None)
    figure.savefig(f"{path}.png", metadata={"Software": None})
    hover_titles.save_svg(figure, Path(f"{path}.svg"))


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
    labelled = cast(Study, {**study, "arms": arms})
    known = [record for record in records if record.arm in called]
    named = [
        replace(record, arm=called[record.arm]) if called[record.arm] != record.arm else record for record in known
    ]
    judged = [{**row, "arm": called[row["arm"]], "reference": called[row["reference"]]} for row in rows]
    return called, labelled, named, cast(list[ContrastRow], judged)


def comparable(records: list[Record]) -> list[Record]:
    """The records of the seeds that all the arms among them have: after a look only some arms have more."""
    seeds: dict[str, set[int]] = {}
    for record in records:
        seeds.setdefault(record.arm, set()).add(record.seed)
    common = set.intersection(*seeds.values()) if seeds else set()
    return [record for record in records if record.seed in common]


class _Drawn:
    """The pictures of a study as figures; what several of them need of all runs is worked out once."""

    def __init__(self, study: Study, records: list[Record], rows: list[ContrastRow]) -> None:
        self._study, self._records, self._rows = study, records, with_shown_intervals(rows)
        self._metric = judged_by(study)
        self._on_metric = self._metric.rows(self._rows)
        self._arms = {arm["name"]: arm for arm in study["arms"]}

    @cached_property
    def _known(self) -> Effects:
        by_arm = {row["arm"]: row for row in self._on_metric}
        return Effects(by_arm, differences(self._study, self._records), self._metric, self._study["verdict"])

    @cached_property
    def _by_arm(self) -> dict[str, list[tuple[int, Record]]]:
        entries: dict[str, list[tuple[int, Record]]] = {}
        for place, record in enumerate(self._records):
            entries.setdefault(record.arm, []).append((place, record))
        return entries

    def _of(self, arms: list[str]) -> list[Record]:
        """The records of these arms, in the order of all."""
        entries = [each for arm in dict.fromkeys(arms) for each in self._by_arm.get(arm, [])]
        return [record for _, record in sorted(entries, key=lambda each: each[0])]

    def figure(self, picture: Picture) -> Figure:
        study, metric, on_metric = self._study, self._metric, self._on_metric
        if picture.kind == gallery.EFFECTS.kind:
            most = set(strongest([row["arm"] for row in on_metric], on_metric, picture.most))
            largest = [row for row in on_metric if row["arm"] in most]
            note = which_are_shown(len(on_metric), picture.most)
            seeds = paired_seeds(study, self._records)
            return effects(largest, self._known.by_seed, metric, study["verdict"], seeds, note)
        if picture.kind == gallery.BY_METRIC.kind:
            shown = sorted(
                strongest([row["arm"] for row in on_metric], on_metric, picture.most), key=_worth(on_metric, metric)
            )
            names = set(shown)
            return effects_by_metric(
                [row for row in self._rows if row["arm"] in names], beside(study), study["verdict"], shown
            )
        if picture.kind == gallery.CRITICAL.kind:
            sets = list(dict.fromkeys(data_set_of(arm["name"]) for arm in study["arms"]))
            return critical_difference(ranks_of(study, self._records, metric, sets), term(metric.title))
        if picture.kind == gallery.INTERACTIONS:
            grid = next(grid for grid in grids(study) if tuple(grid.arms) == picture.arms)
            return interactions(grid, values_of(study, self._records))
        if picture.kind == gallery.COST.kind:
            return cost_effect(self._records, self._known, study["arms"][0]["name"], picture.most)
        arms = [picture.arms[0], *strongest(picture.arms[1:], on_metric, picture.most)]
        if picture.kind == SENSITIVITY:
            numbers = numbers_changed([self._arms[arm] for arm in arms[1:]], self._arms[arms[0]])
            return sensitivity(numbers, self._known, arms[0])
        drawn, more = comparable(self._of(arms)), {"metric": metric} if picture.kind == CURVES else {}
        return _drawing(picture.kind)(drawn, arms, **more)


def _worth(rows: list[ContrastRow], metric: Metric) -> Callable[[str], float]:
    """Gives an arm's effect on a metric, larger for better."""
    effects_of = {row["arm"]: row["effect"] for row in rows}
    return lambda arm: metric.worth(effects_of[arm])


def _drawing(kind: str) -> Drawing:
    module, _, function = next(one.drawing for one in KINDS if one.name == kind).partition(":")
    drawing: Drawing = getattr(import_module(module), function)
    return drawing
