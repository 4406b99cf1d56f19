"""Arms whose lines would lie on their reference's: a picture leaves them out and says so, since nothing could be seen of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from butfor.figures.panels import Measure
from butfor.languages.phrases import phrase

FEWEST = 3  # ablations, from which on lines are left out: of fewer, it can be seen that they coincide


def told_apart(table: pd.DataFrame, arms: Sequence[str], x: str, measures: Sequence[Measure]) -> tuple[list[str], str]:
    """The arms that differ from the first, the reference, which comes with them, and sentences on those that do not.

    An ablation coincides with the reference if in every measure the means over runs are never further apart than half the spread
    of the reference's runs, and at the end and on average over all of x than a quarter of it.
    """
    scaled = table.assign(**{measure.column: _scaled(table, measure) for measure in measures})
    columns = [measure.column for measure in measures]
    by_arm = {arm: own.set_index(["seed", x])[columns].sort_index() for arm, own in scaled.groupby("arm")}
    reference, *others = arms
    if reference not in by_arm or len(others) < FEWEST:
        return list(arms), ""
    base = by_arm[reference]
    apart = {arm: by_arm[arm] - base for arm in others if arm in by_arm and by_arm[arm].index.equals(base.index)}
    alike = [arm for arm, differences in apart.items() if _coincides(differences, base, x)]
    kept = [arm for arm in arms if arm not in alike]
    return kept, _sentence(reference, alike, [apart[arm] for arm in alike], x, measures)


def _scaled(table: pd.DataFrame, measure: Measure) -> pd.Series[float]:
    values = table[measure.column].astype(float)
    return pd.Series(np.log10(values.where(values > 0)), table.index) if measure.log else values


def _coincides(differences: pd.DataFrame, base: pd.DataFrame, x: str) -> bool:
    if not np.isfinite(differences.to_numpy(float)).all():
        return False
    by_x = base.groupby(x)
    spread, distance = by_x.max() - by_x.min(), differences.groupby(x).mean().abs()
    near = (distance <= spread / 2).all(axis=None)
    near_at_end = (distance.iloc[-1] <= spread.iloc[-1] / 4).all()
    return bool(near and near_at_end and (distance.mean() <= spread.mean() / 4).all())


def _sentence(reference: str, alike: list[str], apart: list[pd.DataFrame], x: str, measures: Sequence[Measure]) -> str:
    if not alike:
        return ""
    furthest = pd.concat([each.groupby(x).mean().abs().max() for each in apart], axis=1).max(axis=1)
    sizes = [_size(measure, float(furthest[measure.column])) for measure in measures]
    return phrase(
        "Not drawn, because their lines would lie on that of {reference}, amid the spread of its runs: {arms}."
        " The largest distance of their means from it: {sizes}.",
        reference=reference,
        arms=", ".join(alike),
        sizes=", ".join(sizes),
    )


def _size(measure: Measure, distance: float) -> str:
    if measure.log:
        return phrase("{measure} by a factor of {factor}", measure=measure.title, factor=f"{10**distance:.3g}")
    return f"{measure.title} {distance:.1g}"
