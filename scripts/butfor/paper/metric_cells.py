"""The cells of a metric: what an arm reaches, its effect, the interval and the verdict, in the decimals of their column."""

from __future__ import annotations

import re
from collections.abc import Sequence

from butfor.arm_names import data_set_of
from butfor.paper.latex_text import escaped
from butfor.paper.paper_evidence import PaperEvidence
from butfor.paper.spread_rounding import column_decimals, deviation, half_interval, signed_number, with_deviation
from butfor.paper.tabular import NOTHING, Column
from butfor.study.metrics import UNITS, UNITS_OF, Metric
from butfor.verdicts.numbers import decimals_of
from butfor.verdicts.rows import SAME, UNJUDGED, VOID, ContrastRow

WORDS = {SAME: "same", "inconclusive": "open", VOID: "void", UNJUDGED: "none", "effect only": "--"}
DIFFERENT = ("helps", "hurts")
NUMBER = re.compile(r"([+-]?)(\d+)(?:\.(\d+))?(?:\((\d+)\))?")
FAILED = "{all failed}"


class MetricCells:
    """The cells of every arm on one metric."""

    def __init__(self, evidence: PaperEvidence, metric: Metric) -> None:
        self.metric = metric
        self.rows: dict[str, ContrastRow] = {row["arm"]: row for row in metric.rows(evidence.contrasts)}
        self._arms = evidence.arms
        most = next((decimals_of(row) for row in self.rows.values()), metric.unit.decimals)
        self._of_means: dict[str, int] = {}
        self._of_effects: dict[str, int] = {}
        for data_set in dict.fromkeys(map(data_set_of, self._arms)):
            own = [name for name in self._arms if data_set_of(name) == data_set]
            means = {name: deviation(self._arms[name], metric.name) for name in own}
            effects = {name: half_interval(self.rows[name]) for name in own if name in self.rows}
            self._of_means |= column_decimals(means, most)
            self._of_effects |= column_decimals(effects, most)

    @property
    def head(self) -> str:
        """The metric with its unit and which way is better."""
        arrow = r"$\uparrow$" if self.metric.higher_is_better else r"$\downarrow$"
        short = self.metric.short[:1].upper() + self.metric.short[1:]
        unit = {"points": "%", "accuracy points": "%"}.get(self.metric.unit.level, self.metric.unit.level)
        has_unit = unit not in (UNITS.level, UNITS_OF.format(self.metric.short))
        return f"{escaped(short)}{f' ({escaped(unit)})' if has_unit else ''} {arrow}"

    def level(self, arm: str) -> tuple[str, str]:
        """Mean and standard deviation over an arm's runs; empty where they are not known."""
        level = self._arms[arm]["reaches"].get(self.metric.name) if arm in self._arms else None
        if not level or level["mean"] is None:
            return "", ""
        decimals = self._of_means[arm]
        return f"{level['mean']:.{decimals}f}", "" if level["sd"] is None else f"{level['sd']:.{decimals}f}"

    def reach(self, arm: str) -> str:
        """Both, for siunitx."""
        level = self._arms[arm]["reaches"].get(self.metric.name) if arm in self._arms else None
        if not level or level["mean"] is None:
            own = self._arms.get(arm)
            return FAILED if own and own["runs"] and own["failed"] == own["runs"] else NOTHING
        return with_deviation(level["mean"], level["sd"], self._of_means[arm])

    def mean(self, arm: str) -> str:
        """The mean alone."""
        return self.level(arm)[0] or NOTHING

    def ends(self, arm: str) -> tuple[str, ...]:
        """Effect and both ends of its interval, empty where they are not known."""
        row = self.rows.get(arm)
        values = (row["effect"], row["low"], row["high"]) if row else (None, None, None)
        return tuple("" if value is None else signed_number(value, self._of_effects[arm]) for value in values)

    def effect(self, arm: str) -> str:
        """An effect; nothing for the reference that it would be an effect on."""
        return (self.ends(arm)[0] or NOTHING) if arm in self.rows else ""

    def interval(self, arm: str) -> str:
        """The interval of an effect."""
        _, low, high = self.ends(arm)
        return f"$[{low},\\,{high}]$" if low and high else ("--" if arm in self.rows else "")

    def verdict(self, arm: str) -> str:
        """A verdict in a word."""
        return escaped(WORDS.get(self.rows[arm]["verdict"], self.rows[arm]["verdict"])) if arm in self.rows else ""

    def is_bold(self, arm: str) -> bool:
        """Whether a verdict says that the arm differs from its reference."""
        row = self.rows.get(arm)
        return row is not None and row["verdict"] in DIFFERENT and row["effect"] is not None


def number_format(cells: Sequence[str]) -> str:
    """A column of siunitx's that is as wide as these numbers."""
    numbers = [match.groups(default="") for cell in cells if (match := NUMBER.fullmatch(cell))]
    whole = max((len(before) for _, before, _, _ in numbers), default=1)
    fraction = max((len(after) for _, _, after, _ in numbers), default=0)
    errors = [len(error) + fraction - len(after) for _, _, after, error in numbers if error]
    sign = "+" if any(sign for sign, _, _, _ in numbers) else ""
    digits = f"{sign}{whole}{f'.{fraction}' if fraction else ''}{f'({max(errors)})' if errors else ''}"
    return f"S[table-format={digits}{', retain-explicit-plus' * bool(sign)}]"


def column(group: str, head: str, cells: Sequence[str]) -> Column:
    """A column of numbers."""
    return Column(group, head, number_format(cells))


def aligned(cells: Sequence[str]) -> list[str]:
    """Means with deviations: one with fewer decimals than the others is text, so that it widens no column."""
    matches = [NUMBER.fullmatch(cell) for cell in cells]
    most = max((len(match[3] or "") for match in matches if match), default=0)
    return [
        as_text(cell) if match and len(match[3] or "") < most else cell
        for match, cell in zip(matches, cells, strict=True)
    ]


def as_text(cell: str) -> str:
    """A mean with its deviation as siunitx reads them, in a formula instead."""
    match = NUMBER.fullmatch(cell)
    if match is None:
        return cell
    mean, decimals = cell.partition("(")[0], len(match[3] or "")
    error = f" \\pm {int(match[4]) / 10**decimals:.{decimals}f}" if match[4] else ""
    return f"{{${mean}{error}$}}"
