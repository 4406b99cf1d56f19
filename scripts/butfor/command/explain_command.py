"""`butfor explain`: the story of one arm."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem


def arms(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a shell completes: the arms of the study."""
    from butfor.report.arm_story import arms_in

    results = Path(ctx.params.get("results") or "results")
    return [CompletionItem(arm) for arm in arms_in(results) if arm.startswith(incomplete)]


@click.command()
@click.argument("arm", shell_complete=arms)
@click.option(
    "--results", default="results", show_default=True, type=click.Path(path_type=Path), help="The study's folder."
)
def command(arm: str, results: Path) -> None:
    """Tell the story of one arm: what it set, what was proven of that, its runs, its verdicts and its curves.

    \b
    butfor explain no_dropout
    butfor explain no_l2 --results results/mine
    """
    from butfor.languages.folder_language import language_in
    from butfor.languages.phrases import speaking
    from butfor.report.arm_story import arm_story

    with speaking(language_in(results)):
        click.echo(arm_story(results, arm))
