"""Every row of the picture of effects has its room, whatever stands above and below."""

import pytest

from butfor.figures import style
from butfor.figures.effects import effects
from butfor.study.metrics import METRICS

ACCURACY = METRICS["test/accuracy"]
VERDICT = {"metric": "test/accuracy", "margin": 0.5, "alpha": 0.05}
WORDS = (
    "helps",
    "hurts",
    "inconclusive",
    "no meaningful difference",
    "unproven",
    "void: nothing changed",
    "no verdict",
)


def figure_of(count, verdicts, is_parted, which=""):
    rows = [
        {"arm": f"arm_{place}", "reference": "baseline", "metric": "test/accuracy", "decimals": 2, "remark": ""}
        | {"effect": 0.3 * place, "low": 0.3 * place - 0.2, "high": 0.3 * place + 0.2}
        | {"verdict": WORDS[place % verdicts], "typical_note": "parted" if is_parted else "", "typical": 0.1}
        | {"failed_ablation": 0, "failed_reference": 0}
        for place in range(count)
    ]
    return effects(rows, {"arm_0": [0.1, -0.1]}, ACCURACY, VERDICT, {}, which)


@pytest.mark.parametrize(
    "count, verdicts, is_parted, which",
    [
        (1, 1, False, ""),
        (2, 1, False, ""),
        (2, 2, True, ""),
        (3, 1, False, ""),
        (3, 3, True, ""),
        (4, 4, True, ""),
        (20, 1, False, ""),
        (20, 7, True, "Shown are 20 of 120 ablations. " * 6),
    ],
)
def test_rows_are_further_apart_than_their_names_are_high(count, verdicts, is_parted, which):
    style.apply()
    figure = figure_of(count, verdicts, is_parted, which)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    low, high = axes.get_ylim()
    pitch = axes.get_window_extent().height / figure.dpi * style.POINTS / (high - low)
    size = max(text.get_fontsize() for text in [*axes.get_yticklabels(), *axes.texts])
    assert pitch >= 1.4 * size, f"{pitch:.1f} points for letters of {size:.1f}"
