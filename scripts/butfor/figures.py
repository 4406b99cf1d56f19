"""The study's figures: tables in, Figure out. Only `draw` touches files.

Lengths are in inches at the size a report shows them; colours are seaborn's colour-blind-safe palette.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from butfor import frames, gallery
from butfor.contrasts import differences
from butfor.record import Record

Study = dict[str, Any]
WIDTH = 8.0
ROW = 0.3
VERDICT_COLOURS = {"helps": 2, "hurts": 3, "no meaningful difference": 0, "inconclusive": 7}


def draw(study: Study, folders: Iterable[Path], contrasts_path: Path, figures: Path) -> None:
    """Draw every figure of the study and save each as PNG and SVG."""
    records = frames.records_in(folders)
    rows = [row for row in json.loads(contrasts_path.read_text()) if row["metric"] == "test/accuracy"]
    sns.set_theme(style="whitegrid", palette="colorblind", font_scale=0.85)
    plt.rcParams.update({"svg.hashsalt": "butfor", "figure.dpi": 110, "savefig.dpi": 160, "axes.titlesize": "medium"})
    figures.mkdir(parents=True, exist_ok=True)
    for name in gallery.figures(study):
        figure = _figure(name, study, records, rows)
        for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            figure.savefig(figures / f"{name}.{kind}", bbox_inches="tight", metadata=metadata)
        plt.close(figure)


def _figure(name: str, study: Study, records: list[Record], rows: list[dict[str, Any]]) -> Figure:
    if name == "effects":
        return effects(rows, differences(study, records), study["verdict"])
    if name == "schedules":
        return schedules(records, _with_references(study, gallery.SCHEDULE_KEYS))
    if name == "activations":
        return activations(records, _with_references(study, gallery.INITIALISER_KEYS))
    if name == "gaps":
        return gaps(frames.runs_table(records), _with_references(study, gallery.REGULARISER_KEYS))
    family = name.removeprefix("curves_")
    return curves(frames.history_table(records), _family(study, family))


def effects(rows: list[dict[str, Any]], by_seed: dict[str, list[float]], verdict: dict[str, Any]) -> Figure:
    """Every ablation's effect on test accuracy with its interval, its seeds and the margin, sorted.

    rows: contrasts on test accuracy. by_seed: paired differences per arm, in points. Effects far outside the others
    are written at the edge instead of squeezing the rest.
    """
    ordered = sorted(rows, key=lambda row: -math.inf if row["effect"] is None else row["effect"])
    low = -_edge([-row["low"] for row in rows if row["low"] is not None], verdict["margin"])
    high = _edge([row["high"] for row in rows if row["high"] is not None], verdict["margin"])
    figure, axes = plt.subplots(figsize=(WIDTH, 1.1 + ROW * len(ordered)))
    axes.axvspan(-verdict["margin"], verdict["margin"], color="0.9", zorder=0)
    axes.axvline(0, color="0.5", linewidth=0.8, zorder=1)
    palette = sns.color_palette("colorblind")
    for place, row in enumerate(ordered):
        colour = palette[VERDICT_COLOURS[row["verdict"]]]
        _effect_row(axes, place, row, by_seed[row["arm"]], colour, (low, high))
    axes.set(xlim=(low, high), ylim=(-0.7, len(ordered) - 0.3), yticks=range(len(ordered)))
    axes.set_yticklabels([row["arm"] for row in ordered])
    axes.set_xlabel(
        "worse ←  test accuracy, ablation minus reference (accuracy points)  → better\n"
        f"bars: {100 * (1 - verdict['alpha']):g} % interval of each ablation by itself; colours: corrected over all"
    )
    axes.grid(axis="y", visible=False)
    used = {row["verdict"] for row in rows}
    for word, colour in VERDICT_COLOURS.items():
        if word not in used:
            continue
        axes.plot([], [], "o", color=palette[colour], label=word)
    axes.plot([], [], ".", color="0.6", label="one seed")
    axes.fill_between([], [], color="0.9", label=f"margin ±{verdict['margin']:g}")
    figure.legend(
        *axes.get_legend_handles_labels(), loc="lower center", bbox_to_anchor=(0.55, 0.985), ncol=3, frameon=False
    )
    figure.tight_layout()
    return figure


def _effect_row(
    axes: Axes, place: int, row: dict[str, Any], seeds: list[float], colour: Any, limits: tuple[float, float]
) -> None:
    low, high = limits
    inset = 0.01 * (high - low)
    label = {"va": "center", "fontsize": "small", "color": colour}
    if row["effect"] is None:
        axes.text(low + inset, place, f"◀ {row['remark'] or 'no finished pair'}", ha="left", **label)
    elif row["effect"] < low:
        axes.text(low + inset, place, f"◀ {_number(row)}", ha="left", **label)
    elif row["effect"] > high:
        axes.text(high - inset, place, f"{_number(row)} ▶", ha="right", **label)
    else:
        axes.plot(seeds, [place - 0.22] * len(seeds), ".", color="0.6", markersize=4, zorder=2)
        axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2, zorder=3)
        axes.plot(row["effect"], place, "o", color=colour, markersize=6, zorder=4)


def _number(row: dict[str, Any]) -> str:
    return f"{row['effect']:+.1f} [{row['low']:+.1f}, {row['high']:+.1f}]"


def _edge(reaches: list[float], margin: float) -> float:
    """How far one side of the effects' axis goes: past a gap of a factor 3, effects are written, not drawn."""
    edge = 1.5 * margin
    for reach in sorted(reaches):
        if reach > 3.0 * edge:
            break
        edge = max(edge, reach)
    return 1.08 * edge


def curves(history: pd.DataFrame, arms: list[str]) -> Figure:
    """Validation accuracy and loss over the epochs, one line per arm, with a band from worst to best seed.

    Arms that end far from the others are named at the axis instead of squeezing them.
    """
    table = history[history["arm"].isin(arms)]
    figure, panels = plt.subplots(1, 2, figsize=(WIDTH, 3.4))
    colours = _arm_colours(arms)
    for axes, metric, label in zip(
        panels, ("validation/accuracy", "validation/loss"), ("accuracy (share)", "loss (nats)"), strict=True
    ):
        finite = table[np.isfinite(table[metric])]
        sns.lineplot(
            finite, x="epoch", y=metric, hue="arm", hue_order=arms, palette=colours, ax=axes, legend=False,
            errorbar=("pi", 100), err_kws={"alpha": 0.12}, style="arm", style_order=arms,
            dashes=[_dash(place) for place in range(len(arms))], marker="o", markersize=3.5, markeredgewidth=0,
        )  # fmt: skip
        axes.set(xlabel="epoch", ylabel=f"validation {label}")
        axes.xaxis.get_major_locator().set_params(integer=True)
        _focus(axes, table, metric, arms)
    _legend(figure, colours)
    return figure


def _focus(axes: Axes, table: pd.DataFrame, metric: str, arms: list[str]) -> None:
    """Let the axis follow the arms that learn; those that end far from the median are named at its foot."""
    final = table.sort_values("epoch").groupby(["arm", "seed"])[metric].last().groupby("arm").mean()
    far = [arm for arm in arms if arm in final and not abs(final[arm] - final.median()) < 0.15]
    near = table[~table["arm"].isin(far)][metric]
    if far and len(near):
        spread = near.max() - near.min()
        axes.set_ylim(near.min() - (0.15 + 0.08 * len(far)) * spread, near.max() + 0.08 * spread)
        names = "\n".join(f"{arm} ({final[arm]:.2f})" for arm in far)
        axes.text(0.02, 0.03, f"off the scale:\n{names}", transform=axes.transAxes, fontsize="small", color="0.35")


def schedules(records: list[Record], arms: list[str]) -> Figure:
    """The learning rate that the optimiser used at each step, one line per arm, on a logarithmic scale.

    From the first seed of each arm; a rate of exactly 0 is not drawn.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 3.2))
    colours = _arm_colours(arms)
    first = {record.arm: record for record in reversed(records)}
    lowest = []
    for place, arm in enumerate(a for a in arms if a in first):
        rates = np.array(first[arm].learning_rate)
        epochs = np.arange(len(rates)) / first[arm].steps_per_epoch
        shown = np.where(rates > 0, rates, np.nan)
        lowest.append(np.nanmax(shown) / 300)
        axes.plot(
            epochs, shown, color=colours[arm], linewidth=2.2 if place == 0 else 1.4, dashes=_dash(place) or (None, None)
        )
    axes.set(yscale="log", ylim=(min(lowest, default=1e-6), None), xlabel="epoch", ylabel="learning rate used")
    _legend(figure, colours)
    return figure


def activations(records: list[Record], arms: list[str]) -> Figure:
    """How large activations are from layer to layer, before and after training, one line per initialiser.

    Root mean square over units and 1 000 validation images; the line is the mean over seeds. All-zero layers lie on
    the foot of the axis.
    """
    figure, panels = plt.subplots(1, 2, figsize=(WIDTH, 3.6), sharey=True)
    colours = _arm_colours(arms)
    layers = [row["layer"] for row in records[0].layers["start"]]
    floor = 1e-3
    for axes, moment in zip(panels, ("start", "end"), strict=True):
        for place, arm in enumerate(arms):
            rms = [[row["activations"]["rms"] for row in r.layers[moment]] for r in records if r.arm == arm]
            if rms:
                mean = np.clip(np.nanmean(np.array(rms, float), axis=0), floor, None)
                axes.plot(
                    layers, mean, color=colours[arm], dashes=_dash(place) or (None, None), marker="o", markersize=4
                )
        axes.set(yscale="log", title=f"{moment} of training", xlabel="layer")
    panels[0].set_ylabel("RMS activation")
    _legend(figure, colours)
    return figure


def gaps(runs: pd.DataFrame, arms: list[str]) -> Figure:
    """Training minus test figures of the final weights, in inference mode and without penalties: a dot per seed."""
    table = runs[runs["arm"].isin(arms) & (runs["status"] == "ok")].copy()
    table["accuracy"] = 100 * (table["train/accuracy"] - table["test/accuracy"])
    table["loss"] = table["test/loss"] - table["train/loss"]
    figure, panels = plt.subplots(1, 2, figsize=(WIDTH, 0.9 + ROW * len(arms)), sharey=True)
    labels = ("accuracy: train minus test (points)", "loss: test minus train (nats)")
    for axes, metric, label in zip(panels, ("accuracy", "loss"), labels, strict=True):
        sns.stripplot(table, x=metric, y="arm", order=arms, color="0.6", size=4, jitter=False, ax=axes)
        sns.pointplot(
            table, x=metric, y="arm", order=arms, errorbar=None, linestyle="none", markers="|", markersize=14,
            color=sns.color_palette("colorblind")[0], ax=axes,
        )  # fmt: skip
        axes.axvline(0, color="0.5", linewidth=0.8)
        axes.set(xlabel=label, ylabel="")
    figure.tight_layout()
    return figure


def _family(study: Study, family: str) -> list[str]:
    members = [arm for arm in study["arms"] if arm["family"] == family and arm["reference"]]
    return list(dict.fromkeys([arm["reference"] for arm in members] + [arm["name"] for arm in members]))


def _with_references(study: Study, keys: set[str]) -> list[str]:
    """The arms that change only one of these keys' parts, behind their references."""
    members = [
        arm for arm in gallery.arms_that_change(study, keys) if {key.split(".")[0] for key in arm["changed"]} <= keys
    ] or gallery.arms_that_change(study, keys)
    return list(dict.fromkeys([arm["reference"] for arm in members] + [arm["name"] for arm in members]))


def _arm_colours(arms: list[str]) -> dict[str, Any]:
    """The reference in black, the others in the palette's colours."""
    palette = sns.color_palette("colorblind", max(len(arms) - 1, 1))
    return {arm: "black" if place == 0 else palette[(place - 1) % len(palette)] for place, arm in enumerate(arms)}


def _dash(place: int) -> Any:
    """Lines are told apart by their dashes as well as by their colour."""
    return ("", (5, 2), (6, 2, 1, 2), (1, 1.5))[place % 4]


def _legend(figure: Figure, colours: dict[str, Any]) -> None:
    handles = [
        Line2D([], [], color=colour, dashes=_dash(place) or (None, None), linewidth=2, label=arm)
        for place, (arm, colour) in enumerate(colours.items())
    ]
    columns = 3 if len(handles) > 4 else len(handles)
    figure.tight_layout()
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 0.985), ncol=columns, frameon=False)
