"""The report's figures: how one stands in the text, and one section that says how each kind is read, so that no caption stands
twice. Standard library only."""

from __future__ import annotations

from butfor.figures import gallery
from butfor.figures.gallery import Picture
from butfor.languages.phrases import phrase, stored
from butfor.study.summary import PlanSummary


def figure(picture: Picture) -> str:
    """A picture with its title, and which arms it shows if not all."""
    shown = f"\n\n*{stored(picture.which)}*" if picture.which else ""
    return f"![{stored(picture.title)}](figures/{picture.name}.png){shown}"


def figure_section(study: PlanSummary) -> str:
    """How to read each kind of picture that the report has."""
    pictures = gallery.pictures(study)
    kinds = [kind for kind in gallery.KINDS if any(picture.kind == kind.name for picture in pictures)]
    lines = [
        f"- **{stored(kind.title)}.** {' '.join(stored(text) for text in (kind.caption, kind.once) if text)}"
        for kind in kinds
    ]
    grids = next((picture for picture in pictures if picture.kind == gallery.INTERACTIONS), None)
    if grids:
        lines.append(f"- **{phrase('Interactions')}.** {stored(grids.caption)}")
    if not lines:
        return ""
    note = phrase("Each is also there as SVG, in `figures/`. The reference is named in the figure.")
    if len(study["looks"]) > 1:
        seeds = phrase("Arms are shown at the seeds that all of a figure's arms have.")
        note = f"{note} {seeds}"
    return f"## {phrase('How to read the figures')}\n\n" + "\n".join(lines) + f"\n\n{note}"
